"""Reading an export back, whoever wrote it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from grammar.traversal import Kind, Literal
from proxy.graph import BadExport, Feature, NodeRow, Target, read_export

PEOPLE = '~id,~label,name,age\n"1","Person","A, ""B""",5\n"2","Person",,\n'
KNOWS = (
    '~id,~label,~from,~to,~fromLabels,~toLabels,since\n"e","knows","1","2","Person","Person",3\n'
)
ID = UUID("41d2e28a-20a4-4ab0-b379-d810dede3786")


def configuration() -> dict[str, Any]:
    node = {
        "file_name": "nodes/Person.consolidated.csv",
        "separator": ",",
        "node": ["~id", "Person"],
        "features": [{"feature": ["age", "age", "numerical"], "norm": "min-max"}],
        "labels": [{"label": ["name", "classification"], "split_rate": [0.8, 0.2, 0.0]}],
    }
    edge = {
        "file_name": "edges/knows.csv",
        "separator": ",",
        "source": ["~from", "Person"],
        "relation": ["", "knows"],
        "dest": ["~to", "Person"],
        "features": [],
    }
    return {"version": "v2.0", "graph": {"nodes": [node], "edges": [edge]}, "warnings": ["w"]}


def export(directory: Path, **files: Any) -> Path:
    """Write an export; `nodes`, `edges`, `configuration` and `schema` replace what it has."""
    for name in ("nodes", "edges"):
        (directory / name).mkdir()
    (directory / "nodes/Person.consolidated.csv").write_text(files.get("nodes", PEOPLE))
    (directory / "edges/knows.csv").write_text(files.get("edges", KNOWS))
    document = files.get("configuration", configuration())
    (directory / "training-data-configuration.json").write_text(json.dumps(document))
    if "schema" in files:
        (directory / "config.json").write_text(json.dumps(files["schema"]))
    return directory


def typed(node: str, source: str = "String", dest: str = "String") -> dict[str, Any]:
    return {
        "nodes": [{"idType": node, "files": ["nodes/Person.consolidated.csv"]}],
        "edges": [{"fromIdType": source, "toIdType": dest, "files": ["edges/knows.csv"]}],
    }


def test_neptunes_own_ids_are_strings(tmp_path: Path) -> None:
    found = read_export(export(tmp_path))
    (people,) = found.nodes
    assert people.type == "Person"
    assert list(people.rows()) == [
        NodeRow(Literal.string("1"), {"name": 'A, "B"', "age": "5"}),
        NodeRow(Literal.string("2"), {"name": "", "age": ""}),
    ]
    assert people.features == (Feature("age", "age", "numerical", {"norm": "min-max"}),)
    assert people.targets == (Target("name", "classification", (0.8, 0.2, 0.0)),)
    (knows,) = found.edges
    assert (knows.source, knows.relation, knows.dest) == ("Person", "knows", "Person")
    (row,) = knows.rows()
    assert (row.source, row.dest) == (Literal.string("1"), Literal.string("2"))
    assert row.values == {"since": "3"}
    assert found.warnings == ("w",)


def test_columns(tmp_path: Path) -> None:
    found = read_export(export(tmp_path))
    people = found.nodes[0].read()
    assert people.ids == [Literal.string("1"), Literal.string("2")]
    assert people.columns == {"name": ['A, "B"', ""], "age": ["5", ""]}
    knows = found.edges[0].read()
    assert knows.sources == [Literal.string("1")]
    assert knows.dests == [Literal.string("2")]
    assert knows.columns == {"since": ["3"]}


def test_recorded_types(tmp_path: Path) -> None:
    found = read_export(export(tmp_path, schema=typed("Integer", "Integer", "Long")))
    assert found.nodes[0].read().ids == [Literal(Kind.INT, 1), Literal(Kind.INT, 2)]
    (row,) = found.edges[0].rows()
    assert (row.source, row.dest) == (Literal(Kind.INT, 1), Literal(Kind.LONG, 2))


def test_types_in_rows(tmp_path: Path) -> None:
    nodes = f'~id,~label,~idType\n1,P,Long\n1,P,Integer\n{ID},P,"UUID"\n"1",P,"String"\n'
    edges = f"~id,~label,~from,~to,~fromType,~toType\ne,knows,1,{ID},Long,UUID\n"
    schema = typed("mixed", "mixed", "mixed")
    found = read_export(export(tmp_path, nodes=nodes, edges=edges, schema=schema))
    expected = [
        Literal(Kind.LONG, 1),
        Literal(Kind.INT, 1),
        Literal(Kind.UUID, ID),
        Literal.string("1"),
    ]
    assert [row.id for row in found.nodes[0].rows()] == expected
    assert found.nodes[0].read().ids == [expected[1], expected[0], expected[3], expected[2]]
    (row,) = found.edges[0].rows()
    assert (row.source, row.dest) == (Literal(Kind.LONG, 1), Literal(Kind.UUID, ID))
    assert found.nodes[0].read().columns == {}


def test_the_order_of_the_rows_does_not_matter(tmp_path: Path) -> None:
    nodes = ['"2","P","b"', '"10","P","c"', '"1","P","a"']
    edges = ['e2,knows,"2","1"', 'e1,knows,"1","2"', 'e0,knows,"1","2"']
    tables = []
    for number, turn in enumerate((1, -1)):
        directory = tmp_path / str(number)
        directory.mkdir()
        found = read_export(
            export(
                directory,
                nodes="\n".join(["~id,~label,name", *nodes[::turn], ""]),
                edges="\n".join(["~id,~label,~from,~to", *edges[::turn], ""]),
            )
        )
        tables.append((found.nodes[0].read(), found.edges[0].read()))
    assert tables[0] == tables[1]
    people, knows = tables[0]
    assert people.columns == {"name": ["a", "c", "b"]}
    assert knows.ids == ["e0", "e1", "e2"]


def test_graph_as_the_user_guide_shows_it(tmp_path: Path) -> None:
    document = configuration()
    document["graph"] = [{**document["graph"], "warnings": ["inner"]}]
    found = read_export(export(tmp_path, configuration=document))
    assert [node.type for node in found.nodes] == ["Person"]
    assert found.warnings == ("w", "inner")


def test_long_text(tmp_path: Path) -> None:
    text = "x" * 200_000
    found = read_export(export(tmp_path, nodes=f'~id,~label,name\n"1","P","{text}"\n'))
    assert found.nodes[0].read().columns["name"] == [text]


def test_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(BadExport, match=r"training-data-configuration\.json: No such file"):
        read_export(tmp_path)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"query_engine": "sparql"}, "sparql"),
        ({"graph": {"nodes": [{"node": ["~id", "P"]}]}}, "no 'file_name'"),
        ({"graph": {"nodes": [{"file_name": "../x.csv", "node": ["~id", "P"]}]}}, "leaves"),
        ({"graph": {"nodes": [{"file_name": "x.csv", "node": "P"}]}}, "not as documented"),
        ({"graph": 5}, "not as documented"),
    ],
)
def test_configuration_that_makes_no_sense(
    tmp_path: Path, change: dict[str, Any], expected: str
) -> None:
    with pytest.raises(BadExport, match=expected):
        read_export(export(tmp_path, configuration=configuration() | change))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"nodes": "~id,~label,name\n1,P\n"}, "row 1 has 2 cells, the header has 3"),
        ({"nodes": "id,name\n1,P\n"}, "no column '~id'"),
        ({"nodes": '~id,name\n1,"P\n'}, "unexpected end of data"),
        ({"schema": typed("Integer"), "nodes": "~id\nx\n"}, "'x' is not an id of type 'Integer'"),
        ({"schema": typed("Double")}, "ids of type 'Double' are not supported"),
        ({"schema": typed("mixed")}, "no column '~idType'"),
    ],
)
def test_rows_that_make_no_sense(tmp_path: Path, files: dict[str, Any], expected: str) -> None:
    found = read_export(export(tmp_path, **files))
    with pytest.raises(BadExport, match=expected):
        found.nodes[0].read()
    with pytest.raises(BadExport, match=expected):
        list(found.nodes[0].rows())
