// Pictures of graphs: vertices by label, with shapes and colours; predicted edges are dashed.
//
// `<div class="graph-view" data-graph="ID">` shows the JSON in the element of that id:
// {vertices: [{id, name, label, role}], edges: [{source, target, label, predicted, property, weight}]}

const SHAPES = ["ellipse", "round-rectangle", "triangle", "diamond", "hexagon", "rectangle", "pentagon", "star"];
const LONGEST = 24; // characters of a name in the picture

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
      "text-valign": "bottom", "text-margin-y": 4, "text-outline-color": found.paper, "text-outline-width": 2,
      "min-zoomed-font-size": 7,
    } },
    { selector: 'node[role = "source"], node[role = "target"]', style: { width: 34, height: 34, "border-width": 3, "border-color": found.ink, "font-size": 14, "font-weight": "bold" } },
    { selector: 'node[role = "property"]', style: { shape: "round-tag", "background-color": found.paper, "border-width": 1, "border-color": found.quiet, width: 16, height: 16, "font-style": "italic" } },
    { selector: "node:selected", style: { "border-width": 4, "border-color": found.accent } },
    { selector: "edge", style: {
      width: (edge) => 1.5 + 4 * Math.min(1, edge.data("weight") || 0),
      "line-color": found.quiet, "target-arrow-color": found.quiet, "target-arrow-shape": "triangle",
      "curve-style": "bezier", label: "data(shown)", "font-size": 10, color: found.quiet,
      "text-rotation": "autorotate", "text-outline-color": found.paper, "text-outline-width": 2, "min-zoomed-font-size": 8,
    } },
    { selector: "edge[?property]", style: { "line-style": "dotted", "target-arrow-shape": "none", label: "", width: 1.5 } },
    { selector: "edge[?predicted]", style: { "line-style": "dashed", "line-dash-pattern": [8, 4], "line-color": found.accent, "target-arrow-color": found.accent, color: found.ink, width: 3, "font-weight": "bold" } },
    { selector: "edge[arc]", style: { "curve-style": "unbundled-bezier", "control-point-distances": (edge) => [edge.data("arc")], "control-point-weights": [0.5] } },
  ];
}

const elementsOf = (graph) => [
  ...graph.vertices.map(({ position, ...each }) => ({ group: "nodes", data: { ...each, shown: shorten(each.name) }, position })),
  ...graph.edges.map((each) => ({ group: "edges", data: { ...each, id: `${each.source} ${each.label} ${each.target}${each.predicted ? " ?" : ""}`, shown: shorten(each.label) } })),
];

function legend(place, labels) {
  const list = document.createElement("ul");
  list.className = "graph-legend";
  const found = colours();
  const marks = { ellipse: "●", "round-rectangle": "▢", triangle: "▲", diamond: "◆", hexagon: "⬢", rectangle: "■", pentagon: "⬟", star: "★" };
  for (const [at, label] of labels.entries()) {
    const item = document.createElement("li");
    const mark = document.createElement("span");
    mark.textContent = marks[SHAPES[at % SHAPES.length]];
    mark.style.color = found.kinds[at % found.kinds.length];
    mark.setAttribute("aria-hidden", "true");
    item.append(mark, document.createTextNode(shorten(label)));
    list.append(item);
  }
  const item = document.createElement("li");
  item.textContent = "┄ predicted";
  list.append(item);
  place.after(list);
  return list;
}

export function draw(place, graph, options = {}) {
  const labels = [...new Set(graph.vertices.filter((each) => each.role !== "property").map((each) => each.label))];
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const placed = graph.vertices.every((each) => each.position);
  const layout = () => (placed ? { name: "preset", padding: 30 } : { name: "cose", animate: !calm && graph.vertices.length < 150, animationDuration: 300, randomize: false, padding: 30, nodeRepulsion: () => 60000, idealEdgeLength: () => 90, ...options.layout });
  const view = cytoscape({ container: place, elements: elementsOf(graph), style: styleOf(labels), layout: layout(), minZoom: 0.1, maxZoom: 4, wheelSensitivity: 0.3 });
  let key = legend(place, labels);
  document.addEventListener("gremlink:theme", () => {
    view.style(styleOf(labels));
    key.remove();
    key = legend(place, labels);
  });
  const add = (more) => {
    for (const each of more.vertices) if (each.role !== "property" && !labels.includes(each.label)) labels.push(each.label);
    const fresh = elementsOf(more).filter((each) => view.getElementById(each.data.id).empty());
    view.add(fresh);
    view.style(styleOf(labels));
    key.remove();
    key = legend(place, labels);
    view.layout(layout()).run();
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
