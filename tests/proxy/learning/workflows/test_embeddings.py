"""Who is near in the space of a network, and where vertices lie in a plane."""

from __future__ import annotations

import csv
import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from communities import write_communities
from numpy.testing import assert_allclose
from teams import PEOPLE, team, write_teams

from gremlink.proxy.cli import main
from gremlink.proxy.learning.graph import TypedGraph
from gremlink.proxy.learning.links.prediction.model import LinkModel
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.trained.stored_graph import StoredGraph
from gremlink.proxy.learning.trained.vertex_embeddings import (
    NoEmbeddings,
    UnknownVertex,
    VertexEmbeddings,
)
from gremlink.proxy.learning.workflows.embeddings import picture, plane
from gremlink.proxy.learning.workflows.load import Model, model_in
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.store.artifacts import read_artifact

QUICK = TrainingSettings(epochs=40, width=16, networks=2, folds=2, threads=1)
TEAM = {"label": ["team", "classification"]}


def loaded(directory: Path) -> Model:
    return model_in(read_artifact(directory), directory)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("people")
    export = write_teams(directory / "export", of_people=TEAM)
    train(export, directory / "model", model="rgcn", settings=QUICK)
    return directory / "model"


@pytest.fixture(scope="module")
def links(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("links")
    train(write_communities(directory / "export"), directory / "model", model="distmult",
          settings=QUICK)  # fmt: skip
    return directory / "model"


def test_neighbours_are_of_the_same_team(people: Path) -> None:
    found = loaded(people).vertex_embeddings()
    same = []
    for person in range(PEOPLE):
        for vertex, cosine in found.nearest(found.find(f"p{person}"), 3):
            assert -1.001 <= cosine <= 1.001
            assert vertex.value != f"p{person}"
            same.append(team(int(vertex.value[1:])) == team(person))
    assert np.mean(same) > 0.8


def test_neighbours_of_another_type(links: Path) -> None:
    found = loaded(links).vertex_embeddings()
    assert found.network == "distmult"
    near = found.nearest(found.find("p0"), 3, "Thing")
    assert [vertex.value[0] for vertex, _ in near] == ["t", "t", "t"]
    assert [cosine for _, cosine in near] == sorted((c for _, c in near), reverse=True)
    with pytest.raises(UnknownVertex, match="no embeddings of type 'Team': use Person, Thing"):
        found.nearest(("Person", 0), 3, "Team")
    with pytest.raises(UnknownVertex, match="has the id 'zoe'"):
        found.find("zoe")


def test_cosines_by_hand() -> None:
    table = np.array([[1.0, 0.0], [3.0, 4.0], [0.0, -2.0]], np.float32)
    stored = StoredGraph(TypedGraph({"P": 3}, {}, {}), {"P": ["a", "b", "c"]}, {})  # type: ignore
    found = VertexEmbeddings("rgcn", stored, {"P": table})
    assert found.nearest(("P", 0), 5) == [("b", pytest.approx(0.6)), ("c", pytest.approx(0.0))]


def test_the_nearest_with_a_label() -> None:
    tables = {
        "P": np.array([[1.0, 0.0], [3.0, 4.0]], np.float32),
        "P;Q": np.array([[4.0, 3.0]], np.float32),
        "R": np.array([[1.0, 0.0]], np.float32),
    }
    ids = {"P": ["a", "b"], "P;Q": ["c"], "R": ["d"], "S": ["e"]}
    stored = StoredGraph(TypedGraph({"P": 2, "P;Q": 1, "R": 1, "S": 1}, {}, {}), ids, {})  # type: ignore
    found = VertexEmbeddings("rgcn", stored, tables)
    assert [each for each, _ in found.labelled(("P", 0), 5, "P")] == ["c", "b"]
    assert [each for each, _ in found.labelled(("P", 0), 1, "P")] == ["c"]
    assert [each for each, _ in found.labelled(("P", 0), 5, "Q")] == ["c"]
    assert [each for each, _ in found.labelled(("R", 0), 5, "P")] == ["a", "c", "b"]
    assert found.labelled(("S", 0), 5, "P") == []
    with pytest.raises(UnknownVertex, match="no embeddings of 'S': there are those of P, P;Q, R"):
        found.labelled(("P", 0), 5, "S")


def test_a_plane_keeps_what_lies_in_one() -> None:
    random = np.random.default_rng(0)
    flat = np.zeros((50, 6), np.float32)
    flat[:, [1, 4]] = random.normal(size=(50, 2))
    points = np.array(plane(flat))
    lengths = flat / np.linalg.norm(flat, axis=1, keepdims=True)
    expected = ((lengths[:, None] - lengths[None]) ** 2).sum(axis=2)
    found = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    assert_allclose(found, expected, atol=1e-3)
    assert points.std(axis=0)[0] >= points.std(axis=0)[1]


def test_reports_show_the_plane(people: Path, links: Path) -> None:
    for directory, names in ((people, ["red", "green"]), (links, ["Person", "Thing"])):
        page = (directory / "report.html").read_text()
        assert "principal components" in page
        for name in names:
            assert f">{name}</text>" in page
    assert set(picture(loaded(links))) == {"Person", "Thing"}


def test_the_command(people: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["embeddings", str(people)])
    assert "Person" in done.stdout
    asked = ["--neighbours", "p1", "--limit", "4"]
    done = CliRunner().invoke(main, ["embeddings", str(people), *asked])
    assert done.exit_code == 0, done.output
    assert sum(line.startswith("│ p") for line in done.stdout.splitlines()) == 4
    file = tmp_path / "out" / "all.csv"
    done = CliRunner().invoke(main, ["embeddings", str(people), "--output", str(file)])
    assert done.exit_code == 0, done.output
    with file.open(newline="") as opened:
        header, *rows = list(csv.reader(opened))
    assert header[:3] == ["~id", "~label", "e0"]
    assert len(rows) == PEOPLE
    done = CliRunner().invoke(main, ["embeddings", str(people), "--output", str(tmp_path / "np")])
    assert done.exit_code == 0, done.output
    table = np.load(tmp_path / "np" / "embeddings" / "entity.npy")
    assert table.shape == (PEOPLE, len(header) - 2)
    assert_allclose([float(cell) for cell in rows[0][2:]], table[0], rtol=1e-4)


def test_a_model_without_a_network(tmp_path: Path) -> None:
    export = write_communities(tmp_path / "export", people=12)
    train(export, tmp_path / "model", model="popularity", settings=QUICK)
    with pytest.raises(NoEmbeddings):
        loaded(tmp_path / "model").vertex_embeddings()
    assert picture(loaded(tmp_path / "model")) == {}
    done = CliRunner().invoke(main, ["embeddings", str(tmp_path / "model")])
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1
    assert "it is popularity; rgcn, ials, pure-svd, item-knn, ease" in done.stderr


@pytest.mark.parametrize("method", ["ials", "pure-svd", "ease", "item-knn"])
def test_a_factorisation_places_both_ends(tmp_path: Path, method: str) -> None:
    export = write_communities(tmp_path / "export")
    train(export, tmp_path / "model", model=method, settings=QUICK)
    found = loaded(tmp_path / "model").vertex_embeddings()
    assert found.network == method
    assert {name: len(table) for name, table in found.tables.items()} == {"Person": 24, "Thing": 8}
    alike = [
        int(str(near.value)[1:]) % 2 == row % 2
        for row in range(24)
        for near, _ in found.nearest(("Person", row), 3)
    ]
    assert np.mean(alike) > 0.75


def test_files_for_other_programs(people: Path, tmp_path: Path) -> None:
    import pyarrow.parquet

    output = tmp_path / "all.parquet"
    done = CliRunner().invoke(main, ["embeddings", str(people), "--output", str(output)])
    assert done.exit_code == 0, done.output
    table = pyarrow.parquet.read_table(output)
    assert table.column_names == ["id", "label", "embedding"]
    assert table.num_rows == PEOPLE
    done = CliRunner().invoke(main, ["embeddings", str(people), "--projector", str(tmp_path / "p")])
    assert done.exit_code == 0, done.output
    rows = (tmp_path / "p" / "tensors.tsv").read_text().splitlines()
    about = (tmp_path / "p" / "metadata.tsv").read_text().splitlines()
    assert (len(rows), len(about)) == (PEOPLE, PEOPLE + 1)
    assert about[0] == "id\tlabel"
    assert len(rows[0].split("\t")) == len(table["embedding"][0])


def test_a_method_that_is_named(links: Path, people: Path, tmp_path: Path) -> None:
    export = write_communities(tmp_path / "export")
    train(export, tmp_path / "model", model="pure-svd", settings=QUICK)
    network, factors = loaded(links), loaded(tmp_path / "model")
    assert isinstance(network, LinkModel)
    assert isinstance(factors, LinkModel)
    both = replace(network, fitted=factors.fitted)
    assert both.embedding_methods == ("distmult", "pure-svd")
    assert both.vertex_embeddings().network == "distmult"
    assert both.vertex_embeddings("pure-svd").network == "pure-svd"
    assert loaded(people).vertex_embeddings("rgcn").network == "rgcn"
    for artifact, there in ((links, "distmult"), (people, "rgcn")):
        done = CliRunner().invoke(main, ["embeddings", str(artifact), "--method", "ials"])
        assert done.exit_code == 1
        assert f"no embeddings of 'ials': use {there}" in done.stderr


def asked(*arguments: object) -> str:
    done = CliRunner().invoke(main, ["embeddings", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_segments_are_printed_with_what_marks_them(people: Path, tmp_path: Path) -> None:
    shown = asked(people, "--segments", "3")
    assert shown.count("│ Person") == 3
    assert "knows → p" in shown
    done = CliRunner().invoke(main, ["embeddings", str(people), "--segments", "auto"])
    assert done.stdout == asked(people, "--segments", "auto")
    assert "mean silhouette" in done.stderr
    assert done.stderr.count("\n") == 1


def test_segments_are_files(people: Path, links: Path, tmp_path: Path) -> None:
    import pyarrow.parquet

    files = {name: tmp_path / "out" / f"s.{name}" for name in ("csv", "jsonl.gz", "parquet")}
    for file in files.values():
        asked(people, "--segments", "3", "--output", file)
    with files["csv"].open(newline="") as opened:
        header, *rows = list(csv.reader(opened))
    assert header == ["id", "label", "segment"]
    of_team = {(team(int(row[0][1:])), row[2]) for row in rows}
    assert (len(rows), len(of_team)) == (PEOPLE, 3)
    with gzip.open(files["jsonl.gz"], "rt") as packed:
        documents = [json.loads(line) for line in packed]
    assert [[each["id"], each["label"], str(each["segment"])] for each in documents] == rows
    table = pyarrow.parquet.read_table(files["parquet"])
    assert [str(each) for each in table["segment"].to_pylist()] == [row[2] for row in rows]
    marks = pyarrow.parquet.read_table(tmp_path / "out" / "s.marks.parquet").to_pylist()
    assert {each["segment"] for each in marks} == {0, 1, 2}
    assert all(each["lift"] > 1 and each["count"] <= each["vertices"] for each in marks)
    assert (tmp_path / "out" / "s.marks.jsonl.gz").exists()
    things = asked(links, "--segments", "2", "--type", "Thing", "--output", "-").splitlines()
    assert [line.rpartition(",")[0] for line in things[1:]] == [f"t{n},Thing" for n in range(8)]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--segments", "0"], 1, "'0' segments: write auto, or a whole number"),
        (["--segments", "many"], 1, "write auto, or a whole number"),
        (["--segments", "2", "--type", "Team"], 1, "no embeddings of type 'Team': use Person"),
        (["--segments", "2", "--output", "s.txt"], 1, "has to end in .csv, .jsonl"),
        (["--segments", "2", "--projector", "p"], 2, "--projector is for embeddings"),
        (["--write-back", "segment"], 2, "--write-back is for --segments"),
        (["--segments", "2", "--dry-run"], 2, "--dry-run is for --write-back"),
        (["--remove", "segment", "--write-back", "segment"], 2, "--remove stands alone"),
    ],
)
def test_segments_that_cannot_be_had(
    people: Path, arguments: list[str], code: int, said: str
) -> None:
    given = [] if "--remove" in arguments else [str(people)]
    done = CliRunner().invoke(main, ["embeddings", *given, *arguments])
    assert (done.exit_code, said in done.stderr) == (code, True), done.output
