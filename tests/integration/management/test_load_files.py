"""Loads of folders as people have them: what is taken or named, what is found before a write."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from api_requests import LOAD
from managed_proxy import Proxy, wait_for

PEOPLE = "~id,~label,age:Int\nv1,Person,30\nv2,Person,31\nv3,Person\n"
KNOWS = "~id,~label,~from,~to\ne1,knows,v1,v2\n"


def written(proxy: Proxy, name: str, files: dict[str, bytes]) -> str:
    made = proxy.store.parent / "s3" / "b" / name
    for file, content in files.items():
        path = made / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return f"s3://b/{name}"


def loaded(proxy: Proxy, source: str, **options: Any) -> Any:
    neptune = proxy.client()
    neptune.execute_gremlin_query(gremlinQuery="g.V().drop()")
    load = neptune.start_loader_job(source=source, **LOAD, **options)["payload"]["loadId"]
    wait_for(
        lambda: neptune.get_loader_job_status(loadId=load)["payload"]["overallStatus"],
        "LOAD_COMPLETED",
        "LOAD_FAILED",
    )
    reply = neptune.get_loader_job_status(loadId=load, details=True, errors=True)
    return reply["payload"]


def count(proxy: Proxy, what: str) -> Any:
    reply = proxy.client().execute_gremlin_query(gremlinQuery=f"g.{what}().count()")
    return reply["result"]["data"]["@value"][0]["@value"]


def test_a_folder_as_spark_leaves_it(proxy: Proxy) -> None:
    source = written(
        proxy,
        "spark",
        {
            "people/part-00000": PEOPLE.encode(),
            "people/part-00001.gz": gzip.compress(b"~id,~label\nv4,Person\n"),
            "people/_SUCCESS": b"",
            "people/.part-00000.crc": b"crc\0",
            "edges/part-00000.txt": KNOWS.encode(),
            "README.md": b"# people",
        },
    )
    found = loaded(proxy, source)
    assert found["overallStatus"]["status"] == "LOAD_COMPLETED", found
    assert found["overallStatus"]["totalRecords"] == 5
    assert found["feedCount"] == [{"LOAD_COMPLETED": 3}]
    assert (count(proxy, "V"), count(proxy, "E")) == (4, 1)
    assert found["overallStatus"]["warnings"] == [
        f"{source}/README.md is left out: no CSV of the loader: its first row names no column ~id",
        f"{source}/people/.part-00000.crc is left out: hidden",
        f"{source}/people/_SUCCESS is left out: empty",
        f"{source}/people/part-00000: 1 row is shorter than the header, the first on line 4: its "
        "missing cells are blank",
    ]


WRONG = {
    "dangling": (KNOWS + "e2,knows,v1,v9\n", 3, 13, "'v9', which is no vertex"),
    "contradictory": (KNOWS + "e1,knows,v2,v1\n", 3, 1, "another label or other ends"),
    "unbalanced": (KNOWS + 'e2,kn"ows,v1,v2\n', 3, 4, "must be quoted as a whole"),
    "long": (KNOWS + "e2,knows,v1,v2,v3\n", 3, 16, "5 cells where the header has 4"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_bad_row_ends_the_load_before_the_first_write(proxy: Proxy, name: str) -> None:
    edges, line, column, words = WRONG[name]
    source = written(proxy, f"strict-{name}", {"v.csv": PEOPLE.encode(), "e.csv": edges.encode()})
    found = loaded(proxy, source, failOnError=True)
    assert found["overallStatus"]["status"] == "LOAD_FAILED"
    (error,) = found["errors"]["errorLogs"]
    assert error["fileName"] == f"{source}/e.csv"
    assert (error["recordNum"], error["column"]) == (line, column)
    assert words in error["errorMessage"]
    assert f"{source}/e.csv:{line}:{column}: " in found["overallStatus"]["failureReason"]
    assert (count(proxy, "V"), count(proxy, "E")) == (0, 0)


@pytest.mark.parametrize("name", WRONG)
def test_a_bad_row_is_left_out_and_listed_on_request(proxy: Proxy, name: str) -> None:
    edges, line, _, words = WRONG[name]
    source = written(proxy, f"lenient-{name}", {"v.csv": PEOPLE.encode(), "e.csv": edges.encode()})
    found = loaded(proxy, source, failOnError=False)
    assert found["overallStatus"]["status"] == "LOAD_COMPLETED"
    (error,) = found["errors"]["errorLogs"]
    assert error["recordNum"] == line
    assert words in error["errorMessage"]
    assert (count(proxy, "V"), count(proxy, "E")) == (3, 1)


def test_a_broken_load_reports_what_is_written(proxy: Proxy, tmp_path: Path) -> None:
    neptune = proxy.client()
    rows = "".join(f"w{number},Person\n" for number in range(600))
    source = written(proxy, "stands", {"v.csv": b"~id,~label\n" + rows.encode()})
    neptune.execute_gremlin_query(gremlinQuery="g.V().drop()")
    neptune.execute_gremlin_query(gremlinQuery="g.addV('Robot').property(id, 'w500')")
    load = neptune.start_loader_job(source=source, **LOAD, failOnError=True)["payload"]["loadId"]
    found = wait_for(
        lambda: neptune.get_loader_job_status(loadId=load)["payload"]["overallStatus"],
        "LOAD_FAILED",
    )
    reason = found["failureReason"]
    assert f"{source}/v.csv:502:1: 'w500' exists already with the label 'Robot'" in reason
    assert "of 600 vertices and 0 of 0 edges of these files now, and they stay" in reason
