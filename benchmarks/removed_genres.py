"""Removed genres: the rate of right answers, beside the rate in the report.

    pip install --no-deps --target seeds recbole==1.2.1
    python benchmarks/removed_genres.py seeds [--films 60] [--most-rated 60] [--hidden]

Graph, features and target are those of AWS's notebook on node classification: MovieLens-100k, the
ratings both as edges and as vertices, the genres both as a property and as vertices. So a
removed genre can be found, if the hundreds of ratings of a film do not drown it; with
`--hidden` the links to the genres are not exported, and only people's ratings are left. The
notebook removes the genres of three much-rated films, which is too few for a rate. Here they are
removed from films at random, the most rated ones, and the notebook's three, all before the
training; then queries through the proxy ask for them as the notebook does. Prints micro F1 of the
genres that are named from one half upwards, and how often the likeliest is right, and one of three,
beside the report's own figure; standard errors are those of resampled films.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from gremlin_python.driver.client import Client
from properties import MOVIELENS, SCALE, table
from rich.console import Console
from rich.table import Table

from gremlink.api.background import relay
from gremlink.proxy.config import Configuration, Listen, StoreSettings, Upstream
from gremlink.proxy.embedded import EmbeddedServer
from gremlink.proxy.graph import ExportParameters, export_graph, load_csv
from gremlink.proxy.learning.reports.property_table import property_table
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.store.records import Store

REQUEST = {
    "targets": [{"node": "movie", "property": "genre", "type": "classification"}],
    "features": [
        {"node": "movie", "property": "title", "type": "text_word2vec"},
        {
            "node": "user",
            "property": "age",
            "type": "bucket_numerical",
            "range": [1, 100],
            "num_buckets": 10,
        },
    ],
}
HIDDEN = {"params": {"edgeLabels": ["rated", "wrote", "about"]}}
NOTEBOOK = ("movie_28", "movie_69", "movie_88")
"""Apollo 13, Forrest Gump, Sleepless in Seattle."""
TOGETHER = 50
"""Films that one query asks for."""
SAMPLES = 2000

Genres = Mapping[str, Sequence[str]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seeds", type=Path, help="where the package was installed")
    parser.add_argument("--films", type=int, default=60, help="at random, without their genres")
    parser.add_argument("--most-rated", type=int, default=60, help="the same of the most rated")
    parser.add_argument("--hidden", action="store_true", help="leave included_in out, too")
    parser.add_argument("--model", default="auto")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    source = arguments.seeds / MOVIELENS
    truth = {f"movie_{film}": genres.split(" ") for film, _, _, genres in table(source / ITEM)}
    groups = {
        "at random": drawn(truth, arguments.films, arguments.seed),
        "most rated": most_rated(source, arguments.most_rated),
        "the notebook's": NOTEBOOK,
    }
    removed = list(dict.fromkeys(film for films in groups.values() for film in films))
    console = Console(width=120)
    with tempfile.TemporaryDirectory() as temporary, EmbeddedServer(port=0) as server:
        work = Path(temporary)
        write_graph(source, work / "csv")
        load_csv(server.url, work / "csv")
        database = Client(server.url, "g")
        script = "g.V(films).properties('genre').drop().iterate()"
        database.submit(script, {"films": removed}).all().result()
        database.close()
        parameters = ExportParameters.parse(REQUEST | (HIDDEN if arguments.hidden else {}))
        export_graph(server.url, work / "export", parameters=parameters)
        report = train(
            work / "export", work / "artifact", model=arguments.model, seed=arguments.seed
        )
        console.print(property_table(report), "")
        store = Store(work / "store")
        store.create_endpoint("genre", work / "artifact")
        configuration = Configuration(
            listen=Listen(port=0),
            upstream=Upstream(url=server.url),
            store=StoreSettings(directory=store.root),
        )
        with relay(configuration) as address:
            client = Client(address, "g")
            named = answers(client, removed, limit=100, threshold=0.5)
            listed = answers(client, removed, limit=3)
            client.close()
    shown = Table("Films", "Number", "micro F1", "Likeliest is right", "One of three is right")
    for title, films in groups.items():
        pairs = [(set(truth[film]), named[film]) for film in films]
        first = np.mean([listed[film][0] in truth[film] for film in films])
        some = np.mean([bool(set(listed[film]).intersection(truth[film])) for film in films])
        shown.add_row(title, str(len(films)), with_error(pairs), f"{first:.3f}", f"{some:.3f}")
    console.print(shown)
    promised = report.rows[0].metrics["micro_f1"]
    console.print(f"the report, micro F1: {promised:.3f} ({report.protocol})")
    return 0


def answers(
    client: Client, films: Sequence[str], *, limit: int, threshold: float | None = None
) -> dict[str, list[str]]:
    """The genres of each film, the likeliest first."""
    options = f'.with("Neptune#ml.limit", {limit})'
    if threshold is not None:
        options += f'.with("Neptune#ml.threshold", {threshold}D)'
    found: dict[str, list[str]] = {}
    for start in range(0, len(films), TOGETHER):
        ids = ", ".join(f'"{film}"' for film in films[start : start + TOGETHER])
        rows = client.submit(
            f'g.with("Neptune#ml.endpoint", "genre"){options}.V({ids}).project("film", "genres")'
            '.by(id).by(properties("genre").with("Neptune#ml.classification").value().fold())'
        )
        found.update((row["film"], row["genres"]) for row in rows.all().result())
    return found


def micro_f1(pairs: Sequence[tuple[set[str], Sequence[str]]]) -> float:
    """Of all pairs of film and genre together."""
    right = sum(len(genres.intersection(named)) for genres, named in pairs)
    return 2 * right / sum(len(genres) + len(named) for genres, named in pairs)


def with_error(pairs: Sequence[tuple[set[str], Sequence[str]]]) -> str:
    """The figure, and the standard deviation of it over resampled films."""
    random = np.random.default_rng(0)
    drawn = random.integers(len(pairs), size=(SAMPLES, len(pairs)))
    spread = np.std([micro_f1([pairs[place] for place in places]) for places in drawn.tolist()])
    return f"{micro_f1(pairs):.3f} ± {spread:.3f}"


def drawn(truth: Genres, count: int, seed: int) -> list[str]:
    """Films at random, without the notebook's."""
    others = sorted(set(truth) - set(NOTEBOOK))
    chosen: list[str] = np.random.default_rng(seed).choice(others, count, replace=False).tolist()
    return chosen


def most_rated(source: Path, count: int) -> list[str]:
    """Films with most ratings first, without the notebook's."""
    counted = Counter(f"movie_{film}" for _, film, _, _ in table(source / RATINGS))
    return [film for film, _ in counted.most_common() if film not in NOTEBOOK][:count]


ITEM, RATINGS, USER = "ml-100k.item", "ml-100k.inter", "ml-100k.user"


def write_graph(source: Path, directory: Path) -> None:
    """The bulk loader's files that the notebook's helper writes."""
    directory.mkdir()
    films = list(table(source / ITEM))
    every = sorted({genre for *_, genres in films for genre in genres.split(" ")})
    files: dict[str, tuple[Sequence[str], Iterable[Sequence[object]]]] = {
        "movies": (
            ("~id", "~label", "title:String", "release_date:Date", "genre:String[]"),
            (
                (f"movie_{film}", "movie", f"{title} ({year})" if year.isdigit() else title,
                 f"{year}-01-01T00:00:00" if year.isdigit() else "", genres.replace(" ", ";"))
                for film, title, year, genres in films
            ),
        ),
        "genres": (("~id", "~label", "name:String"), ((each, "genre", each) for each in every)),
        "included_in": (
            EDGE,
            (
                edge(f"movie_{film}", "included_in", genre)
                for film, *_, genres in films
                for genre in genres.split(" ")
            ),
        ),
        "users": (
            ("~id", "~label", "age:Int", "gender:String", "occupation:String", "zip_code:String"),
            ((f"user_{user}", "user", *about) for user, *about in table(source / USER)),
        ),
        "ratings": (
            ("~id", "~label", "score:Int", "timestamp:String"),
            (
                (f"user_{user}:movie_{film}", "rating", int(float(score)), when)
                for user, film, score, when in table(source / RATINGS)
            ),
        ),
        "around": (EDGE, around(source)),
        "rated": (
            (*EDGE, "score:Int", "scale:String"),
            (
                (*edge(f"user_{user}", "rated", f"movie_{film}"), int(float(score)),
                 SCALE[int(float(score))])
                for user, film, score, _ in table(source / RATINGS)
            ),
        ),
    }  # fmt: skip
    for name, (header, rows) in files.items():
        with (directory / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *rows])


EDGE = ("~id", "~label", "~from", "~to")


def edge(source: str, label: str, target: str) -> tuple[str, ...]:
    return f"{source}-{label}-{target}", label, source, target


def around(source: Path) -> Iterator[tuple[str, ...]]:
    """Yield edges from the author to a rating, and from the rating to its film."""
    for user, film, _, _ in table(source / RATINGS):
        rating = f"user_{user}:movie_{film}"
        yield edge(f"user_{user}", "wrote", rating)
        yield edge(rating, "about", f"movie_{film}")


if __name__ == "__main__":
    sys.exit(main())
