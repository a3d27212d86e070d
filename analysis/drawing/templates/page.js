// What every page does with a script, and is complete without: a reader may overrule the system's colour scheme; what a
// link leads to is unfolded; a page that says so on its root unfolds everything for paper.
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

  const unfold = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    const own = target.querySelector(":scope > details.whole");
    if (own) own.open = true;
    let isMoved = false;
    for (let each = target.closest("details"); each; each = each.parentElement.closest("details")) {
      isMoved ||= !each.open;
      each.open = true;
    }
    if (isMoved) target.scrollIntoView();
  };
  addEventListener("hashchange", unfold);
  unfold();
  if (root.dataset.paper === "unfolded") {
    addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((each) => { each.open = true; }));
  }
})();
