"""Gremlin Server 3.8, whose steps do some things otherwise than those of 3.7."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from gremlin_python.driver.client import Client
from gremlin_python.driver.driver_remote_connection import DriverRemoteConnection
from gremlin_python.driver.serializer import GraphBinarySerializersV1, GraphSONSerializersV3d0
from gremlin_python.process.anonymous_traversal import traversal
from served import SAMPLE, served

from gremlink.proxy.embedded import EmbeddedServer
from gremlink.proxy.graph import discover_schema, export_graph, load_csv

ROOT = Path(__file__).parents[3]


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


EXAMPLES = re.findall(
    r"```gremlin\n(.*?)```", (ROOT / "docs" / "queries.md").read_text(encoding="utf-8"), re.DOTALL
)
MODEL = 'g.with("Neptune#ml.endpoint", "friends").with("Neptune#ml.limit", 3)'
LINK = 'out("FRIEND").with("Neptune#ml.prediction").hasLabel("User")'
QUERIES = (
    *EXAMPLES,
    f'{MODEL}.V("user_19").{LINK}.values("name")',
    f'{MODEL}.V("user_19", "user_01").as("a").{LINK}.as("b").select("a", "b").by("name")',
    f'{MODEL}.V().hasLabel("User").order().by("name").project("of", "is").by("name")'
    f'.by({LINK}.values("name").fold())',
    f'{MODEL}.V().has("User", "name", "Henry").{LINK}'
    '.project("name", "score").by("name").by("Neptune#ml.score")',
    f'{MODEL}.V().has("User", "name", "Henry").out("FRIEND").with("Neptune#ml.prediction")'
    '.with("Neptune#ml.inductiveInference").with("Neptune#ml.deterministic").hasLabel("User")'
    '.values("name")',
    f'{MODEL}.V().hasLabel("User").{LINK}.groupCount().by("name").order(local).by(keys)',
)


@pytest.fixture(scope="module")
def both(
    gremlin_server: EmbeddedServer, newest_server: EmbeddedServer, friends_store: Path
) -> Iterator[tuple[str, str]]:
    """Proxies of the same endpoint in front of the same graph, on 3.7 and on 3.8."""
    with (
        served(gremlin_server.url, friends_store) as older,
        served(newest_server.url, friends_store) as newer,
    ):
        fill(gremlin_server.url)
        fill(newest_server.url)
        yield older, newer


def fill(url: str) -> None:
    """Put the sample, and nothing else, into a graph."""
    with closing(Client(url, "g")) as client:
        client.submit("g.V().drop().iterate()").all().result()
    load_csv(url, SAMPLE)


@pytest.mark.parametrize("serializer", [GraphBinarySerializersV1, GraphSONSerializersV3d0])
@pytest.mark.parametrize("query", QUERIES)
def test_answers_are_those_of_the_older_one(
    both: tuple[str, str], query: str, serializer: type
) -> None:
    answers = []
    for url in both:
        with closing(Client(url, "g", message_serializer=serializer())) as client:
            answers.append(client.submit(query).all().result())
    assert answers[0]
    assert answers[1] == answers[0]


def test_bytecode(both: tuple[str, str]) -> None:
    answers = []
    for url in both:
        with closing(DriverRemoteConnection(url, "g")) as remote:
            source = traversal().with_remote(remote)
            model = source.with_("Neptune#ml.endpoint", "friends").with_("Neptune#ml.limit", 3)
            predicted = model.V().has_label("User").out("FRIEND").with_("Neptune#ml.prediction")
            answers.append(sorted(predicted.has_label("User").values("name").to_list()))
    assert len(answers[0]) == 60
    assert answers[1] == answers[0]


@pytest.mark.parametrize("way", ["explain", "profile"])
def test_what_is_done_is_told(both: tuple[str, str], way: str) -> None:
    query = f'{MODEL}.V("user_19").{LINK}.values("name")'
    body = json.dumps({"gremlin": query}).encode()
    url = both[1].replace("ws://", "http://")
    asked = Request(f"{url}/{way}", body, {"Content-Type": "application/json"})
    with urlopen(asked, timeout=30) as answer:
        assert "friends" in answer.read().decode()


def test_an_export_is_that_of_the_older_one(
    gremlin_server: EmbeddedServer, newest_server: EmbeddedServer, tmp_path: Path
) -> None:
    files = []
    for server in (gremlin_server, newest_server):
        fill(server.url)
        directory = tmp_path / str(server.port)
        export_graph(server.url, directory)
        files.append(
            {
                str(path.relative_to(directory)): sorted(path.read_text().splitlines())
                for path in directory.rglob("*.csv")
            }
        )
        assert {kind.count for kind in discover_schema(server.url).nodes.values()} == {20}
    assert files[0] == files[1]
