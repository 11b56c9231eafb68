"""What a SPARQL inference of thousands of inputs costs on Oxigraph, the model told beforehand.

    python benchmarks/sparql_inputs.py [--inputs 5000] [--limit 10] [--rounds 3]

Printed are seconds of the plain query for the inputs, directly, and of the query with an inference
through the proxy, all solutions read and counted: the way to 50,000 predictions.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from rdf_stores import oxigraph  # noqa: E402
from running_proxy import RunningProxy  # noqa: E402
from sparql_requests import Sparql  # noqa: E402

from gremlink.grammar.traversal import Kind, Literal  # noqa: E402
from gremlink.proxy.config import Configuration  # noqa: E402
from gremlink.proxy.config import Sparql as SparqlSettings  # noqa: E402
from gremlink.proxy.inference.commands import (  # noqa: E402
    Inspect,
    Inspected,
    PredictLinks,
    Reply,
    Work,
)

EX = "http://example.org/"
ITEMS, LIKED = 2000, 20
INFERENCE = """PREFIX ml: <http://aws.amazon.com/neptune/vocab/v01/services/ml#>
PREFIX ex: <http://example.org/>
SELECT {shown} {{ ?user a ex:User .
  SERVICE ml:inference {{ ml:config ml:endpoint "liked" ; ml:modelType "OBJECT_PREDICTION" ;
    ml:input ?user ; ml:predicate ex:likes ; ml:limit {limit} ; ml:output ?item ;
    ml:outputClass ex:Item ; ml:outputScore ?score }} {more} }}"""


class Ranked:
    """A model that ranks the same for each, without what is known."""

    def __init__(self) -> None:
        self._items = [
            (Literal(Kind.STRING, f"{EX}item{number}"), 1.0 / (2 + number))
            for number in range(ITEMS)
        ]

    async def __call__(self, work: Work) -> Reply:
        """The reply to one command of an inference."""
        if isinstance(work, PredictLinks):
            return [
                [pair for pair in self._items[: work.limit + len(known)] if pair[0] not in known][
                    : work.limit
                ]
                for known in work.known
            ]
        if isinstance(work, Inspect):
            vertices = [each[0] for each in work.spellings]
            return Inspected("link_prediction", "told", vertices, rdf=True)
        return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=5000)
    parser.add_argument("--limit", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
        return
    rng = random.Random(1)
    lines = [f"<{EX}item{item}> a <{EX}Item> ; <{EX}price> {item} ." for item in range(ITEMS)]
    for user in range(options.inputs):
        liked = " , ".join(f"<{EX}item{item}>" for item in rng.sample(range(ITEMS), LIKED))
        lines.append(f"<{EX}user{user}> a <{EX}User> ; <{EX}likes> {liked} .")
    with oxigraph() as store, Sparql(f"{store}/query", f"{store}/update") as direct:
        data = "\n".join(lines).encode()
        assert (
            direct.send("POST", "/store?default", {"Content-Type": "text/turtle"}, data).status
            == 204
        )
        with proxy_process(store) as address, Sparql(address, address) as proxy:
            measure(direct, proxy, options)


def serve(store: str) -> None:
    """Print the address of a proxy in front of a store, and stay until the input ends."""
    configuration = Configuration(sparql=SparqlSettings(url=store))
    with RunningProxy("ws://127.0.0.1:9/gremlin", Ranked(), configuration) as running:
        print(running.url.replace("ws", "http", 1).replace("/gremlin", "/sparql"), flush=True)
        sys.stdin.read()


@contextmanager
def proxy_process(store: str) -> Iterator[str]:
    """The address of a proxy that is a process of its own."""
    process = subprocess.Popen(
        [sys.executable, __file__, "--serve", store],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


def measure(direct: Sparql, proxy: Sparql, options: argparse.Namespace) -> None:
    """Ask each query some times, and print the medians."""

    def ask(way: Sparql, query: str) -> Callable[[], int]:
        def asked() -> int:
            reply = way.ask(query)
            assert reply.status == 200, reply.body[:500]
            return reply.body.count(b'"user":{') or reply.body.count(b'"n":{')

        return asked

    plain = f"SELECT ?user {{ ?user a <{EX}User> }}"
    for name, asked in (
        ("inputs, directly", ask(direct, plain)),
        ("inputs, through the proxy", ask(proxy, plain)),
        (
            "all predictions",
            ask(proxy, INFERENCE.format(shown="*", limit=options.limit, more="")),
        ),
        (
            "predictions that pass a pattern",
            ask(
                proxy,
                INFERENCE.format(
                    shown="*", limit=options.limit, more="?item ex:price ?price FILTER(?price < 5)"
                ),
            ),
        ),
        (
            "their number",
            ask(
                proxy,
                INFERENCE.format(shown="(COUNT(*) AS ?n)", limit=options.limit, more=""),
            ),
        ),
    ):
        seconds, rows = [], 0
        for _ in range(options.rounds):
            started = time.perf_counter()
            rows = asked()
            seconds.append(time.perf_counter() - started)
        print(f"{statistics.median(seconds):8.3f} s  {rows:7,} solutions  {name}", flush=True)


if __name__ == "__main__":
    main()
