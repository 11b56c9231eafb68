"""Files of queries against a real server."""

from __future__ import annotations

from pathlib import Path

import pytest

from gremlink.proxy.graph import FileProblem, load_gremlin
from gremlink.proxy.graph.server.connection import GraphConnection


def ids(url: str) -> set[str]:
    with GraphConnection(url) as connection:
        return set(connection.submit("g.V().id()"))


def test_seed_file(empty_graph: str, tmp_path: Path) -> None:
    (tmp_path / "1_edges.txt").write_text(
        "g.addE('r').property(id,\"e\").from(V('1')).to(V('2')).property('n',1.5)\n"
    )
    (tmp_path / "0_nodes.txt").write_text(
        "// two vertices\n\ng.addV('A').property(id, '1').addV('A').property(T.id, '2').next()\n"
    )
    (tmp_path / "__init__.py").write_text("not Gremlin")
    told: list[int] = []
    report = load_gremlin(
        empty_graph, tmp_path, progress=lambda what, done, total: told.append(done)
    )
    assert report.queries == 2
    assert told == [1, 2]
    assert ids(empty_graph) == {"1", "2"}
    with GraphConnection(empty_graph) as connection:
        assert list(connection.submit("g.E('e').inV().id()")) == ["2"]


def test_groovy_lines(empty_graph: str, tmp_path: Path) -> None:
    path = tmp_path / "seed.groovy"
    path.write_text("(1..3).each { g.addV('A').property(T.id, 'v' + it).iterate() }\n")
    load_gremlin(empty_graph, path)
    assert ids(empty_graph) == {"v1", "v2", "v3"}


def test_query_that_fails_runs_once(empty_graph: str, tmp_path: Path) -> None:
    path = tmp_path / "seed.txt"
    path.write_text("g.addV('A').property(id, '1')\ng.addV('B').addV('A').property(id, '1')\n")
    with pytest.raises(FileProblem, match=r"seed\.txt:2: .*already exists: 1"):
        load_gremlin(empty_graph, path)
    with GraphConnection(empty_graph) as connection:
        assert list(connection.submit("g.V().hasLabel('B').count()")) == [1]


def test_line_of_15_kilobytes(empty_graph: str, tmp_path: Path) -> None:
    path = tmp_path / "seed.txt"
    one = "addV('airport').property(id,'{}').property('desc','{}').property('elev',364)"
    path.write_text("g." + ".".join(one.format(n, "x" * 100) for n in range(90)) + "\n")
    assert path.stat().st_size > 15_000
    load_gremlin(empty_graph, path)
    assert len(ids(empty_graph)) == 90


def test_line_that_is_no_gremlin(empty_graph: str, tmp_path: Path) -> None:
    path = tmp_path / "seed.txt"
    path.write_text("g.V().count()\n\ng.V(.count()\n")
    with pytest.raises(FileProblem, match=r"seed\.txt:3: the server answered"):
        load_gremlin(empty_graph, path)


def test_directory_without_queries(empty_graph: str, tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match=r"\.gremlin, \.groovy, \.txt"):
        load_gremlin(empty_graph, tmp_path)
