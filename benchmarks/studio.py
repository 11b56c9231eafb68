"""Time until a page is there, on a graph of 100,000 vertices.

    python benchmarks/studio.py [--vertices 100000] [--rounds 5] [--hold SECONDS]

Loads vertices with names and five links each into an embedded Gremlin Server, starts `gremlink
serve` in front of it, and opens its pages. For each: milliseconds of the first request after the
start, which counts the graph, and the median of later ones; after these the first contentful paint
in Debian's Chromium, median of the same number of visits, if it and Playwright are installed; and
the size of the page. Exits with 1 if a first request or a paint took a second or more.
With `--hold` the pages stay served, with Home open in the browser, for so many seconds: run
`benchmarks/relay.py` meanwhile for the price of forwarding beside an open page.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.request import urlopen

from gremlin_python.driver.client import Client
from rich.console import Console
from rich.table import Table

from gremlink.proxy.embedded import EmbeddedServer

PAGES = {
    "Home": "/",
    "Schema": "/studio/graph",
    "A neighbourhood": "/studio/graph?vertex=i:5",
    "Find a vertex": "/studio/vertices?text=person+777",
    "Ask": "/studio/ask",
    "Train": "/studio/train",
    "Models": "/studio/models",
    "Console": "/studio/console",
    "Embeddings": "/studio/embeddings",
}
PAINT = "performance.getEntriesByName('first-contentful-paint').map((each) => each.startTime)"
LOAD = """
vertices = new Object[count]
random = new Random(7)
for (int i = 0; i < count; i++)
    vertices[i] = graph.addVertex(T.id, i, T.label, i % 10 == 0 ? 'Firm' : 'Person',
        'name', 'person ' + i, 'age', random.nextInt(90))
for (int i = 0; i < count; i++)
    for (int j = 0; j < 5; j++)
        vertices[i].addEdge('KNOWS', vertices[random.nextInt((int) count)])
count
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vertices", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--hold", type=float, default=0, metavar="SECONDS")
    arguments = parser.parse_args()
    console = Console(width=120)
    with (
        EmbeddedServer(port=0, memory="2g") as server,
        tempfile.TemporaryDirectory() as name,
    ):
        with closing(Client(server.url, "g")) as client:
            options = {"evaluationTimeout": 300_000}
            client.submit(
                LOAD, {"count": arguments.vertices}, request_options=options
            ).all().result()
        with serving(server.url, Path(name)) as address:
            first, later, sizes = requests(address, arguments.rounds)
            painted = paints(address, arguments.rounds, arguments.hold)
    table = Table("Page", "First request, ms", "Later, ms", "First paint, ms", "kB")
    for page in PAGES:
        paint = f"{painted[page]:.0f}" if page in painted else ""
        table.add_row(
            page, f"{first[page]:.0f}", f"{later[page]:.0f}", paint, f"{sizes[page] / 1000:.0f}"
        )
    console.print(f"{arguments.vertices:,} vertices, {arguments.vertices * 5:,} edges")
    console.print(table)
    return int(max(*first.values(), *painted.values()) >= 1000)


@contextmanager
def serving(database: str, directory: Path) -> Iterator[str]:
    """Run `gremlink serve` in front of a database; the address of its pages."""
    log = directory / "log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "gremlink", "serve", "--port", "0", "--upstream", database],
            env={**os.environ, "GREMLINK_STORE_DIRECTORY": str(directory / "store")},
            cwd=directory,
            stderr=errors,
        )
    try:
        while not (found := re.search(r"listens at ws(://\S+)/gremlin", log.read_text())):
            if process.poll() is not None:
                raise SystemExit(log.read_text())
            time.sleep(0.05)
        yield f"http{found[1]}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def requests(
    address: str, rounds: int
) -> tuple[dict[str, float], dict[str, float], dict[str, int]]:
    """Return, by page, milliseconds of the first request, the median of later ones, and bytes."""
    first, later, sizes = {}, {}, {}
    for page, path in PAGES.items():
        took = []
        for _ in range(1 + rounds):
            begun = time.perf_counter()
            with urlopen(f"{address}{path}", timeout=120) as answer:
                sizes[page] = len(answer.read())
            took.append(1000 * (time.perf_counter() - begun))
        first[page], later[page] = took[0], statistics.median(took[1:])
    return first, later, sizes


def paints(address: str, rounds: int, hold: float) -> dict[str, float]:
    """Return, by page, the median first contentful paint in milliseconds; {} without a browser."""
    program = shutil.which("chromium")
    if program is None:
        print("chromium is not installed: no first paints", file=sys.stderr)
        return {}
    from playwright.sync_api import sync_playwright

    found = {}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for page, path in PAGES.items():
            if "vertices" in path:  # a part of a page
                continue
            took = []
            for _ in range(rounds):
                with closing(browser.new_page()) as tab:
                    tab.goto(f"{address}{path}")
                    paint: list[float] = []
                    while not paint:  # the policy of the pages forbids waiting by a script
                        paint = tab.evaluate(PAINT)
                    took += paint
            found[page] = statistics.median(took)
        if hold:
            tab = browser.new_page()
            tab.goto(address)
            print(f"{address} stays for {hold:g} s", file=sys.stderr)
            time.sleep(hold)
        browser.close()
    return found


if __name__ == "__main__":
    sys.exit(main())
