"""Inference queries of the real drivers of Java, JavaScript and Go, answered through the proxy.

A test is skipped where its toolchain is missing; what the drivers send is tested everywhere with
captured messages.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from gremlin_python.driver.client import Client
from running_proxy import Model, RunningProxy

from grammar.traversal import Literal
from proxy.embedded.jars import cache_directory, resolve_jars

pytestmark = pytest.mark.integration

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


@pytest.fixture(scope="module")
def workshop() -> Path:
    """Where drivers are installed and programs built, once for all runs."""
    directory = cache_directory().parent / "drivers"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def need(*tools: str) -> None:
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")


def run(*command: object, directory: Path, **environment: str) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        cwd=directory,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def install(*command: object, directory: Path) -> None:
    """Fetch a driver; a machine without a registry skips the test."""
    try:
        run(*command, directory=directory)
    except (AssertionError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"{command[0]} cannot fetch the driver: {str(error)[:200]}")


def answers(output: str) -> list[object]:
    """What a program printed. The second query does not say in which order it wants its users."""
    ranked, each, count = (json.loads(line) for line in output.splitlines())
    return [ranked, sorted(each), count]


@pytest.mark.parametrize("version", ["3.5.6", "3.7.4", "3.8.2"])
def test_javascript(version: str, proxy_url: str, workshop: Path) -> None:
    need("node", "npm")
    directory = workshop / f"javascript-{version}"
    if not (directory / "node_modules" / "gremlin").is_dir():
        directory.mkdir(exist_ok=True)
        (directory / "package.json").write_text("{}")
        install(
            "npm", "install", "--no-audit", "--no-fund", f"gremlin@{version}", directory=directory
        )
    shutil.copy(DRIVERS / "query.js", directory)
    assert answers(run("node", "query.js", proxy_url, directory=directory)) == ANSWERS


def test_go(proxy_url: str, workshop: Path) -> None:
    need("go")
    directory = workshop / "go-3.7.3"
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


def test_java(proxy_url: str, workshop: Path) -> None:
    need("java", "javac")
    jars = resolve_jars(("org.apache.tinkerpop:gremlin-driver:3.7.3",))
    address = urlsplit(proxy_url)
    output = run(
        "java",
        "-cp",
        os.pathsep.join(map(str, jars)),
        DRIVERS / "Query.java",
        address.hostname,
        address.port,
        directory=workshop,
    )
    assert answers(output) == ANSWERS
