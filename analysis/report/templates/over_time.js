// The campaign over time: one point for each second of a trial's window, or for each trial, with zoom.
(() => {
  const { measures, series, trials } = JSON.parse(document.getElementById("time-data").textContent);
  const whole = document.getElementById("over-time");
  const plot = document.getElementById("time-plot");
  const byMeasure = document.getElementById("time-measure");
  const byTreatment = document.getElementById("time-treatment");
  const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [1600, 640, 110, 1580, 24, 580];
  const SVG = "http://www.w3.org/2000/svg";
  const add = (select, value, text) => select.append(Object.assign(document.createElement("option"), { value, textContent: text }));
  measures.forEach((one, place) => add(byMeasure, place, one.label));
  [...new Set(trials.map(([treatment]) => treatment))].sort().forEach((name) => add(byTreatment, name, name));

  const seconds = (value) => {
    if (value === 0) return "0 s";
    if (value < 1e-3) return `${+(value * 1e6).toPrecision(3)} µs`;
    return value < 1 ? `${+(value * 1e3).toPrecision(3)} ms` : `${+value.toPrecision(3)} s`;
  };
  const written = (one, value) => (one.isDuration ? seconds(value) : `${+value.toPrecision(4)}${one.unit ? ` ${one.unit}` : ""}`);

  let range = null;  // [from, to] in seconds; null shows all
  let shown = [];    // the points that are drawn, as spots
  const chosen = () => measures[byMeasure.value || 0];
  const points = () => series[byMeasure.value || 0]
    .map(([trial, offset, value]) => ({ trial: trials[trial], offset, value, x: trials[trial][4] + offset }))
    .filter(({ trial }) => !byTreatment.value || trial[0] === byTreatment.value);
  const extent = (all) => [Math.min(...all.map((p) => p.x)), Math.max(...all.map((p) => p.x)) + 1];

  const element = (name, attributes, text) => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const round = (span, most) => {
    const rough = span / most;
    const power = 10 ** Math.floor(Math.log10(rough));
    return [1, 2, 5, 10].find((one) => one * power >= rough) * power;
  };
  const ticks = (low, high, most) => {
    const step = round(high - low, most);
    const found = [];
    for (let at = Math.ceil(low / step) * step; at <= high + step / 1e6; at += step) found.push(+at.toPrecision(10));
    return found;
  };
  const heights = (one, values) => {
    const most = Math.max(...values, 0);
    const least = Math.min(...values.filter((value) => value > 0));
    if (one.isDuration && most > 50 * least) {
      const [low, high] = [Math.log10(least / 1.3), Math.log10(most * 1.3)];
      const powers = ticks(Math.ceil(low), Math.floor(high), 6).filter(Number.isInteger).map((power) => 10 ** power);
      return { at: (value) => BOTTOM - ((Math.log10(Math.max(value, least / 1.3)) - low) / (high - low)) * (BOTTOM - TOP), ticks: powers };
    }
    const high = most * 1.1 || 1;
    return { at: (value) => BOTTOM - (value / high) * (BOTTOM - TOP), ticks: ticks(0, high, 6) };
  };

  const draw = () => {
    const one = chosen();
    const all = points();
    const [from, to] = range ?? (all.length ? extent(all) : [0, 1]);
    const inside = all.filter((p) => p.x >= from && p.x <= to);
    const scale = heights(one, inside.map((p) => p.value));
    const across = (x) => LEFT + ((x - from) / (to - from)) * (RIGHT - LEFT);
    const svg = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${one.label}, ${inside.length} points from ${from.toFixed(0)} to ${to.toFixed(0)} seconds` });
    for (const value of scale.ticks) {
      svg.append(element("line", { x1: LEFT, x2: RIGHT, y1: scale.at(value), y2: scale.at(value), class: "rule" }));
      svg.append(element("text", { x: LEFT - 12, y: scale.at(value) + 7, "text-anchor": "end" }, written(one, value)));
    }
    for (const x of ticks(from, to, 8)) svg.append(element("text", { x: across(x), y: BOTTOM + 34, "text-anchor": "middle" }, `${x} s`));
    shown = inside.map((p) => {
      const [treatment, colour, number, isValid] = p.trial;
      const spot = {
        x: +across(p.x).toFixed(1), y: +scale.at(p.value).toFixed(1), of: treatment, seconds: p.x,
        text: `${written(one, p.value)}, round ${number}${one.isPerSecond ? `, second ${p.offset + 1}` : ""}${isValid ? "" : ", invalid trial"}`,
      };
      svg.append(element("circle", { cx: spot.x, cy: spot.y, r: 6, stroke: colour, "stroke-width": 2.5, fill: isValid ? colour : "none" }));
      return spot;
    });
    reading.hide();
    plot.querySelector("svg")?.remove();
    plot.prepend(svg);
  };

  const zoom = (what, middle) => {
    const all = points();
    if (!all.length) return;
    const [first, last] = extent(all);
    let [from, to] = range ?? [first, last];
    const span = to - from;
    const centre = middle ?? (from + to) / 2;
    if (what === "in") [from, to] = [centre - span / 4, centre + span / 4];
    if (what === "out") [from, to] = [centre - span, centre + span];
    if (what === "left") [from, to] = [from - span / 2, to - span / 2];
    if (what === "right") [from, to] = [from + span / 2, to + span / 2];
    set(what === "all" ? null : [from, to], [first, last]);
  };
  const set = (wanted, [first, last]) => {
    if (wanted) {
      const span = Math.max(2, Math.min(wanted[1] - wanted[0], last - first));
      const from = Math.max(first, Math.min(wanted[0], last - span));
      range = span >= last - first ? null : [from, from + span];
    } else range = null;
    draw();
  };

  const reading = readable(plot, {
    size: [WIDTH, HEIGHT],
    spots: () => shown,
    onKey: (key, at) => {
      const what = { "+": "in", "=": "in", "-": "out", 0: "all" }[key];
      if (what) zoom(what, at?.seconds);
      return Boolean(what);
    },
  });

  let start = null;
  const secondAt = (event) => {
    const box = plot.querySelector("svg").getBoundingClientRect();
    const [from, to] = range ?? extent(points());
    const share = (((event.clientX - box.left) / box.width) * WIDTH - LEFT) / (RIGHT - LEFT);
    return from + Math.max(0, Math.min(share, 1)) * (to - from);
  };
  plot.addEventListener("pointerdown", (event) => { if (event.pointerType === "mouse") start = { x: event.clientX, at: secondAt(event) }; });
  plot.addEventListener("pointerup", (event) => {
    if (start && points().length && Math.abs(event.clientX - start.x) > 10) set([start.at, secondAt(event)].sort((a, b) => a - b), extent(points()));
    start = null;
  });
  for (const button of whole.querySelectorAll("[data-zoom]")) button.addEventListener("click", () => zoom(button.dataset.zoom));
  for (const select of [byMeasure, byTreatment]) select.addEventListener("change", () => { range = null; draw(); });
  whole.hidden = false;
  draw();
})();
