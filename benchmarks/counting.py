"""Cost of `/propertygraph/statistics/summary`, beside one query that groups all elements.

    python benchmarks/counting.py [--vertices 20000] [--edges 40000] [--runs 7]

A Gremlin Server gets a graph of two kinds of vertices with two to six values each, a tenth of them
of a property with several, and of two kinds of edges, one with two properties. Measured are
`group().by(label).by(properties().groupCount().by(key))` over the vertices and over the edges,
both together being what everything is compared with; the queries of the summary, plain and
detailed; and the whole graph streamed past a schema. Each is the least of some runs, in turn.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from contextlib import closing

from gremlin_python.driver.client import Client

from gremlink.proxy.embedded import EmbeddedServer
from gremlink.proxy.graph import count_graph, discover_schema, outgoing_labels

GRAPH = """
r = new Random(7)
several = org.apache.tinkerpop.gremlin.structure.VertexProperty.Cardinality.list
made = (0..<VERTICES).collect {
    v = graph.addVertex(T.label, it % 2 ? 'user' : 'film', 'name', 'n' + it, 'year', it % 90)
    if (it % 3 == 0) v.property('email', 'e' + it)
    if (it % 10 == 0) (0..3).each { k -> v.property(several, 'genre', 'g' + k) }
    v
}
(0..<EDGES).each {
    one = made[r.nextInt(VERTICES)]
    other = made[r.nextInt(VERTICES)]
    if (it % 4) one.addEdge('rated', other, 'score', it % 5, 'when', it)
    else one.addEdge('knows', other)
}
1
"""
KEYS = "group().by(label).by(properties().groupCount().by(key))"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--vertices", type=int, default=20_000)
    parser.add_argument("--edges", type=int, default=40_000)
    parser.add_argument("--runs", type=int, default=7)
    asked = parser.parse_args()
    with EmbeddedServer(port=0) as server, closing(Client(server.url, "g", pool_size=1)) as client:

        def submit(text: str) -> Callable[[], object]:
            return lambda: client.submit(text).all().result()

        graph = GRAPH.replace("VERTICES", str(asked.vertices)).replace("EDGES", str(asked.edges))
        submit(graph)()
        works: dict[str, Callable[[], object]] = {
            "group of the vertices": submit(f"g.V().{KEYS}"),
            "group of the edges": submit(f"g.E().{KEYS}"),
            "summary": lambda: count_graph(server.url),
            "summary, detailed": lambda: (count_graph(server.url), outgoing_labels(server.url)),
            "all streamed": lambda: discover_schema(server.url),
        }
        least = dict.fromkeys(works, float("inf"))
        for _ in range(asked.runs):
            for name, work in works.items():
                started = time.perf_counter()
                work()
                least[name] = min(least[name], time.perf_counter() - started)
    one = least["group of the vertices"] + least["group of the edges"]
    print(f"{asked.vertices} vertices, {asked.edges} edges; times of both groups together")
    for name, seconds in least.items():
        print(f"{name:24}{seconds * 1000:9.1f} ms  {seconds / one:6.2f}")


if __name__ == "__main__":
    main()
