// Points on a canvas: drag, zoom, groups of the legend, and the neighbours of the point under the pointer.

const MANY = 4000; // points in sight that are stamped as pixels; fewer are drawn smoothly
const SIDE = 128; // cells along a side of the grid that finds points
const canvas = document.getElementById("space");
if (canvas !== null) start();

async function start() {
  const count = Number(canvas.dataset.count);
  const status = document.getElementById("placing");
  let bytes = null;
  try {
    const answer = await fetch(`/studio/embeddings/points?${canvas.dataset.query}`);
    if (answer.ok) bytes = await answer.arrayBuffer();
    else status.textContent = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[role=alert]")?.textContent.trim() || `The points did not come (${answer.status}).`;
  } catch { status.textContent = "The proxy does not answer."; }
  if (bytes === null || bytes.byteLength !== count * 9) return;
  status.hidden = true;
  show(count, new Float32Array(bytes, 0, 2 * count), new Uint8Array(bytes, count * 8, count));
}

// -- shapes: paths for few points, pixels for many

function trace(context, shape, x, y, r) {
  if (shape === "square") context.rect(x - r * 0.9, y - r * 0.9, r * 1.8, r * 1.8);
  else if (shape === "triangle") { context.moveTo(x, y - r * 1.2); context.lineTo(x + r * 1.2, y + r); context.lineTo(x - r * 1.2, y + r); context.closePath(); }
  else if (shape === "diamond") { context.moveTo(x, y - r * 1.35); context.lineTo(x + r * 1.35, y); context.lineTo(x, y + r * 1.35); context.lineTo(x - r * 1.35, y); context.closePath(); }
  else if (shape === "plus") { context.rect(x - r * 0.35, y - r, r * 0.7, r * 2); context.rect(x - r, y - r * 0.35, r * 2, r * 0.7); }
  else { context.moveTo(x + r, y); context.arc(x, y, r, 0, 6.2832); }
}

function pixels(shape, r, width) { // offsets in an image that is `width` wide
  const side = Math.max(2, 2 * Math.ceil(r * 1.35));
  const sketch = new OffscreenCanvas(side, side).getContext("2d", { willReadFrequently: true });
  trace(sketch, shape, side / 2, side / 2, Math.max(r, 0.9));
  sketch.fill();
  const alpha = sketch.getImageData(0, 0, side, side).data;
  const found = [];
  for (let at = 0; at < side * side; at += 1) if (alpha[4 * at + 3] > 110) found.push((Math.floor(at / side) - side / 2) * width + (at % side) - side / 2);
  return Int32Array.from(found);
}

function rgba(colour) { // a computed colour as a pixel, little-endian
  const [r, g, b] = (colour.match(/[\d.]+/g) ?? [0, 0, 0]).map(Number);
  return (0xff000000 | (b << 16) | (g << 8) | r) >>> 0;
}

function show(count, points, groups) {
  const legend = document.getElementById("legend");
  const view = { x: 0, y: 0, zoom: 1 };
  let chosen = "point" in canvas.dataset ? Number(canvas.dataset.point) : -1;
  let kept = chosen >= 0; // a click keeps a vertex until the next
  let alone = -1; // the group of the legend that is shown alone
  let marks = null; // colour, shape and size of each group
  let image = null;
  let queued = false;

  // Groups take turns, for none may cover all others; the same at every visit.
  const order = new Uint32Array(count);
  for (let at = 0; at < count; at += 1) order[at] = at;
  for (let at = count - 1, seed = 1; at > 0; at -= 1) {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    const other = Math.floor(seed / 4294967296 * (at + 1));
    [order[at], order[other]] = [order[other], order[at]];
  }

  const scale = () => (Math.min(canvas.clientWidth, canvas.clientHeight) / 2.2) * view.zoom;

  // A grid of cells finds the point under the pointer without looking at all of them.
  const place = (value) => Math.max(0, Math.min(SIDE - 1, Math.floor((value + 1) / 2 * SIDE)));
  const cellOf = (at) => place(points[2 * at]) * SIDE + place(points[2 * at + 1]);
  const starts = new Uint32Array(SIDE * SIDE + 1);
  for (let at = 0; at < count; at += 1) starts[cellOf(at) + 1] += 1;
  for (let at = 0; at < SIDE * SIDE; at += 1) starts[at + 1] += starts[at];
  const next = starts.slice();
  const inCells = new Uint32Array(count);
  for (let at = 0; at < count; at += 1) { const cell = cellOf(at); inCells[next[cell]] = at; next[cell] += 1; }

  function look() { // the legend's own colours are those of the points
    const style = getComputedStyle(document.documentElement);
    marks = [...legend.querySelectorAll("[data-group]")].map((each) => {
      const colour = getComputedStyle(each.querySelector("svg")).fill;
      return { colour, pixel: rgba(colour), shape: each.dataset.shape, size: Number(each.dataset.size) };
    });
    if (marks.length === 0) marks = null;
    view.ink = style.getPropertyValue("--ink").trim();
    view.line = style.getPropertyValue("--line").trim();
    const probe = document.createElement("span");
    probe.style.color = "var(--line)";
    canvas.after(probe);
    view.faded = rgba(getComputedStyle(probe).color);
    probe.remove();
  }

  function paint() {
    queued = false;
    if (marks === null) look();
    if (marks === null) return;
    const started = performance.now();
    const ratio = devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * ratio);
    const height = Math.round(canvas.clientHeight * ratio);
    if (width < 1 || height < 1) return;
    if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; image = null; }
    const context = canvas.getContext("2d");
    const factor = scale() * ratio;
    const radius = Math.max(1.1, Math.min(6, 70 / Math.sqrt(count)) * Math.min(2.5, Math.sqrt(view.zoom))) * ratio;
    const left = width / 2 - view.x * factor;
    const top = height / 2 + view.y * factor;
    const margin = Math.ceil(radius * 2.2) + 1;
    const inside = (at) => {
      const x = left + points[2 * at] * factor;
      const y = top - points[2 * at + 1] * factor;
      return x > -margin && y > -margin && x < width + margin && y < height + margin;
    };
    let seen = 0;
    for (let at = 0; at < count && seen <= MANY; at += 1) seen += inside(at);
    const passes = alone < 0 ? [(group) => group >= 0] : [(group) => group !== alone, (group) => group === alone];
    if (seen > MANY) stamp(context, width, height, left, top, factor, radius, margin, passes);
    else {
      context.clearRect(0, 0, width, height);
      passes.forEach((fits, pass) => marks.forEach((mark, group) => {
        if (!fits(group)) return;
        context.beginPath();
        for (let at = 0; at < count; at += 1) if (groups[at] === group && inside(at)) trace(context, mark.shape, left + points[2 * at] * factor, top - points[2 * at + 1] * factor, radius * mark.size);
        context.fillStyle = alone >= 0 && pass === 0 ? view.line : mark.colour;
        context.fill();
      }));
    }
    if (chosen >= 0) {
      context.strokeStyle = view.ink;
      context.lineWidth = 2.5 * ratio;
      context.beginPath();
      context.arc(left + points[2 * chosen] * factor, top - points[2 * chosen + 1] * factor, radius + 5 * ratio, 0, 6.2832);
      context.stroke();
    }
    if (document.activeElement === canvas && canvas.matches(":focus-visible")) { // Enter takes the vertex here
      context.strokeStyle = view.ink;
      context.lineWidth = ratio;
      context.beginPath();
      for (const [dx, dy] of [[9, 0], [-9, 0], [0, 9], [0, -9]]) { context.moveTo(width / 2 + dx * ratio / 3, height / 2 + dy * ratio / 3); context.lineTo(width / 2 + dx * ratio, height / 2 + dy * ratio); }
      context.stroke();
    }
    canvas.dataset.painted = (performance.now() - started).toFixed(1);
  }

  function stamp(context, width, height, left, top, factor, radius, margin, passes) {
    if (image === null) image = context.createImageData(width, height);
    const buffer = new Uint32Array(image.data.buffer);
    buffer.fill(0);
    const stamps = marks.map((mark) => pixels(mark.shape, radius * mark.size, width));
    passes.forEach((fits, pass) => {
      const faded = alone >= 0 && pass === 0;
      const shown = marks.map((_, group) => fits(group));
      for (let turn = 0; turn < count; turn += 1) {
        const at = order[turn];
        const group = groups[at];
        if (!shown[group]) continue;
        const x = Math.round(left + points[2 * at] * factor);
        const y = Math.round(top - points[2 * at + 1] * factor);
        if (x < margin || y < margin || x >= width - margin || y >= height - margin) continue;
        const start = y * width + x;
        const offsets = stamps[group];
        const pixel = faded ? view.faded : marks[group].pixel;
        for (let each = 0; each < offsets.length; each += 1) buffer[start + offsets[each]] = pixel;
      }
    });
    context.putImageData(image, 0, 0);
  }

  const repaint = () => { if (!queued) { queued = true; requestAnimationFrame(paint); } };

  function under(x, y, reach) { // the nearest point within so many pixels
    const px = view.x + (x - canvas.clientWidth / 2) / scale();
    const py = view.y - (y - canvas.clientHeight / 2) / scale();
    const far = reach / scale();
    let best = -1;
    let least = far * far;
    for (let i = place(px - far); i <= place(px + far); i += 1) for (let j = place(py - far); j <= place(py + far); j += 1) {
      for (let each = starts[i * SIDE + j]; each < starts[i * SIDE + j + 1]; each += 1) {
        const at = inCells[each];
        if (alone >= 0 && groups[at] !== alone) continue;
        const distance = (points[2 * at] - px) ** 2 + (points[2 * at + 1] - py) ** 2;
        if (distance < least) { least = distance; best = at; }
      }
    }
    return best;
  }

  let timer = 0;
  function choose(at) {
    if (at < 0 || at === chosen) return;
    chosen = at;
    repaint();
    clearTimeout(timer);
    timer = setTimeout(() => htmx.ajax("GET", `/studio/embeddings/nearest?${canvas.dataset.query}&point=${at}`, { target: "#nearest", swap: "innerHTML" }), 120);
  }

  function centre(at) { view.x = points[2 * at]; view.y = points[2 * at + 1]; }
  function zoom(factor, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) { // about a place on the canvas
    if (factor === 0) Object.assign(view, { x: 0, y: 0, zoom: 1 });
    else {
      const before = scale();
      view.zoom = Math.max(0.5, Math.min(500, view.zoom * factor));
      view.x += (x - canvas.clientWidth / 2) * (1 / before - 1 / scale());
      view.y -= (y - canvas.clientHeight / 2) * (1 / before - 1 / scale());
    }
    repaint();
  }

  let drag = null;
  canvas.addEventListener("pointerdown", (event) => { drag = { x: event.clientX, y: event.clientY, moved: 0 }; canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener("pointercancel", () => { drag = null; });
  canvas.addEventListener("pointerup", (event) => {
    const clicked = drag !== null && drag.moved < 5;
    drag = null;
    if (!clicked) return;
    const at = under(event.offsetX, event.offsetY, 14);
    kept = at >= 0;
    choose(at);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (drag !== null) {
      drag.moved += Math.abs(event.clientX - drag.x) + Math.abs(event.clientY - drag.y);
      view.x -= (event.clientX - drag.x) / scale();
      view.y += (event.clientY - drag.y) / scale();
      drag.x = event.clientX;
      drag.y = event.clientY;
      repaint();
    } else if (!kept) choose(under(event.offsetX, event.offsetY, 12));
  });
  canvas.addEventListener("wheel", (event) => { event.preventDefault(); zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2, event.offsetX, event.offsetY); }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = 0.1 / view.zoom;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    if (event.key in moves) { view.x += moves[event.key][0]; view.y += moves[event.key][1]; repaint(); }
    else if (event.key === "+") zoom(1.2);
    else if (event.key === "-") zoom(1 / 1.2);
    else if (event.key === "0") zoom(0);
    else if (event.key === "Escape") kept = false;
    else if (event.key === "Enter") { kept = true; choose(under(canvas.clientWidth / 2, canvas.clientHeight / 2, Math.max(canvas.clientWidth, canvas.clientHeight))); }
    else return;
    event.preventDefault();
  });
  for (const name of ["focus", "blur"]) canvas.addEventListener(name, repaint);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-zoom]");
    if (button !== null) zoom(Number(button.dataset.zoom));
    const group = event.target.closest("#legend [data-group]");
    if (group !== null) {
      alone = alone === Number(group.dataset.group) ? -1 : Number(group.dataset.group);
      for (const each of legend.querySelectorAll("[data-group]")) each.setAttribute("aria-pressed", String(Number(each.dataset.group) === alone));
      repaint();
    }
    const near = event.target.closest("#nearest a[data-point]");
    if (near !== null && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      kept = true;
      centre(Number(near.dataset.point));
      choose(Number(near.dataset.point));
      document.getElementById("nearest").focus();
    }
  });
  document.addEventListener("gremlink:theme", () => { marks = null; repaint(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { marks = null; repaint(); });
  document.addEventListener("htmx:afterSwap", (event) => { if (event.target === legend) { marks = null; repaint(); } });
  new ResizeObserver(repaint).observe(canvas);
  if (chosen >= 0 && count > 200) { centre(chosen); view.zoom = 3; }
  repaint();
}
