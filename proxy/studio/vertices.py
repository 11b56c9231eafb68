"""Vertices on pages: their addresses, their names, and finding them by typing."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from gremlin_python.process.graph_traversal import GraphTraversal, __
from gremlin_python.process.traversal import T, TextP
from gremlin_python.statics import SingleByte, long, short

from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.graph.server.source import g
from gremlink.proxy.studio.errors import QueryRefused, WrongInput
from gremlink.proxy.studio.visit import Visit

SAMPLE = 60
"""Vertices of a label that are read to learn by which property they are called."""

REMEMBERED = 600.0
"""Seconds for which that is remembered."""

LONGEST_NAME = 120
"""Characters of a name; longer texts describe."""

DISTINCT = 0.8
"""Share of the sampled values that differ, from which on they may tell vertices apart. Names of
people and films repeat now and then; categories and years repeat much more."""

PRESENT = 0.5
"""Share of the sampled vertices that have the property."""

USUAL = (
    "name",
    "title",
    "label",
    "fullname",
    "full_name",
    "displayname",
    "username",
    "desc",
    "code",
)
"""Keys that are asked first where several could be names."""

SECONDS = 5.0
"""Time for a search; the database then stops."""

_INT = range(-(2**31), 2**31)
_LONG = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class Named:
    """A vertex for people: `name` is empty where nothing reads like one."""

    id: Any
    label: str
    name: str

    @property
    def address(self) -> str:
        """The vertex in an address; see `spell_id`."""
        return spell_id(self.id)

    @property
    def shown(self) -> str:
        """Its name, or its id."""
        return self.name or str(self.id)


def spell_id(id: Any) -> str:
    """Write an id with its type: `"1"`, `1` and `1L` are different vertices."""
    match id:
        case bool():
            return f"b:{str(id).lower()}"
        case str():
            return f"s:{id}"
        case UUID():
            return f"u:{id}"
        case SingleByte():
            return f"y:{int(id)}"
        case short():
            return f"h:{int(id)}"
        case long():
            return f"l:{int(id)}"
        case int():
            return f"i:{id}" if id in _INT else f"l:{id}"
        case float():
            return f"d:{id!r}"
    return f"s:{id}"


def read_id(text: str) -> Any:
    """Return the id that `spell_id` wrote. Raises `WrongInput`."""
    kind, colon, value = text.partition(":")
    try:
        if colon:
            match kind:
                case "s":
                    return value
                case "i":
                    return int(value)
                case "l":
                    return long(int(value))
                case "h":
                    return short(int(value))
                case "y":
                    return SingleByte(int(value))
                case "u":
                    return UUID(value)
                case "d":
                    return float(value)
                case "b":
                    return value == "true"
    except ValueError:
        pass
    raise WrongInput(
        f"{text[:100]!r} is no vertex: choose one of the list that appears while you type.",
        "vertex",
    )


def literal_of(id: Any) -> Literal:
    """Return an id as models know it."""
    match id:
        case SingleByte():
            return Literal(Kind.BYTE, int(id))
        case short():
            return Literal(Kind.SHORT, int(id))
        case long():
            return Literal(Kind.LONG, int(id))
    return Literal.of(id)


def value_of(literal: Literal) -> Any:
    """Return an id of a model as gremlinpython has it."""
    match literal.kind:
        case Kind.BYTE:
            return SingleByte(literal.value)
        case Kind.SHORT:
            return short(literal.value)
        case Kind.LONG:
            return long(literal.value)
    return literal.value


def _ids_in(text: str) -> list[Any]:
    """Return the ids that a text may mean, in every type."""
    found: list[Any] = [text]
    if text.lstrip("-").isdecimal() and len(text) < 20:
        number = int(text)
        found += [number] if number in _INT else []
        found += [long(number)] if number in _LONG else []
    with contextlib.suppress(ValueError):
        found.append(UUID(text))
    return found


class NameKeys:
    """The property by which the vertices of a label are called, learned from a sample."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[float, tuple[str, ...]]] = {}

    async def of(self, visit: Visit, label: str) -> tuple[str, ...]:
        """Return keys that read like names, the best first. Raises `StudioError`."""
        mine = (visit.authorization, label)
        known = self._known.get(mine)
        if known is not None and time.monotonic() - known[0] < REMEMBERED:
            return known[1]
        rows = await visit.ask(
            g.V().has_label(label).limit(SAMPLE).value_map(), seconds=SECONDS, most=SAMPLE
        )
        keys = name_keys(rows)
        self._known[mine] = time.monotonic(), keys
        return keys


NAME_KEYS = NameKeys()


def name_keys(rows: Sequence[Mapping[Any, Any]]) -> tuple[str, ...]:
    """Return the keys whose values read like names, from the properties of a sample.

    A name is a short text that nearly every vertex has and few share. Among several, usual keys
    come first, then those with the most different values, then the longer texts: codes identify,
    names are longer.
    """
    values: dict[str, list[str]] = {}
    for row in rows:
        for key, found in row.items():
            one = found[0] if isinstance(found, list | tuple) and found else found
            if isinstance(key, str) and isinstance(one, str) and 0 < len(one) <= LONGEST_NAME:
                values.setdefault(key, []).append(one)
    found_keys = []
    for key, texts in values.items():
        share, distinct = len(texts) / len(rows), len(set(texts)) / len(texts)
        if share < PRESENT or distinct < DISTINCT or not any(map(_has_letter, texts)):
            continue
        usual = USUAL.index(key.lower()) if key.lower() in USUAL else len(USUAL)
        mean = sum(map(len, texts)) / len(texts)
        found_keys.append((usual, -round(distinct, 1), -mean, key))
    return tuple(key for *_, key in sorted(found_keys)[:4])


def _has_letter(text: str) -> bool:
    return any(each.isalpha() for each in text)


async def display_names(visit: Visit, ids: Iterable[Any]) -> dict[Any, Named]:
    """Return the vertices with these ids that there are, by what `spell_id` writes."""
    wanted = {spell_id(each): each for each in ids}
    if not wanted:
        return {}
    rows = await visit.ask(
        g.V(*wanted.values()).project("id", "label").by(T.id).by(T.label),
        seconds=SECONDS,
        most=len(wanted),
    )
    return await _named(visit, rows)


async def _named(visit: Visit, rows: Sequence[Mapping[str, Any]]) -> dict[Any, Named]:
    by_label: dict[str, list[Any]] = {}
    for row in rows:
        by_label.setdefault(row["label"], []).append(row["id"])
    found: dict[Any, Named] = {}
    for label, ids in by_label.items():
        keys = await NAME_KEYS.of(visit, label)
        names: dict[str, str] = {}
        if keys:
            pairs = await visit.ask(
                g.V(*ids).project("id", "name").by(T.id).by(_first(keys)),
                seconds=SECONDS,
                most=len(ids),
            )
            names = {spell_id(pair["id"]): str(pair["name"]) for pair in pairs}
        for id in ids:
            found[spell_id(id)] = Named(id, label, names.get(spell_id(id), "")[:LONGEST_NAME])
    return found


def _first(keys: Sequence[str]) -> GraphTraversal:
    """Return the traversal to the first value of the first key that a vertex has."""
    ways = [__.values(key).limit(1) for key in keys]
    return __.coalesce(*ways, __.constant(""))


async def find(visit: Visit, text: str, label: str | None = None, limit: int = 10) -> list[Named]:
    """Return vertices with an id, or a name that begins with or holds a text; the best first.

    Raises `StudioError`. An empty text finds some vertices.
    """
    text = text.strip()
    rows: list[Mapping[str, Any]] = []
    if text:
        rows += await _by_id(visit, text, label)
        for test in (TextP.starting_with, TextP.containing):
            if len(rows) >= limit:
                break
            rows += await _by_name(visit, text, label, limit, test)
    else:
        start = g.V() if label is None else g.V().has_label(label)
        rows += await visit.ask(_shown(start.limit(limit)), seconds=SECONDS, most=limit)
    distinct = list({spell_id(row["id"]): row for row in rows}.values())[:limit]
    named = await _named(visit, distinct)
    return [named[spell_id(row["id"])] for row in distinct]


def _shown(traversal: GraphTraversal) -> GraphTraversal:
    return traversal.project("id", "label").by(T.id).by(T.label)


async def _by_id(visit: Visit, text: str, label: str | None) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for id in _ids_in(text):
        start = g.V(id) if label is None else g.V(id).has_label(label)
        try:
            found += await visit.ask(_shown(start), seconds=SECONDS, most=1)
        except QueryRefused:  # a database with ids of one type refuses the others
            continue
    return found


async def _by_name(
    visit: Visit, text: str, label: str | None, limit: int, test: Any
) -> list[Mapping[str, Any]]:
    labels = [label] if label is not None else await labels_of(visit)
    spelled = list(dict.fromkeys((text, text[:1].upper() + text[1:], text.lower(), text.title())))
    condition = test(spelled[0])
    for other in spelled[1:]:
        condition = condition.or_(test(other))
    found: list[Mapping[str, Any]] = []
    for each in labels:
        for key in await NAME_KEYS.of(visit, each):
            query = g.V().has_label(each).has(key, condition).limit(limit - len(found))
            found += await visit.ask(_shown(query), seconds=SECONDS, most=limit)
            if len(found) >= limit:
                return found
    return found


MOST_LABELS = 24
"""Labels of which vertices are looked for by name at once."""


async def labels_of(visit: Visit) -> list[str]:
    """Return labels of vertices, from the cached statistics."""
    summary = await visit.api("GET", "/propertygraph/statistics/summary")
    return list(summary["payload"]["graphSummary"]["nodeLabels"])[:MOST_LABELS]
