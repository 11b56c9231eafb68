"""Reading an export back, whoever wrote it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.graph import BadCell, BadExport, Feature, Target, read_export

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
    (chunk,) = people.chunks()
    assert people.ids(chunk) == [Literal.string("1"), Literal.string("2")]
    assert chunk.columns["name"] == ['A, "B"', ""]
    assert chunk.columns["age"] == ["5", ""]
    assert chunk.lines == [2, 3]
    assert people.features == (Feature("age", "age", "numerical", {"norm": "min-max"}),)
    assert people.targets == (Target("name", "classification", (0.8, 0.2, 0.0)),)
    (knows,) = found.edges
    assert (knows.source, knows.relation, knows.dest) == ("Person", "knows", "Person")
    (chunk,) = knows.chunks()
    assert knows.sources(chunk) == [Literal.string("1")]
    assert knows.dests(chunk) == [Literal.string("2")]
    assert knows.labels(chunk) is None
    assert chunk.columns["since"] == ["3"]
    assert found.warnings == ("w",)


def test_a_file_comes_in_pieces_and_only_with_what_is_wanted(tmp_path: Path) -> None:
    (people,) = read_export(export(tmp_path)).nodes
    chunks = list(people.chunks(["age"], rows=1))
    assert [dict(chunk.columns) for chunk in chunks] == [
        {"~id": ["1"], "age": ["5"]},
        {"~id": ["2"], "age": [""]},
    ]
    assert [chunk.lines for chunk in chunks] == [[2], [3]]


def test_recorded_types(tmp_path: Path) -> None:
    found = read_export(export(tmp_path, schema=typed("Integer", "Integer", "Long")))
    (chunk,) = found.nodes[0].chunks()
    assert found.nodes[0].ids(chunk) == [Literal(Kind.INT, 1), Literal(Kind.INT, 2)]
    (chunk,) = found.edges[0].chunks()
    assert found.edges[0].sources(chunk) == [Literal(Kind.INT, 1)]
    assert found.edges[0].dests(chunk) == [Literal(Kind.LONG, 2)]


def test_types_in_rows(tmp_path: Path) -> None:
    nodes = f'~id,~label,~idType\n1,P,Long\n1,P,Integer\n{ID},P,"UUID"\n"1",P,"String"\n'
    edges = f"~id,~label,~from,~to,~fromType,~toType\ne,knows,1,{ID},Long,UUID\n"
    schema = typed("mixed", "mixed", "mixed")
    found = read_export(export(tmp_path, nodes=nodes, edges=edges, schema=schema))
    (chunk,) = found.nodes[0].chunks([])
    ids = found.nodes[0].ids(chunk)
    assert ids == [
        Literal(Kind.LONG, 1),
        Literal(Kind.INT, 1),
        Literal(Kind.UUID, ID),
        Literal.string("1"),
    ]
    assert ids.order() == [1, 0, 3, 2]
    (chunk,) = found.edges[0].chunks()
    assert found.edges[0].sources(chunk) == [Literal(Kind.LONG, 1)]
    assert found.edges[0].dests(chunk) == [Literal(Kind.UUID, ID)]


def test_a_column_may_tell_the_relation(tmp_path: Path) -> None:
    document = configuration()
    document["graph"]["edges"][0]["relation"] = ["since", "knows"]
    (knows,) = read_export(export(tmp_path, configuration=document)).edges
    (chunk,) = knows.chunks([])
    assert knows.labels(chunk) == ["knows-3"]


def test_a_byte_order_mark_and_blank_lines(tmp_path: Path) -> None:
    (people,) = read_export(
        export(tmp_path, nodes='\ufeff~id,name\n\n1,a\n\n"2","b\nc"\n3,d\n')
    ).nodes
    (chunk,) = people.chunks()
    assert chunk.columns["name"] == ["a", "b\nc", "d"]
    assert chunk.lines == [3, 5, 7]


def test_graph_as_the_user_guide_shows_it(tmp_path: Path) -> None:
    document = configuration()
    document["graph"] = [{**document["graph"], "warnings": ["inner"]}]
    found = read_export(export(tmp_path, configuration=document))
    assert [node.type for node in found.nodes] == ["Person"]
    assert found.warnings == ("w", "inner")


def test_long_text(tmp_path: Path) -> None:
    text = "x" * 200_000
    found = read_export(export(tmp_path, nodes=f'~id,~label,name\n"1","P","{text}"\n'))
    assert next(found.nodes[0].chunks()).columns["name"] == [text]


def test_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(BadExport, match=r"training-data-configuration\.json: No such file"):
        read_export(tmp_path)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"query_engine": "sparql"}, "sparql"),
        ({"version": "v3.0"}, "version 'v3.0' is not supported"),
        ({"graph": {"nodes": [{"node": ["~id", "P"]}]}}, "no 'file_name'"),
        ({"graph": {"nodes": [{"file_name": "../x.csv", "node": ["~id", "P"]}]}}, "leaves"),
        ({"graph": {"nodes": [{"file_name": "x.csv", "node": "P"}]}}, "has the node 'P'"),
        ({"graph": 5}, '"graph" is 5: it has to be an object'),
        ({"graph": {"nodes": ["x.csv"]}}, "'x.csv' has to be an object"),
        ({"graph": {"nodes": [{"file_name": 5, "node": ["~id", "P"]}]}}, "file_name 5 has to be"),
        ({"warnings": "none"}, "\"warnings\" is 'none': it has to be a list"),
    ],
)
def test_configuration_that_makes_no_sense(
    tmp_path: Path, change: dict[str, Any], expected: str
) -> None:
    with pytest.raises(BadExport, match=expected):
        read_export(export(tmp_path, configuration=configuration() | change))


def label(**options: Any) -> dict[str, Any]:
    document = configuration()
    document["graph"]["nodes"][0]["labels"] = [{"label": ["name", "classification"], **options}]
    return document


@pytest.mark.parametrize(
    "rate", [[0.9, 0.2, 0.0], [0.9, 0.1], [1.1, -0.1, 0.0], "all", [0.5, 0.5, "x"]]
)
def test_splits_that_make_no_sense(tmp_path: Path, rate: Any) -> None:
    with pytest.raises(BadExport, match=r"the target 'name' of nodes/.* has the split_rate"):
        read_export(export(tmp_path, configuration=label(split_rate=rate)))


def test_one_split_is_enough(tmp_path: Path) -> None:
    both = label(split_rate=[0.8, 0.1, 0.1], custom_split_filenames={"train": "a", "valid": "b"})
    with pytest.raises(BadExport, match="split_rate and custom_split_filenames: use one"):
        read_export(export(tmp_path, configuration=both))


@pytest.mark.parametrize(
    ("files", "place", "expected"),
    [
        ({"nodes": "~id,name\n1,a\n2,b,c\n"}, (3, 5), "this row has 3 cells, the header has 2"),
        ({"nodes": '~id,name\n1,a\n2,"P\n'}, (3, 3), "a quoted cell begins here and never ends"),
        ({"nodes": '~id,name\n1,"a"b\n'}, (2, 3), "a cell with a quote in it"),
        (
            {"schema": typed("Integer"), "nodes": "~id\n1\nx\n"},
            (3, 1),
            "'x' is not an id of type 'Integer'",
        ),
    ],
)
def test_rows_that_make_no_sense(
    tmp_path: Path, files: dict[str, Any], place: tuple[int, int], expected: str
) -> None:
    (people,) = read_export(export(tmp_path, **files)).nodes
    with pytest.raises(BadCell, match=expected) as caught:
        [people.ids(chunk) for chunk in people.chunks()]
    assert (caught.value.line, caught.value.column) == place
    assert caught.value.path == people.path


def test_text_that_is_not_utf_8(tmp_path: Path) -> None:
    (people,) = read_export(export(tmp_path)).nodes
    people.path.write_bytes(b"~id,name\n1,\xff\n")
    with pytest.raises(BadCell, match="not UTF-8"):
        list(people.chunks())


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"nodes": "id,name\n1,P\n"}, "no column '~id', only 'id', 'name'"),
        ({"schema": typed("Double")}, "ids of type 'Double' are not supported"),
        ({"schema": typed("mixed")}, "no column '~idType'"),
    ],
)
def test_files_that_make_no_sense(tmp_path: Path, files: dict[str, Any], expected: str) -> None:
    (people,) = read_export(export(tmp_path, **files)).nodes
    with pytest.raises(BadExport, match=expected):
        [people.ids(chunk) for chunk in people.chunks()]
