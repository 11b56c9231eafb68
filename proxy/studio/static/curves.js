// Learning curves: `<div class="curves" data-curves="ID">` shows [{name, x, y}] of the JSON with that id.

const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [4, 4], [12, 4], [1, 4], [6, 2]];
const HEIGHT = 280;

export function plot(place, curves, labels = { x: "epoch", y: "loss" }) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const xs = [...new Set(curves.flatMap((each) => each.x))].sort((a, b) => a - b);
  const at = new Map(xs.map((x, index) => [x, index]));
  const columns = curves.map((each) => {
    const column = new Array(xs.length).fill(null);
    each.x.forEach((x, index) => { column[at.get(x)] = each.y[index]; });
    return column;
  });
  const axis = { stroke: colour("--ink"), grid: { stroke: colour("--line") }, ticks: { stroke: colour("--line") } };
  const series = [{ label: labels.x }, ...curves.map((each, index) => ({
    label: each.name, stroke: colour(`--c${(index % 8) + 1}`), width: 2, dash: DASHES[Math.floor(index / 2) % DASHES.length], spanGaps: true,
  }))];
  const chart = new uPlot({ width: place.clientWidth || 600, height: HEIGHT, scales: { x: { time: false } }, axes: [{ ...axis, label: labels.x }, { ...axis, label: labels.y }], series }, [xs, ...columns], place);
  new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height: HEIGHT })).observe(place);
  return chart;
}

function prepare(root) {
  for (const place of root.querySelectorAll(".curves[data-curves]")) {
    if (place.dataset.ready) continue;
    const source = document.getElementById(place.dataset.curves);
    if (source === null) continue;
    place.dataset.ready = "yes";
    plot(place, JSON.parse(source.textContent));
  }
}

document.addEventListener("htmx:load", (event) => prepare(event.detail.elt));
document.addEventListener("gremlink:theme", () => {
  for (const place of document.querySelectorAll(".curves[data-ready]")) { place.replaceChildren(); delete place.dataset.ready; }
  prepare(document);
});
if (document.readyState === "complete") prepare(document);
else addEventListener("load", () => prepare(document));
