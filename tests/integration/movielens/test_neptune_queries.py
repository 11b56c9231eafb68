"""Every query of Neptune ML's user guide and sample notebooks, in every way to ask it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from neptune_queries import DOCUMENTED, Query
from notebook_queries import NOTEBOOKS
from plain_results import alike, plain, sorted_alike
from ways import Speakers, ways


@pytest.mark.parametrize(
    ("query", "way"),
    [
        pytest.param(query, way, id=f"{query}, {way}")
        for query in (*DOCUMENTED, *NOTEBOOKS)
        for way in ways(query.write)
    ],
)
def test_query(
    query: Query,
    way: str,
    speakers: dict[str, Speakers],
    expected: Callable[[Query], list[Any]],
) -> None:
    results = speakers[query.proxy].ask(way, query.script, query.write)
    found = [plain(result) for result in results]
    right = expected(query)
    assert right, "a query whose answer is empty shows nothing"
    if not query.ordered or (query.repeats and way.startswith("bytecode")):
        found, right = sorted_alike(found), sorted_alike(right)
    assert alike(found, right), (found, right)
