"""Fuseki asks the block as a federated endpoint: it puts in what is bound before it asks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from federated_blocks import PEOPLE, QUERIES, api, send, solutions
from fuseki import fuseki

from gremlink.proxy.config import Sparql

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Those of the store and of the endpoint."""
    with (
        fuseki(tmp_path_factory.mktemp("fuseki")) as dataset,
        api(tmp_path_factory.mktemp("api")) as endpoint,
    ):
        found = Sparql(url=dataset).addresses()
        send(found.update, PEOPLE, kind="update")
        yield found.query, endpoint.address


@pytest.mark.parametrize(("query", "expected"), QUERIES)
def test_fuseki_asks_it(addresses: tuple[str, str], query: str, expected: int) -> None:
    assert len(solutions(*addresses, query)) == expected
