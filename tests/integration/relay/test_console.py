"""The real Gremlin Console, fed on its standard input, with the proxy in between."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from console import console
from gremlin_python.driver.client import Client
from running_proxy import Model, RunningProxy

from gremlink.grammar.traversal import Literal

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
