"""CSV into a real server and out again: nothing is lost, nothing is invented."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from exported_rows import edges_of, vertices_of

from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.embedded.sample import FRIENDS
from gremlink.proxy.graph import (
    BadParameters,
    ExportFailed,
    ExportParameters,
    FileProblem,
    LoadReport,
    discover_schema,
    export_graph,
    load_csv,
    read_export,
)
from gremlink.proxy.graph.server.connection import GraphConnection

VERTICES = [
    "~id,~label,name:String,note:String,tags:String[],small:Byte,score:Double,big:Long,when:Date,"
    "ok:Bool",
    '"a,1",Person,"O""Brien","two\nlines","x;y\\;z",-3,0.1,9007199254740993,'
    "2001-02-03T04:05:06Z,true",
    r"ü 2,Person,$1\t😀,null,,,,,,",
    '"",Person;Admin,;,,only,,-1e300,,,false',
]
EDGES = [
    "~id,~label,~from,~to,weight:Float,since:Int,why:String",
    'e1,knows,"a,1",ü 2,0.5,2001,"because, ""so"""',
    'e2,knows,ü 2,"a,1",,,',
    'e3,knows,ü 2,"",1.5,,x',
    'e4,likes,"a,1","a,1",,7,',
]
PERSON = "nodes/Person.consolidated.csv"


@pytest.fixture
def graph(empty_graph: str) -> Iterator[GraphConnection]:
    with GraphConnection(empty_graph) as connection:
        yield connection


@pytest.fixture
def files(tmp_path: Path) -> Path:
    directory = tmp_path / "in"
    directory.mkdir()
    (directory / "1.csv").write_text("\r\n".join(EDGES))
    (directory / "2.csv").write_text("\n".join(VERTICES))
    return directory


def exported(url: str, directory: Path) -> dict[str, list[str]]:
    """The files of an export and their lines, sorted: a server has its own order."""
    export_graph(url, directory)
    return {
        str(path.relative_to(directory)): sorted(path.read_text().splitlines())
        for path in directory.rglob("*.csv")
    }


def test_awkward_values(files: Path, empty_graph: str, tmp_path: Path) -> None:
    assert load_csv(empty_graph, files).vertices == 3
    report = export_graph(empty_graph, tmp_path / "out")
    assert (report.vertices, report.edges) == (3, 4)
    export = read_export(report.directory)
    people = {row.id.value: row.values for node in export.nodes for row in vertices_of(node)}
    assert people == {
        "a,1": {
            "name": 'O"Brien',
            "note": "two\nlines",
            "tags": r"x;y\;z",
            "small": "-3",
            "score": "0.1",
            "big": "9007199254740993",
            "when": "2001-02-03T04:05:06Z",
            "ok": "true",
        },
        "ü 2": {
            "name": r"$1\t😀",
            "note": "null",
            **dict.fromkeys(["tags", "small", "score", "big", "when", "ok"], ""),
        },
        "": {"name": ";", "tags": "only", "score": "-1e+300", "ok": "false"},
    }
    relations = {(edge.source, edge.relation, edge.dest) for edge in export.edges}
    assert relations == {
        ("Person", "knows", "Person"),
        ("Person", "knows", "Admin;Person"),
        ("Person", "likes", "Person"),
    }
    edges = [row for edge in export.edges for row in edges_of(edge)]
    ends = {(row.source.value, row.dest.value) for row in edges}
    assert ends == {("a,1", "ü 2"), ("ü 2", "a,1"), ("ü 2", ""), ("a,1", "a,1")}
    reasons = {row.values["weight"]: row.values["why"] for row in edges if "why" in row.values}
    assert reasons == {"0.5": 'because, "so"', "": "", "1.5": "x"}


def test_types_reach_the_graph(files: Path, graph: GraphConnection) -> None:
    load_csv(graph.url, files)
    simple_names = "group().by(key).by(map{it.get().value().class.simpleName}.fold())"
    assert next(graph.submit(f"g.V('a,1').properties().{simple_names}")) == {
        "name": ["String"],
        "note": ["String"],
        "tags": ["String", "String"],
        "small": ["Byte"],
        "score": ["Double"],
        "big": ["Long"],
        "when": ["Date"],
        "ok": ["Boolean"],
    }
    assert next(graph.submit(f"g.E('e1').properties('weight').{simple_names}")) == {
        "weight": ["Float"]
    }


def test_loading_again_changes_nothing(files: Path, empty_graph: str, tmp_path: Path) -> None:
    load_csv(empty_graph, files)
    first = exported(empty_graph, tmp_path / "first")
    load_csv(empty_graph, files)
    assert exported(empty_graph, tmp_path / "second") == first
    assert set(first) > {PERSON}


def test_properties_are_merged(graph: GraphConnection, tmp_path: Path) -> None:
    path = tmp_path / "v.csv"
    path.write_text("~id,~label,many:Int[],one:Int(single)\nv,A,1;2,1\n")
    load_csv(graph.url, path)
    path.write_text("~id,many:Int[],one:Int(single)\nv,2;3,2\nv,4,\n")
    load_csv(graph.url, path)
    assert sorted(graph.submit("g.V('v').values('many')")) == [1, 2, 3, 4]
    assert list(graph.submit("g.V('v').values('one')")) == [2]
    assert list(graph.submit("g.V().label()")) == ["A"]


def test_ids_of_all_types(graph: GraphConnection, tmp_path: Path) -> None:
    uuid = UUID("41d2e28a-20a4-4ab0-b379-d810dede3786")
    add = "g.addV('A').property(T.id, {}).iterate()"
    for identity in ("1", "1L", "'1'", f"UUID.fromString('{uuid}')"):
        list(graph.submit(add.format(identity)))
    list(graph.submit("g.addV('B').property(T.id, 2L).as('b').V(1L).addE('r').to('b').iterate()"))
    list(graph.submit("g.V('1').addE('r').to(__.V(2L)).iterate()"))
    export = read_export(export_graph(graph.url, tmp_path / "out").directory)
    ids = {node.type: {row.id for row in vertices_of(node)} for node in export.nodes}
    assert ids == {
        "A": {
            Literal(Kind.INT, 1),
            Literal(Kind.LONG, 1),
            Literal.string("1"),
            Literal(Kind.UUID, uuid),
        },
        "B": {Literal(Kind.LONG, 2)},
    }
    (relation,) = export.edges
    assert {(row.source, row.dest) for row in edges_of(relation)} == {
        (Literal(Kind.LONG, 1), Literal(Kind.LONG, 2)),
        (Literal.string("1"), Literal(Kind.LONG, 2)),
    }


def test_sample_is_ready_for_multi_category(empty_graph: str, tmp_path: Path) -> None:
    report = load_csv(empty_graph, FRIENDS)
    assert replace(report, warnings=()) == LoadReport(20, 25, pytest.approx(0, abs=60))
    (users,) = read_export(export_graph(empty_graph, tmp_path / "out").directory).nodes
    interests = next(feature for feature in users.features if feature.column == "interests")
    assert (interests.type, interests.options) == ("auto", {"separator": ";"})
    bill = next(row for row in vertices_of(users) if row.values["name"] == "Bill")
    assert bill.values["interests"].split(";") == ["arts", "comics", "games", "sports"]


def test_many_batches(empty_graph: str, graph: GraphConnection, tmp_path: Path) -> None:
    count = 1500
    vertices = "".join(f"v{n},N,{n}\n" for n in range(count))
    edges = "".join(f"e{n},r,v{n},v{(n * 7 + 1) % count}\n" for n in range(count))
    (tmp_path / "v.csv").write_text("~id,~label,n:Int\n" + vertices)
    (tmp_path / "e.csv").write_text("~id,~label,~from,~to\n" + edges)
    told: list[tuple[str, int, int | None]] = []
    load_csv(empty_graph, tmp_path, progress=lambda *heard: told.append(heard))
    assert told[-1] == ("edges", count, count)
    assert next(graph.submit("g.V().values('n').sum()")) == count * (count - 1) // 2
    told.clear()
    out = tmp_path / "out"
    export_graph(empty_graph, out, progress=lambda *heard: told.append(heard))
    assert told[-1] == ("edges", count, count)
    (relation,) = read_export(out).edges
    pairs = {(row.source.value, row.dest.value) for row in edges_of(relation)}
    assert pairs == {(f"v{n}", f"v{(n * 7 + 1) % count}") for n in range(count)}


def test_chosen_labels_and_jobs(files: Path, empty_graph: str, tmp_path: Path) -> None:
    load_csv(empty_graph, files)
    parameters = ExportParameters.parse(
        {
            "params": {"nodeLabels": ["Person"], "edgeLabels": ["knows"]},
            "additionalParams": {
                "neptune_ml": {
                    "jobs": [
                        {"name": "links", "targets": [link_target()]},
                        {"name": "plain", "feature_encoding": "none"},
                    ]
                }
            },
        }
    )
    report = export_graph(empty_graph, tmp_path / "out", parameters=parameters)
    assert report.configurations == ("links.json", "plain.json")
    # The edge to the vertex with two labels went with that vertex.
    assert (report.vertices, report.edges) == (2, 2)
    (knows,) = read_export(report.directory, "links.json").edges
    assert [(target.task, target.split_rate) for target in knows.targets] == [
        ("link_prediction", (0.8, 0.1, 0.1))
    ]
    (person,) = read_export(report.directory, "plain.json").nodes
    assert {feature.type for feature in person.features} == {"none"}
    stats = json.loads((report.directory / "stats.json").read_text())["stats"]
    assert (stats["nodes"], stats["edges"]) == (2, 2)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a label of vertices": (
        {"params": {"nodeLabels": ["Person", "person"]}},
        r"nodeLabels: the graph has no vertex with the label 'person'; did you mean 'Person'\?",
    ),
    "a label of edges": (
        {"params": {"edgeLabels": ["know"]}},
        r"edgeLabels: .* label 'know'; did you mean 'knows'\? there are 'knows', 'likes'",
    ),
    "a label in a filter": (
        {"params": {"gremlinNodeFilter": "hasLabel('Persn')"}},
        r"gremlinNodeFilter: the graph has no vertex with the label 'Persn'; did you mean 'Person'",
    ),
    "a label in a predicate": (
        {"params": {"gremlinEdgeFilter": "hasLabel(within('knows', 'liks'))"}},
        "gremlinEdgeFilter: .*'liks'; did you mean 'likes'",
    ),
    "a label of either side": (
        {"params": {"gremlinFilter": "hasLabel('Person', 'nkows')"}},
        "gremlinFilter: the graph has no vertex with the label 'nkows'",
    ),
    "a key in a filter": (
        {"params": {"gremlinNodeFilter": "has('nme', 'x')"}},
        "gremlinNodeFilter: no vertex of the graph has the property 'nme'; did you mean 'name'",
    ),
    "a key of edges": (
        {"params": {"gremlinEdgeFilter": "has('name')"}},
        "gremlinEdgeFilter: no edge of the graph has the property 'name'",
    ),
    "a key deeper in a filter": (
        {"params": {"gremlinNodeFilter": "where(__.outE('knows').has('weigth', gt(1)))"}},
        "no element of the graph has the property 'weigth'; did you mean 'weight'",
    ),
    "an edge deeper in a filter": (
        {"params": {"gremlinNodeFilter": "where(__.out('knws'))"}}, "did you mean 'knows'",
    ),
    "a label that a filter asks for by has": (
        {"params": {"gremlinNodeFilter": "has('Prsn', 'name', 'x')"}}, "did you mean 'Person'",
    ),
    "a target's label": (
        {"neptune_ml": {"targets": {"node": "person", "property": "name",
                                    "type": "classification"}}},
        "target person: the graph has no vertex with the label 'person'; did you mean 'Person'",
    ),
    "a target's property": (
        {"neptune_ml": {"targets": {"node": "Person", "property": "notes",
                                    "type": "classification"}}},
        "target Person: nothing there has the property 'notes'; did you mean 'note'",
    ),
    "a target's edge": (
        {"neptune_ml": {"targets": {"edge": ["Person", "know", "Person"],
                                    "type": "link_prediction"}}},
        r"target \[Person, know, Person\]: .* label 'know'; did you mean 'knows'",
    ),
    "edges that end elsewhere": (
        {"neptune_ml": {"targets": {"edge": ["Admin;Person", "likes", "Person"],
                                    "type": "link_prediction"}}},
        r"no edge \[Admin;Person, likes, Person\] was exported; did you mean",
    ),
    "a target's property of vertices with several labels": (
        {"neptune_ml": {"targets": {"node": "Admin;Person", "property": "scores",
                                    "type": "classification"}}},
        "no Admin;Person has the property 'scores'; did you mean 'score'",
    ),
    "a feature in a job": (
        {"neptune_ml": {"jobs": [{"name": "x", "features": {"node": "Person", "property": "scores",
                                                           "type": "numerical"}}]}},
        "feature Person of job 'x': nothing there has the property 'scores'; did you mean 'score'",
    ),
    "a target that a filter leaves out": (
        {"params": {"nodeLabels": ["Person"], "edgeLabels": ["likes"]},
         "neptune_ml": {"targets": {"edge": ["Person", "knows", "Person"],
                                    "type": "link_prediction"}}},
        r"no edge \[Person, knows, Person\] was exported",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_the_graph_has_not(files: Path, empty_graph: str, tmp_path: Path, name: str) -> None:
    load_csv(empty_graph, files)
    request, expected = WRONG[name]
    parameters = ExportParameters.parse(request)
    with pytest.raises(BadParameters, match=expected):
        export_graph(empty_graph, tmp_path / "out", parameters=parameters)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def link_target() -> dict[str, object]:
    return {
        "edge": ["Person", "knows", "Person"],
        "type": "link_prediction",
        "split_rate": [0.8, 0.1, 0.1],
    }


def test_schema(files: Path, empty_graph: str) -> None:
    load_csv(empty_graph, files)
    schema = discover_schema(empty_graph)
    assert {node.name: node.count for node in schema.nodes.values()} == {
        "Person": 2,
        "Admin;Person": 1,
    }
    tags = schema.nodes["Person"].properties["tags"]
    assert (tags.type, tags.is_multi_value, tags.elements) == ("String", True, 1)
    assert schema.edges["(Person)-knows-(Person)"].count == 2


def test_export_that_fails_leaves_nothing(graph: GraphConnection, tmp_path: Path) -> None:
    list(graph.submit("g.addV('A').property(T.id, 'fine').iterate()"))
    list(graph.submit("g.addV('A').property(T.id, 1.5d).iterate()"))
    with pytest.raises(ExportFailed, match=r"vertex id 1\.5"):
        export_graph(graph.url, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_export_does_not_overwrite(empty_graph: str, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("x")
    with pytest.raises(ExportFailed, match="not empty"):
        export_graph(empty_graph, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_empty_graph(empty_graph: str, tmp_path: Path) -> None:
    report = export_graph(empty_graph, tmp_path / "out")
    assert (report.vertices, report.edges) == (0, 0)
    assert read_export(report.directory).nodes == ()


def test_bad_line_changes_nothing(files: Path, graph: GraphConnection) -> None:
    (files / "9.csv").write_text("~id,n:Int\nv,1\nw,one\n")
    with pytest.raises(FileProblem, match=r"9\.csv:3:3: n: 'one' is not a whole number"):
        load_csv(graph.url, files)
    assert next(graph.submit("g.V().count()")) == 0


def test_edge_without_its_end_is_named(files: Path, graph: GraphConnection) -> None:
    rows = "".join(f"x{n},r,ü 2,{'nobody' if n == 150 else 'ü 2'}\n" for n in range(300))
    (files / "1.csv").write_text("~id,~label,~from,~to\n" + rows)
    with pytest.raises(FileProblem, match=r"1\.csv:152:12: the edge 'x150' ends at 'nobody'"):
        load_csv(graph.url, files)


def test_other_label_is_named(graph: GraphConnection, tmp_path: Path) -> None:
    list(graph.submit("g.addV('Cat').property(T.id, 'v').iterate()"))
    (tmp_path / "v.csv").write_text("~id,~label\nu,Dog\nv,Dog\n")
    with pytest.raises(FileProblem, match=r"v\.csv:3:1: 'v' exists already with the label 'Cat'"):
        load_csv(graph.url, tmp_path)


def test_edge_that_exists_elsewhere_is_named(files: Path, empty_graph: str) -> None:
    load_csv(empty_graph, files)
    (files / "1.csv").write_text("~id,~label,~from,~to\ne1,knows,ü 2,ü 2\n")
    with pytest.raises(FileProblem, match=r"1\.csv:2: .*already exists: e1"):
        load_csv(empty_graph, files)


def test_nothing_to_load(empty_graph: str, tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match=r"no CSV files"):
        load_csv(empty_graph, tmp_path)
    with pytest.raises(FileProblem, match="no such file"):
        load_csv(empty_graph, tmp_path / "none")


def test_filters_choose_vertices_and_edges(
    graph: GraphConnection, files: Path, tmp_path: Path
) -> None:
    load_csv(graph.url, files)
    params = {
        "gremlinNodeFilter": "or(__.has('score', gt(0)), __.hasId('ü 2')).where(out('knows'))",
        "gremlinEdgeFilter": "has('weight', 0.5f)",
    }
    parameters = ExportParameters.parse({"params": params})
    report = export_graph(graph.url, tmp_path / "out", parameters=parameters)
    assert (report.vertices, report.edges) == (2, 1)
    (edge,) = edges_of(read_export(tmp_path / "out").edges[0])
    assert (edge.source, edge.dest) == (Literal.string("a,1"), Literal.string("ü 2"))
