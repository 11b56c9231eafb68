"""The documented rules by which the exporter describes each property."""

from __future__ import annotations

from typing import Any

import pytest

from gremlink.grammar.traversal import Kind
from gremlink.proxy.graph.errors import BadParameters
from gremlink.proxy.graph.export.elements import EdgeElement, Id, Value, VertexElement
from gremlink.proxy.graph.export.parameters import ExportParameters
from gremlink.proxy.graph.export.schema import Schema
from gremlink.proxy.graph.export.training_configuration import training_configuration

A, B = Id(Kind.STRING, "a"), Id(Kind.STRING, "b")


def schema(**properties: list[Value]) -> Schema:
    """Two people of whom one has the properties, and an edge that has them too."""
    found = Schema()
    found.see_vertex(VertexElement(A, ("Person",), properties))
    found.see_vertex(VertexElement(B, ("Person",), {}))
    found.see_edge(EdgeElement("e", "knows", A, B, ("Person",), ("Person",), properties))
    return found


def document(found: Schema, neptune_ml: dict[str, Any]) -> dict[str, Any]:
    parameters = ExportParameters.parse({"neptune_ml": neptune_ml})
    return training_configuration(parameters.jobs[0], found)


def features(found: Schema, **neptune_ml: Any) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = document(found, neptune_ml)["graph"]["nodes"][0]["features"]
    return listed


def of(*kinds: str) -> list[Value]:
    return [Value(kind, "1") for kind in kinds]


NUMERICAL = {"norm": "min-max", "imputer": "median"}
PARTS = {"datetime_parts": ["year", "month", "weekday", "hour"]}


@pytest.mark.parametrize(
    ("values", "kind", "options"),
    [
        (of("String"), "auto", {}),
        (of("Boolean"), "auto", {}),
        (of("Integer"), "numerical", NUMERICAL),
        (of("Double"), "numerical", NUMERICAL),
        (of("Date"), "datetime", PARTS),
        (of("String", "String"), "auto", {"separator": ";"}),
        (of("Long", "Long"), "auto", {"separator": ";", "imputer": "median"}),
        (of("Date", "Date"), "auto", {"separator": ";"}),
    ],
)
def test_inferred(values: list[Value], kind: str, options: dict[str, Any]) -> None:
    assert features(schema(p=values)) == [{"feature": ["p", "p", kind], **options}]


def test_several_dates_are_warned_of() -> None:
    assert "several values" in document(schema(p=of("Date", "Date")), {})["warnings"][0]


def test_mixed_types() -> None:
    found = schema(p=of("Integer"), q=of("Integer"))
    more = {"p": of("Double"), "q": of("String")}
    found.see_vertex(VertexElement(A, ("Person",), more))
    assert features(found) == [
        {"feature": ["p", "p", "numerical"], **NUMERICAL},
        {"feature": ["q", "q", "auto"]},
    ]


def test_files_and_relations() -> None:
    graph = document(schema(), {})["graph"]
    assert graph["nodes"] == [
        {
            "file_name": "nodes/Person.consolidated.csv",
            "separator": ",",
            "node": ["~id", "Person"],
            "features": [],
        }
    ]
    assert graph["edges"] == [
        {
            "file_name": "edges/%28Person%29-knows-%28Person%29.consolidated.csv",
            "separator": ",",
            "source": ["~from", "Person"],
            "relation": ["", "knows"],
            "dest": ["~to", "Person"],
            "features": [],
        }
    ]


def test_target_is_no_feature() -> None:
    asked = {"targets": [{"node": "Person", "property": "p", "type": "classification"}]}
    node = document(schema(p=of("String", "String"), q=of("String")), asked)["graph"]["nodes"][0]
    assert node["features"] == [{"feature": ["q", "q", "auto"]}]
    assert node["labels"] == [
        {"label": ["p", "classification"], "split_rate": [0.9, 0.1, 0.0], "separator": ";"}
    ]


def test_edge_targets() -> None:
    triple = ["Person", "knows", "Person"]
    asked = {
        "targets": [
            {"edge": triple, "type": "link_prediction", "split_rate": [0.8, 0.1, 0.1]},
            {"edge": triple, "type": "regression", "property": "p"},
        ]
    }
    edge = document(schema(p=of("Double")), asked)["graph"]["edges"][0]
    assert edge["labels"] == [
        {"label": ["", "link_prediction"], "split_rate": [0.8, 0.1, 0.1]},
        {"label": ["p", "regression"], "split_rate": [0.9, 0.1, 0.0]},
    ]
    assert edge["features"] == []


@pytest.mark.parametrize("what", ["targets", "features"])
@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            {"node": "Persn", "property": "p"},
            "no vertex was exported with the label 'Persn'; did you mean 'Person'. there is 'Per",
        ),
        ({"node": "person", "property": "p"}, "did you mean 'Person'"),
        ({"node": "Product", "property": "p"}, "label 'Product'; there is 'Person'"),
        ({"node": "Person", "property": "P"}, "no Person has the property 'P'; did you mean 'p'"),
        ({"node": "Person", "property": "x"}, "has the property 'x'; .*there are 'p', 'quality'"),
        (
            {"edge": ["Person", "konws", "Person"], "property": "p"},
            r"no edge \[Person, konws, Person\] .* did you mean '\[Person, knows, Person\]'",
        ),
        ({"edge": ["Person", "knows", "Thing"], "property": "p"}, "no edge"),
        (
            {"edge": ["Person", "knows", "Person"], "property": "q"},
            r"no \(Person\)-knows-\(Person\) has the property 'q'",
        ),
    ],
)
def test_what_nothing_has(what: str, entry: dict[str, Any], expected: str) -> None:
    kind = "classification" if what == "targets" else "auto"
    found = schema(p=of("String"), quality=of("String"))
    with pytest.raises(BadParameters, match=expected):
        document(found, {what: [{**entry, "type": kind}]})


def test_links_of_an_edge_that_nothing_has() -> None:
    asked = {"targets": [{"edge": ["Person", "know", "Person"], "type": "link_prediction"}]}
    with pytest.raises(BadParameters, match="did you mean"):
        document(schema(), asked)


def override(**entry: Any) -> dict[str, Any]:
    return {"features": [{"node": "Person", "property": "p", **entry}]}


def test_overrides() -> None:
    asked = override(type="category", separator=",")
    assert features(schema(p=of("String")), **asked) == [
        {"feature": ["p", "p", "category"], "separator": ","}
    ]
    asked = override(type="numerical", norm="none")
    assert features(schema(p=of("Integer", "Integer")), **asked) == [
        {"feature": ["p", "p", "numerical"], "norm": "none", "separator": ";"}
    ]


@pytest.mark.parametrize(
    ("values", "entry", "expected"),
    [
        (
            {"p": of("String", "String")},
            {"type": "text_tfidf"},
            "text_tfidf feature does not support multi-value properties. "
            "Auto-inferring a feature for 'p'.",
        ),
        (
            {"p": of("Integer")},
            {"type": "bucket_numerical", "range": [0, 9], "bucket_cnt": 3},
            "'imputer' value missing for bucket_numerical feature for 'p'. "
            "Preprocessing will exit when it encounters an missing value.",
        ),
    ],
)
def test_warnings(values: dict[str, list[Value]], entry: dict[str, Any], expected: str) -> None:
    assert document(schema(**values), override(**entry))["warnings"] == [expected]


def test_a_feature_that_is_the_target() -> None:
    target = {"node": "Person", "property": "p", "type": "classification"}
    found = document(schema(p=of("String")), {"targets": [target], **override(type="auto")})
    assert found["warnings"] == [
        "Unable to add auto feature override (Label: Person, Property: p). "
        "Property is being used to label the node."
    ]


def test_no_encoding() -> None:
    assert features(schema(p=of("Integer")), feature_encoding="none") == [
        {"feature": ["p", "p", "none"]}
    ]


def test_no_edge_features() -> None:
    graph = document(schema(p=of("Integer")), {"disableEdgeFeatures": True})["graph"]
    assert graph["edges"][0]["features"] == []
    assert graph["nodes"][0]["features"] != []
