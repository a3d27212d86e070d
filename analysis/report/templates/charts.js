// What charts do with a script: tell the value a reader points at, with the mouse, a finger or the arrow keys, and save
// themselves as SVG and PNG. Used by the charts of the page and by the one over time.
const readable = (frame, { size, spots, seek, onKey }) => {
  // `spots()` gives {x, y, of, text} in the drawing's own units, of which it is size[0] wide and size[1] high
  const tip = document.createElement("output");
  tip.className = "tip";
  tip.hidden = true;
  frame.append(tip);
  let at = null;
  const svg = () => frame.querySelector("svg");
  const mark = () => svg().querySelector(".mark") || svg().appendChild(
    Object.assign(document.createElementNS("http://www.w3.org/2000/svg", "circle")));
  const show = (spot) => {
    at = spot;
    const box = svg().getBoundingClientRect();
    const scale = box.width / size[0];
    const ring = mark();
    ring.setAttribute("class", "mark");
    ring.setAttribute("r", "13");
    ring.setAttribute("cx", spot.x);
    ring.setAttribute("cy", spot.y);
    tip.replaceChildren(Object.assign(document.createElement("strong"), { textContent: spot.of }), ` ${spot.text}`);
    tip.hidden = false;
    const room = frame.scrollLeft + frame.clientWidth - tip.offsetWidth - 4;
    tip.style.left = `${Math.max(frame.scrollLeft + 4, Math.min(spot.x * scale + 16, room))}px`;
    const above = spot.y * scale - tip.offsetHeight - 12;
    tip.style.top = `${above > 0 ? above : spot.y * scale + 18}px`;
  };
  const hide = () => {
    at = null;
    tip.hidden = true;
    svg()?.querySelector(".mark")?.remove();
  };
  const point = (event) => {
    const box = svg().getBoundingClientRect();
    const scale = size[0] / box.width;
    const [x, y] = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
    const distance = (spot) => Math.hypot((spot.x - x) * (seek === "row" ? 0.25 : 1), spot.y - y);
    const nearest = spots().reduce((best, spot) => (best && distance(best) <= distance(spot) ? best : spot), null);
    if (nearest && distance(nearest) < 70) show(nearest);
    else hide();
  };
  const step = (key) => {
    const all = spots();
    if (!all.length) return;
    const names = [...new Set(all.map((spot) => spot.of))];
    const line = (of) => all.filter((spot) => spot.of === of).sort((a, b) => a.x - b.x || a.y - b.y);
    const known = at && all.find((spot) => spot.of === at.of && spot.x === at.x && spot.y === at.y);
    if (!known) { show(line(names[0])[0]); return; }
    const mine = line(known.of);
    const place = mine.indexOf(known);
    const along = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: mine.length - 1 };
    if (key in along) { show(mine[Math.max(0, Math.min(along[key], mine.length - 1))]); return; }
    const next = names.indexOf(known.of) + (key === "ArrowDown" ? 1 : -1);
    const other = line(names[Math.max(0, Math.min(next, names.length - 1))]);
    show(other.reduce((best, spot) => (Math.abs(spot.x - known.x) < Math.abs(best.x - known.x) ? spot : best)));
  };
  frame.addEventListener("pointermove", point);
  frame.addEventListener("pointerdown", point);
  frame.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") hide(); });
  frame.addEventListener("blur", hide);
  frame.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") hide();
    else if (["ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) step(event.key);
    else if (!onKey?.(event.key, at)) return;
    event.preventDefault();
  });
  return { hide };
};

(() => {
  for (const frame of document.querySelectorAll(".drawing[data-spots]")) {
    const { of, points } = JSON.parse(frame.dataset.spots);
    if (!points.length) continue;
    const all = points.map(([place, x, y, text]) => ({ of: of[place], x, y, text }));
    // bars and rows are long: what counts there is the height that is pointed at
    const isRows = new Set(points.map(([place]) => place)).size > points.length / 3;
    readable(frame, { size: [1600, 900], spots: () => all, seek: isRows ? "row" : "point" });
  }

  const drawingOf = (frame) => {
    const copy = frame.querySelector("svg").cloneNode(true);
    copy.querySelector(".mark")?.remove();
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    copy.setAttribute("width", "1600");
    copy.setAttribute("height", "900");
    const colours = getComputedStyle(document.documentElement);
    return new XMLSerializer().serializeToString(copy).replace(/var\((--[a-z0-9-]+)\)/g, (_, name) => colours.getPropertyValue(name).trim());
  };
  const save = (blob, name) => {
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
  for (const button of document.querySelectorAll("[data-save]")) {
    const figure = button.closest("figure");
    button.hidden = false;
    button.addEventListener("click", () => {
      const drawing = new Blob([drawingOf(figure)], { type: "image/svg+xml" });
      if (button.dataset.save === "svg") { save(drawing, `${figure.id}.svg`); return; }
      const picture = new Image();
      picture.onload = () => {
        const canvas = Object.assign(document.createElement("canvas"), { width: 1600, height: 900 });
        canvas.getContext("2d").drawImage(picture, 0, 0, 1600, 900);
        URL.revokeObjectURL(picture.src);
        canvas.toBlob((blob) => save(blob, `${figure.id}.png`));
      };
      picture.src = URL.createObjectURL(drawing);
    });
  }
})();
