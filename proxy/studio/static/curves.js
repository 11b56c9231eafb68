// Learning curves, on every page that has some. `<div class="curves" data-curves="ID">` shows the [{name, x, y}] of the JSON
// with that id; scripts of pages call `drawCurves`.

const COLOURS = 8;
const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [4, 4], [14, 4], [1, 5], [6, 2, 2, 2]];
const HEIGHT = 260;
const POINTS = 30; // of a shorter curve each point is marked

// Draw curves over epochs into an empty place; the chart follows the place's width until it is destroyed.
function draw(place, curves, label = "") {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line") } };
  const series = curves.map((curve, number) => ({
    label: curve.name,
    stroke: colour(`--c${number % COLOURS + 1}`),
    width: 2,
    dash: DASHES[number % DASHES.length],
    spanGaps: true,
    points: { show: curve.x.length < POINTS },
    value: (_, value) => value == null ? "–" : value.toPrecision(4),
  }));
  const width = () => Math.max(260, place.clientWidth);
  const observer = new ResizeObserver(() => { if (chart.width !== width()) chart.setSize({ width: width(), height: HEIGHT }); });
  const options = {
    width: width(),
    height: HEIGHT,
    scales: { x: { time: false } },
    axes: [{ ...axis, label: "Epoch", labelSize: 20 }, { ...axis, size: 60, ...(label === "" ? {} : { label, labelSize: 20 }) }],
    series: [{ label: "Epoch" }, ...series],
    cursor: { drag: { x: false, y: false } },
    hooks: { destroy: [() => observer.disconnect()] },
  };
  const chart = new uPlot(options, uPlot.join(curves.map((curve) => [curve.x, curve.y])), place);
  observer.observe(place);
  return chart;
}
globalThis.drawCurves = draw;

const charts = new Map(); // the chart by its place

function prepare(root) {
  for (const place of root.querySelectorAll(".curves[data-curves]")) {
    const source = document.getElementById(place.dataset.curves);
    if (charts.has(place) || source === null) continue;
    charts.set(place, draw(place, JSON.parse(source.textContent), "Loss"));
  }
}

document.addEventListener("htmx:load", (event) => prepare(event.detail.elt));
document.addEventListener("gremlink:theme", () => {
  for (const chart of charts.values()) chart.destroy();
  charts.clear();
  prepare(document);
});
if (document.readyState === "complete") prepare(document);
else addEventListener("load", () => prepare(document));
