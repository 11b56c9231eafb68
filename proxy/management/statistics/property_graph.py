"""The counts of a property graph for `/propertygraph/statistics`, also below `/pg`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from gremlink.proxy.graph import GraphCounts, Server, count_graph, outgoing_labels
from gremlink.proxy.graph.labels import Labels
from gremlink.proxy.graph.server.counts import Counted
from gremlink.proxy.management.services import present
from gremlink.proxy.management.statistics.handlers import Signatures


class GraphCounting:
    """The counts of a property graph; `database` is where it is, `None` if there is none."""

    paths = ("/propertygraph/statistics", "/pg/statistics")
    summaries = tuple(f"{path}/summary" for path in paths)

    def __init__(self, database: Server | None) -> None:
        self._database = database

    def count(self, seconds: float | None) -> GraphCounts:
        """Count elements by labels and properties. Raises GraphError, `BadRequest`."""
        return count_graph(present(self._database), seconds)

    def details(self, seconds: float) -> Mapping[Labels, frozenset[str]]:
        """Return the labels of edges that leave the vertices. Raises GraphError, `BadRequest`."""
        return outgoing_labels(present(self._database), seconds)

    def signatures(self, counts: GraphCounts) -> Signatures:
        """Return the figures."""
        kinds = [*counts.nodes.values(), *counts.edges.values()]
        names = {name for kind in kinds for name in kind.elements} | set(counts.edges)
        vertices = sum(kind.count for kind in counts.nodes.values())
        return Signatures(len(kinds), vertices, len(names))

    def summary(
        self, counts: GraphCounts, details: Mapping[Labels, frozenset[str]] | None
    ) -> dict[str, Any]:
        """Return Neptune's summary."""
        return graph_summary(counts, details)


def graph_summary(
    counts: GraphCounts, outgoing: Mapping[Labels, frozenset[str]] | None = None
) -> dict[str, Any]:
    """Return Neptune's summary of a graph, by kinds of elements if `outgoing` labels are given."""
    nodes, edges = counts.nodes, counts.edges
    node_properties = _counted(nodes.values())
    edge_properties = _counted(edges.values())
    labels = sorted(counts.labels)
    document: dict[str, Any] = {
        "numNodes": sum(kind.count for kind in nodes.values()),
        "numEdges": sum(kind.count for kind in edges.values()),
        "numNodeLabels": len(labels),
        "numEdgeLabels": len(edges),
        "nodeLabels": labels,
        "edgeLabels": sorted(edges),
        "numNodeProperties": len(node_properties),
        "numEdgeProperties": len(edge_properties),
        "nodeProperties": [{name: count} for name, count in node_properties.most_common()],
        "edgeProperties": [{name: count} for name, count in edge_properties.most_common()],
        "totalNodePropertyValues": sum(kind.values.total() for kind in nodes.values()),
        "totalEdgePropertyValues": sum(kind.values.total() for kind in edges.values()),
    }
    if outgoing is not None:
        document["nodeStructures"] = [
            {
                "count": kind.count,
                "nodeProperties": sorted(kind.elements),
                "distinctOutgoingEdgeLabels": sorted(outgoing.get(labels_of, ())),
            }
            for labels_of, kind in nodes.items()
        ]
        document["edgeStructures"] = [
            {"count": kind.count, "edgeProperties": sorted(kind.elements)}
            for kind in edges.values()
        ]
    return document


def _counted(kinds: Iterable[Counted]) -> Counter[str]:
    """Count the elements that have each property."""
    return sum((kind.elements for kind in kinds), Counter())
