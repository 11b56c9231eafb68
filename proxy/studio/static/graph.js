// The page Graph: a vertex that is clicked in the picture shows its properties and its edges.

function wire(place) {
  const { view } = place.gremlink;
  if (place.id !== "picture") {
    view.on("tap", "node", (event) => {
      location.assign(`/studio/graph?${new URLSearchParams({ label: event.target.data("label") })}`);
    });
    return;
  }
  const link = (kind, id) => document.querySelector(`[data-${kind}="${CSS.escape(id)}"]`);
  view.on("tap", "node", (event) => link("select", event.target.id())?.click());
  view.on("dbltap", "node", (event) => link("expand", event.target.id())?.click());
}

document.addEventListener("gremlink:drawn", (event) => wire(event.target));

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-select]");
  const place = document.getElementById("picture");
  if (link === null || !place?.gremlink) return;
  const { view } = place.gremlink;
  view.elements().unselect();
  view.getElementById(link.dataset.select).select();
});

document.addEventListener("htmx:afterSwap", () => {
  const place = document.getElementById("picture");
  const source = document.getElementById("neighbourhood-graph");
  if (!place?.gremlink || source === null || place.shownText === source.textContent) return;
  place.shownText = source.textContent;
  place.gremlink.add(JSON.parse(source.textContent));
});
