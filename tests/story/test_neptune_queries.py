"""Every query of Neptune ML's user guide and sample notebooks, each asked in one way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from documented_queries import check, one_way_each
from neptune_queries import Query
from ways import WAYS, Speakers


def test_the_queries_take_turns_with_the_ways() -> None:
    assert {way for _, way in (each.values for each in one_way_each())} == set(WAYS)


@pytest.mark.parametrize(("query", "way"), one_way_each())
def test_query(
    query: Query,
    way: str,
    speakers: dict[str, Speakers],
    expected: Callable[[Query], list[Any]],
) -> None:
    check(query, way, speakers, expected)
