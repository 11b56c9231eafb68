"""The stand-in for the helper of AWS's SPARQL notebooks, without notebooks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from notebook_helper import SPARQL_HELPER, configure, imported
from running_api import RunningApi

FLAGS = "0|1" + "|0" * 17
ONTOLOGY = "http://aws.amazon.com/neptune/ontology/"
RESOURCE = "http://aws.amazon.com/neptune/resource#"
XSD = "http://www.w3.org/2001/XMLSchema#"


@pytest.fixture
def helper() -> Any:
    return imported(SPARQL_HELPER)


def test_movielens_as_the_notebooks_load_it(
    helper: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GREMLINK_STORAGE_S3_FOLDER", str(tmp_path / "s3"))
    raw = tmp_path / "data" / "raw" / "ml-100k"
    raw.mkdir(parents=True)
    films = f'1|A "film" (1995)|01-Jan-1995||http://x/1|{FLAGS}\n2|Fjärr||||1{"|0" * 18}\n'
    (raw / "u.item").write_bytes(films.encode("ISO-8859-1"))
    (raw / "u.user").write_text("7|24|M|technician|85711\n")
    (raw / "u.data").write_text("7\t1\t4\t881250949\n7\t2\t2\t881250950\n")
    target = "s3://b/x/neptune-formatted/movielens-100k/rdf/"
    assert helper.prepare_movielens_data_rdf("s3://b/x") == target
    folder = tmp_path / "s3" / "b" / "x" / "neptune-formatted" / "movielens-100k" / "rdf"
    found = {
        file.name: set(ox.parse(path=str(file), format=ox.RdfFormat.N_QUADS))
        for file in folder.iterdir()
    }
    assert {name: len(quads) for name, quads in found.items()} == {
        "movies.nq": 10,
        "movie_genres.nq": 4,
        "users.nq": 5,
        "user_movie_ratings.nq": 12,
        "critic_movie_scores.nq": 2,
    }
    first = ox.NamedNode(f"{RESOURCE}movie_1")
    user = ox.NamedNode(f"{RESOURCE}user_7")

    def quad(subject: Any, predicate: str, value: Any, graph: str) -> ox.Quad:
        return ox.Quad(
            subject, ox.NamedNode(ONTOLOGY + predicate), value, ox.NamedNode(ONTOLOGY + graph)
        )

    missing = ox.Literal("nan", datatype=ox.NamedNode(f"{XSD}dateTime"))
    second = ox.NamedNode(f"{RESOURCE}movie_2")
    assert quad(first, "title", ox.Literal('A "film" (1995)'), "Movies") in found["movies.nq"]
    assert quad(second, "releaseDate", missing, "Movies") in found["movies.nq"]
    assert (
        quad(first, "hasOriginalGenre", ox.Literal("Action"), "Movie") in (found["movie_genres.nq"])
    )
    ratings = found["user_movie_ratings.nq"]
    assert quad(user, "recommended", first, "Rating") in ratings
    assert quad(first, "wasRecommendedBy", user, "Rating") in ratings
    assert quad(user, "recommended", second, "Rating") not in ratings
    four = ox.Literal("4", datatype=ox.NamedNode(f"{XSD}integer"))
    assert quad(first, "criticScore", four, "Rating") in found["critic_movie_scores.nq"]


CALLED = (
    *("check_ml_enabled", "delete_endpoint", "delete_pretrained_endpoints"),
    *("get_export_service_host", "get_host", "get_iam", "get_neptune_ml_role"),
    *("get_training_job_name", "prepare_movielens_data_rdf", "setup_pretrained_endpoints_rdf"),
)
"""What the cells of the four notebooks call."""


def test_it_has_what_the_notebooks_call(helper: Any) -> None:
    assert [name for name in CALLED if not callable(getattr(helper, name, None))] == []


def test_nothing_that_is_wanted_is_nothing_to_train(helper: Any) -> None:
    endpoints = helper.setup_pretrained_endpoints_rdf("s3://b/x", False, False, False)
    assert endpoints == {
        "object_classification_endpoint_name": "",
        "object_regression_endpoint_name": "",
        "link_prediction_endpoint_name": "",
    }


def test_an_endpoint_that_is_not_there_is_told_and_not_raised(
    helper: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with RunningApi(tmp_path) as api:
        configure(tmp_path, api.address)
        helper.delete_endpoint("unknown")
    assert "There is no endpoint unknown" in capsys.readouterr().out
