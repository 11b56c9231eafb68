"""Questions to models of RDF graphs: asked in SPARQL, answered with labels and reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from shlex import quote
from typing import Any

from gremlink.grammar.sparql.terms import Iri, RdfLiteral, from_ntriples
from gremlink.proxy.graph.labels import split_classes
from gremlink.proxy.studio.asking.links import (
    MOST_LINKS,
    Answer,
    LinkAnswers,
    Reasons,
    ids_of_paths,
    link_reasons,
)
from gremlink.proxy.studio.asking.properties import (
    MOST_LINKED,
    PropertyAnswers,
    ValueReasons,
    ids_of_reasons,
    value_reasons,
)
from gremlink.proxy.studio.asking.question import DIRECTIONS, MOST_RESULTS, Question
from gremlink.proxy.studio.endpoints import Described
from gremlink.proxy.studio.errors import WrongInput
from gremlink.proxy.studio.languages import quoted
from gremlink.proxy.studio.sparql import iri, local, names_of, resources, select, short_iris
from gremlink.proxy.studio.vertices import Named
from gremlink.proxy.studio.visit import Visit

PREFIX = "PREFIX ml: <http://aws.amazon.com/neptune/vocab/v01/services/ml#>"


def class_of(question: Question, model: Described) -> str:
    """Return the type of the resources that the question may be about. Raises `WrongInput`."""
    return question.source_label(model)


async def chosen_resource(
    visit: Visit, question: Question, model: Described
) -> Named | list[Named]:
    """Return the resource that a question names by IRI or label, or those to choose from.

    Raises `WrongInput`, `QueryRefused`, `ApiRefused`.
    """
    if not visit.configuration.sparql.is_set:
        raise WrongInput(
            f"The model of {model.name} was trained on an RDF graph, and there is no RDF store: the"
            " setting sparql.url names one.",
            "endpoint",
        )
    searched = " ".join(question.vertex.removeprefix("s:").split())[:500]
    found = await resources(visit, split_classes(class_of(question, model)), searched)
    if searched and not found:
        raise WrongInput(
            f"The store has no {local(class_of(question, model))} {searched[:100]!r}: write an IRI,"
            " the end of one, or a label.",
            "vertex",
        )
    exact = [
        each for each in found if searched.strip("<>") in (each.id, each.name, local(str(each.id)))
    ]
    if searched and len(exact or found) == 1:
        return (exact or found)[0]
    return exact or found


def block(question: Question, model: Described, parts: Mapping[str, str]) -> str:
    """Return the SERVICE block of a question: `parts` are its own, already written."""
    lines = {"endpoint": f'"{model.name}"', **parts}
    width = max(map(len, lines))
    body = " ;\n".join(f"      ml:{name:<{width}} {value}" for name, value in lines.items())
    return f"  SERVICE ml:inference {{\n    ml:config\n{body} }}"


def _limits(question: Question) -> dict[str, str]:
    limits = {"limit": str(question.number)}
    if question.least is not None:
        limits["threshold"] = f'"{question.least}D"'
    return limits


def links_in_sparql(question: Question, model: Described, source: str) -> str:
    """Return the query for predicted links. Raises `WrongInput`."""
    if question.direction not in DIRECTIONS:
        raise WrongInput("The direction is out or in.", "direction")
    relation = question.relation_of(model)
    outwards = question.direction == "out"
    classes = split_classes(question.answer_label(model))
    parts = {
        "modelType": '"OBJECT_PREDICTION"' if outwards else '"SUBJECT_PREDICTION"',
        **_limits(question),
        "input": f"<{iri(source)}>",
        "predicate": f"<{iri(relation.label)}>",
        "output": "?answer",
        "outputClass": f"<{iri(classes[0])}>",
        "outputScore": "?score",
    }
    found = block(question, model, parts)
    return f"{PREFIX}\nSELECT ?answer ?score WHERE {{\n{found} }}\nORDER BY DESC(?score)"


async def ask_links(
    visit: Visit, question: Question, model: Described, source: Named
) -> LinkAnswers:
    """Ask for links. Raises `StudioError`."""
    query = links_in_sparql(question, model, source.id)
    rows = await select(visit, query)
    relation = question.relation_of(model)
    ends = f"<{iri(source.id)}> <{iri(relation.label)}> ?o"
    if question.direction == "in":
        ends = f"?o <{iri(relation.label)}> <{iri(source.id)}>"
    existing = await select(
        visit,
        f"SELECT DISTINCT ?o WHERE {{ {ends} FILTER(isIRI(?o)) }} LIMIT {MOST_LINKS + 1}",
    )
    linked = [str(row["o"]["value"]) for row in existing]
    predicted = [str(row["answer"]["value"]) for row in rows]
    names = await names_of(visit, [*predicted, *linked[:MOST_LINKS]])
    answers = [
        Answer(names[id], float(row["score"]["value"]))
        for id, row in zip(predicted, rows, strict=True)
    ]
    known = [names[each] for each in linked[:MOST_LINKS]]
    more = len(linked) > MOST_LINKS
    return LinkAnswers(source, relation, question.direction, answers, known, more, query)


def values_in_sparql(question: Question, model: Described, source: str) -> str:
    """Return the query for predicted values. Raises `WrongInput`."""
    key = str((model.manifest.get("target") or {}).get("key", ""))
    scored = not model.task.endswith("regression")
    parts = {
        "modelType": '"OBJECT_CLASSIFICATION"' if scored else '"OBJECT_REGRESSION"',
        **(_limits(question) if scored else {}),
        "input": f"<{iri(source)}>",
        "predicate": f"<{iri(key)}>",
        "output": "?value",
        **({"outputScore": "?score"} if scored else {}),
    }
    found = block(question, model, parts)
    if scored:
        return f"{PREFIX}\nSELECT ?value ?score WHERE {{\n{found} }}\nORDER BY DESC(?score)"
    return f"{PREFIX}\nSELECT ?value WHERE {{\n{found} }}"


async def ask_property(
    visit: Visit, question: Question, model: Described, source: Named
) -> PropertyAnswers:
    """Ask for the values of a property. Raises `StudioError`."""
    query = values_in_sparql(question, model, source.id)
    rows = await select(visit, query)
    key = str((model.manifest.get("target") or {}).get("key", ""))
    pairs = [
        (_shown(row["value"]), float(row["score"]["value"]) if "score" in row else None)
        for row in rows
    ]
    subject, property = f"<{iri(source.id)}>", f"<{iri(key)}>"
    stored = await select(visit, f"SELECT DISTINCT ?o WHERE {{ {subject} {property} ?o }} LIMIT 10")
    near = await select(
        visit,
        f"SELECT ?o WHERE {{ {{ {subject} ?p ?n }} UNION {{ ?n ?p {subject} }} ?n {property} ?o }}"
        f" LIMIT {MOST_LINKED}",
    )
    task = "regression" if model.task.endswith("regression") else "classification"
    linked = Counter(_shown(row["o"]) for row in near).most_common(8)
    return PropertyAnswers(
        source, None, local(key), task, pairs, [_shown(row["o"]) for row in stored], linked, query
    )


def _shown(value: Mapping[str, Any]) -> str:
    """Return a value of a result for people: of an IRI its end."""
    text = str(value["value"])
    return local(text) if value.get("type") == "uri" else text


def _lexical(term: Any) -> str:
    """Return a value that a model predicts, as `_shown` has it; those of classes are N-Triples."""
    try:
        found = from_ntriples(str(term))
    except ValueError:
        return str(term)
    if isinstance(found, RdfLiteral):
        return found.lexical
    return local(found.value) if isinstance(found, Iri) else str(term)


async def explain_link(
    visit: Visit, question: Question, model: Described, source: Named
) -> Reasons:
    """Ask why a link is predicted. Raises `StudioError`."""
    relation = question.relation_of(model)
    outwards = question.direction == "out"
    parameters = {
        "topk": _most(visit),
        "edgeType": relation.label,
        ("tailNodeType" if outwards else "headNodeType"): question.answer_label(model),
        "exclude_flag": "mask",
        "explain": True,
    }
    edge = {("headNodeId" if outwards else "tailNodeId"): source.id}
    body = {
        "mode": "predict_tail" if outwards else "predict_head",
        "data": {"globalParameters": parameters, "edges": [edge]},
    }
    answer = await visit.api("POST", f"/endpoints/{model.name}/invocations", body)
    target = question.target.removeprefix("s:")
    (predicted,) = answer["output"]["edges"]
    found = next((each for each in predicted["mlResults"] if each["inferredValue"] == target), None)
    if found is None:
        raise WrongInput("This link is not among the predicted ones (any more).", "target")
    why = found["explanation"]
    names = await names_of(visit, [source.id, target, *map(str, ids_of_paths(why))])
    addressed = {each.address: each for each in names.values()}
    return link_reasons(why, source, names[target], addressed)


async def explain_value(
    visit: Visit, question: Question, model: Described, source: Named
) -> ValueReasons:
    """Ask why a value is predicted, by default the likeliest. Raises `StudioError`."""
    key = str((model.manifest.get("target") or {}).get("key", ""))
    body = {"vertices": [source.id], "property": key, "topk": _most(visit), "explain": True}
    answer = await visit.api("POST", f"/endpoints/{model.name}/invocations", body)
    (predicted,) = answer["output"]["nodes"]
    every = predicted["mlResults"]
    same = [each for each in every if question.answer in ("", _lexical(each["inferredValue"]))]
    if not same and model.task.endswith("regression"):
        same = every
    if not same:
        raise WrongInput(
            f"{question.answer[:100]!r} is not among the predicted values (any more).", "vertex"
        )
    value, why = same[0]["inferredValue"], same[0]["explanation"]
    names = await names_of(visit, map(str, ids_of_reasons(why)))
    for each in (*why["neighbours"], *why["examples"]):
        each["values"] = [_lexical(known) for known in each.get("values") or []]
    for part in why["features"]:
        part["property"] = local(str(part["property"]))
    if not isinstance(value, float):
        value = _lexical(value)
    addressed = {each.address: each for each in names.values()}
    reasons = value_reasons(why, source, None, local(key), value, addressed)
    return replace(
        reasons,
        links=[replace(each, name=short_iris(each.name)) for each in reasons.links],
        neighbours=[replace(each, name=short_iris(each.name)) for each in reasons.neighbours],
    )


def _most(visit: Visit) -> int:
    return min(MOST_RESULTS, visit.configuration.inference.limit_cap)


def to_copy(address: str, query: str) -> list[tuple[str, str]]:
    """Return the ways to ask a query of SPARQL: names, and texts to copy.

    The query never holds three double quotes, and its escapes are those of Python as well.
    """
    url = f"{address}/sparql"
    return [
        ("SPARQL", query),
        (
            "curl",
            f"curl -s {quote(url)} -H 'Accept: application/sparql-results+json' \\\n"
            f"  --data-urlencode query@- <<'SPARQL'\n{query}\nSPARQL",
        ),
        (
            "Python, SPARQLWrapper",
            "from SPARQLWrapper import JSON, SPARQLWrapper\n\n"
            f'store = SPARQLWrapper({quoted(url)})\nstore.setQuery("""\n{query}\n""")\n'
            "store.setReturnFormat(JSON)\n"
            'for row in store.query().convert()["results"]["bindings"]:\n'
            '    print({name: each["value"] for name, each in row.items()})',
        ),
        (
            "Python, rdflib",
            "from rdflib import Graph\n"
            "from rdflib.plugins.stores.sparqlstore import SPARQLStore\n\n"
            f'graph = Graph(SPARQLStore({quoted(url)}))\nfor row in graph.query("""\n'
            f'{query}\n"""):\n    print(*row)',
        ),
    ]
