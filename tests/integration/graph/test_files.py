"""Files that people have, into a real server: formats, folders, and what is wrong in them."""

from __future__ import annotations

import bz2
import gzip
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gremlin_python.statics import long

from gremlink.proxy.graph import FileProblem, GraphError, export_graph, load_csv, load_gremlin
from gremlink.proxy.graph.load import consistency, precheck
from gremlink.proxy.graph.load.gremlin_text import is_gremlin_text
from gremlink.proxy.graph.server.connection import GraphConnection
from gremlink.proxy.graph.server.source import g

PEOPLE = "~id,~label,name:String,age:Int\nv1,Person,Ann,30\nv2,Person,Bob,31\n"
KNOWS = "~id,~label,~from,~to\ne1,knows,v1,v2\n"


@pytest.fixture
def graph(empty_graph: str) -> Iterator[GraphConnection]:
    with GraphConnection(empty_graph) as connection:
        yield connection


def written(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def count(graph: GraphConnection) -> tuple[int, int]:
    vertices = next(graph.submit(g.V().count().bytecode))
    return vertices, next(graph.submit(g.E().count().bytecode))


def values(graph: GraphConnection, id: Any, key: str) -> list[Any]:
    return list(graph.submit(g.V(id).values(key).bytecode))


def test_dates_and_infinities(graph: GraphConnection, tmp_path: Path) -> None:
    written(
        tmp_path,
        {
            "a.csv": "~id,~label,d:Date,x:Double\n"
            "1,a,1999-12-31T23:59:59-0500,INF\n"
            "2,a,1999-12-31T23:59:59+02:00,-INF\n"
            "3,a,1999-12-31T23:59:59.123+0000,NaN\n"
            "4,a,1999-12-31T23:59Z,Infinity\n"
        },
    )
    report = load_csv(graph.url, tmp_path)
    assert (report.vertices, report.warnings) == (4, ())
    texts = [
        next(graph.submit(f"g.V('{id}').values('d').next().toInstant().toString()"))
        for id in (1, 2, 3, 4)
    ]
    assert texts == [
        "2000-01-01T04:59:59Z",
        "1999-12-31T21:59:59Z",
        "1999-12-31T23:59:59.123Z",
        "1999-12-31T23:59:00Z",
    ]
    assert values(graph, "1", "x") == [float("inf")]
    assert values(graph, "2", "x") == [float("-inf")]


def test_short_rows(graph: GraphConnection, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("~id,~label,name:String,age:Int\n1,a,x\n2,a\n3,a,y,5\n")
    report = load_csv(graph.url, path)
    assert report.vertices == 3
    assert report.warnings == (
        f"{path}: 2 rows are shorter than the header, the first on line 2: their missing cells are "
        "blank",
    )
    assert values(graph, "1", "name") == ["x"]
    assert not list(graph.submit(g.V("1").values("age").bytecode))


@pytest.mark.parametrize(
    ("rows", "place"),
    [("1,a,x,5,6\n", "2:9: 5 cells where"), ("e,knows,v1\n", "2:11: ~to must not be blank")],
)
def test_rows_that_cannot_be_filled(
    graph: GraphConnection, tmp_path: Path, rows: str, place: str
) -> None:
    header = "~id,~label,name:String,age:Int\n" if rows.startswith("1") else KNOWS.split("\n")[0]
    path = tmp_path / "a.csv"
    path.write_text(header.rstrip() + "\n" + rows)
    with pytest.raises(FileProblem) as caught:
        load_csv(graph.url, path)
    assert f"a.csv:{place}" in str(caught.value)


def test_an_export_is_loaded_again(graph: GraphConnection, tmp_path: Path) -> None:
    """Types of properties and ids come from the export's `config.json`."""
    list(
        graph.submit(
            "g.addV('Person').property(T.id, 1L).property('age', 30).property('a b', 1.5d)"
            ".property(list, 'tag', 'x;y').property(list, 'tag', 'z').property('d', new Date(0L))"
            ".property('ok', true).as('a')"
            ".addV('Person').property(T.id, 'one').as('b')"
            ".addV('Pet::Cat').property(T.id, 7).as('c')"
            ".addE('likes').from('a').to('c').property(T.id, 'e1').property('since', 2001L)"
            ".addE('likes').from('b').to('c').property(T.id, 'e2').iterate()"
        )
    )
    first = export_graph(graph.url, tmp_path / "first")
    list(graph.submit("g.V().drop().iterate()"))
    for part in ("nodes", "edges"):
        assert load_csv(graph.url, first.directory / part).warnings == ()
    assert count(graph) == (3, 2)
    assert values(graph, 1, "age") == []
    assert values(graph, long(1), "age") == [30]
    second = export_graph(graph.url, tmp_path / "second")
    assert _texts(second.directory) == _texts(first.directory)
    list(graph.submit("g.V().drop().iterate()"))
    report = load_csv(graph.url, first.directory)
    assert (report.vertices, report.edges) == (3, 2)
    assert sorted(Path(each.split(" is left out")[0]).name for each in report.warnings) == [
        "config.json",
        "stats.json",
        "training-data-configuration.json",
    ]


def _texts(directory: Path) -> dict[str, list[str]]:
    return {
        path.relative_to(directory).as_posix(): sorted(path.read_text().splitlines())
        for path in directory.rglob("*.csv")
    }


def test_a_folder_as_neptune_takes_it(graph: GraphConnection, tmp_path: Path) -> None:
    written(
        tmp_path,
        {
            "people": PEOPLE,
            "part-00000": gzip.compress(b"~id,~label\nv3,Person\n"),
            "deep/er/more.CSV.gz": gzip.compress(b"~id,~label\nv4,Person\n"),
            "deep/edges.bz2": bz2.compress(KNOWS.encode()),
            "x.txt": "~id,~label\nv5,Person\n",
            "_SUCCESS": b"",
            "_committed_1": "{}",
            ".part-0.csv.crc": b"crc\0",
            ".hidden.csv": PEOPLE,
            "README.md": "# a graph",
            "config.json": "{}",
            "picture.png": bytes(range(256)),
        },
    )
    (tmp_path / "link").symlink_to(tmp_path / "deep")
    (tmp_path / "gone.csv").symlink_to(tmp_path / "nowhere")
    report = load_csv(graph.url, tmp_path)
    assert (report.vertices, report.edges, report.files) == (5, 1, 5)
    left = {
        Path(path).relative_to(tmp_path).as_posix(): reason
        for path, _, reason in (each.partition(" is left out: ") for each in report.warnings)
    }
    assert left == {
        "_SUCCESS": "empty",
        "_committed_1": "no CSV of the loader: its first row names no column ~id",
        ".part-0.csv.crc": "hidden",
        ".hidden.csv": "hidden",
        "README.md": "no CSV of the loader: its first row names no column ~id",
        "config.json": "no CSV of the loader: its first row names no column ~id",
        "picture.png": "no CSV of the loader: its first row names no column ~id",
        "link": "a link to a folder",
        "gone.csv": "no regular file",
    }


@pytest.mark.parametrize("name", ["people.csv", "part-1", "people.csv.gz"])
def test_what_could_be_meant_and_cannot_be_read_is_an_error(
    graph: GraphConnection, tmp_path: Path, name: str
) -> None:
    content = b"id,label\n1,a\n"
    written(tmp_path, {"a.csv": PEOPLE, name: gzip.compress(content) if "gz" in name else content})
    with pytest.raises(FileProblem, match=f"{name}:1"):
        load_csv(graph.url, tmp_path)
    assert count(graph) == (0, 0)


def archive(name: str, content: str) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content.encode()))
    return file.getvalue()


FOREIGN: dict[str, tuple[bytes, str]] = {
    "people.tar.gz": (archive("a.csv", PEOPLE), "inside it is a tar archive: unpack it first"),
    "people.tgz": (archive("a.csv", PEOPLE), "inside it is a tar archive: unpack it first"),
    "twice.gz": (
        gzip.compress(gzip.compress(PEOPLE.encode())),
        "inside it is another packed file: unpack it first",
    ),
    "people.zip": (b"PK\x03\x04 a.csv ~id,~label", "a zip archive: unpack it first"),
    "people.parquet": (b"PAR1\x15\x04~id", "Parquet: write it as CSV"),
    "people.zst": (
        b"\x28\xb5\x2f\xfd\x04",
        "packed with zstd: unpack it first, or pack it with gzip",
    ),
    "people.txt": (PEOPLE.encode("utf-16"), "UTF-16: save it as UTF-8"),
}


def test_files_of_other_kinds_are_called_what_they_are(
    graph: GraphConnection, tmp_path: Path
) -> None:
    written(tmp_path, {name: content for name, (content, _) in FOREIGN.items()})
    with pytest.raises(FileProblem) as caught:
        load_csv(graph.url, tmp_path)
    for name, (_, reason) in FOREIGN.items():
        assert f"{name}: {reason}" in str(caught.value)
        with pytest.raises(FileProblem) as alone:
            load_csv(graph.url, tmp_path / name)
        assert str(alone.value) == f"{tmp_path / name}: {reason}"
    written(tmp_path, {"a.csv": PEOPLE})
    report = load_csv(graph.url, tmp_path)
    assert (report.vertices, len(report.warnings)) == (2, len(FOREIGN))
    # Called CSV it was meant.
    written(tmp_path, {"b.csv.zip": FOREIGN["people.zip"][0]})
    with pytest.raises(FileProblem, match=r"b\.csv\.zip: a zip archive"):
        load_csv(graph.url, tmp_path)
    written(tmp_path / "text", {"1.gremlin": "g.addV()", "x.tgz": FOREIGN["people.tgz"][0]})
    assert is_gremlin_text(tmp_path / "text")


def test_files_of_nothing_are_left_out(graph: GraphConnection, tmp_path: Path) -> None:
    """Spark writes a part for each partition, those without rows too."""
    empty: dict[str, str | bytes] = {
        "part-1.csv.gz": gzip.compress(b""),
        "part-2.csv.bz2": bz2.compress(b"\n"),
        "part-3.csv": b"\xef\xbb\xbf",
        "part-4": b"\r\n\r\n",
    }
    written(tmp_path, {**empty, "part-0.csv": PEOPLE})
    report = load_csv(graph.url, tmp_path)
    assert report.vertices == 2
    assert report.warnings == tuple(f"{tmp_path / name} is left out: empty" for name in empty)


def test_a_folder_of_gremlin_text_names_what_it_leaves_out(
    graph: GraphConnection, tmp_path: Path
) -> None:
    written(tmp_path, {"a/1.gremlin": "g.addV('a')\n", "b.md": "# a", "2.groovy": "g.addV('b')\n"})
    report = load_gremlin(graph.url, tmp_path)
    assert report.queries == 2
    (warning,) = report.warnings
    assert "b.md is left out" in warning


def test_gremlin_text_that_stops_says_what_has_run(graph: GraphConnection, tmp_path: Path) -> None:
    path = tmp_path / "1.gremlin.gz"
    path.write_bytes(gzip.compress(b"g.addV('a')\ng.addV('b')\ng.nothing()\ng.addV('c')\n"))
    with pytest.raises(FileProblem, match=r"1\.gremlin\.gz:3: .*The 2 queries before it have run"):
        load_gremlin(graph.url, path)
    assert count(graph) == (2, 0)


def test_an_interrupted_load_says_what_stands(graph: GraphConnection, tmp_path: Path) -> None:
    rows = "".join(f"v{number},Person\n" for number in range(1000))
    files = written(tmp_path, {"v.csv": "~id,~label\n" + rows})

    def interrupt(what: str, done: int, total: int | None) -> None:
        if what == "vertices":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        load_csv(graph.url, files, progress=interrupt)
    standing = int(str(caught.value).split("at least ")[1].split(" of ")[0].replace(",", ""))
    assert 0 < standing <= count(graph)[0] < 1000
    assert load_csv(graph.url, files).vertices == 1000


WRONG = {
    "a dangling end": (
        {"v.csv": PEOPLE, "e.csv": KNOWS + "e2,knows,v1,v9\n"},
        "e.csv:3:13: the edge 'e2' ends at 'v9'",
    ),
    "another label": (
        {"v.csv": PEOPLE, "w.csv": "~id,~label\nv1,Robot\n"},
        "w.csv:2:1: the vertex 'v1' has the label 'Robot' here and 'Person' in v.csv:2",
    ),
    "other ends": (
        {"v.csv": PEOPLE, "e.csv": KNOWS + "e1,knows,v2,v1\n"},
        "e.csv:3:1: the edge 'e1' has another label or other ends in e.csv:2",
    ),
    "another label of an edge": (
        {"v.csv": PEOPLE, "e.csv": KNOWS, "f.csv": KNOWS.replace("knows", "likes")},
        "f.csv:2:1: the edge 'e1' has another label or other ends in e.csv:2",
    ),
    "a bad cell in the last file": (
        {"v.csv": PEOPLE, "w.csv": "~id,~label,age:Int\nv7,Person,x\n"},
        "w.csv:2:11: age: 'x' is not a whole number",
    ),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_what_files_tell_is_told_before_the_first_write(
    graph: GraphConnection, tmp_path: Path, case: tuple[dict[str, str | bytes], str]
) -> None:
    files, expected = case
    written(tmp_path, files)
    with pytest.raises(FileProblem) as caught:
        load_csv(graph.url, tmp_path)
    assert expected in str(caught.value)
    assert count(graph) == (0, 0)


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_bad_rows_are_left_out_where_that_is_wanted(
    graph: GraphConnection, tmp_path: Path, case: tuple[dict[str, str | bytes], str]
) -> None:
    files, expected = case
    problems: list[FileProblem] = []
    report = load_csv(graph.url, written(tmp_path, files), on_problem=problems.append)
    (problem,) = problems
    assert expected in str(problem)
    edges = int("e.csv" in files)
    assert count(graph) == (2, edges)
    assert (report.vertices, report.edges) == (2, edges)


def test_ends_may_be_in_the_graph_already(graph: GraphConnection, tmp_path: Path) -> None:
    load_csv(graph.url, written(tmp_path / "v", {"v.csv": PEOPLE}))
    edges = "".join(f"e{number},knows,v1,v2\n" for number in range(1500))
    report = load_csv(graph.url, written(tmp_path / "e", {"e.csv": KNOWS + edges}))
    assert report.edges == 1501
    with pytest.raises(FileProblem, match=r"f\.csv:3:12: .*'v3', which is no vertex of"):
        load_csv(graph.url, written(tmp_path / "f", {"f.csv": KNOWS + "x,knows,v1,v3\n"}))
    assert count(graph) == (2, 1500)


def test_many_ends_are_asked_for_together(
    graph: GraphConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consistency, "BUFFERED", 64)
    monkeypatch.setattr(precheck, "ASKED", 50)
    vertices = "~id,~label\n" + "".join(f"v{number},a\n" for number in range(400))
    load_csv(graph.url, written(tmp_path / "v", {"v.csv": vertices}))
    edges = KNOWS.split("\n")[0] + "\n" + "".join(f"e{n},knows,v{n},v{n + 1}\n" for n in range(400))
    asked = []
    with pytest.raises(FileProblem, match="'e399' ends at 'v400'"):
        load_csv(
            graph.url,
            written(tmp_path / "e", {"e.csv": edges}),
            progress=lambda what, done, total: asked.append((what, done, total)),
        )
    looks = [each for each in asked if each[0].startswith("looking for")]
    assert looks[-1][1:] == (401, 401)
    assert len(looks) == 9
    assert count(graph) == (400, 0)


def test_what_only_the_server_can_tell_says_what_stands_in_it(
    graph: GraphConnection, tmp_path: Path
) -> None:
    list(graph.submit("g.addV('Robot').property(T.id, 'v700').iterate()"))
    rows = "".join(f"v{number},Person\n" for number in range(1000))
    files = written(tmp_path, {"v.csv": "~id,~label\n" + rows, "e.csv": KNOWS})
    with pytest.raises(GraphError) as caught:
        load_csv(graph.url, files)
    text = str(caught.value)
    assert "v.csv:702" in text
    assert "exists already with the label 'Robot'" in text
    standing, _, _ = text.partition(" of 1,000 vertices and 0 of 1 edges of these files now")
    least = int(standing.rpartition(" ")[2].replace(",", ""))
    assert 0 < least <= count(graph)[0]
    assert "Load the same files again" in text
    list(graph.submit("g.V('v700').drop().iterate()"))
    assert load_csv(graph.url, files).vertices == 1000
    assert count(graph) == (1000, 1)
