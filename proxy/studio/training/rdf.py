"""Targets in the RDF store: predicates whose objects are resources, and properties of classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gremlink.proxy.studio.sparql import iri, select
from gremlink.proxy.studio.training.detection import CLASSES, MOST_CLASSES, Choosable, cut
from gremlink.proxy.studio.visit import Visit

SUBJECTS = 300
"""Resources of a class that are read."""

STATEMENTS = 5000
"""Statements about them that are read, at most."""

_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_NUMBERS = ("integer", "decimal", "double", "float", "int", "long", "short", "byte")


@dataclass(frozen=True, slots=True)
class RdfChoices:
    """Predicates with their numbers, and classes, of the store, as its statistics have them."""

    predicates: Mapping[str, int]
    classes: Sequence[str]
    statements: int

    async def properties(self, visit: Visit, class_: str) -> list[Choosable]:
        """Return the properties of a class, from a sample. Raises `QueryRefused`."""
        query = (
            f"SELECT ?s ?p ?o WHERE {{ {{ SELECT ?s WHERE {{ ?s a <{iri(class_)}> }} LIMIT"
            f" {SUBJECTS} }} ?s ?p ?o }} LIMIT {STATEMENTS}"
        )
        rows = await select(visit, query)
        subjects = {row["s"]["value"] for row in rows}
        having: dict[str, set[str]] = {}
        values: dict[str, Counter[str]] = {}
        amounts: dict[str, bool] = {}
        for row in rows:
            name, value = row["p"]["value"], row["o"]
            if name == _TYPE:
                continue
            having.setdefault(name, set()).add(row["s"]["value"])
            values.setdefault(name, Counter())[str(value["value"])] += 1
            is_number = str(value.get("datatype", "")).rpartition("#")[2] in _NUMBERS
            amounts[name] = amounts.get(name, True) and is_number
        found = []
        for name, counts in values.items():
            total, distinct = counts.total(), len(counts)
            numbers = amounts[name] and distinct > CLASSES
            problem = ""
            if distinct == 1:
                problem = "it has one value only"
            elif not numbers and distinct > MOST_CLASSES * total:
                problem = "nearly every resource has a value of its own"
            shares = tuple((cut(text), count / total) for text, count in counts.most_common(8))
            found.append(
                Choosable(
                    name,
                    "regression" if numbers else "classification",
                    len(having[name]) / len(subjects),
                    distinct,
                    shares,
                    problem,
                )
            )
        return sorted(found, key=lambda each: (bool(each.problem), -each.present, each.name))


async def rdf_choices(visit: Visit) -> RdfChoices:
    """Return what the store has. Raises `ApiRefused`."""
    answer = await visit.api("GET", "/rdf/statistics/summary?mode=detailed")
    summary = answer["payload"]["graphSummary"]
    predicates = {name: count for each in summary["predicates"] for name, count in each.items()}
    predicates.pop(_TYPE, None)
    return RdfChoices(predicates, summary["classes"], int(summary["numQuads"]))
