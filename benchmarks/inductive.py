"""People who come after training: inductive answers beside those of a model trained again.

    pip install --no-deps --target seeds recbole==1.2.1
    python benchmarks/inductive.py seeds [--users 943] [--share 0.1] [--model auto] [--budget 120]

Reads MovieLens-100k where the package has it. A tenth of the people are held back with all that
they rated; a model is trained on the others. Then they come, each with four fifths of their
ratings, into the graph of an embedded Gremlin Server, and inductive queries through the proxy rank
films for them; what they rated in the last fifth should be among the first. The same is asked of a
model that was trained again with them, from the beginning or with a warm start, of the first model
after a transform, and of popularity. Prints a table, what a query takes, and ends with ratios to
the model trained again: NDCG@10 of the inductive answers, MRR of those after the transform and of
the warm start.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gremlin_python.driver.client import Client
from properties import MOVIELENS, table
from rich.console import Console
from rich.table import Table

from gremlink.api.background import relay
from gremlink.proxy.config import Configuration, Listen, StoreSettings, Upstream
from gremlink.proxy.embedded import EmbeddedServer
from gremlink.proxy.graph import ExportParameters, export_graph, load_csv
from gremlink.proxy.learning.settings import SearchSettings, TrainingSettings
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.learning.workflows.transform import transform
from gremlink.proxy.store.records import Store

PARAMETERS = ExportParameters.parse(
    {"targets": [{"edge": ["user", "rated", "movie"], "type": "link_prediction"}]}
)
LIMIT = 100
"""Results of a query; a film that is not among them counts as not found."""
TOGETHER = 10
"""People whom one query asks for."""
LEAST = 5
"""Ratings that a person must have to be asked about."""

Ratings = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Newcomers:
    """People who come later: what is known of them then, and what is asked."""

    given: Ratings
    asked: Ratings


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seeds", type=Path, help="where the package was installed")
    parser.add_argument("--users", type=int, default=943, help="only the first so many people")
    parser.add_argument("--share", type=float, default=0.1, help="of the people come later")
    parser.add_argument("--model", default="auto")
    parser.add_argument("--budget", type=float, default=0.0, help="seconds of a training")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    source = arguments.seeds / MOVIELENS
    ratings = ratings_of(source, arguments.users)
    newcomers = held_back(ratings, arguments.share, arguments.seed)
    console = Console(width=120)
    with tempfile.TemporaryDirectory() as temporary, EmbeddedServer(port=0) as server:
        work = Path(temporary)
        store = Store(work / "store")

        def trained(name: str, model: str, previous: Path | None = None) -> None:
            if not (work / f"export-{name}").exists():
                export_graph(server.url, work / f"export-{name}", parameters=PARAMETERS)
            called = f"{name}-{model}" if previous is None else f"warm-{model}"
            artifact = work / called
            train(
                work / f"export-{name}",
                artifact,
                model=model,
                seed=arguments.seed,
                settings=TrainingSettings(budget=arguments.budget),
                search=SearchSettings(previous=previous),
            )
            store.create_endpoint(called, artifact)

        films, people = films_of(source), people_of(source)
        first = {person: own for person, own in ratings.items() if person not in newcomers.asked}
        write(work / "first", films, [row for row in people if row["~id"] in first], first)
        load_csv(server.url, work / "first")
        trained("before", arguments.model)
        trained("before", "popularity")
        later = [row for row in people if row["~id"] in newcomers.given]
        write(work / "later", (), later, newcomers.given)
        load_csv(server.url, work / "later")
        trained("after", arguments.model)
        trained("after", arguments.model, previous=work / f"before-{arguments.model}")
        transformed = work / "transformed"
        transform(work / f"before-{arguments.model}", work / "export-after", transformed)
        store.create_endpoint(f"transformed-{arguments.model}", transformed)
        configuration = Configuration(
            listen=Listen(port=0),
            upstream=Upstream(url=server.url),
            store=StoreSettings(directory=store.root),
        )
        with relay(configuration) as address:
            client = Client(address, "g")
            figures = measured(console, client, newcomers, arguments.model)
            times(console, client, list(newcomers.asked), arguments.model)
            client.close()
    inductive, again, moved, warm = figures[:4]
    ratio = inductive["NDCG@10"] / again["NDCG@10"]
    console.print(f"NDCG@10 of inductive answers / of a model trained again: {ratio:.3f}")
    name = f"MRR@{LIMIT}"
    console.print(f"{name} with a warm start / from the beginning: {warm[name] / again[name]:.3f}")
    console.print(f"{name} after a transform / of a model trained again: "
                  f"{moved[name] / again[name]:.3f}")  # fmt: skip
    return 0


def measured(
    console: Console, client: Client, newcomers: Newcomers, model: str
) -> list[dict[str, float]]:
    """Print the figures of all ways to answer; they themselves."""
    ways = [
        ("inductive", f"before-{model}", True),
        ("trained again", f"after-{model}", False),
        ("after a transform", f"transformed-{model}", False),
        ("trained again, warm start", f"warm-{model}", False),
        ("trained again, inductive", f"after-{model}", True),
        ("popularity, inductive", "before-popularity", True),
        ("transductive", f"before-{model}", False),
    ]
    shown = Table("Answers", "NDCG@10", "Hits@10", f"MRR@{LIMIT}", "Found")
    figures = []
    for title, endpoint, inductive in ways:
        ranked = answers(client, endpoint, list(newcomers.asked), inductive=inductive)
        found = metrics(ranked, newcomers.asked)
        figures.append(found)
        shown.add_row(title, *(f"{value:.4f}" for value in found.values()))
    console.print(shown)
    return figures


def answers(
    client: Client, endpoint: str, people: Sequence[str], *, inductive: bool
) -> dict[str, list[str]]:
    """The films for each person, best first."""
    found: dict[str, list[str]] = {}
    for start in range(0, len(people), TOGETHER):
        ids = people[start : start + TOGETHER]
        rows = client.submit(query(endpoint, ids, LIMIT, inductive=inductive)).all().result()
        found.update((row["p"], row["f"]) for row in rows)
    return found


def query(endpoint: str, ids: Sequence[str], limit: int, *, inductive: bool) -> str:
    """A script for the films of some people."""
    more = '.with("Neptune#ml.inductiveInference")' if inductive else ""
    people = ", ".join(f'"{person}"' for person in ids)
    return (
        f'g.with("Neptune#ml.endpoint", "{endpoint}").with("Neptune#ml.limit", {limit})'
        f'.V({people}).project("p", "f").by(id)'
        f'.by(out("rated").with("Neptune#ml.prediction"){more}.hasLabel("movie").id().fold())'
    )


def metrics(ranked: Mapping[str, Sequence[str]], asked: Ratings) -> dict[str, float]:
    """Means over people: NDCG and hits among ten, and over films: reciprocal ranks and shares."""
    gains, hits, reciprocal, found = [], [], [], []
    for person, films in asked.items():
        wanted = set(films)
        places = [place for place, film in enumerate(ranked[person]) if film in wanted]
        first = [place for place in places if place < 10]
        ideal = sum(1 / np.log2(place + 2) for place in range(min(10, len(wanted))))
        gains.append(sum(1 / np.log2(place + 2) for place in first) / ideal)
        hits.append(float(bool(first)))
        reciprocal.append(sum(1 / (place + 1) for place in places) / len(wanted))
        found.append(len(places) / len(wanted))
    names = ("NDCG@10", "Hits@10", f"MRR@{LIMIT}", "Found")
    return {
        name: float(np.mean(values))
        for name, values in zip(names, (gains, hits, reciprocal, found), strict=True)
    }


def times(console: Console, client: Client, people: Sequence[str], model: str) -> None:
    """Print what a query for one person takes, warm."""
    medians = []
    for endpoint, inductive in ((f"after-{model}", False), (f"before-{model}", True)):
        taken = []
        for person in people[:20]:
            begun = time.perf_counter()
            client.submit(query(endpoint, [person], 10, inductive=inductive)).all().result()
            taken.append((time.perf_counter() - begun) * 1000)
        medians.append(statistics.median(taken))
    transductive, inductive_ = medians
    console.print(
        f"One person, ten films: {transductive:.0f} ms, inductive {inductive_:.0f} ms"
        f" ({inductive_ / transductive:.1f} times)"
    )


def ratings_of(source: Path, users: int) -> dict[str, list[str]]:
    """By person, the rated films, the earliest first."""
    rows = [
        (float(when), user, film)
        for user, film, _, when in table(source / "ml-100k.inter")
        if int(user) <= users
    ]
    found: dict[str, list[str]] = {}
    for _, user, film in sorted(rows):
        found.setdefault(f"user_{user}", []).append(f"movie_{film}")
    return found


def held_back(ratings: Ratings, share: float, seed: int) -> Newcomers:
    """A share of the people; the last fifth of what they rated is asked."""
    random = np.random.default_rng(seed)
    able = sorted(person for person, own in ratings.items() if len(own) >= LEAST)
    chosen = random.choice(able, round(share * len(able)), replace=False).tolist()
    cut = {person: max(1, len(ratings[person]) // 5) for person in chosen}
    return Newcomers(
        {person: ratings[person][: -cut[person]] for person in chosen},
        {person: ratings[person][-cut[person] :] for person in chosen},
    )


def films_of(source: Path) -> list[dict[str, str]]:
    return [
        {
            "~id": f"movie_{film}",
            "~label": "movie",
            "year:Int": year if year.isdigit() else "",
            "genre:String[]": ";".join(genres.split(" ")),
        }
        for film, _, year, genres in table(source / "ml-100k.item")
    ]


def people_of(source: Path) -> list[dict[str, str]]:
    return [
        {
            "~id": f"user_{user}",
            "~label": "user",
            "age:Int": age,
            "gender:String": gender,
            "occupation:String": occupation,
        }
        for user, age, gender, occupation, _ in table(source / "ml-100k.user")
    ]


def write(
    directory: Path,
    films: Sequence[Mapping[str, str]],
    people: Sequence[Mapping[str, str]],
    ratings: Ratings,
) -> None:
    """A directory that `gremlink load` reads."""
    directory.mkdir()
    edges = [
        {"~id": f"{person}-{film}", "~label": "rated", "~from": person, "~to": film}
        for person, own in ratings.items()
        for film in own
    ]
    for name, rows in (("films", films), ("people", people), ("rated", edges)):
        if rows:
            _write(directory / f"{name}.csv", rows)


def _write(file: Path, rows: Iterable[Mapping[str, str]]) -> None:
    listed = list(rows)
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(listed[0]))
        writer.writeheader()
        writer.writerows(listed)


if __name__ == "__main__":
    sys.exit(main())
