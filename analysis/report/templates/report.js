// The page is complete without this: it only lets a reader overrule the system's colour scheme, and hide what
// belongs to other works or claims.
(() => {
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const stored = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const isDark = () => (root.dataset.theme || (system.matches ? "dark" : "light")) === "dark";
  const show = () => {
    button.textContent = isDark() ? "Light colours" : "Dark colours";
    button.hidden = false;
  };
  if (stored() === "dark" || stored() === "light") root.dataset.theme = stored();
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* a page from disk may have no storage */ }
    show();
  });
  system.addEventListener("change", show);
  show();
})();

(() => {
  const form = document.getElementById("filter");
  const byWork = document.getElementById("by-work");
  const byClaim = document.getElementById("by-claim");
  const shown = document.getElementById("shown");
  const claims = [...document.querySelectorAll(".answers > [data-claims]")];
  const parts = [...document.querySelectorAll("main [data-works]")];
  const has = (part, name, value) => !value || part.dataset[name] === undefined || part.dataset[name].split(" ").includes(value);
  const apply = () => {
    const claim = claims.find((each) => each.dataset.claims === byClaim.value);
    for (const part of parts) {
      // a chart names no claims: those of the chosen claim's works stay
      const related = part.dataset.claims !== undefined || !claim || claim.dataset.works.split(" ").includes(part.dataset.works);
      part.hidden = !(has(part, "works", byWork.value) && has(part, "claims", byClaim.value) && related);
    }
    const left = claims.filter((each) => !each.hidden).length;
    shown.textContent = left === claims.length ? `All ${left} claims shown` : `${left} of ${claims.length} claims shown`;
    remember();
  };
  // What is chosen stands in the address, so that a view can be linked: in the query, because the hash leads to places.
  const choices = { work: byWork, claim: byClaim };
  const recall = () => {
    const asked = new URL(location.href).searchParams;
    for (const [name, select] of Object.entries(choices)) {
      select.value = asked.get(name) ?? "";
      if (select.selectedIndex < 0) select.value = "";  // of another campaign
    }
  };
  const remember = () => {
    const address = new URL(location.href);
    for (const [name, select] of Object.entries(choices)) {
      if (select.value) address.searchParams.set(name, select.value);
      else address.searchParams.delete(name);
    }
    if (address.href === location.href) return;
    try { history.replaceState(history.state, "", address); } catch { /* some browsers refuse it to a page from disk */ }
  };
  // A link to something the filter hides must still lead there.
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target || !target.closest("[hidden]")) return;
    form.reset();
    apply();
    target.scrollIntoView();
  };
  form.addEventListener("change", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  addEventListener("hashchange", reveal);
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((each) => { each.open = true; }));
  form.hidden = false;
  recall();
  apply();
  reveal();
})();
