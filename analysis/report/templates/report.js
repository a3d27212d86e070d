// The page is complete without this: it only lets a reader hide what belongs to other works or claims, and unfold or
// fold everything at once.
(() => {
  const form = document.getElementById("filter");
  const byWork = document.getElementById("by-work");
  const byClaim = document.getElementById("by-claim");
  const shown = document.getElementById("shown");
  const choose = document.getElementById("choose");
  const claims = [...document.querySelectorAll(".answers > [data-claims]")];
  const counted = claims.filter((each) => !each.parentElement.classList.contains("others"));
  const parts = [...document.querySelectorAll("main [data-works]")];
  const has = (part, name, value) => !value || part.dataset[name] === undefined || part.dataset[name].split(" ").includes(value);
  const apply = () => {
    const claim = claims.find((each) => each.dataset.claims === byClaim.value);
    for (const part of parts) {
      // a chart names no claims: those of the chosen claim's works stay
      const related = part.dataset.claims !== undefined || !claim || claim.dataset.works.split(" ").includes(part.dataset.works);
      part.hidden = !(has(part, "works", byWork.value) && has(part, "claims", byClaim.value) && related);
    }
    const left = counted.filter((each) => !each.hidden).length;
    shown.textContent = left === counted.length ? `All ${left} claims shown` : `${left} of ${counted.length} claims shown`;
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
  form.hidden = false;
  recall();
  apply();
  reveal();
  if (byWork.value || byClaim.value) choose.open = true;
})();

(() => {
  const button = document.getElementById("unfold");
  const folds = [...document.querySelectorAll("main details:not(.filter)")];
  const isAll = () => folds.every((each) => each.open);
  const show = () => { button.textContent = isAll() ? "Fold all" : "Unfold all"; };
  button.addEventListener("click", () => {
    const open = !isAll();
    folds.forEach((each) => { each.open = open; });
    show();
  });
  folds.forEach((each) => each.addEventListener("toggle", show));
  button.hidden = false;
  show();
})();
