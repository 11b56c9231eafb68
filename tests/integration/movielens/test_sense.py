"""Whether predictions on MovieLens make sense: what was held back, beside guesses without a model.

A film's genres are vertices that it is linked to, as in the sample notebooks, so they can be found;
years, ratings and links have to be guessed.
"""

from __future__ import annotations

import math
from collections import Counter
from statistics import mean
from typing import Any

from movielens import SCALE
from movielens_graph import LONELY_USER, SILENT_USER, Deployment, is_held_back
from neptune_queries import CLASSES, ENDPOINT, LIMIT, LINKS, NUMBERS
from ways import Speakers


def ask(speakers: dict[str, Speakers], endpoint: str, query: str) -> list[Any]:
    script = f'g.with("{ENDPOINT}","{endpoint}").{query}'
    return speakers["plain"].ask("script, graphbinary", script)


def error(pairs: list[tuple[float, float]]) -> float:
    """Root mean square of the differences."""
    return math.sqrt(mean((told - true) ** 2 for told, true in pairs))


def test_genres(deployment: Deployment, speakers: dict[str, Speakers]) -> None:
    rows = ask(
        speakers,
        "genre",
        "V().hasLabel('movie').hasNot('genre').project('film','genre').by(id)"
        f".by(properties('genre').with('{CLASSES}').value())",
    )
    films = {movie.id: movie for movie in deployment.data.movies}
    held = [movie for movie in films.values() if is_held_back(movie.id)]
    assert len(rows) > len(held) == 168
    hits = mean(row["genre"] in films[row["film"]].genres for row in rows)
    majority = max(
        mean(genre in films[row["film"]].genres for row in rows)
        for genre in {genre for movie in films.values() for genre in movie.genres}
    )
    assert majority < 0.5
    assert hits > 0.9


def test_years(deployment: Deployment, speakers: dict[str, Speakers]) -> None:
    rows = ask(
        speakers,
        "year",
        "V().hasLabel('movie').hasNot('year').project('film','year').by(id)"
        f".by(properties('year').with('{NUMBERS}').value())",
    )
    told = {row["film"]: row["year"] for row in rows}
    years = {movie.id: movie.year for movie in deployment.data.movies if movie.year is not None}
    usual = mean(year for film, year in years.items() if not is_held_back(film))
    held = [film for film in years if is_held_back(film)]
    assert error([(told[film], years[film]) for film in held]) < error(
        [(usual, years[film]) for film in held]
    )


def test_ratings(deployment: Deployment, speakers: dict[str, Speakers]) -> None:
    """Of a user of whom the graph tells only which films were rated."""
    true = {
        f"{rating.user}-rated-{rating.movie}": rating.score
        for rating in deployment.data.ratings
        if rating.user == SILENT_USER
    }
    others = [rating.score for rating in deployment.data.ratings if rating.user != SILENT_USER]
    edges = f"V('{SILENT_USER}').outE('rated').project('edge','told').by(id)"
    scores = ask(speakers, "score", f"{edges}.by(properties('score').with('{NUMBERS}').value())")
    assert error([(row["told"], true[row["edge"]]) for row in scores]) < error(
        [(mean(others), score) for score in true.values()]
    )
    scales = ask(speakers, "scale", f"{edges}.by(properties('scale').with('{CLASSES}').value())")
    assert len(scales) == len(true) == 272
    hits = sum(row["told"] == SCALE[true[row["edge"]]] for row in scales)
    (usual, _), *_ = Counter(others).most_common()
    assert hits > sum(score == usual for score in true.values())


def test_links(deployment: Deployment, speakers: dict[str, Speakers]) -> None:
    """Of a user of whom the graph tells only age, gender and occupation."""
    rated = {rating.movie for rating in deployment.data.ratings if rating.user == LONELY_USER}
    found = ask(
        speakers,
        "rated",
        f"with('{LIMIT}',100).V('{LONELY_USER}').out('rated').with('{LINKS}').hasLabel('movie').id()",
    )
    assert len(set(found)) == 100
    by_chance = 100 * len(rated) / len(deployment.data.movies)
    assert len(rated & set(found)) > 2 * by_chance
