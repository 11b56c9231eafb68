"""All predictions at once: the rows of `predict`, in every format of files."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from click.testing import CliRunner, Result

import gremlink
from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.cli import main
from gremlink.proxy.learning.predictions import files
from gremlink.proxy.learning.predictions.files import UnknownFormat, format_of, read_ids, writing
from gremlink.proxy.learning.predictions.rows import BATCH, NothingToPredict, Row
from gremlink.proxy.learning.workflows.predict import open_predictions
from tests.support.communities import write_communities
from tests.support.teams import write_teams


@pytest.fixture(scope="module")
def links(tmp_path_factory: pytest.TempPathFactory) -> Path:
    here = tmp_path_factory.mktemp("links")
    write_communities(here / "export")
    gremlink.train(here / "export", here / "artifact", model="adamic-adar", epochs=1)
    return here / "artifact"


@pytest.fixture(scope="module")
def teams(tmp_path_factory: pytest.TempPathFactory) -> Path:
    here = tmp_path_factory.mktemp("teams")
    write_teams(here / "export", of_people={"label": ["team", "classification"]})
    gremlink.train(here / "export", here / "artifact", model="neighbours", budget=1)
    return here / "artifact"


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in ("predict", *words)])


def read(path: Path) -> list[dict[str, Any]]:
    """The rows of a file, all as text but in Parquet and JSON."""
    if path.suffix == ".parquet":
        return list(pyarrow.parquet.read_table(path).to_pylist())
    packed = path.suffix == ".gz"
    text = gzip.decompress(path.read_bytes()).decode() if packed else path.read_text()
    if ".jsonl" in path.name:
        return [json.loads(line) for line in text.splitlines()]
    return list(csv.DictReader(text.splitlines()))


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.jsonl", "a.jsonl.gz", "a.parquet"])
def test_the_rows_are_those_of_single_questions(links: Path, tmp_path: Path, name: str) -> None:
    ended = run(links, "--all", "--edge", "knows", "--limit", 3, "--output", tmp_path / name)
    assert ended.exit_code == 0, ended.output
    model = gremlink.load(links)
    assert isinstance(model, gremlink.LinkModel)
    expected = [
        (row.source, row.target, row.score)
        for id in model.ids("Person")
        for row in model.predict(id, "knows", limit=3)
    ]
    found = [(row["source"], row["target"], float(row["score"])) for row in read(tmp_path / name)]
    assert found == expected
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
def test_values_with_every_class(teams: Path, tmp_path: Path, name: str) -> None:
    ended = run(teams, "--all", "--limit", 2, "--output", tmp_path / name)
    assert ended.exit_code == 0, ended.output
    model = gremlink.load(teams)
    assert isinstance(model, gremlink.PropertyModel)
    label = model.label
    expected = [tuple(row) for row in model.predict(model.ids(label), limit=2)]
    found = [(row["id"], row["team"], float(row["score"])) for row in read(tmp_path / name)]
    assert found == expected


def test_some_vertices_and_a_least_score(links: Path, tmp_path: Path) -> None:
    ids = tmp_path / "ids.txt"
    ids.write_text("\ufeffp1\r\n\nunknown\np0", encoding="utf-8")
    ended = run(
        *(links, "--ids", ids, "--edge", "knows", "--limit", 2),
        *("--threshold", 0.01, "--output", "-"),
    )
    rows = list(csv.DictReader(ended.stdout.splitlines()))
    assert [row["source"] for row in rows] == ["p1", "p1", "p0", "p0"]
    assert [row["rank"] for row in rows] == ["1", "2", "1", "2"]
    one = run(links, "--label", "Person", "--edge", "knows", "--limit", 1, "--output", "-")
    assert len(one.stdout.splitlines()) == 1 + 24


def test_the_other_direction_and_known_links(links: Path) -> None:
    found = open_predictions(links, edge_label="knows", direction="in", limit=30, hides=False)
    rows = [row for batch in found.batches(found.inputs()) for row in batch]
    hidden = open_predictions(links, edge_label="knows", direction="in", limit=30)
    fewer = [row for batch in hidden.batches(hidden.inputs()) for row in batch]
    assert len(fewer) < len(rows) == 24 * 23


def test_batches_are_what_is_in_memory(links: Path) -> None:
    found = open_predictions(links, edge_label="knows", limit=1)
    told: list[tuple[int, int]] = []
    inputs = found.inputs() * 300
    assert len(inputs) > BATCH
    batches = [len(rows) for rows in found.batches(inputs, lambda *done: told.append(done))]
    assert max(batches) <= BATCH
    assert told[-1] == (len(inputs), len(inputs))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "for which vertices"),
        (("--all", "--label", "Person"), "for which vertices"),
        (("--all",), "where to"),
        (("--all", "--output", "a.csv", "--write-back", "X"), "where to"),
        (("--all", "--output", "a.txt"), "has to end in .csv"),
        (("--all", "--output", "a.parquet.gz"), "has to end in .csv"),
        (("--all", "--output", "a.csv", "--dry-run"), "--dry-run is for"),
        (("--all", "--edge", "knows", "--target", "Film", "--output", "a.csv"), "Film"),
        (("--all", "--edge", "hates", "--output", "a.csv"), "it predicts"),
        (("--label", "Film", "--edge", "knows", "--output", "a.csv"), "no 'Film'"),
        (("--all", "--output", "a.csv"), "which links?"),
        (("--remove", "X", "--output", "a.csv"), "--remove stands alone"),
    ],
)
def test_what_cannot_be_done_is_said(
    links: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: Any, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = run(links, *words)
    assert ended.exit_code != 0
    assert said in ended.output + ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_model_is_named(tmp_path: Path) -> None:
    ended = run("nothing", "--all", "--output", tmp_path / "a.csv", "--store", tmp_path / "store")
    assert "no endpoint and no directory 'nothing'" in ended.output + ended.stderr


def test_a_property_has_no_edge(teams: Path) -> None:
    with pytest.raises(NothingToPredict, match="a property, and no links"):
        open_predictions(teams, edge_label="knows")


def test_a_broken_run_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("earlier")

    def write() -> None:
        names, kinds = ("source", "end", "target"), (set[Kind](), set[Kind](), set[Kind]())
        with writing(path, names, kinds, ends=False) as writer:
            writer.write([Row(Literal.string("a"), None, Literal.string("b"), 0.5, 1)])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert path.read_text() == "earlier"
    assert [each.name for each in tmp_path.iterdir()] == ["a.csv"]


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ({Kind.LONG}, [1, 2]),
        ({Kind.LONG, Kind.STRING}, ["1", "2"]),
        ({Kind.INT, Kind.LONG}, [1, 2]),
    ],
)
def test_ids_keep_their_types_in_parquet(tmp_path: Path, kinds: set[Kind], expected: Any) -> None:
    path = tmp_path / "a.parquet"
    ids = [Literal(Kind.LONG, 1), Literal(Kind.LONG, 2)]
    with writing(path, ("source", "end", "target"), (kinds, set(), kinds), ends=False) as writer:
        writer.write([Row(id, None, id, None, 1) for id in ids])
    assert [row["source"] for row in read(path)] == expected
    assert [row["score"] for row in read(path)] == [None, None]


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
def test_ids_that_look_alike_have_a_column_of_types(tmp_path: Path, name: str) -> None:
    kinds = ({Kind.INT, Kind.LONG, Kind.STRING}, set[Kind](), {Kind.STRING})
    ids = [Literal(Kind.INT, 1), Literal(Kind.LONG, 1), Literal.string("1")]
    with writing(tmp_path / name, ("source", "end", "target"), kinds, ends=False) as writer:
        writer.write([Row(id, None, Literal.string("x"), None, 1) for id in ids])
    rows = read(tmp_path / name)
    assert [row["source_type"] for row in rows] == ["Integer", "Long", "String"]
    assert [*rows[0]][:3] == ["source", "source_type", "target"]


def test_a_property_may_be_named_as_a_column_is(
    teams: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = open_predictions(teams)
    assert found.names == ("id", "end", "team")
    for key in ("score", "rank", "id", "id_type"):
        monkeypatch.setattr(type(found.predictor), "key", key)
        assert found.names == ("id", "end", f"predicted_{key}")


def test_parquet_is_refused_where_it_is_not_installed(
    links: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "find_spec", lambda name: None)
    ended = run(links, "--all", "--edge", "knows", "--output", tmp_path / "a.parquet")
    assert ended.exit_code == 1
    assert "needs pyarrow, which is not installed here" in ended.stderr
    with pytest.raises(gremlink.NotInstalled, match="jsonl need nothing"):
        gremlink.load(links).predict_all("knows").write(tmp_path / "a.parquet")
    assert list(tmp_path.iterdir()) == []


def test_texts_are_written_as_they_are(tmp_path: Path) -> None:
    odd = 'a,"b"\n\u202e<b>é\t'
    for name in ("a.csv", "a.jsonl", "a.parquet"):
        with writing(
            tmp_path / name, ("source", "end", "target"), ({Kind.STRING},) * 3, ends=True
        ) as writer:
            literal = Literal.string(odd)
            writer.write([Row(literal, literal, literal, 0.25, 1)])
    assert read(tmp_path / "a.jsonl")[0]["end"] == odd
    assert read(tmp_path / "a.parquet")[0]["end"] == odd
    with (tmp_path / "a.csv").open(newline="") as file:
        assert next(csv.DictReader(file))["end"] == odd


def test_an_id_in_a_file_is_the_one_that_the_model_knows(tmp_path: Path) -> None:
    path = tmp_path / "ids"
    path.write_text("1\n2\nx\n")
    known = {Literal(Kind.LONG, 1): ("T", 0), Literal.string("2"): ("T", 1)}
    assert read_ids(path, known.get) == [
        Literal(Kind.LONG, 1),
        Literal.string("2"),
        Literal.string("x"),
    ]


def test_formats_by_names() -> None:
    assert format_of(Path("a.CSV.gz")) == "csv"
    with pytest.raises(UnknownFormat):
        format_of(Path("csv"))
