"""MovieLens as in tests/integration/movielens, with models that are trained within seconds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from movielens_graph import QUICKEST, Deployment, deployed_once

from gremlink.proxy.embedded import EmbeddedServer
from tests.integration.conftest import gremlin_server
from tests.integration.movielens.conftest import expected, oracle, speakers

__all__ = ["deployment", "expected", "gremlin_server", "oracle", "speakers"]


@pytest.fixture(scope="session")
def deployment(
    gremlin_server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    with deployed_once(gremlin_server.url, tmp_path_factory.mktemp("movielens"), QUICKEST) as found:
        yield found
