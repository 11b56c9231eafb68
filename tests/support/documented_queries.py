"""The documented queries beside the ways to ask them, and the comparison of an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

import pytest
from neptune_queries import DOCUMENTED, Query
from notebook_queries import NOTEBOOKS
from plain_results import alike, plain, sorted_alike
from ways import Speakers, ways

QUERIES = (*DOCUMENTED, *NOTEBOOKS)


def every_way() -> list[Any]:
    """Return each query with each way to ask it, as parameters of a test."""
    return [_parameters(query, way) for query in QUERIES for way in ways(query.write)]


def one_way_each() -> list[Any]:
    """Return each query with one way to ask it: they take turns."""
    return list(_rotated())


def _rotated() -> Iterator[Any]:
    turn = cycle(ways(QUERIES[0].write))
    for query in QUERIES:
        yield _parameters(query, next(way for way in turn if way in ways(query.write)))


def _parameters(query: Query, way: str) -> Any:
    return pytest.param(query, way, id=f"{query}, {way}")


def check(
    query: Query,
    way: str,
    speakers: dict[str, Speakers],
    expected: Callable[[Query], list[Any]],
) -> None:
    """Ask in a way and compare with what was worked out by other means."""
    results = speakers[query.proxy].ask(way, query.script, query.write)
    found = [plain(result) for result in results]
    right = expected(query)
    assert right, "a query whose answer is empty shows nothing"
    if not query.ordered or (query.repeats and way.startswith("bytecode")):
        found, right = sorted_alike(found), sorted_alike(right)
    assert alike(found, right), (found, right)
