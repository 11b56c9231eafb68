// Points on a canvas: drag, zoom, and the neighbours of the point under the pointer.

const canvas = document.getElementById("space");
if (canvas !== null) start();

async function start() {
  const count = Number(canvas.dataset.count);
  const query = new URLSearchParams({ run: canvas.dataset.run, method: canvas.dataset.method });
  const answer = await fetch(`/studio/embeddings/points?${query}`);
  if (!answer.ok) return;
  const bytes = await answer.arrayBuffer();
  const points = new Float32Array(bytes.slice(0, count * 8));
  const kinds = new Uint8Array(bytes, count * 8, count);
  const view = { x: 0, y: 0, zoom: 1 };
  let chosen = "point" in canvas.dataset ? Number(canvas.dataset.point) : -1;
  let queued = false;

  const size = () => ({ width: canvas.clientWidth, height: canvas.clientHeight });
  const scale = () => (Math.min(canvas.clientWidth, canvas.clientHeight) / 2.2) * view.zoom;
  const toScreen = (at) => [size().width / 2 + (points[2 * at] - view.x) * scale(), size().height / 2 - (points[2 * at + 1] - view.y) * scale()];

  // A grid of cells finds the point under the pointer without looking at all of them.
  const SIDE = 128;
  const cells = new Map();
  const cellOf = (x, y) => Math.floor((x + 1) / 2 * SIDE) * (SIDE + 2) + Math.floor((y + 1) / 2 * SIDE);
  for (let at = 0; at < count; at += 1) {
    const key = cellOf(points[2 * at], points[2 * at + 1]);
    if (!cells.has(key)) cells.set(key, []);
    cells.get(key).push(at);
  }

  function mark(context, shape, x, y, r) {
    if (shape === 0) context.rect(x - r, y - r, 2 * r, 2 * r);
    else if (shape === 1) { context.moveTo(x, y - r * 1.3); context.lineTo(x + r * 1.2, y + r); context.lineTo(x - r * 1.2, y + r); context.closePath(); }
    else { context.moveTo(x, y - r * 1.4); context.lineTo(x + r * 1.4, y); context.lineTo(x, y + r * 1.4); context.lineTo(x - r * 1.4, y); context.closePath(); }
  }

  function paint() {
    queued = false;
    const ratio = devicePixelRatio || 1;
    const { width, height } = size();
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) { canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio); }
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const style = getComputedStyle(document.documentElement);
    const radius = Math.max(1.2, Math.min(6, 60 / Math.sqrt(count))) * Math.min(2, Math.sqrt(view.zoom));
    const factor = scale();
    for (let kind = 0; kind < 256; kind += 1) {
      let any = false;
      context.beginPath();
      for (let at = 0; at < count; at += 1) {
        if (kinds[at] !== kind) continue;
        const x = width / 2 + (points[2 * at] - view.x) * factor;
        const y = height / 2 - (points[2 * at + 1] - view.y) * factor;
        if (x < -9 || y < -9 || x > width + 9 || y > height + 9) continue;
        any = true;
        if (kind % 4 === 0) { context.moveTo(x + radius, y); context.arc(x, y, radius, 0, 6.2832); }
        else mark(context, (kind % 4) - 1, x, y, radius);
      }
      if (!any) { if (!kinds.includes(kind)) { if (kind > 64) break; } continue; }
      context.fillStyle = style.getPropertyValue(`--c${(kind % 8) + 1}`).trim();
      context.globalAlpha = count > 5000 ? 0.6 : 0.85;
      context.fill();
    }
    context.globalAlpha = 1;
    if (chosen >= 0) {
      const [x, y] = toScreen(chosen);
      context.strokeStyle = style.getPropertyValue("--ink").trim();
      context.lineWidth = 3;
      context.beginPath();
      context.arc(x, y, radius + 5, 0, 6.2832);
      context.stroke();
    }
  }
  const repaint = () => { if (!queued) { queued = true; requestAnimationFrame(paint); } };

  function under(x, y) {
    const { width, height } = size();
    const px = view.x + (x - width / 2) / scale();
    const py = view.y - (y - height / 2) / scale();
    const reach = 12 / scale();
    const steps = Math.min(SIDE, Math.ceil(reach * SIDE / 2) + 1);
    let best = -1;
    let least = reach * reach;
    const column = Math.floor((px + 1) / 2 * SIDE);
    const row = Math.floor((py + 1) / 2 * SIDE);
    for (let i = column - steps; i <= column + steps; i += 1) for (let j = row - steps; j <= row + steps; j += 1) {
      for (const at of cells.get(i * (SIDE + 2) + j) ?? []) {
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
    timer = setTimeout(() => htmx.ajax("GET", `/studio/embeddings/nearest?${query}&point=${at}`, { target: "#nearest", swap: "innerHTML" }), 120);
  }

  let drag = null;
  canvas.addEventListener("pointerdown", (event) => { drag = { x: event.clientX, y: event.clientY }; canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener("pointerup", () => { drag = null; });
  canvas.addEventListener("pointermove", (event) => {
    if (drag !== null) {
      view.x -= (event.clientX - drag.x) / scale();
      view.y += (event.clientY - drag.y) / scale();
      drag = { x: event.clientX, y: event.clientY };
      repaint();
      return;
    }
    choose(under(event.offsetX, event.offsetY));
  });
  const zoom = (factor) => { view.zoom = Math.max(0.5, Math.min(200, view.zoom * factor)); repaint(); };
  canvas.addEventListener("wheel", (event) => { event.preventDefault(); zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2); }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const step = 0.1 / view.zoom;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    if (event.key in moves) { view.x += moves[event.key][0]; view.y += moves[event.key][1]; repaint(); event.preventDefault(); }
    else if (event.key === "+") zoom(1.2);
    else if (event.key === "-") zoom(1 / 1.2);
  });
  document.addEventListener("gremlink:theme", repaint);
  new ResizeObserver(repaint).observe(canvas);
  if (chosen >= 0 && count > 200) { view.x = points[2 * chosen]; view.y = points[2 * chosen + 1]; view.zoom = 3; }
  repaint();
}
