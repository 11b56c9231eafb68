"""A proxy with its management API, for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from managed_proxy import Proxy, serving


@pytest.fixture(scope="module")
def proxy(graph_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """One proxy for the tests of a module, in front of the session's server."""
    with serving(graph_url, tmp_path_factory.mktemp("management")) as running:
        yield running
