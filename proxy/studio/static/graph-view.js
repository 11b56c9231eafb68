// Pictures of graphs: vertices by label, with shapes and colours; predicted edges are dashed.
//
// `<div class="graph-view" data-graph="ID">` shows the JSON in the element of that id,
// which is no script: htmx takes scripts out of the parts that it adds to a page.
// {vertices: [{id, name, label, role, note}], edges: [{source, target, label, predicted, property, weight, note}]}
// A note is a second line. `data-layout` may name a layout of cytoscape's.

const SHAPES = ["ellipse", "round-rectangle", "triangle", "diamond", "hexagon", "rectangle", "pentagon", "star"];
const LONGEST = 24; // characters of a name in the picture

const MOST_IN_LEGEND = 24;
const MOST_EDGE_LABELS = 40;
const LARGEST_ZOOM = 1.5; // of a picture that nobody has zoomed

// cytoscape would add a style to the page, which the page's policy refuses; graph-view.css has it.
const ours = document.createElement("meta");
ours.id = "__________cytoscape_stylesheet";
document.head.append(ours);

const shorten = (text) => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);

function colours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  return {
    ink: read("--ink"), quiet: read("--quiet"), paper: read("--paper"), accent: read("--accent"), line: read("--line"),
    kinds: [1, 2, 3, 4, 5, 6, 7, 8].map((number) => read(`--c${number}`)),
  };
}

function styleOf(labels) {
  const found = colours();
  const kind = (node) => labels.indexOf(node.data("label"));
  return [
    { selector: "node", style: {
      "background-color": (node) => found.kinds[Math.max(kind(node), 0) % found.kinds.length],
      shape: (node) => SHAPES[Math.max(kind(node), 0) % SHAPES.length],
      label: "data(shown)", color: found.ink, "font-size": 12, width: 22, height: 22,
      "text-valign": "bottom", "text-margin-y": 4, "text-wrap": "wrap", "text-outline-color": found.paper, "text-outline-width": 2,
      "min-zoomed-font-size": 7,
    } },
    { selector: 'node[role = "source"], node[role = "target"]', style: { width: 34, height: 34, "border-width": 3, "border-color": found.ink, "font-size": 14, "font-weight": "bold" } },
    { selector: 'node[role = "property"]', style: { shape: "round-tag", "background-color": found.paper, "border-width": 1, "border-color": found.quiet, width: 16, height: 16, "font-style": "italic" } },
    { selector: "node:selected", style: { "border-width": 4, "border-color": found.accent } },
    { selector: "edge", style: {
      width: (edge) => 1.5 + 4 * Math.min(1, edge.data("weight") || 0),
      "line-color": found.quiet, "target-arrow-color": found.quiet, "target-arrow-shape": "triangle",
      "curve-style": "bezier", label: "data(shown)", "font-size": 10, color: found.quiet,
      "text-wrap": "wrap", "text-rotation": "autorotate", "text-outline-color": found.paper, "text-outline-width": 2, "min-zoomed-font-size": 8,
    } },
    { selector: "edge:loop", style: { "text-rotation": "none", "text-margin-y": -6 } },
    { selector: "edge.many", style: { label: "" } },
    { selector: "edge.many:selected, edge.near", style: { label: "data(shown)", "line-color": found.ink, "target-arrow-color": found.ink, color: found.ink, "z-index": 9 } },
    { selector: "edge[?property]", style: { "line-style": "dotted", "target-arrow-shape": "none", label: "", width: 1.5 } },
    { selector: "edge[?predicted]", style: { "line-style": "dashed", "line-dash-pattern": [8, 4], "line-color": found.accent, "target-arrow-color": found.accent, color: found.ink, width: 3, "font-weight": "bold" } },
    { selector: "edge[arc]", style: { "curve-style": "unbundled-bezier", "control-point-distances": (edge) => [edge.data("arc")], "control-point-weights": [0.5] } },
  ];
}

const elementsOf = (graph) => [
  ...graph.vertices.map(({ position, ...each }) => ({ group: "nodes", data: { ...each, shown: withNote(each.name, each.note) }, position })),
  ...graph.edges.map((each) => ({ group: "edges", data: { ...each, id: `${each.source} ${each.label} ${each.target}${each.predicted ? " ?" : ""}`, shown: withNote(each.label, each.note) } })),
];

const withNote = (text, note) => (note ? `${shorten(text)}\n${note}` : shorten(text));

function legend(before, labels, predicted) {
  const list = document.createElement("ul");
  list.className = "graph-legend";
  const found = colours();
  const marks = { ellipse: "●", "round-rectangle": "▢", triangle: "▲", diamond: "◆", hexagon: "⬢", rectangle: "■", pentagon: "⬟", star: "★" };
  for (const [at, label] of labels.slice(0, MOST_IN_LEGEND).entries()) {
    const item = document.createElement("li");
    const mark = document.createElement("span");
    mark.textContent = marks[SHAPES[at % SHAPES.length]];
    mark.style.color = found.kinds[at % found.kinds.length];
    mark.setAttribute("aria-hidden", "true");
    item.append(mark, document.createTextNode(shorten(label)));
    list.append(item);
  }
  const tell = (text) => {
    const item = document.createElement("li");
    item.textContent = text;
    list.append(item);
  };
  if (labels.length > MOST_IN_LEGEND) tell(`and ${labels.length - MOST_IN_LEGEND} labels more`);
  if (predicted) tell("┄ predicted");
  before.after(list);
  return list;
}

// Gives vertices places to begin with: neighbours in a circle around their vertex, far ones further out.
function seed(view, nodes) {
  const placed = new Set(view.nodes().difference(nodes).map((node) => node.id()));
  const circle = (parent, children, towards) => {
    const radius = Math.max(130, children.length * 14);
    const span = towards === null ? 2 * Math.PI : Math.PI;
    children.forEach((child, at) => {
      const angle = towards === null ? span * at / children.length : towards + span * ((at + 0.5) / children.length - 0.5);
      const { x, y } = parent.position();
      const far = radius * (1 + 0.35 * (at % 2) * (children.length > 8));
      child.position({ x: x + far * Math.cos(angle), y: y + far * Math.sin(angle) });
    });
  };
  const waiting = [...placed].map((id) => [view.getElementById(id), null]);
  const roots = nodes.toArray();
  let row = 0;
  while (waiting.length > 0 || placed.size < view.nodes().length) {
    if (waiting.length === 0) {
      const root = roots.find((node) => !placed.has(node.id()));
      root.position({ x: 0, y: 500 * row++ });
      placed.add(root.id());
      waiting.push([root, null]);
    }
    const [parent, towards] = waiting.shift();
    const children = parent.neighborhood("node").toArray().filter((node) => !placed.has(node.id()));
    for (const child of children) placed.add(child.id());
    const away = towards ?? (parent.degree() > children.length && nodes.length < view.nodes().length ? outwards(view, parent) : null);
    circle(parent, children, away);
    const { x, y } = parent.position();
    for (const child of children) waiting.push([child, Math.atan2(child.position().y - y, child.position().x - x)]);
  }
}

function outwards(view, node) {
  const others = node.neighborhood("node");
  const [x, y] = ["x", "y"].map((axis) => others.reduce((sum, each) => sum + each.position()[axis], 0) / Math.max(1, others.length));
  return Math.atan2(node.position().y - y, node.position().x - x);
}

// Vertices move apart along the longer side of the place: sideways on most screens, down on narrow ones.
function widen(view) {
  const box = view.nodes().boundingBox({ includeLabels: false });
  const ratio = (view.width() / view.height()) / Math.max(box.w / Math.max(box.h, 1), 0.1);
  const wide = Math.min(2, Math.max(1, ratio));
  const high = Math.min(2, Math.max(1, 1 / ratio));
  view.nodes().positions((node) => ({ x: node.position().x * wide, y: node.position().y * high }));
  view.fit(undefined, 30);
}

function zoomButtons(view) {
  const bar = document.createElement("div");
  bar.className = "graph-zoom";
  const centre = () => ({ x: view.width() / 2, y: view.height() / 2 });
  const zoom = (factor) => view.zoom({ level: view.zoom() * factor, renderedPosition: centre() });
  const does = [["+", "Zoom in", () => zoom(1.3)], ["−", "Zoom out", () => zoom(1 / 1.3)], ["Fit", "Fit the whole picture", () => view.fit(undefined, 40)]];
  for (const [text, name, run] of does) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button quiet";
    button.textContent = text;
    button.setAttribute("aria-label", name);
    button.addEventListener("click", run);
    bar.append(button);
  }
  return bar;
}

export function draw(place, graph, options = {}) {
  const labels = [...new Set(graph.vertices.filter((each) => each.role !== "property").map((each) => each.label))];
  const placed = graph.vertices.every((each) => each.position);
  // Two labels of a schema lie side by side, several in a circle.
  const circle = place.dataset.layout === "circle" && { name: "circle", padding: 50, startAngle: Math.PI, radius: 60 + 35 * graph.vertices.length, avoidOverlap: false };
  const largest = LARGEST_ZOOM * parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
  const layout = () => (placed ? { name: "preset", padding: 30 } : circle || { name: "cose", animate: false, randomize: false, padding: 40, nodeRepulsion: () => 200000, nodeOverlap: 20, idealEdgeLength: () => 110, gravity: 0.4, numIter: view.nodes().length > 300 ? 100 : 600, ...options.layout });
  const view = cytoscape({ container: place, elements: elementsOf(graph), style: styleOf(labels), layout: { name: "preset" }, minZoom: 0.1, maxZoom: 4 });
  if (!placed) seed(view, view.nodes());
  view.on("layoutstop", () => {
    if (!placed && !circle) widen(view);
    if (view.zoom() > largest) { view.zoom(largest); view.center(); }
  });
  view.layout(layout()).run();
  // Labels of many edges would hide each other: those of a vertex are shown while it is pointed at or selected.
  const thin = () => view.edges().toggleClass("many", view.edges().length > MOST_EDGE_LABELS);
  thin();
  view.on("mouseover select", "node", (event) => event.target.connectedEdges().addClass("near"));
  view.on("mouseout unselect", "node", (event) => event.target.connectedEdges().removeClass("near"));
  // Without Ctrl the wheel scrolls the page.
  place.addEventListener("wheel", (event) => { if (!event.ctrlKey && !event.metaKey) event.stopImmediatePropagation(); }, { capture: true, passive: true });
  const zoom = zoomButtons(view);
  place.after(zoom);
  const key = () => legend(zoom, labels, view.edges("[?predicted]").nonempty());
  let shown = key();
  const restyle = () => {
    view.style(styleOf(labels));
    shown.remove();
    shown = key();
  };
  document.addEventListener("gremlink:theme", restyle);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", restyle);
  const add = (more) => {
    for (const each of more.vertices) if (each.role !== "property" && !labels.includes(each.label)) labels.push(each.label);
    const fresh = elementsOf(more).filter((each) => view.getElementById(each.data.id).empty());
    const added = view.add(fresh);
    seed(view, added.nodes());
    thin();
    restyle();
    if (fresh.length > 0) view.layout(layout()).run();
  };
  return { view, add };
}

function prepare(root) {
  const places = [...root.querySelectorAll(".graph-view[data-graph]")];
  for (const place of places) {
    if (place.dataset.ready) continue;
    const source = document.getElementById(place.dataset.graph);
    if (source === null) continue;
    place.dataset.ready = "yes";
    place.gremlink = draw(place, JSON.parse(source.textContent));
    place.dispatchEvent(new CustomEvent("gremlink:drawn", { bubbles: true }));
  }
}

document.addEventListener("htmx:load", (event) => prepare(event.detail.elt));
if (document.readyState === "complete") prepare(document);
else addEventListener("load", () => prepare(document));
