"""MovieLens in the session's server, with an endpoint for each task: one deployment for all tests
here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import cache
from typing import Any

import pytest
from movielens_graph import Deployment, deployed_once
from neptune_queries import Query
from oracle import Oracle
from ways import Speakers

from gremlink.proxy.embedded import EmbeddedServer


@pytest.fixture(scope="session")
def deployment(
    gremlin_server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    with deployed_once(gremlin_server.url, tmp_path_factory.mktemp("movielens")) as found:
        yield found


@pytest.fixture(scope="session")
def oracle(deployment: Deployment) -> Iterator[Oracle]:
    with closing(Oracle(deployment)) as oracle:
        yield oracle


@pytest.fixture(scope="session")
def expected(oracle: Oracle) -> Callable[[Query], list[Any]]:
    """What a query has to answer, worked out once for all ways of asking."""
    return cache(lambda query: query.expected(oracle))


@pytest.fixture(scope="session")
def speakers(deployment: Deployment) -> Iterator[dict[str, Speakers]]:
    """By name of the proxy that they ask."""
    with ExitStack() as opened:
        yield {
            name: opened.enter_context(closing(Speakers(address)))
            for name, address in deployment.proxies.items()
        }
