"""What is found out about a graph by looking at its elements."""

from __future__ import annotations

from gremlink.grammar.traversal import Kind
from gremlink.proxy.graph.export.elements import EdgeElement, Id, Value, VertexElement
from gremlink.proxy.graph.export.schema import Schema, schema_document, statistics_document

ONE, TWO, X = Id(Kind.INT, "1"), Id(Kind.LONG, "2"), Id(Kind.STRING, "x")


def example() -> Schema:
    schema = Schema()
    schema.see_vertex(VertexElement(ONE, ("A", "B"), {"p": [Value("Integer", "1")]}))
    schema.see_vertex(VertexElement(TWO, ("A", "B"), {"p": [Value("Double", "1.5")] * 2}))
    schema.see_vertex(VertexElement(X, ("C",), {}))
    schema.see_edge(EdgeElement("e", "r", ONE, X, ("A", "B"), ("C",), {}))
    schema.see_edge(EdgeElement("f", "r", TWO, X, ("A", "B"), ("C",), {}))
    return schema


def test_kinds_and_counts() -> None:
    schema = example()
    assert {name: node.count for name, node in schema.nodes.items()} == {"A;B": 2, "C": 1}
    assert {name: edge.count for name, edge in schema.edges.items()} == {"(A;B)-r-(C)": 2}


def test_schema_document() -> None:
    document = schema_document(example())
    assert document["nodes"][0] == {
        "label": "A;B",
        "idType": "mixed",
        "properties": [
            {
                "property": "p",
                "dataType": "Double",
                "isMultiValue": True,
                "isNullable": False,
                "allTypes": ["Double", "Integer"],
            }
        ],
        "files": ["nodes/A%3BB.consolidated.csv"],
    }
    assert document["nodes"][1]["idType"] == "String"
    assert document["edges"] == [
        {
            "label": "(A;B)-r-(C)",
            "fromIdType": "mixed",
            "toIdType": "String",
            "properties": [],
            "files": ["edges/%28A%3BB%29-r-%28C%29.consolidated.csv"],
        }
    ]


def test_statistics_document() -> None:
    stats = statistics_document(example())["stats"]
    assert (stats["nodes"], stats["edges"], stats["properties"]) == (3, 2, 3)
    (p,) = stats["details"]["nodes"][0]["properties"]
    assert p == {
        "name": "p",
        "count": 3,
        "numberOfRecords": 2,
        "dataTypes": {"Integer": 1, "Double": 2},
    }


def test_file_names() -> None:
    schema = Schema()
    for label in ("a b/c", "~*", "x" * 300):
        schema.see_vertex(VertexElement(X, (label,), {}))
    plain, marks, long = (node.file_name for node in schema.nodes.values())
    assert plain == "nodes/a+b%2Fc.consolidated.csv"
    assert marks == "nodes/%7E*.consolidated.csv"
    assert len(long) == len("nodes/.consolidated.csv") + 40
