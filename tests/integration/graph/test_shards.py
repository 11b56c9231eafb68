"""An export in shards: as one stream, however many connections, and however often it is ended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gremlink.proxy.graph import (
    ConnectionFailed,
    ExportFailed,
    ExportParameters,
    export_graph,
    load_csv,
)
from gremlink.proxy.graph.export import shards
from gremlink.proxy.graph.server.connection import GraphConnection

PEOPLE, SIZE = 25, 4
ONE_LABEL = ExportParameters(node_labels=("Person",), edge_labels=("knows",))


@pytest.fixture
def graph(empty_graph: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """People with awkward ids who know each other, and a city."""
    rows = "".join(f'"p,{n}""é",Person,"line\n{n}",{n}\n' for n in range(PEOPLE))
    (tmp_path / "v.csv").write_text(f"~id,~label,name:String,age:Int\n{rows}c,City,here,\n")
    pairs = [(n, (n * 7 + step) % PEOPLE) for n in range(PEOPLE) for step in (1, 2)]
    edges = [f'e{row},knows,"p,{a}""é","p,{b}""é",.5' for row, (a, b) in enumerate(pairs)]
    edges += [f'f{n},lives,"p,{n}""é",c,' for n in range(PEOPLE)]
    (tmp_path / "e.csv").write_text("\n".join(["~id,~label,~from,~to,w:Double", *edges]))
    load_csv(empty_graph, tmp_path)
    monkeypatch.setattr(shards, "SHARD", SIZE)
    return empty_graph


def files_of(directory: Path, order: Callable[[list[str]], list[str]] = list) -> dict[str, object]:
    return {
        str(path.relative_to(directory)): order(path.read_text().splitlines(keepends=True))
        for path in directory.rglob("*.*")
    }


@pytest.mark.parametrize("parameters", [ExportParameters(), ONE_LABEL])
def test_the_files_are_those_of_one_stream(
    graph: str, tmp_path: Path, parameters: ExportParameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports = [
        export_graph(graph, tmp_path / f"shards{count}", parameters=parameters, connections=count)
        for count in (1, 3)
    ]
    monkeypatch.setattr(shards, "SHARD", 1000)
    reports.append(export_graph(graph, tmp_path / "stream", parameters=parameters))
    assert len({(report.vertices, report.edges, report.warnings) for report in reports}) == 1
    assert files_of(tmp_path / "shards1") == files_of(tmp_path / "shards3")
    assert files_of(tmp_path / "shards1", sorted) == files_of(tmp_path / "stream", sorted)
    assert not list(tmp_path.glob(".*"))


def ending_after(vertices: int, error: type[BaseException]) -> Callable[..., None]:
    def progress(what: str, done: int, total: int | None) -> None:
        if done > vertices:
            raise error

    return progress


def test_an_interrupted_export_goes_on(graph: str, tmp_path: Path) -> None:
    export_graph(graph, tmp_path / "whole")
    output, kept = tmp_path / "output", tmp_path / ".output.shards"
    read: list[int] = []
    for vertices in (5, 13, 22):
        with pytest.raises(KeyboardInterrupt, match="repeat this to go on"):
            export_graph(graph, output, progress=ending_after(vertices, KeyboardInterrupt))
        assert not output.exists()
        read.append(len(list(kept.glob("*.edges.jsonl"))))
    assert read == sorted(set(read))
    before = {path: path.stat().st_mtime_ns for path in kept.glob("*.jsonl")}
    seen: list[int] = []
    report = export_graph(graph, output, progress=lambda _, done, total: seen.append(done))
    assert seen[0] >= 22
    assert len(before) > 2 * read[-1]
    assert files_of(output) == files_of(tmp_path / "whole")
    (warning,) = report.warnings
    assert warning.startswith("this went on with an export of 20")
    assert not list(tmp_path.glob(".*"))


def test_a_lost_server_leaves_what_was_read(
    graph: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = GraphConnection.submit
    taken = []

    def submit(self: GraphConnection, *arguments: object, **options: object) -> object:
        taken.append(arguments)
        if len(taken) == 9:
            raise ConnectionFailed(graph, "lost")
        return asked(self, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(GraphConnection, "submit", submit)
    with pytest.raises(
        ConnectionFailed, match=r"What was read so far is in .*\.out\.shards: repeat this"
    ):
        export_graph(graph, tmp_path / "out", connections=2)
    monkeypatch.undo()
    monkeypatch.setattr(shards, "SHARD", SIZE)
    assert export_graph(graph, tmp_path / "out").vertices == PEOPLE + 1


def test_another_export_is_refused_and_the_same_one_at_the_same_time(
    graph: str, tmp_path: Path
) -> None:
    output = tmp_path / "output"
    with pytest.raises(KeyboardInterrupt):
        export_graph(graph, output, progress=ending_after(5, KeyboardInterrupt))
    with pytest.raises(ExportFailed, match="interrupted export of another graph"):
        export_graph(graph, output, parameters=ONE_LABEL)

    def again(what: str, done: int, total: int | None) -> None:
        with pytest.raises(ExportFailed, match="another export writes"):
            export_graph(graph, output)

    assert export_graph(graph, output, progress=again).vertices == PEOPLE + 1


def test_vertices_that_were_deleted_meanwhile_are_left_out(graph: str, tmp_path: Path) -> None:
    deleted: list[int] = []

    def delete(what: str, done: int, total: int | None) -> None:
        """Delete the last one, when the first shard is read."""
        with GraphConnection(graph) as connection:
            if not deleted:
                deleted.extend(connection.submit("g.V().tail(1).sideEffect(drop()).count()"))

    report = export_graph(graph, tmp_path / "output", progress=delete)
    assert report.vertices == PEOPLE
    assert deleted == [1]
    assert report.warnings == (
        "1 vertices were deleted while the export ran: they are left out",
    )  # fmt: skip


def test_a_server_that_finds_no_ids_is_read_in_one_stream(
    graph: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(shards._VALUES, next(iter(shards._VALUES)), lambda text: f"no {text}")
    report = export_graph(graph, tmp_path / "output")
    assert report.vertices == PEOPLE + 1
    assert "finds no vertices by their ids" in report.warnings[0]
