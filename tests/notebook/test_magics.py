"""AWS's notebook magics beside `%neptune_ml`: queries, loads, status, statistics."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest
from gremlin_python.driver.client import Client
from managed_proxy import Proxy
from notebook_kernel import Kernel

HENRY = """g.with("Neptune#ml.endpoint","${endpoint}").with("Neptune#ml.limit",8).
  V().has("name","Henry").out("FRIEND").with("Neptune#ml.prediction").hasLabel("User").values("name")
"""


def test_the_prediction(kernel: Kernel, endpoint: str) -> None:
    found = kernel.run(f"%%gremlin --store-to names\n{HENRY}", "names")
    assert len(found) == 8
    assert found[0] == "Bill"


def test_over_http(kernel: Kernel, endpoint: str) -> None:
    found = kernel.run(f"%%gremlin -cp http --store-to names\n{HENRY}", "names")
    assert found[0] == "Bill"


@pytest.mark.parametrize(("mode", "title"), [("explain", "Explain"), ("profile", "Profile")])
def test_explain_and_profile(kernel: Kernel, endpoint: str, mode: str, title: str) -> None:
    found = kernel.run(f"%%gremlin {mode} --store-to text\n{HENRY}", "text")
    assert f"Neptune Gremlin {title}" in found


def test_status(kernel: Kernel) -> None:
    assert kernel.run("%status --store-to found", "found")["status"] == "healthy"
    assert kernel.run("%gremlin_status --store-to found", "found")["queries"] == []


def test_statistics(kernel: Kernel, loaded: str) -> None:
    kernel.run("%statistics -m refresh")
    found = kernel.run("%statistics --store-to found", "found")
    assert found["payload"]["signatureInfo"]["instanceCount"] == 20
    found = kernel.run("%summary --detailed --store-to found", "found")
    assert found["payload"]["graphSummary"]["numEdges"] == 25


def test_load_status(kernel: Kernel, loaded: str) -> None:
    found = kernel.run(f"%load_status {loaded} --details --store-to found", "found")
    assert found["payload"]["overallStatus"]["status"] == "LOAD_COMPLETED"


def test_a_load_that_fails_is_told(kernel: Kernel) -> None:
    kernel.run("%load -s s3://bucket/nothing -f csv --run --store-to found")
    assert "S3Exception" in kernel.run("1", "str(found)")


def test_seed(kernel: Kernel) -> None:
    before = kernel.run("%%gremlin --store-to count\ng.V().count()", "count")
    text = kernel.run(
        "%seed --model propertygraph --language gremlin --dataset games-social-graph --run"
    )
    assert "Done." in text
    after = kernel.run("%%gremlin --store-to count\ng.V().count()", "count")
    assert after[0] - before[0] == 100


@pytest.mark.parametrize(
    "options",
    [
        "explain --explain-type static",
        "explain --explain-type details",
        "profile --profile-no-results",
        "profile --profile-chop 10 --profile-serializer GRAPHSON_V2 --profile-indexOps "
        "--profile-debug",
    ],
)
def test_options_of_explain_and_profile(kernel: Kernel, endpoint: str, options: str) -> None:
    title = options.partition(" ")[0].title()
    found = kernel.run(f"%%gremlin {options} --store-to text\n{HENRY}", "text")
    assert f"Neptune Gremlin {title}" in found


def test_what_the_database_refuses_is_shown(kernel: Kernel, endpoint: str) -> None:
    query = 'g.with("Neptune#ml.endpoint","none").V().out("FRIEND").with("Neptune#ml.prediction")'
    kernel.run("graph_notebook_error = None")
    kernel.run(f"%%gremlin\n{query}.hasLabel('User')")
    assert "Endpoint none not found." in kernel.run("1", "str(graph_notebook_error)")


@pytest.fixture
def slow(proxy: Proxy) -> Iterator[Future[Any]]:
    """A query that takes longer than anybody waits."""
    client = Client(proxy.gremlin, "g", pool_size=1)
    try:
        yield client.submit_async("Thread.sleep(20000); g.inject('late')")
    finally:
        client.close()


def test_a_running_query_is_seen_and_cancelled(kernel: Kernel, slow: Future[Any]) -> None:
    deadline = time.monotonic() + 10
    while not (found := kernel.run("%gremlin_status -w --store-to found", "found"))["queries"]:
        assert time.monotonic() < deadline
    (query,) = found["queries"]
    one = kernel.run(f"%gremlin_status -q {query['queryId']} --store-to found", "found")
    assert one["queryString"] == query["queryString"]
    kernel.run(f"%gremlin_status -c -q {query['queryId']}")
    assert kernel.run("%gremlin_status --store-to found", "found")["queries"] == []
    with pytest.raises(Exception, match="CancelledByUser"):
        slow.result(timeout=5).all().result(timeout=5)


def test_statistics_are_switched_off_and_on(kernel: Kernel, loaded: str) -> None:
    for mode, automatic in (("disableAutoCompute", False), ("enableAutoCompute", True)):
        kernel.run(f"%statistics -m {mode}")
        found = kernel.run("%statistics gremlin --store-to found", "found")
        assert found["payload"]["autoCompute"] is automatic
    kernel.run("%statistics -m delete")
    found = kernel.run("%summary --store-to found", "found")
    kernel.run("%statistics -m refresh")


def test_a_load_from_a_folder_of_this_machine(kernel: Kernel, proxy: Proxy) -> None:
    folder = proxy.store / "files" / "more"
    folder.mkdir(parents=True)
    (folder / "v.csv").write_text("~id,~label,n:Int\nz1,Extra,1\nz2,Extra,x\n")
    kernel.run(f"%load -s {folder} -f csv --no-fail-on-error --run --store-to found")
    found = kernel.run("%load_ids --details --limit 1 --store-to found", "found")
    ((id, newest),) = found.items()
    assert newest["payload"]["overallStatus"]["status"] == "LOAD_COMPLETED"
    status = f"%load_status {id} --details --errors --store-to found"
    found = kernel.run(status, "found")["payload"]
    assert found["overallStatus"]["parsingErrors"] == 1
    assert found["errors"]["errorLogs"][0]["recordNum"] == 3
    assert kernel.run("%%gremlin --store-to n\ng.V('z1').values('n')", "n") == [1]
    kernel.run("%%gremlin\ng.V().hasLabel('Extra').drop()")
    kernel.run(f"%cancel_load {id}")
