"""The real Gremlin Console, fed on its standard input, with the proxy in between."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from gremlin_python.driver.client import Client
from running_proxy import Model, RunningProxy

from grammar.traversal import Literal
from proxy.embedded.jars import resolve_jars
from proxy.embedded.java import find_java

pytestmark = pytest.mark.integration

CONSOLE = (
    "org.apache.tinkerpop:gremlin-console:3.7.3",
    "ch.qos.logback:logback-classic:1.2.13",
)
PLUGINS = """\
org.apache.tinkerpop.gremlin.console.jsr223.DriverGremlinPlugin
org.apache.tinkerpop.gremlin.console.jsr223.UtilitiesGremlinPlugin
org.apache.tinkerpop.gremlin.tinkergraph.jsr223.TinkerGraphGremlinPlugin
"""
LOGGING = """\
<configuration>
  <statusListener class="ch.qos.logback.core.status.NopStatusListener"/>
  <root level="OFF"/>
</configuration>
"""
REMOTE = """\
hosts: [{host}]
port: {port}
serializer: {{ className: org.apache.tinkerpop.gremlin.util.ser.GraphBinaryMessageSerializerV1,
  config: {{ serializeResultToString: true }} }}
"""
GRAPH = """
g.V().drop().iterate()
('a'..'f').each { g.addV('User').property(T.id, it).property('name', it.toUpperCase()).iterate() }
g.V('a').as('s').V('b').addE('FRIEND').from('s').property(T.id, 'ab').iterate()
"""
TARGETS = {
    Literal.string("a"): [Literal.string(target) for target in "bcdef"],
    Literal.string("c"): [Literal.string(target) for target in "fe"],
}
ML = '.out("FRIEND").with("Neptune#ml.prediction").hasLabel("User")'


@pytest.fixture(scope="module")
def proxy_url(graph_url: str) -> Iterator[str]:
    client = Client(graph_url, "g")
    client.submit(GRAPH).all().result()
    client.close()
    with RunningProxy(graph_url, Model("friends", TARGETS)) as proxy:
        yield proxy.url


def console(url: str, directory: Path, lines: list[str]) -> list[str]:
    """What the Console prints for these lines, without its prompts."""
    host, port = url.removeprefix("ws://").removesuffix("/gremlin").split(":")
    (directory / "ext").mkdir()
    (directory / "ext" / "plugins.txt").write_text(PLUGINS)
    (directory / "logback.xml").write_text(LOGGING)
    remote = directory / "remote.yaml"
    remote.write_text(REMOTE.format(host=host, port=port))
    command = [
        str(find_java(None)),
        "-Xmx256m",
        "-Dtinkerpop.ext=ext",
        "-Duser.working_dir=.",
        f"-Duser.home={directory}",
        "-Djava.util.prefs.userRoot=.",
        "-Dlogback.configurationFile=logback.xml",
        "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
        "--add-opens=java.base/java.util.concurrent.atomic=ALL-UNNAMED",
        "-cp",
        os.pathsep.join(map(str, resolve_jars(CONSOLE))),
        "org.apache.tinkerpop.gremlin.console.Console",
        "-C",
    ]
    connecting = [f":remote connect tinkerpop.server {remote}", ":remote console"]
    run = subprocess.run(
        command,
        cwd=directory,
        input="\n".join([*connecting, *lines, ":exit", ""]),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    printed = [*run.stdout.splitlines(), *run.stderr.splitlines()]
    start = next(i for i, line in enumerate(printed) if "All scripts will now be sent" in line)
    return [line for line in printed[start + 1 :] if line.strip()]


def test_a_session_of_the_console(proxy_url: str, tmp_path: Path) -> None:
    ep = 'g.with("Neptune#ml.endpoint","friends")'
    printed = console(
        proxy_url,
        tmp_path,
        [
            "1 + 1",
            f'{ep}.V("a"){ML}.values("name")',
            f'{ep}.with("Neptune#ml.limit",3).V("a"){ML}',
            'g.V("a").out("FRIEND")',
            f'{ep}.V("a", "c").as("x"){ML}.as("y").select("x","y")',
            f'{ep}.V("a"){ML}.path()',
            f'{ep}.V("nobody"){ML}.count()',
            "g.E()",
            "(1..100).collect { it }.size()",
            # The last one, for the Console asks whether to show a trace and reads on for an answer.
            f'g.with("Neptune#ml.endpoint","nobody").V("a"){ML}',
        ],
    )
    results = [line.partition("==>")[2] for line in printed if "==>" in line]
    assert results[:1] == ["2"]
    assert results[1:2] == ["C"]
    assert results[2:5] == ["v[c]", "v[d]", "v[e]"]
    assert results[5:6] == ["v[b]"]
    assert sorted(results[6:8]) == ["{x=v[a], y=v[c]}", "{x=v[c], y=v[f]}"]
    assert results[8:] == ["path[v[a], v[c]]", "0", "e[ab][a-FRIEND->b]", "100"]
    assert "Endpoint nobody not found." in "\n".join(printed)
