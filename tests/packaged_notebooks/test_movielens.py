"""MovieLens 100k, whole, from a package that has it: genres of films, and what somebody rates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import movielens
import pytest
from movielens import MovieLens
from packaged_notebooks import Desk, expected, opened

FILMS = {"Apollo 13 (1995)", "Forrest Gump (1994)", "Sleepless in Seattle (1993)"}


NAMED = """g.with("Neptune#ml.endpoint", "${endpoint}").with("Neptune#ml.limit", 100).
    with("Neptune#ml.threshold", 0.5D).V().hasLabel('movie').hasNot('genre').
    project('title', 'genres').by('title').
    by(properties("genre").with("Neptune#ml.classification").value().fold())"""
"""What the model names, by the thresholds that it was judged by."""

LISTED = """g.with("Neptune#ml.endpoint", "${endpoint}").with("Neptune#ml.limit", 10000).
    V('user_1').out('rated').with("Neptune#ml.prediction").hasLabel('movie').id()"""


@pytest.fixture(scope="module")
def data() -> MovieLens:
    return movielens.read(movielens.installed())


@pytest.fixture
def desk(data: MovieLens, tmp_path: Path) -> Iterator[Desk]:
    home = tmp_path / "home"
    movielens.write_raw(data, home / "data" / "raw" / "ml-100k")
    print()
    with opened(tmp_path, home=home) as ready:
        yield ready


def test_genres(desk: Desk, data: MovieLens) -> None:
    genres = {movie.title: set(movie.genres) for movie in data.movies}
    notebook = "01-Gremlin/02-Introduction-to-Node-Classification-Gremlin.ipynb"
    with desk.run(notebook, named=NAMED) as run:
        found = run.found
        assert found[40][0] in set().union(*genres.values())
        assert len(found[42]) == 3
        for sharper, wider in ((44, 45), (45, 46), (46, 47), (47, 48)):
            assert set(found[sharper]) <= set(found[wider])
        likeliest = 0
        for row in found[54]:
            assert set(row["real"]) == genres[row["title"]]
            likeliest += row["predicted"][0] in row["real"]
            print(f"  {row['title']}: {row['real']} predicted {row['predicted']}")
        assert {row["title"] for row in found[54]} >= FILMS
        named = {row["title"]: set(row["genres"]) for row in run.answers["named"]}
        right = sum(len(named[film] & genres[film]) for film in FILMS)
        places = sum(len(named[film]) + len(genres[film]) for film in FILMS)
        promised = run.figures("training_job_name")["metrics"]["micro_f1"]
        print(f"  removed genres: micro F1 {2 * right / places:.3f}; report {promised:.3f}")
        assert likeliest >= 2
        assert right >= expected(promised, places // 2)
        _told(desk)


def test_ratings(desk: Desk, data: MovieLens) -> None:
    titles = {movie.id: movie.title for movie in data.movies}
    rated = {titles[rating.movie] for rating in data.ratings if rating.user == "user_1"}
    notebook = "01-Gremlin/04-Introduction-to-Link-Prediction-Gremlin.ipynb"
    with desk.run(notebook, listed=LISTED) as run:
        ((title,),) = (row["title"] for row in run.found[40])
        assert title in titles.values()
        users = run.found[42]
        assert len(users) == len(set(users)) == 10
        print(f"  the film for user_1: {title}, rated before: {title in rated}")
        removed = {rating.movie for rating in data.ratings if rating.user == "user_1"}
        listed = run.answers["listed"]
        assert removed < set(listed)
        assert len(listed) == len(set(listed))
        # As in a report: of each film it counts what stands before it and was not removed, too.
        others = reached = 0
        for movie in listed:
            if movie not in removed:
                others += 1
            elif others < 10:
                reached += 1
        report = desk.report()
        promised = _direction(report, "rated", "out")["hits@10"]
        popular = _direction(report, "rated", "out", "popularity")["hits@10"]
        first = len(removed.intersection(listed[:10]))
        print(f"  of the first ten films for user_1, {first} are among the {len(removed)} removed")
        print(
            f"  removed films among the first ten others: {reached / len(removed):.3f}; report "
            f"{promised:.3f}, of popularity {popular:.3f}"
        )
        assert reached >= expected(promised, len(removed))
        _told(desk)


def _direction(report: Any, label: str, direction: str, method: str = "auto") -> Any:
    """What a report promises of a relation, asked in a direction."""
    (row,) = (row for row in report["rows"] if row["method"] == method)
    (found,) = (
        figures
        for task, figures in row["by_direction"].items()
        if f"-{label}->" in task and task.endswith(direction)
    )
    return found


def _told(desk: Desk) -> None:
    """Print what the training has to say of itself."""
    report = desk.report()
    print(f"  training: {report['seconds']:.0f} s; {report['protocol']}")
    for warning in report["warnings"]:
        print(f"  warning: {warning}")
