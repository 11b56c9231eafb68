"""Inference queries of the real drivers of Java, JavaScript and Go, answered through the proxy.

A test is skipped where its toolchain is missing; what the drivers send is tested everywhere with
captured messages.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from gremlin_python.driver.client import Client
from running_proxy import Model, RunningProxy
from toolchains import install, javascript_driver, need, run, run_java, workshop

from gremlink.grammar.traversal import Literal

DRIVERS = Path(__file__).parent / "drivers"
GRAPH = """
['Henry', 'Bill', 'Ann', 'Eve'].each {
    g.addV('User').property(T.id, it.toLowerCase()).property('name', it).iterate()
}
g.V('henry').as('s').V('ann').addE('FRIEND').from('s').iterate()
"""
TARGETS = {
    Literal.string("henry"): [Literal.string(name) for name in ("bill", "ann", "eve")],
    Literal.string("bill"): [Literal.string(name) for name in ("henry", "eve")],
}
ANSWERS = [["Bill", "Eve"], [["Bill", ["Henry"]], ["Henry", ["Bill"]]], [3]]
"""Henry knows Ann; he gets the others. Each gets one friend without a limit. Three may know him."""


@pytest.fixture(scope="module")
def proxy_url(graph_url: str) -> Iterator[str]:
    client = Client(graph_url, "g")
    client.submit("g.V().drop().iterate()").all().result()
    client.submit(GRAPH).all().result()
    client.close()
    with RunningProxy(graph_url, Model("friends", TARGETS)) as proxy:
        yield proxy.url


def answers(output: str) -> list[object]:
    """What a program printed. The second query does not say in which order it wants its users."""
    ranked, each, count = (json.loads(line) for line in output.splitlines())
    return [ranked, sorted(each), count]


@pytest.mark.parametrize("version", ["3.5.6", "3.7.4", "3.8.2"])
def test_javascript(version: str, proxy_url: str) -> None:
    directory = javascript_driver(version)
    shutil.copy(DRIVERS / "query.js", directory)
    assert answers(run("node", "query.js", proxy_url, directory=directory)) == ANSWERS


def test_go(proxy_url: str) -> None:
    need("go")
    directory = workshop() / "go-3.7.3"
    program = directory / "query"
    source = DRIVERS / "query.go"
    if not program.is_file() or program.stat().st_mtime < source.stat().st_mtime:
        directory.mkdir(exist_ok=True)
        shutil.copy(source, directory / "main.go")
        (directory / "go.mod").write_text("module query\n\ngo 1.21\n")
        module = "github.com/apache/tinkerpop/gremlin-go/v3@v3.7.3"
        install("go", "get", module, directory=directory)
        install("go", "mod", "tidy", directory=directory)
        run("go", "build", "-o", program, ".", directory=directory)
    assert answers(run(program, proxy_url, directory=directory)) == ANSWERS


def test_java(proxy_url: str) -> None:
    assert answers(run_java(DRIVERS / "Query.java", proxy_url)) == ANSWERS
