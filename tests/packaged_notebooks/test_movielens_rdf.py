"""MovieLens 100k as RDF, whole: the four SPARQL notebooks, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import movielens
import pytest
from movielens import MovieLens
from packaged_notebooks import Desk, opened, rdf

FILMS = {
    "Empire Strikes Back, The (1980)",
    "Mars Attacks! (1996)",
    "Independence Day (ID4) (1996)",
}
RESOURCE = "http://aws.amazon.com/neptune/resource#"
PREFIXES = f"""PREFIX : <http://aws.amazon.com/neptune/ontology/>
PREFIX resource: <{RESOURCE}>
PREFIX ml: <http://aws.amazon.com/neptune/vocab/v01/services/ml#>
"""
LISTED = f"""{PREFIXES}SELECT ?user ?movie ?score WHERE {{
    VALUES ?user {{ resource:user_101 resource:user_681 }}
    SERVICE ml:inference {{ ml:config ml:endpoint "${{endpoint}}" ; ml:limit 100 ;
        ml:modelType 'OBJECT_PREDICTION' ; ml:input ?user ; ml:predicate :recommended ;
        ml:output ?movie ; ml:outputScore ?score ; ml:outputClass :Movie . }} }}
ORDER BY ?user DESC(?score)"""
COUNTED = {"Movie": 1682, "User": 943, "Rating": 100_000}


@pytest.fixture(scope="module")
def data() -> MovieLens:
    return movielens.read(movielens.installed())


@pytest.fixture(scope="module")
def desk_at(data: MovieLens, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A desk; by `sparql` the notebooks name a path, or none, as graph-notebook does by itself."""

    @contextmanager
    def at(**configured: Any) -> Iterator[Desk]:
        directory = tmp_path_factory.mktemp("desk")
        home = directory / "home"
        movielens.write_raw(data, home / "data" / "raw" / "ml-100k")
        print()
        with opened(directory, home=home, database=rdf, **configured) as ready:
            yield ready

    return at


def notebook(desk: Desk, number: int) -> str:
    """The path of a notebook by its number."""
    folder = Path(desk.notebooks) / "02-SPARQL"
    (found,) = folder.glob(f"Neptune-ML-{number:02}-*.ipynb")
    return f"02-SPARQL/{found.name}"


def test_getting_started(desk_at: Any, data: MovieLens) -> None:
    genres = {movie.title: set(movie.genres) for movie in data.movies}
    with desk_at() as desk, desk.run(notebook(desk, 0)) as run:
        found = run.found
        (first,) = found[19]
        assert first["title"] == "Empire Strikes Back, The (1980)"
        assert 0 < float(first["score"]) <= 1
        assert len(found[21]) == 3
        for cell in (23, 25):
            assert {row["genre"] for row in found[cell]} <= {row["genre"] for row in found[21]}
            assert all(float(row["score"]) >= 0.5 for row in found[cell])
        assert {row["title"] for row in found[27]} <= FILMS | {
            title for title, kinds in genres.items() if not kinds
        }
        (score,) = found[33]
        assert score["title"] == "Pretty Woman (1990)"
        assert 1.0 <= float(score["score"]) <= 5.0
        films = found[38]
        assert len(films) <= 10
        assert [float(row["score"]) for row in films] == sorted(
            (float(row["score"]) for row in films), reverse=True
        )
        assert all(row["movie"].startswith(f"{RESOURCE}movie_") for row in films)


def test_object_classification(desk_at: Any, data: MovieLens) -> None:
    genres = {movie.title: set(movie.genres) for movie in data.movies}
    with desk_at(sparql={"path": "sparql"}) as desk, desk.run(notebook(desk, 1)) as run:
        found = run.found
        (first,) = found[31]
        assert first["genre"] in set().union(*genres.values())
        assert all(row["genre"] for row in found[33])
        predicted = found[35]
        print(f"  {predicted}")
        assert {row["title"] for row in predicted} <= FILMS | {
            title for title, kinds in genres.items() if not kinds
        }
        right = sum(row["predictedGenre"] in genres[row["title"]] for row in predicted)
        print(f"  removed genres: {right} of {len(predicted)} predictions right")
        for row in found[38]:
            assert row["predictedGenre"] == row["existingGenre"]
        assert found[38]
        _told(desk)


def test_object_regression(desk_at: Any, data: MovieLens) -> None:
    with desk_at() as desk, desk.run(notebook(desk, 2)) as run:
        found = run.found
        (score,) = found[34]
        assert 1.0 <= float(score["score"]) <= 5.0
        assert "Pretty Woman (1990)" in {row["title"] for row in found[39]}
        rated = {rating.movie for rating in data.ratings}
        unrated = sum(movie.id not in rated for movie in data.movies)
        assert len(found[39]) == 4 + unrated  # it is among the four whose score was deleted
        assert len(found[41]) == 10
        errors = [
            abs(float(row["predictedScore"]) - float(row["actualScore"])) for row in found[41]
        ]
        print(f"  mean error of ten films: {sum(errors) / 10:.2f}")
        assert sum(errors) / 10 < 1.0
        _told(desk)


def test_link_prediction(desk_at: Any, data: MovieLens) -> None:
    removed = {
        user: {f"{RESOURCE}{r.movie}" for r in data.ratings if r.user == user and r.score > 3}
        for user in ("user_101", "user_681")
    }
    titles = {movie.title for movie in data.movies}
    with (
        desk_at(sparql={"path": "sparql"}) as desk,
        desk.run(notebook(desk, 3), listed=LISTED) as run,
    ):
        found = run.found
        assert len(found[34]) == 3
        assert {row["title"] for row in found[34]} <= titles
        assert {row["user"] for row in found[34]} == {f"{RESOURCE}user_101"}
        assert len(found[38]) == len({row["user"] for row in found[38]}) == 3
        metrics = run.figures("training_job_name")["metrics"]
        print(f"  report: {metrics}")
        for user, films in removed.items():
            listed = [
                row["movie"] for row in run.answers["listed"] if row["user"] == RESOURCE + user
            ]
            assert len(listed) == len(set(listed)) == 100
            others = reached = 0
            for movie in listed:
                if movie not in films:
                    others += 1
                elif others < 10:
                    reached += 1
            print(f"  {user}: {reached} of {len(films)} removed films before ten others")
        _told(desk)


def _told(desk: Desk) -> None:
    """Print what the training has to say of itself."""
    report = desk.report()
    print(f"  training: {report['seconds']:.0f} s; {report['protocol']}")
    for warning in report["warnings"]:
        print(f"  warning: {warning}")
