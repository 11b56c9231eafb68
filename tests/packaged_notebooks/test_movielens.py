"""MovieLens 100k, whole, from a package that has it: genres of films, and what somebody rates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import movielens
import pytest
from movielens import MovieLens
from packaged_notebooks import Desk, opened

FILMS = {"Apollo 13 (1995)", "Forrest Gump (1994)", "Sleepless in Seattle (1993)"}


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
    apollo = genres["Apollo 13 (1995)"]
    with desk.run("01-Gremlin/02-Introduction-to-Node-Classification-Gremlin.ipynb") as run:
        found = run.found
        assert found[38 + 2][0] in apollo
        assert len(found[42]) == 3
        for sharper, wider in ((44, 45), (45, 46), (46, 47), (47, 48)):
            assert set(found[sharper]) <= set(found[wider])
        right = 0
        for row in found[54]:
            assert set(row["real"]) == genres[row["title"]]
            right += row["predicted"][0] in row["real"]
            print(f"  {row['title']}: {row['real']} predicted {row['predicted']}")
        assert {row["title"] for row in found[54]} >= FILMS
        assert right >= 2


def test_ratings(desk: Desk, data: MovieLens) -> None:
    titles = {movie.id: movie.title for movie in data.movies}
    rated = {titles[rating.movie] for rating in data.ratings if rating.user == "user_1"}
    with desk.run("01-Gremlin/04-Introduction-to-Link-Prediction-Gremlin.ipynb") as run:
        ((title,),) = (row["title"] for row in run.found[40])
        assert title in titles.values()
        users = run.found[42]
        assert len(users) == len(set(users)) == 10
        print(f"  the film for user_1: {title}, rated before: {title in rated}")
