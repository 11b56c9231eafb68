// Learning curves of a training: they follow the figures in the page, which the page renews.

const MOST = 8; // curves of a chart, the newest
const place = document.getElementById("curves");
const charts = new Map(); // the chart by the id of its place
let last = "";
let spoken = "";
let scrolled = null; // the place in the log, null for its end
const opened = new Set(); // summaries of open details

function draw(id, curves, of) {
  const known = curves.filter((curve) => curve[of].some((value) => value !== null));
  const lengths = known.map((curve) => curve.epochs.length).sort((a, b) => b - a);
  const least = Math.min(lengths[MOST - 1] ?? 0, (lengths[0] ?? 0) / 4); // short ones tell little
  const kept = known.filter((curve) => curve.epochs.length >= least).slice(-MOST);
  const where = document.getElementById(id);
  charts.get(id)?.destroy();
  charts.delete(id);
  where.closest("figure").hidden = kept.length === 0;
  if (kept.length === 0) return;
  charts.set(id, drawCurves(where, kept.map((curve) => ({ name: curve.phase, x: curve.epochs, y: curve[of] }))));
}

function show(again = false) {
  const live = document.getElementById("live");
  const text = document.getElementById("figures").textContent;
  if (live.dataset.spoken !== spoken) {
    spoken = live.dataset.spoken;
    document.getElementById("spoken").textContent = spoken;
  }
  for (const details of live.querySelectorAll("details")) {
    if (opened.has(details.querySelector("summary").textContent)) details.open = true;
  }
  const log = live.querySelector(".log");
  if (log !== null) log.scrollTop = scrolled ?? log.scrollHeight;
  if (text === last && !again) return;
  last = text;
  const curves = JSON.parse(text);
  place.hidden = curves.length === 0;
  if (place.hidden) return;
  const metrics = [...new Set(curves.map((curve) => curve.metric).filter((name) => name !== ""))];
  document.getElementById("metric").textContent = metrics.length > 0 ? `: ${metrics.join(", ")}` : "";
  draw("losses", curves, "losses");
  draw("values", curves, "values");
}

// What a reader has opened, and where they read in the log, stays when the state is renewed.
document.addEventListener("htmx:beforeSwap", () => {
  const live = document.getElementById("live");
  if (live === null) return;
  opened.clear();
  for (const details of live.querySelectorAll("details[open]")) opened.add(details.querySelector("summary").textContent);
  const log = live.querySelector(".log");
  const atEnd = log === null || log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
  scrolled = atEnd ? null : log.scrollTop;
});
document.addEventListener("htmx:afterSettle", () => show());
document.addEventListener("gremlink:theme", () => show(true));
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => show());
else show();
