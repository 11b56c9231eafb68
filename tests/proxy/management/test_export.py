"""The export service."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from api_requests import send
from oxigraph_server import oxigraph_server
from rdf_export import EX, iri, line
from running_api import RunningApi

from gremlink.proxy.graph.rdf.client import RdfStore
from gremlink.proxy.store.jobs import JobRecords


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, "outputS3Path is required"),
        ({"outputS3Path": "s3://b/x", "command": "export-tables"}, "export-pg"),
        ({"outputS3Path": "s3://b/x", "command": "export-rdf"}, "sparql.url is not set"),
        (
            {"outputS3Path": "s3://b/x", "command": "export-rdf", "params": {"sparql": "ASK {}"}},
            "begins with 'ASK'",
        ),
        ({"outputS3Path": "/etc/x"}, "storage.roots"),
        ({"outputS3Path": "s3://b/x", "params": {"filterConfigFile": "f"}}, "filterConfigFile"),
        ({"outputS3Path": "s3://b/x", "params": {"gremlinFilter": "drop()"}}, "the step drop"),
        ({"outputS3Path": "s3://b/x", "createExportSubdirectory": False}, "folder of its own"),
        (
            {
                "outputS3Path": "s3://b/x",
                "additionalParams": {"neptune_ml": {"targets": [{"node": "a", "type": "x"}]}},
            },
            "'classification', 'regression'",
        ),
    ],
)
def test_exports_that_are_refused(api: RunningApi, document: Any, said: str) -> None:
    status, answer = send(api.address, "POST", "/v1/neptune-export", document)
    assert status == 400
    assert said in answer["detailedMessage"]


def test_neptune_s_sentences_about_rdf_targets(api: RunningApi) -> None:
    body = {
        "command": "export-rdf",
        "outputS3Path": "s3://b/x",
        "additionalParams": {"neptune_ml": {"targets": [{"type": "classification"}]}},
    }
    status, answer = send(api.address, "POST", "/v1/neptune-export", body)
    assert (status, answer["code"]) == (400, "IllegalArgumentException")
    assert answer["detailedMessage"] == "Illegal target element. Expected 'node' field."


def test_an_rdf_store_is_exported(tmp_path: Path) -> None:
    with oxigraph_server() as addresses:
        RdfStore(addresses).add(f"{line('u', 'likes', iri('m'))}\n".encode(), EX + "graph")
        base = addresses.query.removesuffix("/query")
        with RunningApi(tmp_path, sparql={"url": base}) as api:
            body = {"command": "export-rdf", "outputS3Path": "s3://b/x"}
            _, started = send(api.address, "POST", "/neptune-export", body)
            path = f"/neptune-export/{started['jobId']}"
            while (found := send(api.address, "GET", path)[1])["status"] in ("pending", "running"):
                time.sleep(0.1)
    assert found["status"] == "succeeded", found
    output = tmp_path / "s3" / found["outputS3Uri"].removeprefix("s3://")
    assert (
        output / "statements/statements-0.nt"
    ).read_text() == f"{line('u', 'likes', iri('m'))}\n"
    assert (output / "training-data-configuration.json").is_file()


def test_an_export_of_an_unreachable_graph_fails_with_the_reason(api: RunningApi) -> None:
    """And never calls where the request says."""
    body = {"outputS3Path": "s3://b/x", "params": {"endpoint": "10.0.0.1", "format": "csv"}}
    _, started = send(api.address, "POST", "/neptune-export", body)
    path = f"/neptune-export/{started['jobId']}"
    while (answer := send(api.address, "GET", path)[1])["status"] in ("pending", "running"):
        time.sleep(0.1)
    assert answer["status"] == "failed"
    assert (
        "no connection to the Gremlin server at ws://127.0.0.1:9/gremlin" in answer["failureReason"]
    )
    assert send(api.address, "DELETE", path)[0] == 200
    assert (
        send(api.address, "GET", "/neptune-export/no")[1]["code"] == "MLResourceNotFoundException"
    )


def test_exports_of_one_moment_have_folders_of_their_own(
    api: RunningApi, records: JobRecords
) -> None:
    body = {"outputS3Path": "s3://b/many"}
    with ThreadPoolExecutor(8) as pool:
        sent = [pool.submit(send, api.address, "POST", "/neptune-export", body) for _ in range(16)]
    ids = [each.result()[1]["jobId"] for each in sent]
    jobs = [records.job("export", id) for id in ids]
    assert len({job.outputs for job in jobs if job is not None}) == 16
    for job in jobs:
        assert job is not None
        records.ask_to_stop(job.number)
