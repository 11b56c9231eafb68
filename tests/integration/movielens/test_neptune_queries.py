"""Every query of Neptune ML's user guide and sample notebooks, in every way to ask it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from documented_queries import check, every_way
from neptune_queries import Query
from ways import Speakers


@pytest.mark.parametrize(("query", "way"), every_way())
def test_query(
    query: Query,
    way: str,
    speakers: dict[str, Speakers],
    expected: Callable[[Query], list[Any]],
) -> None:
    check(query, way, speakers, expected)
