"""What a proxy has to answer: the models asked without it, and the database asked directly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from gremlin_python.driver.client import Client
from movielens_graph import Deployment

from gremlink.grammar.traversal import Literal
from gremlink.proxy.inference.commands import Edge
from gremlink.proxy.learning.graph import Direction
from gremlink.proxy.learning.links.prediction.predictor import LinkPredictor
from gremlink.proxy.learning.properties.prediction.predictor import PropertyPredictor

Ranked = list[tuple[Any, float]]
"""Answers and their scores, best first."""


class Oracle:
    """The endpoints of a deployment, by name."""

    def __init__(self, deployment: Deployment) -> None:
        self.data = deployment.data
        self._store = deployment.store
        self._client = Client(deployment.database, "g")
        self._artifact = cache(self._load)

    def close(self) -> None:
        self._client.close()

    def _load(self, kind: Any, endpoint: str) -> Any:
        found = self._store.endpoint(endpoint)
        assert found is not None
        return kind.load(found.artifact)

    def ask(self, script: str, **bindings: Any) -> list[Any]:
        """What the database answers."""
        results: list[Any] = self._client.submit(script, bindings).all().result()
        return results

    def classes_of_each(
        self, endpoint: str, ids: Sequence[str], limit: int = 1, threshold: float | None = None
    ) -> list[Ranked]:
        """Classes of vertices, or of edges of MovieLens, with their scores.

        Asserts what is true of every such answer.
        """
        predictor: PropertyPredictor = self._artifact(PropertyPredictor, endpoint)
        every = []
        for answers in predictor.predict(list(map(_input, ids)), limit, threshold):
            ranked = [(answer.value.value, answer.score) for answer in answers]
            _assert_ranked(ranked, limit, threshold)
            every.append(ranked)
        return every

    def classes(self, endpoint: str, *ids: str, **options: Any) -> Ranked:
        """The same, one behind the other."""
        return [
            pair for ranked in self.classes_of_each(endpoint, ids, **options) for pair in ranked
        ]

    def numbers(self, endpoint: str, *ids: str) -> list[float]:
        """Predicted numbers of vertices, or of edges of MovieLens."""
        predictor: PropertyPredictor = self._artifact(PropertyPredictor, endpoint)
        found = predictor.predict(list(map(_input, ids)), 1)
        return [answer.value.value for answers in found for answer in answers]

    def links(
        self,
        id: str,
        direction: Direction,
        *,
        limit: int = 1,
        threshold: float | None = None,
    ) -> Ranked:
        """Films that a user may rate next (`out`), or users who may rate a film next (`in`)."""
        predictor: LinkPredictor = self._artifact(LinkPredictor, "rated")
        linked = self.ask(f"g.V(it).{direction}('rated').id()", it=id)
        (answers,) = predictor.predict(
            edge_label="rated",
            direction=direction,
            target_label="movie" if direction == "out" else "user",
            inputs=[Literal.string(id)],
            known=[list(map(Literal.string, linked))],
            limit=limit,
            threshold=threshold,
        )
        ranked = [(answer.id.value, answer.score) for answer in answers]
        _assert_ranked(ranked, limit, threshold)
        assert not {vertex for vertex, _ in ranked} & set(linked)
        return ranked

    def targets(self, id: str, direction: Direction, limit: int = 1) -> list[str]:
        """The same without scores."""
        return [target for target, _ in self.links(id, direction, limit=limit)]

    def title(self, movie: str) -> str:
        return self.titles[movie]

    @property
    def titles(self) -> dict[str, str]:
        """By id."""
        return {movie.id: movie.title for movie in self.data.movies}

    def ratings(self, user: str) -> list[_RatedFilm]:
        """What a user has rated, in the database's order."""
        rows = self.ask(
            "g.V(user).outE('rated').project('e', 'm').by(id).by(inV().id())", user=user
        )
        return [_RatedFilm(row["e"], row["m"]) for row in rows]


@dataclass(frozen=True)
class _RatedFilm:
    edge: str
    movie: str


def _input(id: str) -> Literal | Edge:
    source, between, target = id.partition("-rated-")
    if not between:
        return Literal.string(id)
    return Edge(Literal.string(id), "rated", Literal.string(source), Literal.string(target))


def _assert_ranked(ranked: Ranked, limit: int, threshold: float | None) -> None:
    scores = [score for _, score in ranked]
    assert len(scores) <= limit
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert threshold is None or all(score >= threshold for score in scores)
