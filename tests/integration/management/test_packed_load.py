"""Loads of packed files, whole and broken ones; what they loaded is counted below both paths."""

from __future__ import annotations

import bz2
import gzip
from pathlib import Path
from typing import Any

import pytest
from api_requests import LOAD, send
from managed_proxy import Proxy, wait_for

VERTICES = b"~id,~label,age:Int\n" + b"".join(b"v%d,x,%d\n" % (n, n) for n in range(500))
EDGES = b"~id,~from,~to,~label\ne0,v0,v1,knows\ne1,v1,v2,knows\n"


def folder(proxy: Proxy, name: str) -> Path:
    made = proxy.store.parent / "s3" / "b" / name
    made.mkdir(parents=True)
    return made


def loaded(neptune: Any, source: str) -> Any:
    load = neptune.start_loader_job(source=source, **LOAD)["payload"]["loadId"]
    wait_for(
        lambda: neptune.get_loader_job_status(loadId=load)["payload"]["overallStatus"],
        "LOAD_COMPLETED",
        "LOAD_FAILED",
    )
    reply = neptune.get_loader_job_status(loadId=load, details=True, errors=True)
    return reply["payload"]


def test_packed_files(proxy: Proxy) -> None:
    neptune = proxy.client()
    neptune.execute_gremlin_query(gremlinQuery="g.V().drop()")
    files = folder(proxy, "packed")
    (files / "vertices.csv.gz").write_bytes(gzip.compress(VERTICES))
    (files / "edges.csv.bz2").write_bytes(bz2.compress(EDGES))
    found = loaded(neptune, "s3://b/packed")
    assert found["overallStatus"]["status"] == "LOAD_COMPLETED", found
    assert found["overallStatus"]["totalRecords"] == 502
    neptune.manage_propertygraph_statistics(mode="refresh")
    for path in ("/propertygraph", "/pg"):
        status, document = send(proxy.address, "GET", f"{path}/statistics/summary")
        summary = document["payload"]["graphSummary"]
        assert (status, summary["numNodes"], summary["numEdges"]) == (200, 500, 2)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("v.csv.gz", gzip.compress(VERTICES)[:-20]),
        ("v.csv.gz", b"~id,~label\n"),
        ("v.csv.bz2", bz2.compress(VERTICES)[:-20]),
    ],
    ids=["cut off", "not packed", "cut off, bz2"],
)
def test_broken_packed_files_are_named(
    proxy: Proxy, name: str, content: bytes, request: pytest.FixtureRequest
) -> None:
    source = request.node.callspec.id.replace(" ", "-").replace(",", "")
    (folder(proxy, source) / name).write_bytes(content)
    found = loaded(proxy.client(), f"s3://b/{source}")
    assert found["overallStatus"]["status"] == "LOAD_FAILED"
    (error,) = found["errors"]["errorLogs"]
    assert error["fileName"] == f"s3://b/{source}/{name}"
    assert "packed" in error["errorMessage"]
