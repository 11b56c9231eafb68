"""Properties of vertices and edges: from a graph in a server to answers through the proxy."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from gremlin_python.driver.client import Client
from gremlin_python.driver.driver_remote_connection import DriverRemoteConnection
from gremlin_python.driver.protocol import GremlinServerError
from gremlin_python.driver.serializer import GraphBinarySerializersV1, GraphSONSerializersV3d0
from gremlin_python.process.anonymous_traversal import traversal
from gremlin_python.structure.io.graphsonV3d0 import GraphSONReader
from three_teams import PEOPLE, TEAMS

INDUCTIVE = 'with("Neptune#ml.inductiveInference")'
LINKS = "V('p0').out('knows').with('Neptune#ml.prediction').hasLabel('Person')"
CLASSES = 'with("Neptune#ml.classification")'
NUMBERS = 'with("Neptune#ml.regression")'


def ask(client: Client, endpoint: str, query: str) -> list[Any]:
    script = f'g.with("Neptune#ml.endpoint", "{endpoint}").{query}'
    results: list[Any] = client.submit(script).all().result()
    return results


def test_teams_that_nobody_told(client: Client) -> None:
    pairs = ask(
        client,
        "teams",
        f"V().hasLabel('Person').hasNot('team').project('id', 'team').by(id)"
        f".by(properties('team').{CLASSES}.value())",
    )
    assert len(pairs) == PEOPLE // 4
    right = sum(pair["team"] == TEAMS[int(pair["id"][1:]) % 3] for pair in pairs)
    assert right >= 0.8 * len(pairs)


def test_a_predicted_property_is_a_property(client: Client) -> None:
    (found,) = ask(client, "teams", f"V('p3').properties('team').{CLASSES}")
    assert (found.key, found.value) == ("team", "red")
    pairs = ask(
        client,
        "teams",
        f"with('Neptune#ml.limit', 3).V('p3').properties('team', 'Neptune#ml.score').{CLASSES}",
    )
    assert [each.key for each in pairs] == ["team", "Neptune#ml.score"] * 3
    scores = [each.value for each in pairs[1::2]]
    assert scores == sorted(scores, reverse=True)
    assert sum(scores) == pytest.approx(1.0)


def test_bytecode(address: str) -> None:
    connection = DriverRemoteConnection(address, "g")
    try:
        g = traversal().with_remote(connection).with_("Neptune#ml.endpoint", "levels")
        asked = g.V("p1").properties("level").with_("Neptune#ml.classification").value()
        (level,) = asked.to_list()
    finally:
        connection.close()
    assert level == 1


WHY = f"properties('team', 'Neptune#ml.explain').{CLASSES}"
WHY_EDGE = f"properties('weight', 'Neptune#ml.explain').{NUMBERS}"


def test_a_predicted_value_is_explained(client: Client) -> None:
    value, why = ask(client, "teams", f"V('p3').{WHY}.value()")
    assert value == "red"
    scored = ask(client, "teams", f"V('p3').properties('team', 'Neptune#ml.score').{CLASSES}")
    assert why["score"] == pytest.approx(scored[1].value)
    assert {each["link"] for each in why["links"]} <= {"-knows->", "<-knows-"}
    assert {"methods", "features", "neighbours", "examples", "alike", "notes"} <= set(why)
    examples = ask(
        client,
        "teams",
        f"V('p3').{WHY}.value().skip(1).select('examples').unfold().select('id')",
    )
    assert examples == [each["id"] for each in why["examples"]]
    assert examples
    live = f"{WHY}.{INDUCTIVE}"
    now = ask(client, "teams", f"V('p3').{live}.value()")[1]
    assert now["score"] == pytest.approx(why["score"], abs=1e-4)


SCORED = f"properties('team', 'Neptune#ml.score').{CLASSES}"


@pytest.mark.parametrize("serializer", [GraphBinarySerializersV1, GraphSONSerializersV3d0])
@pytest.mark.parametrize(
    ("endpoint", "query"),
    [
        ("teams", f"V('p3').properties('team').{CLASSES}"),
        ("teams", f"with('Neptune#ml.limit', 3).V('p3', 'p4').{SCORED}"),
        ("teams", f"V().hasLabel('Person').properties('team').{CLASSES}.value().groupCount()"),
        ("teams", f"V('p3').as('a').properties('team').{CLASSES}.as('b').select('a', 'b')"),
        ("teams", f"V('p3').properties('team').{CLASSES}.path()"),
        ("teams", f"V().properties('team').{CLASSES}.has(T.value, P.within('red')).count()"),
        ("teams", f"V('p3').union(properties('team').{CLASSES}, properties('team')).key()"),
        ("teams", f"V('p3').project('a').by(properties('team').{CLASSES}.value().fold())"),
        ("teams", f"V('p3', 'p4').{WHY}.value()"),
        ("teams", f"V('p3').project('a').by({WHY}.fold())"),
        ("weights", f"V('p0').outE('knows').limit(1).{WHY_EDGE}.value()"),
        ("levels", f"V('p1', 'p2').properties('level').{CLASSES}.hasValue(P.gt(1)).value()"),
        ("ages", f"V('p30').properties('age').{NUMBERS}.value()"),
        ("weights", f"V('p0').outE('knows').properties('weight').{NUMBERS}.value().order()"),
        ("friends", f"{LINKS}.values('Neptune#ml.score')"),
    ],
)  # fmt: skip
def test_gremlin_lang_gives_what_groovy_gives(
    address: str, endpoint: str, query: str, serializer: type
) -> None:
    script = f"g.with('Neptune#ml.endpoint', '{endpoint}').{query}"
    other = Client(address, "g", message_serializer=serializer())
    try:
        options = {"language": "gremlin-lang"}
        found = other.submit(script, request_options=options).all().result()
        expected = other.submit(script).all().result()
    finally:
        other.close()
    assert expected
    assert list(map(str, found)) == list(map(str, expected))
    assert list(map(type, found)) == list(map(type, expected))


def test_gremlin_lang_over_http(client: Client, address: str) -> None:
    query = f"V('p3').{SCORED}"
    expected = [(each.key, each.value) for each in ask(client, "teams", query)]
    script = f"g.with('Neptune#ml.endpoint', 'teams').{query}"
    request = Request(
        address.replace("ws:", "http:"),
        json.dumps({"gremlin": script, "language": "gremlin-lang"}).encode(),
        {"Content-Type": "application/json", "Accept": "application/vnd.gremlin-v3.0+json"},
    )
    with urlopen(request) as response:
        body = json.loads(response.read())
    reader = GraphSONReader()
    found = [reader.to_object(each) for each in body["result"]["data"]["@value"]]
    assert [(each.key, each.value) for each in found] == expected


def page(address: str, what: str, script: str, language: str = "", *, get: bool = False) -> str:
    """The answer of /gremlin/explain or /gremlin/profile."""
    url = f"{address.replace('ws:', 'http:')}/{what}"
    asked = {"gremlin": script, **({"language": language} if language else {})}
    request: Request | str = f"{url}?{urlencode(asked)}"
    if not get:
        request = Request(url, json.dumps(asked).encode(), {"Content-Type": "application/json"})
    with urlopen(request) as response:
        return str(response.read().decode())


@pytest.mark.parametrize("get", [False, True])
@pytest.mark.parametrize("what", ["explain", "profile"])
@pytest.mark.parametrize(
    ("endpoint", "query", "words"),
    [
        (
            "teams",
            f"with('Neptune#ml.limit', 2).V('p3', 'p4').{SCORED}",
            [
                "model teams: classification of 'team' of vertices, 3 classes",
                ".fold(): 2 inputs, ",
                "2 inputs, 4 pred",
            ],
        ),
        (
            "weights",
            f"V('p0').outE('knows').properties('weight').{NUMBERS}",
            ["model weights: regression of 'weight' of edges, numbers", "outV()"],
        ),
        (
            "friends",
            f"with('Neptune#ml.limit', 2).V('p0', 'p1').{LINKS[8:]}",
            [
                f"out('knows') among {PEOPLE} candidates labelled 'Person', by common-neighbours",
                "2 inputs, 4 predictions, limit 2",
            ],
        ),
        ("friends", f"{LINKS}.values('Neptune#ml.explain')", ["1 predictions explained"]),
    ],
)
def test_explain_and_profile(
    address: str, endpoint: str, query: str, words: list[str], what: str, get: bool
) -> None:
    script = f"g.with('Neptune#ml.endpoint', '{endpoint}').{query}"
    text = page(address, what, script, get=get)
    assert f"Neptune Gremlin {what.capitalize()}" in text
    assert f"Query String\n============\n{script}\n" in text
    for word in [*words, ".limit(10001)", " inputs, ", f"model {endpoint}:"]:
        assert word in text
    final = text[text.index("Final Query\n") :]
    assert "g.V(" in final
    assert 'with("Neptune#ml' not in final
    timed = [line for line in text.splitlines() if line.endswith(" ms")]
    assert len(timed) >= 4
    assert ("Query Execution: " in text) == (what == "profile")


def test_explain_does_not_write(client: Client, address: str) -> None:
    query = f"g.with('Neptune#ml.endpoint', 'friends').addV('Person').property(id, 'x').{LINKS[8:]}"
    text = page(address, "explain", query)
    assert "Not run: steps of the query write" in text
    assert ask(client, "friends", "V('x').count()") == [0]


@pytest.mark.parametrize("language", ["", "gremlin-lang"])
def test_plain_queries_are_explained_by_the_database(address: str, language: str) -> None:
    plan = page(address, "explain", "g.V('p0').out('knows').values('age')", language)
    assert "TinkerGraphStepStrategy" in plan
    profile = page(address, "profile", "g.V('p0').out('knows').count()", language)
    assert "VertexStep(OUT,[knows]" in profile
    assert "% Dur" in profile


@pytest.mark.parametrize("what", ["explain", "profile"])
@pytest.mark.parametrize(
    ("script", "language", "message"),
    [
        (f"g.{LINKS}", "", "No endpoint provided for external service query."),
        ("g.with('Neptune#ml.endpoint', 'x').V().count(); g.V()", "", "script of one traversal"),
        ('g.V("$x")', "gremlin-lang", "with a $ in it cannot be explained"),
    ],
)
def test_what_cannot_be_explained(
    address: str, what: str, script: str, language: str, message: str
) -> None:
    with pytest.raises(HTTPError) as caught:
        page(address, what, script, language)
    assert caught.value.code == 400
    with caught.value as answer:
        assert message in json.loads(answer.read())["detailedMessage"]


@pytest.mark.parametrize(
    ("endpoint", "element", "task", "java"),
    [
        ("teams", "V('p1').properties('team')", CLASSES, "String"),
        ("levels", "V('p1').properties('level')", CLASSES, "Long"),
        ("ages", "V('p1').properties('age')", NUMBERS, "Double"),
        ("close", "E().limit(1).properties('close')", CLASSES, "Boolean"),
    ],
)
def test_values_have_the_types_of_the_graph(
    client: Client, endpoint: str, element: str, task: str, java: str
) -> None:
    assert ask(client, endpoint, f"{element}.{task}.value().map{{it.get().class.simpleName}}") == [
        java
    ]


def test_numbers_of_vertices_are_doubles(client: Client) -> None:
    (age,) = ask(client, "ages", f"V('p30').properties('age').{NUMBERS}.value()")
    assert isinstance(age, float)
    assert age == pytest.approx(50, abs=5)


def test_edges_are_judged_by_their_ends(client: Client) -> None:
    rows = ask(
        client,
        "close",
        f"E().hasLabel('knows').project('close', 'said').by('close')"
        f".by(properties('close').{CLASSES}.value())",
    )
    assert all(isinstance(row["said"], bool) for row in rows)
    assert sum(row["close"] == row["said"] for row in rows) > 0.95 * len(rows)


def test_numbers_of_edges(client: Client) -> None:
    rows = ask(
        client,
        "weights",
        f"V('p0').outE('knows').project('close', 'said').by('close')"
        f".by(properties('weight').{NUMBERS}.value())",
    )
    assert rows
    assert all((row["said"] > 3) == row["close"] for row in rows)


def test_what_came_after_training(client: Client) -> None:
    ask(client, "teams", "addV('Person').property(id, 'new').iterate()")
    assert ask(client, "teams", f"V('new').properties('team').{CLASSES}") == []
    ask(client, "teams", "V('p0').addE('knows').property(id, 'late').to(__.V('p3')).iterate()")
    (said,) = ask(client, "weights", f"E('late').properties('weight').{NUMBERS}.value()")
    assert said > 3


@pytest.mark.parametrize(
    ("endpoint", "query", "message"),
    [
        (
            "friends",
            f"V().properties('team').{CLASSES}",
            "Endpoint friends does link prediction, the query asks it for the classification of "
            "the property 'team'.",
        ),
        (
            "teams",
            LINKS,
            "Endpoint teams does node classification of the property 'team', the query asks it "
            "for link prediction over the edges 'knows'.",
        ),
        (
            "teams",
            f"V().properties('age').{CLASSES}",
            "Endpoint teams does node classification of the property 'team', the query asks it "
            "for the classification of the property 'age'.",
        ),
        (
            "weights",
            f"E().properties('weight').{CLASSES}",
            "Endpoint weights does edge regression of the property 'weight', the query asks it "
            "for the classification of the property 'weight'.",
        ),
    ],
)
def test_an_endpoint_of_another_kind(
    client: Client, endpoint: str, query: str, message: str
) -> None:
    with pytest.raises(GremlinServerError) as caught:
        ask(client, endpoint, query)
    assert "InvalidParameterException" in str(caught.value)
    assert message in str(caught.value)


@pytest.fixture(scope="module")
def newcomer(client: Client) -> str:
    """A person who came after training and knows the red team: the id."""
    script = "addV('Person').property(id, 'late').property('shoe', 25).property('size', 25)"
    script += ".property('side', 'a').property('level', 0L).as('n')"
    for friend in ("p3", "p6", "p9", "p15", "p18", "p21"):
        script += f".V('{friend}').addE('knows').from('n').property('weight', 5.0d)"
        script += f".property('close', true).V('{friend}').addE('knows').to('n')"
        script += ".property('weight', 5.0d).property('close', true)"
    ask(client, "teams", f"{script}.iterate()")
    return "late"


def test_a_new_vertex_has_answers_from_the_graph_as_it_is_now(
    client: Client, newcomer: str
) -> None:
    teams = f"V('{newcomer}').properties('team', 'Neptune#ml.score').{CLASSES}"
    assert ask(client, "teams", teams) == []
    said, score = ask(client, "teams", f"{teams}.{INDUCTIVE}")
    assert (said.key, said.value) == ("team", "red")
    assert score.value > 0.5
    levels = f"V('{newcomer}').properties('level').{INDUCTIVE}.{CLASSES}.value()"
    assert ask(client, "levels", levels) == [0]


def test_properties_that_change_change_the_answers(client: Client, newcomer: str) -> None:
    age = f"V('{newcomer}').properties('age').{NUMBERS}.{INDUCTIVE}.value()"
    (before,) = ask(client, "ages", age)
    assert before == pytest.approx(45, abs=8)
    changes = f"V('{newcomer}').property('shoe', 50).property('size', 50)"
    (after,) = ask(client, "ages", f"{changes}.{age.partition('.')[2]}")
    assert after > before + 15


def test_links_that_change_change_the_answers(client: Client, newcomer: str) -> None:
    teams = f"V('{newcomer}').properties('level').{CLASSES}.{INDUCTIVE}.value()"
    moves = f"V('{newcomer}').bothE('knows').drop().iterate()"
    assert ask(client, "levels", teams) == [0]
    ask(client, "levels", moves)
    for friend in ("p1", "p4", "p7", "p10", "p13"):
        ask(client, "levels", f"V('{friend}').addE('knows').to(__.V('{newcomer}')).iterate()")
    assert ask(client, "levels", teams) == [1]


def test_new_edges_of_new_vertices(client: Client) -> None:
    script = "addV('Person').property(id, 'newer').as('n')"
    for friend in ("p0", "p3", "p6"):
        script += f".V('{friend}').addE('knows').from('n').property('close', true)"
    ask(client, "close", f"{script}.V('p9').addE('knows').property(id, 'k').from('n').iterate()")
    asked = f"E('k').properties('weight').{NUMBERS}"
    assert ask(client, "weights", asked) == []
    (weight,) = ask(client, "weights", f"{asked}.{INDUCTIVE}.value()")
    assert isinstance(weight, float)
    rows = ask(
        client,
        "close",
        f"V('newer').outE('knows').project('close', 'score')"
        f".by(properties('close').{CLASSES}.{INDUCTIVE}.value())"
        f".by(properties('close', 'Neptune#ml.score').{CLASSES}.{INDUCTIVE}.count())",
    )
    assert [set(row) for row in rows] == [{"close", "score"}] * 4
    assert {type(row["close"]) for row in rows} == {bool}
    assert {row["score"] for row in rows} == {2}
