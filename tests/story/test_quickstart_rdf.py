"""`gremlink quickstart --rdf`, from an empty directory to its end by Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import psutil
import pytest
from SPARQLWrapper import JSON, POST, SPARQLWrapper

from gremlink.proxy.store.records import Store

pytestmark = [pytest.mark.slow, pytest.mark.integration]

LAST_LINE = "Ctrl-C ends it; the data stays."


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("quickstart") / "data"


@pytest.fixture(scope="module")
def running(data: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command, and what it has printed until it stays up."""
    command = [sys.executable, "-m", "gremlink", "quickstart", "--rdf", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--data", str(data)],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        printed = ""
        for line in process.stdout:
            printed += line
            if line.strip() == LAST_LINE:
                break
        yield process, printed
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def answers(printed: str) -> list[list[str]]:
    return [line.split(", ") for line in re.findall(r"^==> (.*)$", printed, re.MULTILINE)]


def url_of(printed: str) -> str:
    found = re.search(r"The proxy answers SPARQL at (http://\S+/sparql)\.", printed)
    assert found, printed
    return found[1]


def query_of(printed: str) -> str:
    return printed.split("put this query into friends.rq")[1].split("and type")[0]


def test_answers_both_questions(running: tuple[subprocess.Popen[str], str]) -> None:
    first, second = answers(running[1])
    assert first == ["Bill"]
    assert second[0] == "Bill"
    assert len(set(second)) == 8
    assert "Henry" not in second


def test_printed_ways_to_connect(running: tuple[subprocess.Popen[str], str]) -> None:
    _, printed = running
    client = SPARQLWrapper(url_of(printed), returnFormat=JSON)
    client.setMethod(POST)
    client.setQuery(query_of(printed))
    found = client.queryAndConvert()
    assert isinstance(found, dict)
    names = [row["name"]["value"] for row in found["results"]["bindings"]]
    assert names == answers(printed)[1]
    request = urllib.request.Request(
        url_of(printed), urlencode({"query": query_of(printed)}).encode(), {"Accept": "text/csv"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.read().decode().split() == ["name", *names]


def test_pages_reach_neither_the_proxy_nor_the_store(
    running: tuple[subprocess.Popen[str], str], data: Path
) -> None:
    (store,) = psutil.Process(running[0].pid).children()
    assert str(data / "rdf-store") in store.cmdline()
    ports = [each.laddr.port for each in store.net_connections() if each.status == "LISTEN"]
    assert ports
    for address in [url_of(running[1]), *(f"http://127.0.0.1:{port}/update" for port in ports)]:
        request = urllib.request.Request(
            address,
            urlencode({"update": "CLEAR ALL"}).encode(),
            {"Origin": "https://page.example", "Host": "page.example"},
        )
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=30)
        assert refused.value.code in (401, 403)
        refused.value.close()


def test_it_ends_and_keeps_everything(
    running: tuple[subprocess.Popen[str], str], data: Path
) -> None:
    process, _ = running
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert Store(data).endpoint("friends") is not None
    assert {"rdf-store", "export", "artifact"} <= {each.name for each in data.iterdir()}
