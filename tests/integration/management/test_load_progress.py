"""A load that takes a while: how far it is, and its end when somebody does not want it any more."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from api_requests import LOAD
from managed_proxy import Proxy, wait_for

ROWS = 20_000


@pytest.fixture
def load(proxy: Proxy) -> Any:
    """The id of a load that has begun."""
    folder = proxy.store.parent / "s3" / "b" / "many"
    folder.mkdir(parents=True, exist_ok=True)
    rows = "".join(f"many{number},Many,{number}\n" for number in range(ROWS))
    (folder / "v.csv").write_text(f"~id,~label,n:Int\n{rows}")
    neptune = proxy.client()
    started = neptune.start_loader_job(source="s3://b/many", **LOAD)
    yield started["payload"]["loadId"]
    neptune.execute_gremlin_query(gremlinQuery="g.V().hasLabel('Many').drop().iterate()")


def test_it_tells_how_far_it_is_and_ends_within_seconds_when_cancelled(
    proxy: Proxy, load: str
) -> None:
    neptune = proxy.client()

    def overall() -> Any:
        return neptune.get_loader_job_status(loadId=load)["payload"]["overallStatus"]

    told: list[int] = []
    deadline = time.monotonic() + 60
    while len(set(told)) < 3:
        found = overall()
        assert found["status"] in ("LOAD_IN_QUEUE", "LOAD_IN_PROGRESS"), found
        assert time.monotonic() < deadline, found
        progress = re.fullmatch(r"vertices: ([\d,]+) of 20,000", found.get("progress", ""))
        if progress is not None:
            told.append(int(progress[1].replace(",", "")))
            assert found["totalRecords"] == told[-1]
        time.sleep(0.1)
    assert told == sorted(told)

    before = time.monotonic()
    neptune.cancel_loader_job(loadId=load)
    assert wait_for(overall, "LOAD_CANCELLED_BY_USER")["failureReason"] == "it was cancelled"
    assert time.monotonic() - before < 60
    counted = neptune.execute_gremlin_query(gremlinQuery="g.V().hasLabel('Many').count()")
    written = counted["result"]["data"]["@value"][0]["@value"]
    assert 0 < written < ROWS
    neptune.cancel_loader_job(loadId=load)  # what has ended stays as it is
    assert overall()["status"] == "LOAD_CANCELLED_BY_USER"
