"""Vertices as people name them: found by typing, shown with a name beside the id.

Ids keep their types in addresses: `s:1`, `i:1` and `l:1` are three vertices. Nothing here waits
long for a large database: each query has a few seconds, and one that takes longer is repeated on a
part.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from gremlin_python.process.graph_traversal import GraphTraversal, __
from gremlin_python.process.traversal import P, T, TextP
from gremlin_python.statics import SingleByte, bigint, long, short

from gremlink.proxy.graph.names import first_name, name_keys
from gremlink.proxy.graph.server.source import g
from gremlink.proxy.store.records import Store
from gremlink.proxy.studio.errors import QueryRefused, WrongInput
from gremlink.proxy.studio.schema import remembered
from gremlink.proxy.studio.visit import Visit

SAMPLE = 200
"""Vertices that are looked at to find out which properties read like names; the first page of a
server that has just started waits for them."""

SAMPLE_OF_A_LABEL = 60
MOST_LABELS = 40
"""Labels that the sample is completed for; names of others are looked for under ordinary keys."""

PART = 20_000
"""Vertices that are searched where the whole graph takes too long, and for labels."""

SECONDS = 2.0
"""Time limit of each query for names."""

KEPT = 300.0
"""Seconds for which the keys of names are kept."""

LONGEST_TEXT = 200
"""Characters of the text that is searched for."""

_PROPERTIES = 40
_TIMED_OUT = 598


@dataclass(frozen=True, slots=True)
class Named:
    """A vertex with its label and its name, empty where nothing reads like one."""

    id: Any
    label: str
    name: str = ""

    @property
    def address(self) -> str:
        """The id with its type, for addresses and forms."""
        return spell_id(self.id)

    @property
    def shown(self) -> str:
        """The name, or else the id, in quotes if it is blank."""
        return self.name or (str(self.id) if str(self.id).strip() else f'"{self.id}"')


@dataclass(frozen=True, slots=True)
class Found:
    """Vertices that were found; `partial` if only `PART` vertices were searched."""

    vertices: list[Named]
    partial: bool = False


# -- ids in addresses

_SPELLINGS: tuple[tuple[str, type, Callable[[str], Any]], ...] = (
    ("y", SingleByte, lambda text: SingleByte(_whole(text, 8))),
    ("h", short, lambda text: short(_whole(text, 16))),
    ("n", bigint, lambda text: bigint(_whole(text, 1024))),
    ("l", long, lambda text: long(_whole(text, 64))),
    ("i", int, lambda text: _whole(text, 32)),
    ("d", float, float),
    ("u", UUID, UUID),
    ("s", str, str),
)


def _whole(text: str, bits: int) -> int:
    if not re.fullmatch(r"-?[0-9]{1,300}", text) or not -(2 ** (bits - 1)) <= int(text) < 2 ** (
        bits - 1
    ):
        raise ValueError(text)
    return int(text)


def spell_id(id: Any) -> str:
    """Return an id with its type: `s:user_01`, `l:7`, `u:…`."""
    for letter, kind, _ in _SPELLINGS:
        if isinstance(id, kind) and not isinstance(id, bool):
            return f"{letter}:{id}"
    return f"s:{id}"


def read_id(text: str) -> Any:
    """Return the id that `spell_id` wrote. Raises `WrongInput`."""
    letter, colon, value = text.partition(":")
    for known, _, read in _SPELLINGS:
        if colon and letter == known:
            try:
                return read(value)
            except ValueError:
                break
    raise WrongInput(
        f"{text[:100]!r} is no vertex: choose one of the list that appears while you type.",
        "vertex",
    )


def typed_ids(text: str) -> list[Any]:
    """Return the ids that a typed text may mean, the likeliest first."""
    found: list[Any] = []
    if re.fullmatch(r"-?[0-9]{1,19}", text):
        for bits, kind in ((64, long), (32, int)):
            try:
                found.append(kind(_whole(text, bits)))
            except ValueError:
                continue
    with contextlib.suppress(ValueError):
        found.append(UUID(text))
    return [text, *found]


# -- names

_ORDINARY = ("name", "title", "label")


@dataclass(slots=True)
class _Known:
    """Things learnt about a site's graph."""

    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    until: float = 0.0
    large_until: float = 0.0
    regex: bool = True
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


_known: WeakKeyDictionary[Store, _Known] = WeakKeyDictionary()


def _known_of(visit: Visit) -> _Known:
    return _known.setdefault(visit.store, _Known())


async def keys_of_names(visit: Visit) -> dict[str, tuple[str, ...]]:
    """Return for each label the keys whose values read like names, the best first.

    Raises `DatabaseGone`.
    """
    known = _known_of(visit)
    async with known.turn:
        if known.until < time.monotonic():
            known.keys = await _learn(visit)
            known.until = time.monotonic() + (KEPT if known.keys else 2.0)
    return known.keys


async def _learn(visit: Visit) -> dict[str, tuple[str, ...]]:
    sample: dict[str, list[dict[str, Any]]] = {}
    rows = await _sampled(visit, g.V().limit(SAMPLE))
    for label, properties in rows:
        sample.setdefault(label, []).append(properties)
    labels: list[Any] = []
    if len(rows) >= SAMPLE:  # else every vertex has been seen
        labels = await _labels(visit)
    started = time.monotonic()
    for label in labels:
        if len(sample.get(label, ())) < SAMPLE_OF_A_LABEL // 4 and (
            time.monotonic() - started < 2 * SECONDS
        ):
            one = _labelled(g.V(), str(label)).limit(SAMPLE_OF_A_LABEL)
            found = [each for _, each in await _sampled(visit, one)]
            if len(found) > len(sample.get(label, ())):
                sample[label] = found
    return {label: await asyncio.to_thread(name_keys, found) for label, found in sample.items()}


async def _labels(visit: Visit) -> list[Any]:
    """Return labels of the graph: those that were counted before, or else those of a part of it.

    Nothing where that takes too long.
    """
    schema = remembered(visit, old=True)
    if schema is not None and schema.whole:
        return list(schema.vertices)[:MOST_LABELS]
    with contextlib.suppress(QueryRefused):
        part = g.V().limit(PART).label().dedup().limit(MOST_LABELS)
        return await visit.ask(part, seconds=SECONDS, most=MOST_LABELS)
    return []


async def _sampled(visit: Visit, vertices: GraphTraversal) -> list[tuple[str, dict[str, Any]]]:
    """Return label and properties of vertices; nothing where that takes too long."""
    query = vertices.project("label", "properties").by(T.label).by(_pairs(__.properties()))
    try:
        rows = await visit.ask(query, seconds=SECONDS)
    except QueryRefused:
        return []
    return [(str(row["label"]), dict(reversed(list(_read_pairs(row))))) for row in rows]


def _pairs(properties: GraphTraversal) -> GraphTraversal:
    limited = properties.limit(_PROPERTIES)
    return limited.project("key", "value").by(__.key()).by(__.value()).fold()


def _read_pairs(row: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    return [(str(pair["key"]), pair["value"]) for pair in row["properties"]]


def _labelled(vertices: GraphTraversal, label: str) -> GraphTraversal:
    """Filter by a label; Neptune shows several as `a::b` and finds them one by one."""
    return vertices.has_label(label, *(label.split("::") if "::" in label else ()))


async def display_names(visit: Visit, ids: Iterable[Any], most: int = 500) -> dict[str, Named]:
    """Return the vertices with these ids that there are, `most` of them, by `Named.address`.

    Raises `DatabaseGone`; refused queries leave the names out.
    """
    wanted = list({spell_id(id): id for id in ids}.values())[:most]
    if not wanted:
        return {}
    keys = await keys_of_names(visit)
    try:
        found = await _named(visit, g.V(*wanted), keys, len(wanted))
    except QueryRefused:
        return {}
    return {each.address: each for each in found}


async def _named(
    visit: Visit, vertices: GraphTraversal, keys: dict[str, tuple[str, ...]], most: int
) -> list[Named]:
    every = sorted({key for of_label in keys.values() for key in of_label} | set(_ORDINARY))
    query = vertices.limit(most).project("id", "label", "properties")
    query = query.by(T.id).by(T.label).by(_pairs(__.properties(*every)))
    rows = await visit.ask(query, seconds=SECONDS, most=most)
    return [
        Named(
            row["id"],
            str(row["label"]),
            first_name(_read_pairs(row), keys.get(str(row["label"]), _ORDINARY)),
        )
        for row in rows
    ]


# -- finding


async def find(visit: Visit, text: str, label: str | None = None, limit: int = 10) -> list[Named]:
    """Return vertices by id or by a property that reads like a name, the best first.

    Raises `DatabaseGone`.
    """
    return (await search(visit, text, label, limit)).vertices


@dataclass(frozen=True, slots=True)
class Chosen:
    """Meaning of a `vertex_field`: a vertex, or the `others` that its text may mean.

    `missing` is an id that no vertex has, or a text that finds nothing.
    """

    vertex: Named | None = None
    others: list[Named] = field(default_factory=list)
    missing: str = ""
    partial: bool = False


async def chosen(visit: Visit, value: str, label: str | None = None) -> Chosen:
    """Return what the value of a `vertex_field` means: an address, or without scripts a text.

    Raises `DatabaseGone`.
    """
    try:
        id = read_id(value)
    except WrongInput:
        pass
    else:
        named = await display_names(visit, [id])
        if named:
            return Chosen(next(iter(named.values())))
        if not value.startswith("s:"):
            return Chosen(missing=str(id))
    if not value.strip():
        return Chosen()
    text = " ".join(value.removeprefix("s:").split())
    found = await search(visit, text, label)
    exact = [each for each in found.vertices if text in (str(each.id), each.name)]
    if len(exact or found.vertices) == 1:
        return Chosen((exact or found.vertices)[0])
    return Chosen(
        others=found.vertices, missing="" if found.vertices else text, partial=found.partial
    )


async def search(visit: Visit, text: str, label: str | None = None, limit: int = 10) -> Found:
    """Return vertices by id or name, with what was searched; without text any vertices.

    Raises `DatabaseGone`.
    """
    text = " ".join(text.split())[:LONGEST_TEXT]
    keys = await keys_of_names(visit)
    if not text:
        try:
            return Found(await _named(visit, _of_label(g.V(), label), keys, limit))
        except QueryRefused:
            return Found([])
    found = await _by_id(visit, text, label, keys)
    names = _names_searched(keys, label)
    partial = False
    for how in ("^", "") if names else ():
        if len(found) < limit:
            more, part = await _by_name(visit, text, how, label, names, keys, limit)
            partial = partial or part
            found.update({each.address: each for each in more if each.address not in found})
    if len(found) < limit:
        for each in await _by_start_of_id(visit, text, label, keys, limit):
            found.setdefault(each.address, each)
    best = sorted(found.values(), key=lambda each: _rank(each, text))
    return Found(best[:limit], partial)


def _rank(each: Named, text: str) -> tuple[int, int, str]:
    folded, name = text.casefold(), each.name.casefold()
    if str(each.id) == text or name == folded:
        return 0, len(name), name
    if name.startswith(folded):
        return 1, len(name), name
    starts = any(word.startswith(folded) for word in name.split())
    return 2 if starts else 3, len(name), name


def _of_label(vertices: GraphTraversal, label: str | None) -> GraphTraversal:
    return vertices if label is None else _labelled(vertices, label)


def _names_searched(keys: dict[str, tuple[str, ...]], label: str | None) -> list[str]:
    several = [keys[label]] if label in keys else list(keys.values())
    first = [of_label[:1] for of_label in several] + [of_label[1:] for of_label in several]
    return list(dict.fromkeys(key for of_label in first for key in of_label))[:12]


async def _by_id(
    visit: Visit, text: str, label: str | None, keys: dict[str, tuple[str, ...]]
) -> dict[str, Named]:
    """Return the vertices whose id the text may be; databases refuse ids that cannot be theirs."""
    found: dict[str, Named] = {}
    for id in typed_ids(text):
        try:
            for each in await _named(visit, _of_label(g.V(id), label), keys, 2):
                found[each.address] = each
        except QueryRefused:
            continue
    return found


async def _by_start_of_id(
    visit: Visit, text: str, label: str | None, keys: dict[str, tuple[str, ...]], limit: int
) -> list[Named]:
    """Return vertices whose ids begin so; databases with other ids than texts may refuse."""
    vertices = _of_label(g.V(), label)
    if _known_of(visit).large_until > time.monotonic():
        vertices = vertices.limit(PART)
    try:
        return await _named(visit, vertices.has_id(TextP.starting_with(text)), keys, limit)
    except QueryRefused:
        return []


async def _by_name(
    visit: Visit,
    text: str,
    how: str,
    label: str | None,
    names: Sequence[str],
    keys: dict[str, tuple[str, ...]],
    limit: int,
) -> tuple[list[Named], bool]:
    """Return vertices with the text in a name, at its start if `how` is `^`, and whether only a
    part was searched."""
    known = _known_of(visit)

    async def ask(vertices: GraphTraversal) -> list[Named]:
        if known.regex:
            try:
                pattern = f"(?iu){how}{quoted(text)}"
                matching = _matching(vertices.clone(), names, [TextP.regex(pattern)])
                return await _named(visit, matching, keys, limit)
            except QueryRefused as error:
                if _took_too_long(error):
                    raise
                known.regex = False  # a database that is older than TinkerPop 3.6
        predicate = TextP.starting_with if how else TextP.containing
        spelt = dict.fromkeys((text, text.lower(), text.upper(), text.title(), text.capitalize()))
        return await _named(
            visit, _matching(vertices, names, [predicate(each) for each in spelt]), keys, limit
        )

    if known.large_until < time.monotonic():
        try:
            return await ask(_of_label(g.V(), label)), False
        except QueryRefused as error:
            if not _took_too_long(error):
                return [], False
            known.large_until = time.monotonic() + KEPT
    try:
        return await ask(_of_label(g.V(), label).limit(PART)), True
    except QueryRefused:
        return [], True


def _matching(
    vertices: GraphTraversal, names: Sequence[str], predicates: Sequence[P]
) -> GraphTraversal:
    texts = [__.has(key, predicate) for key in names for predicate in predicates]
    return vertices.or_(*texts) if len(texts) > 1 else vertices.has(names[0], predicates[0])


def _took_too_long(error: QueryRefused) -> bool:
    return error.status == _TIMED_OUT or "TimeLimit" in error.code or "time" in str(error).lower()


def quoted(text: str) -> str:
    """Return a pattern of Java's that matches the text alone."""
    return "".join(f"\\{c}" if c.isascii() and not c.isalnum() else c for c in text)
