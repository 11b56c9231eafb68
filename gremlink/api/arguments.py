"""Arguments of the face as the house takes them: paths, durations, databases, ids."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

from gremlink.errors import WrongArgument
from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.config import Sparql, Upstream
from gremlink.proxy.graph import Server

if TYPE_CHECKING:
    from gremlink.proxy.graph.rdf.client import RdfStore

PathLike: TypeAlias = "str | os.PathLike[str]"

Id: TypeAlias = Any
"""The id of a vertex: `str`, `int`, `uuid.UUID`, a vertex of gremlinpython, or a `Literal`."""

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}

_WHOLE = (Kind.INT, Kind.LONG, Kind.SHORT, Kind.BYTE, Kind.BIG_INTEGER)
"""Types of the graph that a Python `int` may be."""


def path_of(value: PathLike, name: str) -> Path:
    """Return a path. Raises `WrongArgument` for anything else; `name` is the argument's."""
    if not isinstance(value, str | os.PathLike) or not os.fspath(value):
        raise WrongArgument(f"{name} is {value!r}: write the path of a directory")
    return Path(value).expanduser()


def directory_of(value: PathLike, name: str) -> Path:
    """Return the path of a directory that is there. Raises `WrongArgument`."""
    path = path_of(value, name)
    if not path.is_dir():
        problem = "is no directory" if path.exists() else "does not exist"
        raise WrongArgument(f"{name} {path} {problem}")
    return path


def seconds_of(value: float | str | None, name: str) -> float | None:
    """Return a duration in seconds: a number, or text as on the command line: 90s, 5m, 1.5h.

    Raises `WrongArgument`.

    >>> seconds_of("5m", "budget"), seconds_of(90, "budget"), seconds_of(None, "budget")
    (300.0, 90.0, None)
    """
    if value is None:
        return None
    if isinstance(value, str) and (found := re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", value.strip())):
        value = float(found[1]) * _UNITS[found[2]]
    if isinstance(value, str | bool) or not value > 0:
        raise WrongArgument(
            f"{name} is {value!r}: write seconds, or a number and s, m or h, as in '5m'"
        )
    return float(value)


def choice_of(value: str, name: str, choices: Sequence[str]) -> str:
    """Return a value that is one of `choices`. Raises `WrongArgument`."""
    if value not in choices:
        raise WrongArgument(f"{name} is {value!r}: choose one of {', '.join(choices)}")
    return value


def upstream_of(database: str | Upstream, name: str) -> Upstream:
    """Return how to reach a database. Raises `WrongArgument`."""
    from pydantic import ValidationError

    if isinstance(database, str):
        try:
            return Upstream.model_validate({"url": database})
        except ValidationError as error:
            problem = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
            raise WrongArgument(f"{name}: {problem}") from None
    if not isinstance(database, Upstream) or database.url is None:
        raise WrongArgument(
            f"{name} is no database: write its address, as in 'ws://localhost:8183/gremlin', or "
            "gremlink.Upstream(url=...)"
        )
    return database


def server_of(database: str | Upstream, name: str) -> Server:
    """Return a database as loads and exports take it. Raises `WrongArgument`, `TlsError`."""
    from gremlink.proxy.config.tls import context_of

    upstream = upstream_of(database, name)
    return Server(str(upstream.url), context_of(upstream))


def sparql_of(store: str | Sparql, name: str) -> Sparql:
    """Return how to reach an RDF store. Raises `WrongArgument`."""
    from pydantic import ValidationError

    if isinstance(store, str):
        try:
            return Sparql.model_validate({"url": store})
        except ValidationError as error:
            problem = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
            raise WrongArgument(f"{name}: {problem}") from None
    if not isinstance(store, Sparql) or not store.is_set:
        raise WrongArgument(
            f"{name} is no RDF store: write its address, as in 'http://localhost:7878', or "
            "gremlink.Sparql(url=...)"
        )
    return store


def rdf_store_of(store: str | Sparql, name: str) -> RdfStore:
    """Return a store as loads and exports take it. Raises `WrongArgument`, `TlsError`."""
    from gremlink.proxy.management.tasks.description import rdf_store

    return rdf_store(sparql_of(store, name), Upstream())


def each_of(ids: Id | Iterable[Id]) -> Iterator[Id]:
    """Yield one id or several."""
    if isinstance(ids, str | bytes | Integral | UUID | Literal) or hasattr(ids, "id"):
        yield ids
    elif isinstance(ids, Iterable):
        yield from ids
    else:
        yield ids


def literal_of(id: Id, knows: Callable[[Literal], object]) -> Literal:
    """Return the typed id of a Python value.

    A graph may know the integer 1 and the long 1 as different vertices: of the types that an `int`
    may have, the one is taken by which the model knows a vertex (`knows` is not `None`). Raises
    `WrongArgument` where it knows several, and for what cannot be an id.
    """
    if isinstance(id, Literal):
        return id
    if hasattr(id, "id"):  # a vertex of gremlinpython
        return literal_of(id.id, knows)
    if isinstance(id, Integral) and id is not True and id is not False:
        found = [literal for kind in _WHOLE if knows(literal := Literal(kind, int(id))) is not None]
        if type(id).__name__ == "long":  # gremlinpython's
            return Literal(Kind.LONG, int(id))
        if len(found) > 1:
            kinds = " and ".join(literal.kind.value for literal in found)
            raise WrongArgument(
                f"{id} is the id of several vertices, as {kinds}: write "
                f"gremlink.Literal(gremlink.Kind.{found[0].kind.name}, {id})"
            )
        return found[0] if found else Literal.of(int(id))
    try:
        return Literal.of(str(id) if isinstance(id, str) else id)
    except TypeError:
        raise WrongArgument(
            f"{id!r} cannot be the id of a vertex: write a str, an int, a UUID, or a vertex of "
            "gremlinpython"
        ) from None
