"""Ten documented queries asked with the drivers of JavaScript and Java; one that is refused.

A test is skipped where its toolchain is missing.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from movielens_graph import Deployment
from neptune_queries import DOCUMENTED, Query
from notebook_queries import NOTEBOOKS
from plain_results import alike, sorted_alike
from toolchains import javascript_driver, run, run_java

DRIVERS = Path(__file__).parent / "drivers"
QUERIES = {query.name: query for query in (*DOCUMENTED, *NOTEBOOKS)}


def told(value: Any) -> Any:
    """A result as the programs print it, in the form of `plain_results.plain`."""
    match value:
        case ["list", *values]:
            return [told(each) for each in values]
        case [str(kind), *values]:
            return kind, *map(told, values)
        case dict():
            return {key: told(each) for key, each in value.items()}
    return value


def check(output: str, expected: Callable[[Query], list[Any]]) -> None:
    rows = [json.loads(line) for line in output.splitlines()]
    names = [name for name, _ in rows]
    assert len(set(names)) == 11
    for name, results in rows[:-1]:
        query = QUERIES[name]
        found, right = list(map(told, results)), expected(query)
        if not query.ordered or query.repeats:
            found, right = sorted_alike(found), sorted_alike(right)
        assert alike(found, right), (name, found, right)
    (refused, (status, message)) = rows[-1]
    assert refused == "refused"
    assert status == 499
    assert "ML inference queries are currently supported for one property key." in message


def test_javascript(deployment: Deployment, expected: Callable[[Query], list[Any]]) -> None:
    directory = javascript_driver("3.7.4")
    shutil.copy(DRIVERS / "queries.js", directory)
    check(run("node", "queries.js", deployment.proxies["plain"], directory=directory), expected)


def test_java(deployment: Deployment, expected: Callable[[Query], list[Any]]) -> None:
    check(run_java(DRIVERS / "Queries.java", deployment.proxies["plain"]), expected)
