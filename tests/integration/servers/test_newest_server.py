"""Gremlin Server 3.8, whose steps do some things otherwise than those of 3.7."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from gremlin_python.driver.client import Client
from served import SAMPLE

from proxy.embedded import EmbeddedServer
from proxy.graph import export_graph, load_csv

pytestmark = pytest.mark.integration


@pytest.fixture
def newest(newest_server: EmbeddedServer) -> str:
    """The address of the newest server, its graph emptied before the test."""
    with closing(Client(newest_server.url, "g")) as client:
        client.submit("g.V().drop().iterate()").all().result()
    return newest_server.url


def test_what_exists_is_merged(newest: str, tmp_path: Path) -> None:
    """Since 3.8 `option(onMatch, …)` begins at the element that was found."""
    (tmp_path / "users.csv").write_text(
        "~id,~label,name:String,age:Int\nuser_01,User,Ann,41\nnew,User,Bob,\n"
    )
    (tmp_path / "friends.csv").write_text(
        "~id,~from,~to,~label,since:Int\nold,user_01,new,FRIEND,2001\n"
    )
    first = load_csv(newest, SAMPLE)
    again = load_csv(newest, SAMPLE)
    assert (first.vertices, first.edges) == (again.vertices, again.edges) == (20, 25)
    for _ in range(2):
        load_csv(newest, tmp_path)
    with closing(Client(newest, "g")) as client:
        (ann,) = client.submit("g.V('user_01').valueMap('name', 'age')").all().result()
        assert ann == {"name": ["Bill", "Ann"], "age": [41]}
        assert client.submit("g.E('old').values('since')").all().result() == [2001]
    report = export_graph(newest, tmp_path / "export")
    assert (report.vertices, report.edges) == (21, 26)
