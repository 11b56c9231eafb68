"""Time until the picture of many vertices is there, and of each frame while it is moved.

    python benchmarks/embeddings.py [--vertices 100000] [--rounds 5]

Writes a model of so many vertices in twelve groups, 64 numbers each, serves it without a database,
and opens its page in Debian's Chromium (Playwright), coloured by a category. Prints milliseconds
until the first paint of the page and until its points are painted, of the first visit, which
places them, and the median of later ones; then of 120 frames while the picture is dragged: the time
between two frames, median and 95 %, and the share of it that painting takes. Exits with 1 if
the median frame takes longer than a thirtieth of a second.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from studio import serving

from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.learning.features.category import CategoryFitter
from gremlink.proxy.learning.features.matrix import encode
from gremlink.proxy.learning.graph import Edges, Relation, TypedGraph
from gremlink.proxy.learning.links.prediction.model import LinkModel, to_artifact
from gremlink.proxy.learning.trained.embeddings import Embeddings, RelationVectors
from gremlink.proxy.learning.trained.stored_graph import StoredGraph
from gremlink.proxy.store.artifacts import write_artifact
from gremlink.proxy.store.records import Store

WIDTH, GROUPS = 64, 12
KNOWS = Relation("Item", "knows", "Item")
PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
FRAMES = """
async () => {
  const canvas = document.getElementById("space"), box = canvas.getBoundingClientRect();
  const x = box.left + box.width / 2, y = box.top + box.height / 2;
  const fire = (name, dx) => canvas.dispatchEvent(new PointerEvent(name, {
    clientX: x + dx, clientY: y + dx / 2, pointerId: 1, bubbles: true }));
  canvas.setPointerCapture = () => {};
  fire("pointerdown", 0);
  const frames = [], painting = [];
  let last = await new Promise(requestAnimationFrame);
  for (let at = 1; at <= 120; at += 1) {
    fire("pointermove", at % 60);
    const now = await new Promise(requestAnimationFrame);
    frames.push(now - last);
    painting.push(Number(canvas.dataset.painted));
    last = now;
  }
  fire("pointerup", 60);
  return { frames: frames.slice(1), painting };
}
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vertices", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        artifact = Path(name) / "model"
        write_artifact(artifact, model(arguments.vertices))
        Store(Path(name) / "store").create_endpoint("many", artifact)
        with serving("ws://127.0.0.1:9/gremlin", Path(name)) as address:
            found = visits(f"{address}/studio/embeddings?colour=property:group", arguments.rounds)
    table = Table("", "ms")
    for what, value in found.items():
        table.add_row(what, f"{value:.1f}")
    Console(width=100).print(f"{arguments.vertices:,} vertices", table)
    return int(found["a frame, median"] > 1000 / 30)


def model(count: int) -> Any:
    """Return the artifact of a network's embeddings."""
    random = np.random.default_rng(7)
    groups = random.integers(0, GROUPS, count)
    centres = random.normal(size=(GROUPS, WIDTH))
    vectors = centres[groups] + 0.6 * random.normal(size=(count, WIDTH))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    fitter = CategoryFitter("group")
    column = [f"group {group}" for group in groups]
    fitter.see(column)
    encoding = fitter.fitted()
    ends = np.zeros(0, np.int64)
    graph = TypedGraph(
        {"Item": count},
        {KNOWS: Edges(ends, ends)},
        {"Item": encode({"group": column}, [encoding])},
    )
    ids = [Literal(Kind.LONG, each) for each in range(count)]
    stored = StoredGraph(graph, {"Item": ids}, {"Item": [encoding]})
    zeros = np.zeros(WIDTH, np.float32)
    biases = np.zeros(count, np.float32)
    network = Embeddings({"Item": vectors}, {KNOWS: RelationVectors(zeros, biases, biases)})
    return to_artifact(LinkModel(stored, (), {"rgcn": network}), {"created": "2026-01-01"})


def visits(address: str, rounds: int) -> dict[str, float]:
    """Return milliseconds by what was measured."""
    from playwright.sync_api import sync_playwright

    paints, points = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        for _ in range(1 + rounds):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(address)
            page.wait_for_selector("#space[data-painted]", timeout=300_000)
            points.append(page.evaluate("performance.now()"))
            paints.append(page.evaluate(PAINT))
        moved = page.evaluate(FRAMES)
        browser.close()
    frames = sorted(moved["frames"])
    return {
        "first paint of the page, first visit": paints[0],
        "first paint of the page, later": statistics.median(paints[1:]),
        "points painted, first visit": points[0],
        "points painted, later": statistics.median(points[1:]),
        "a frame, median": statistics.median(frames),
        "a frame, 95 %": frames[int(0.95 * len(frames))],
        "painting in a frame, median": statistics.median(moved["painting"]),
    }


if __name__ == "__main__":
    sys.exit(main())
