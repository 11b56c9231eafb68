"""The counts of an RDF graph for `/sparql/statistics` and `/rdf/statistics/summary`."""

from __future__ import annotations

from typing import Any

from gremlink.proxy.config import Sparql, Upstream
from gremlink.proxy.graph.rdf.counts import RdfCounts, count_rdf
from gremlink.proxy.management.statistics.handlers import Signatures
from gremlink.proxy.management.tasks.description import rdf_store


class RdfCounting:
    """The counts of the RDF graph in the store of the settings."""

    paths = ("/sparql/statistics", "/rdf/statistics")
    summaries = ("/rdf/statistics/summary", "/sparql/statistics/summary")

    def __init__(self, sparql: Sparql, upstream: Upstream) -> None:
        self._sparql = sparql
        self._upstream = upstream

    def count(self, seconds: float | None) -> RdfCounts:
        """Count statements, predicates, classes and structures. Raises GraphError."""
        return count_rdf(rdf_store(self._sparql, self._upstream, seconds))

    def details(self, seconds: float) -> bool:
        """Return `True`: the counts have all details."""
        return True

    def signatures(self, counts: RdfCounts) -> Signatures:
        """Return the figures."""
        return Signatures(len(counts.structures), counts.subjects, len(counts.predicates))

    def summary(self, counts: RdfCounts, details: bool | None) -> dict[str, Any]:
        """Return Neptune's summary."""
        ranked = sorted(counts.predicates.items(), key=lambda each: (-each[1], each[0]))
        document: dict[str, Any] = {
            "numDistinctSubjects": counts.subjects,
            "numDistinctPredicates": len(counts.predicates),
            "numQuads": counts.quads,
            "numClasses": len(counts.classes),
            "classes": list(counts.classes),
            "predicates": [{name: count} for name, count in ranked],
        }
        if details:
            document["subjectStructures"] = [
                {"count": count, "predicates": sorted(names)}
                for names, count in counts.structures.items()
            ]
        return document
