"""MovieLens in a Gremlin Server, with a trained endpoint for every task of Neptune ML.

What the sample notebooks take away before training is taken away here, all in one graph: genres of
three films, what `user_1` thought of films. More is held back to be predicted: every tenth film
tells neither genre nor year, and the last user has rated nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import movielens
import pytest
from gremlin_python.driver.client import Client
from movielens import MovieLens, write

from gremlink.proxy.config import Inference
from gremlink.proxy.graph import ExportParameters, export_graph, load_csv
from gremlink.proxy.learning.inductive.scope import INDUCTIVE
from gremlink.proxy.learning.properties.methods import gradient_boosting
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.store.artifacts import read_artifact, write_artifact
from gremlink.proxy.store.records import Store
from tests.support.served import served

USERS = 50
"""Of the 943; all films, but only the ratings of these. Loading and training take a minute."""

NOTEBOOK_FILMS = ("movie_28", "movie_69", "movie_88")
"""Apollo 13, Forrest Gump and Sleepless in Seattle tell no genre, in the notebooks and here."""
SILENT_USER = "user_1"
LONELY_USER = f"user_{USERS}"

QUICK = TrainingSettings(epochs=10, networks=1, folds=2, width=32)
RATED = ["user", "rated", "movie"]

FILMS = {
    "params": {"edgeLabels": ["included_in", "wrote", "about"]},
    "neptune_ml": {
        "jobs": [
            {
                "name": "genre",
                "targets": [{"node": "movie", "property": "genre", "type": "classification"}],
            },
            {
                "name": "rating",
                "targets": [{"node": "rating", "property": "score", "type": "regression"}],
            },
        ]
    },
}
"""Properties of vertices."""

RATINGS = {
    "params": {
        "nodeLabels": ["user", "movie", "genre"],
        "edgeLabels": ["rated", "included_in"],
    },
    "neptune_ml": {
        "jobs": [
            {
                "name": "year",
                "targets": [{"node": "movie", "property": "year", "type": "regression"}],
            },
            {
                "name": "scale",
                "targets": [{"edge": RATED, "property": "scale", "type": "classification"}],
                "features": [{"edge": RATED, "property": "score", "type": "none"}],
            },
            {
                "name": "score",
                "targets": [{"edge": RATED, "property": "score", "type": "regression"}],
                "features": [{"edge": RATED, "property": "scale", "type": "none"}],
            },
            {"name": "rated", "targets": [{"edge": RATED, "type": "link_prediction"}]},
        ]
    },
}
"""Edges, without the vertices that tell the same, and no edge tells its own score in words."""


@dataclass(frozen=True)
class Effort:
    """What is trained with which effort: models by job, and trees a class.

    `ignored` are properties of films that are no features: titles become hundreds of columns.
    """

    models: Mapping[str, str]
    rounds: int
    ignored: tuple[str, ...] = ()


SENSIBLE = Effort(
    {
        "genre": "neighbours",
        "rating": "boosting+neighbours",
        "year": "auto",
        "scale": "auto",
        "score": "rgcn",
        "rated": "auto",
    },
    rounds=40,
)
"""For predictions that make sense."""

QUICKEST = Effort(
    {
        "genre": "neighbours",
        "rating": "rgcn",
        "year": "linear",
        "scale": "linear",
        "score": "rgcn",
        "rated": "rgcn",
    },
    rounds=10,
    ignored=("title",),
)
"""For tests that compare answers with the model's own."""

ROLE = "arn:aws:iam::123456789012:role/NeptuneMLInference"
NARROW_ROLE = "arn:aws:iam::123456789012:role/OnlyGenres"

PROXIES = {
    "plain": Inference(),
    "settled": Inference(default_endpoint="genre", default_iam_role=ROLE),
    "strict": Inference(
        iam_roles={ROLE: ["*"], NARROW_ROLE: ["genre"]},
        one_inference=True,
        unoptimized_steps=["sack"],
    ),
}
"""Nothing set; what Neptune's cluster parameters set; and refusals that are off by default."""


@dataclass(frozen=True)
class Deployment:
    """A database, the addresses of the proxies in front of it, and what all were made of."""

    database: str
    proxies: Mapping[str, str]
    data: MovieLens
    store: Store


def is_held_back(movie: str) -> bool:
    """Whether a film tells neither genre nor year for the sake of a test."""
    return int(movie.removeprefix("movie_")) % 10 == 0


@contextmanager
def deployed_once(
    database: str, directory: Path, effort: Effort = SENSIBLE
) -> Iterator[Deployment]:
    """Deploy the whole data set for the tests of a session, which are skipped without it."""
    try:
        package = movielens.installed()
    except movielens.Unreachable as error:
        pytest.skip(f"MovieLens is missing: {error}")
    with deployed(movielens.read(package), database, directory, effort) as found:
        yield found


@contextmanager
def deployed(
    data: MovieLens, database: str, directory: Path, effort: Effort = SENSIBLE
) -> Iterator[Deployment]:
    """Load, hold back, export, train and serve; whatever the database held before is gone."""
    data = data.of_first(USERS)
    write(data, directory / "csv")
    client = Client(database, "g")
    try:
        client.submit("g.V().drop().iterate()").all().result()
        load_csv(database, directory / "csv")
        hold_back(client, data)
    finally:
        client.close()
    store = Store(directory / "store")
    for name, request in (("films", FILMS), ("ratings", RATINGS)):
        parameters = ExportParameters.parse(without_features(request, effort.ignored))
        export_graph(database, directory / name, parameters=parameters)
        for job in parameters.jobs:
            with patch.object(gradient_boosting, "ROUNDS", effort.rounds):
                train(
                    directory / name,
                    directory / job.name,
                    model=effort.models[job.name],
                    settings=QUICK,
                    configuration=f"{job.name}.json",
                )
            store.create_endpoint(job.name, directory / job.name)
    without_metadata(store, directory)
    with serving(database, directory / "store") as proxies:
        yield Deployment(database, proxies, data, store)


def without_features(request: dict[str, Any], ignored: Sequence[str]) -> dict[str, Any]:
    """Return parameters of an export in which these properties of films are no features."""
    none = [{"node": "movie", "property": name, "type": "none"} for name in ignored]
    jobs = [
        {**job, "features": [*job.get("features", ()), *none]}
        for job in request["neptune_ml"]["jobs"]
    ]
    return {**request, "neptune_ml": {"jobs": jobs}}


@contextmanager
def serving(database: str, store: Path) -> Iterator[Mapping[str, str]]:
    """The proxies of `PROXIES`, by name."""
    with ExitStack() as running:
        yield {
            name: running.enter_context(served(database, store, inference))
            for name, inference in PROXIES.items()
        }


def without_metadata(store: Store, directory: Path) -> None:
    """The endpoints `rated-old`, of a model from before inductive inference, and `rated-broken`."""
    artifact = read_artifact(directory / "rated")
    documents = {name: found for name, found in artifact.documents.items() if name != INDUCTIVE}
    about = {key: value for key, value in artifact.manifest.items() if key != "files"}
    write_artifact(directory / "rated-old", replace(artifact, documents=documents, manifest=about))
    store.create_endpoint("rated-old", directory / "rated-old")
    broken = store.create_endpoint("rated-broken", directory / "rated")
    (broken.artifact / f"{INDUCTIVE}.json").write_text("{}")


def hold_back(client: Client, data: MovieLens) -> None:
    """Take away what is to be predicted."""
    held = [movie.id for movie in data.movies if is_held_back(movie.id)]
    for script, bindings in (
        ("g.V(held).properties('genre', 'year').drop()", {"held": held}),
        ("g.V(films).properties('genre').drop()", {"films": list(NOTEBOOK_FILMS)}),
        ("g.V(user).outE('rated').properties().drop()", {"user": SILENT_USER}),
        ("g.V(user).out('wrote').properties('score').drop()", {"user": SILENT_USER}),
        ("g.V(user).outE('rated').drop()", {"user": LONELY_USER}),
    ):
        told: dict[str, Any] = bindings
        client.submit(script, told).all().result()
