"""MovieLens-100k as the graph of Neptune ML's sample notebooks, in bulk-loader CSV.

    pip install --no-deps --target seeds recbole==1.2.1
    python tests/support/movielens.py seeds movielens [--users 100]
    gremlink load movielens --url ws://localhost:8183/gremlin

The data belong to GroupLens, whose terms allow research and no redistribution: they are read where
the package from PyPI has them, and nothing of them is kept in this repository. `installed` fetches
the package into the user's cache, for tests.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

VERSION = "1.2.1"
DIGEST = "sha256:9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407"
DATA = Path("recbole") / "dataset_example" / "ml-100k"
RAW_GENRES = (
    *("unknown", "Action", "Adventure", "Animation", "Childrens", "Comedy", "Crime"),
    *("Documentary", "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance"),
    *("Sci-Fi", "Thriller", "War", "Western"),
)
"""In the order of the flags of a film."""

SCALE = {1: "Hate", 2: "Dislike", 3: "Neutral", 4: "Like", 5: "Love"}

Row = Mapping[str, object]


class Unreachable(Exception):
    """The package index cannot be reached."""


@dataclass(frozen=True)
class Movie:
    """A film; `year` is `None` where the data have none."""

    id: str
    title: str
    year: int | None
    genres: tuple[str, ...]


@dataclass(frozen=True)
class User:
    """Somebody who rates films."""

    id: str
    age: int
    gender: str
    occupation: str
    zip_code: str


@dataclass(frozen=True)
class Rating:
    """From 1 to 5 stars; `timestamp` is in seconds since 1970."""

    user: str
    movie: str
    score: int
    timestamp: int


@dataclass(frozen=True)
class MovieLens:
    """The data, with the ids of the sample notebooks: `movie_28`, `user_1`."""

    movies: tuple[Movie, ...]
    users: tuple[User, ...]
    ratings: tuple[Rating, ...]

    def of_first(self, users: int) -> MovieLens:
        """All films, the first users and their ratings."""
        kept = self.users[:users]
        ids = {user.id for user in kept}
        return MovieLens(
            self.movies, kept, tuple(rating for rating in self.ratings if rating.user in ids)
        )


def installed() -> Path:
    """Where the package is: in the user's cache, into which pip fetches it once.

    Raises `Unreachable`; and RuntimeError where what is fetched is not what it should be.
    """
    cache = platformdirs.user_cache_path("gremlink") / "packages"
    found = cache / f"recbole-{VERSION}"
    if not (found / DATA).is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".partial-", dir=cache) as partial:
            _fetch(Path(partial))
            (Path(partial) / "package").rename(found)
    return found


def _fetch(directory: Path) -> None:
    """Install into `directory / "package"`, without what the package depends on."""
    requirements = directory / "requirements.txt"
    requirements.write_text(f"recbole=={VERSION} --hash={DIGEST}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--retries=1"]
    command += ["--disable-pip-version-check", "--no-deps", "--only-binary=:all:", "--no-compile"]
    command += ["--require-hashes", f"--requirement={requirements}"]
    done = subprocess.run(
        [*command, f"--target={directory / 'package'}"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode == 0:
        return
    said = " ".join(done.stderr.split())
    if "No matching distribution" in said or "Connection" in said:
        raise Unreachable(f"pip cannot fetch recbole {VERSION}: {said[:300]}")
    raise RuntimeError(f"pip cannot install recbole {VERSION}: {said}")


def read(package: Path) -> MovieLens:
    """The data in a directory that the package was installed into."""
    data = package / DATA
    return MovieLens(
        tuple(_movie(*row) for row in _rows(data / "ml-100k.item")),
        tuple(
            User(f"user_{id}", int(age), gender, occupation, zip_code)
            for id, age, gender, occupation, zip_code in _rows(data / "ml-100k.user")
        ),
        tuple(
            Rating(f"user_{user}", f"movie_{movie}", int(score), int(timestamp))
            for user, movie, score, timestamp in _rows(data / "ml-100k.inter")
        ),
    )


def _rows(file: Path) -> Iterator[list[str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        next(rows)  # the header
        yield from rows


def _movie(id: str, title: str, year: str, genres: str) -> Movie:
    dated = year.isdecimal()
    return Movie(
        f"movie_{id}",
        f"{title} ({year})" if dated else title,
        int(year) if dated else None,
        tuple(genres.replace("'", "").split()),
    )


def write_raw(data: MovieLens, directory: Path) -> None:
    """Write the files `u.item`, `u.user` and `u.data` in the form in which GroupLens has them.

    The package keeps years of films alone, and no addresses: days are the first of January.
    """
    directory.mkdir(parents=True)
    with (directory / "u.item").open("w", encoding="ISO-8859-1", errors="replace") as file:
        for movie in data.movies:
            released = "" if movie.year is None else f"01-Jan-{movie.year}"
            flags = "|".join(str(int(genre in movie.genres)) for genre in RAW_GENRES)
            file.write(f"{movie.id.removeprefix('movie_')}|{movie.title}|{released}|||{flags}\n")
    with (directory / "u.user").open("w", encoding="ISO-8859-1") as file:
        for user in data.users:
            about = f"{user.age}|{user.gender}|{user.occupation}|{user.zip_code}"
            file.write(f"{user.id.removeprefix('user_')}|{about}\n")
    with (directory / "u.data").open("w", encoding="ISO-8859-1") as file:
        for rating in data.ratings:
            ends = rating.user.removeprefix("user_"), rating.movie.removeprefix("movie_")
            file.write("\t".join((*ends, str(rating.score), str(rating.timestamp))) + "\n")


def write(data: MovieLens, directory: Path) -> None:
    """Write the files that `gremlink load` reads.

    Users `rated` films; the same ratings are vertices too, which a user `wrote` `about` a film; a
    film is `included_in` its genres, which it also has as a property.
    """
    directory.mkdir(parents=True, exist_ok=True)
    _write(directory / "movie_vertex.csv", map(_movie_row, data.movies))
    _write(
        directory / "genre_vertex.csv",
        (
            {"~id": genre, "~label": "genre", "name:String": genre}
            for genre in sorted({genre for movie in data.movies for genre in movie.genres})
        ),
    )
    _write(
        directory / "genre_edges.csv",
        (_edge(movie.id, "included_in", genre) for movie in data.movies for genre in movie.genres),
    )
    _write(directory / "user_vertex.csv", map(_user_row, data.users))
    _write(
        directory / "ratings_vertices.csv",
        (
            {
                "~id": _rating_id(rating),
                "~label": "rating",
                "score:Int": rating.score,
                "timestamp:Long": rating.timestamp,
            }
            for rating in data.ratings
        ),
    )
    _write(
        directory / "ratings_vertex_edges.csv",
        (edge for rating in data.ratings for edge in _rating_edges(rating)),
    )
    _write(
        directory / "rated_edges.csv",
        (
            {
                **_edge(rating.user, "rated", rating.movie),
                "score:Int": rating.score,
                "scale:String": SCALE[rating.score],
            }
            for rating in data.ratings
        ),
    )


def _movie_row(movie: Movie) -> Row:
    return {
        "~id": movie.id,
        "~label": "movie",
        "title:String": movie.title,
        "year:Int": "" if movie.year is None else movie.year,
        "genre:String[]": ";".join(movie.genres),
    }


def _user_row(user: User) -> Row:
    return {
        "~id": user.id,
        "~label": "user",
        "age:Int": user.age,
        "gender:String": user.gender,
        "occupation:String": user.occupation,
        "zip_code:String": user.zip_code,
    }


def _rating_id(rating: Rating) -> str:
    return f"{rating.user}:{rating.movie}"


def _rating_edges(rating: Rating) -> Iterator[Row]:
    yield _edge(rating.user, "wrote", _rating_id(rating))
    yield _edge(_rating_id(rating), "about", rating.movie)


def _edge(source: str, label: str, target: str) -> Row:
    return {"~id": f"{source}-{label}-{target}", "~label": label, "~from": source, "~to": target}


def _write(file: Path, rows: Iterable[Row]) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = None
        for row in rows:
            if writer is None:
                writer = csv.DictWriter(out, list(row))
                writer.writeheader()
            writer.writerow(row)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("package", type=Path, help="where recbole was installed")
    parser.add_argument("directory", type=Path, help="for the CSV files")
    parser.add_argument("--users", type=int, help="only the first so many, and their ratings")
    arguments = parser.parse_args()
    data = read(arguments.package)
    if arguments.users is not None:
        data = data.of_first(arguments.users)
    write(data, arguments.directory)


if __name__ == "__main__":
    main()
