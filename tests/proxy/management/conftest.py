"""The API without a database behind it, for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from running_api import Query, RunningApi

from gremlink.proxy.store.jobs import JobRecords


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    """With one query in flight."""
    with RunningApi(
        tmp_path_factory.mktemp("api"), Query("q-1", script="g.V().count()")
    ) as running:
        yield running


@pytest.fixture(scope="module")
def neptune(api: RunningApi) -> Any:
    """boto3's client of it."""
    return api.client()


@pytest.fixture(scope="module")
def records(api: RunningApi) -> JobRecords:
    """Its jobs."""
    return JobRecords(api.configuration.store.directory)
