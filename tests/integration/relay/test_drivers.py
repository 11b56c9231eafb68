"""Link predictions asked with gremlinpython, as bytecode and as scripts, on a real server."""

import uuid
from collections.abc import Iterator

import pytest
from gremlin_python.driver.client import Client
from gremlin_python.driver.driver_remote_connection import DriverRemoteConnection
from gremlin_python.driver.protocol import GremlinServerError
from gremlin_python.driver.serializer import (
    GraphBinarySerializersV1,
    GraphSONSerializersV2d0,
    GraphSONSerializersV3d0,
)
from gremlin_python.process.anonymous_traversal import traversal
from gremlin_python.process.graph_traversal import GraphTraversalSource, __
from gremlin_python.statics import long
from running_proxy import Model, RunningProxy

from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.inference.commands import PredictLinks

SERIALIZERS = {
    "graphbinary": GraphBinarySerializersV1,
    "graphson-3": GraphSONSerializersV3d0,
    "graphson-2": GraphSONSerializersV2d0,
}
PREDICTION = "Neptune#ml.prediction"
UUID = uuid.UUID("2f6c2f5a-1c3d-4e5f-8a9b-0c1d2e3f4a5b")
GRAPH = f"""
def add = {{ id, name -> g.addV('User').property(T.id, id).property('name', name)
    .property('age', name.length()).property('tags', 'x').next() }}
['a', 'b', 'c', 'd', 'e'].each {{ add(it, it.toUpperCase()) }}
add(7L, 'Long'); add(8, 'Int'); add(UUID.fromString('{UUID}'), 'Uuid'); add('new', 'Unseen')
g.V('a').as('s').V('b').addE('FRIEND').from('s').property('since', 2001).iterate()
g.V('c').as('s').V('a').addE('FRIEND').from('s').iterate()
g.V('d').as('s').V('e').addE('FRIEND').from('s').iterate()
(0..<1000).each {{ g.addV('Many').property(T.id, 'm' + it).property('number', it).next() }}
'done'
"""


def literals(*values: object) -> list[Literal]:
    return [
        Literal(Kind.LONG, int(value)) if isinstance(value, long) else Literal.of(value)
        for value in values
    ]


TARGETS = {
    Literal.string("a"): literals("b", "c", "d", "e"),
    Literal.string("b"): literals("d", long(7), 8, UUID),
    Literal.string("c"): literals("e", "d"),
    Literal(Kind.LONG, 7): literals("a"),
    Literal(Kind.INT, 8): literals("b"),
    Literal(Kind.UUID, UUID): literals("c"),
    **{
        Literal.string(f"m{number}"): literals(
            *(f"m{(number + step) % 1000}" for step in range(1, 11))
        )
        for number in range(1000)
    },
}


@pytest.fixture(scope="module")
def model() -> Model:
    return Model("friends", TARGETS)


@pytest.fixture(scope="module")
def proxy_url(graph_url: str, model: Model) -> Iterator[str]:
    client = Client(graph_url, "g")
    client.submit("g.V().drop().iterate()").all().result()
    client.submit(GRAPH).all().result()
    client.close()
    with RunningProxy(graph_url, model) as proxy:
        yield proxy.url


@pytest.fixture(params=SERIALIZERS)
def serializer(request: pytest.FixtureRequest) -> object:
    return SERIALIZERS[request.param]()


@pytest.fixture
def g(proxy_url: str, serializer: object) -> Iterator[GraphTraversalSource]:
    connection = DriverRemoteConnection(proxy_url, "g", message_serializer=serializer)
    yield traversal().with_remote(connection).with_("Neptune#ml.endpoint", "friends")
    connection.close()


@pytest.fixture
def submit(proxy_url: str, serializer: object):
    client = Client(proxy_url, "g", message_serializer=serializer)

    def run(script: str, bindings: dict[str, object] | None = None) -> list[object]:
        return (
            client.submit(script.replace("ML", f'with("{PREDICTION}").hasLabel("User")'), bindings)
            .all()
            .result()
        )

    yield run
    client.close()


# Bytecode ---------------------------------------------------------------------------------------


def test_the_best_target_that_is_not_yet_linked(g):
    names = g.V("a").out("FRIEND").with_(PREDICTION).has_label("User").values("name").to_list()
    assert names == ["C"]


def test_so_many_as_asked_for_in_their_order(g):
    limited = g.with_("Neptune#ml.limit", 3)
    for vertex, names in (("a", ["C", "D", "E"]), ("c", ["E", "D"])):
        found = limited.V(vertex).out("FRIEND").with_(PREDICTION).has_label("User").values("name")
        assert found.to_list() == names
    found = limited.V("a", "c").out("FRIEND").with_(PREDICTION).has_label("User").values("name")
    assert sorted(found.to_list()) == ["C", "D", "D", "E", "E"]


def test_links_to_the_input(g):
    names = g.V("a").in_("FRIEND").with_(PREDICTION).has_label("User").values("name").to_list()
    assert names == ["B"]


def test_the_path_is_the_database_s_own(g):
    (path,) = (
        g.V("a")
        .as_("x")
        .out("FRIEND")
        .with_(PREDICTION)
        .has_label("User")
        .as_("y")
        .path()
        .to_list()
    )
    assert [vertex.id for vertex in path.objects] == ["a", "c"]
    assert [set(labels) for labels in path.labels] == [{"x"}, {"y"}]


def test_project_and_by(g):
    (row,) = (
        g.V("a")
        .out("FRIEND")
        .with_(PREDICTION)
        .has_label("User")
        .project("who", "friends")
        .by("name")
        .by(__.in_("FRIEND").count())
        .to_list()
    )
    assert row == {"who": "C", "friends": 0}


def test_labels_around_an_inference(g):
    rows = (
        g.with_("Neptune#ml.limit", 2)
        .V("a", "c")
        .as_("from")
        .out("FRIEND")
        .with_(PREDICTION)
        .has_label("User")
        .as_("to")
        .select("from", "to")
        .by("name")
        .to_list()
    )
    assert [(row["from"], row["to"]) for row in rows] == [
        ("A", "C"),
        ("A", "D"),
        ("C", "E"),
        ("C", "D"),
    ]


def test_the_vertices_carry_their_properties(g):
    (vertex,) = g.V("a").out("FRIEND").with_(PREDICTION).has_label("User").to_list()
    assert (vertex.id, vertex.label) == ("c", "User")
    assert {property.key: property.value for property in vertex.properties} == {
        "name": "C",
        "age": 1,
        "tags": "x",
    }
    (row,) = g.V("a").out("FRIEND").with_(PREDICTION).has_label("User").value_map("name").to_list()
    assert row == {"name": ["C"]}


def test_ids_of_every_type_as_inputs(g):
    for vertex, name in ((long(7), "A"), (8, "B"), (UUID, "C")):
        found = g.V(vertex).out("FRIEND").with_(PREDICTION).has_label("User").values("name")
        assert found.to_list() == [name], vertex
    inputs = g.V().has("name", "Long").out("FRIEND").with_(PREDICTION).has_label("User")
    assert inputs.values("name").to_list() == ["A"]


def test_ids_of_every_type_as_targets(g):
    found = g.with_("Neptune#ml.limit", 4).V("b").out("FRIEND").with_(PREDICTION).has_label("User")
    assert found.values("name").to_list() == ["D", "Long", "Int", "Uuid"]


def test_an_input_that_the_model_has_not_seen_has_no_targets(g):
    assert g.V("new").out("FRIEND").with_(PREDICTION).has_label("User").to_list() == []
    found = g.V("new", "a").out("FRIEND").with_(PREDICTION).has_label("User").values("name")
    assert found.to_list() == ["C"]


def test_no_inputs(g):
    assert g.V("nobody").out("FRIEND").with_(PREDICTION).has_label("User").to_list() == []


def test_a_target_of_another_label_is_the_database_s_to_filter(g):
    assert g.V("a").out("FRIEND").with_(PREDICTION).has_label("Company").to_list() == []


def test_equal_inputs_are_predicted_for_once_and_answered_each(g, model):
    model.calls.clear()
    found = g.V("a", "a", "a").out("FRIEND").with_(PREDICTION).has_label("User").values("name")
    assert found.to_list() == ["C", "C", "C"]
    (call,) = [call for call in model.calls if isinstance(call, PredictLinks)]
    assert call.inputs == [Literal.string("a")]


def test_a_thousand_inputs(g):
    counted = g.V().has_label("Many").out("FRIEND").with_(PREDICTION).has_label("Many").count()
    assert counted.next() == 1000
    found = (
        g.with_("Neptune#ml.limit", 10)
        .V()
        .has_label("Many")
        .as_("x")
        .out("FRIEND")
        .with_(PREDICTION)
        .has_label("Many")
        .as_("y")
        .select("x", "y")
        .by("number")
        .to_list()
    )
    assert len(found) == 10_000
    assert all(1 <= (row["y"] - row["x"]) % 1000 <= 10 for row in found)


def test_an_unknown_endpoint_is_neptune_s_error(g):
    with pytest.raises(GremlinServerError, match="Endpoint nobody not found") as caught:
        g.with_("Neptune#ml.endpoint", "nobody").V("a").out("FRIEND").with_(PREDICTION).has_label(
            "User"
        ).to_list()
    assert caught.value.status_code == 499
    assert '"code": "BadRequestException"' in caught.value.status_message


def test_a_missing_label_is_neptune_s_error(g):
    with pytest.raises(GremlinServerError, match="Predicted vertex label needs to be specified"):
        g.V("a").out("FRIEND").with_(PREDICTION).to_list()


def test_steps_of_the_prefix_that_write_run_once(g):
    before = g.E().has_label("SEEN").count().next()
    names = (
        g.V("a")
        .add_e("SEEN")
        .to(__.V("e"))
        .out_v()
        .out("FRIEND")
        .with_(PREDICTION)
        .has_label("User")
        .values("name")
        .to_list()
    )
    assert names == ["C"]
    assert g.E().has_label("SEEN").count().next() == before + 1


def test_nothing_is_written_for_an_unknown_endpoint(g):
    before = g.E().has_label("SEEN").count().next()
    with pytest.raises(GremlinServerError):
        g.with_("Neptune#ml.endpoint", "nobody").V("a").add_e("SEEN").to(__.V("e")).out_v().out(
            "FRIEND"
        ).with_(PREDICTION).has_label("User").to_list()
    assert g.E().has_label("SEEN").count().next() == before


def test_an_error_of_the_database_is_the_client_s(g):
    with pytest.raises(GremlinServerError, match="String does not allow selection by id"):
        g.V("a").values("name").out("FRIEND").with_(PREDICTION).has_label("User").to_list()
    names = g.V("a").out("FRIEND").with_(PREDICTION).has_label("User").values("name").to_list()
    assert names == ["C"]


def test_inferences_in_a_transaction_s_session(proxy_url, serializer):
    client = Client(proxy_url, "g", message_serializer=serializer, session=str(uuid.uuid4()))
    try:
        client.submit("x = 'a'").all().result()
        query = f'g.with("Neptune#ml.endpoint","friends").V("a").out("FRIEND").with("{PREDICTION}")'
        found = client.submit(f'{query}.hasLabel("User").values("name")').all().result()
        assert found == ["C"]
        assert client.submit("x").all().result() == ["a"]
    finally:
        client.close()


# Scripts ----------------------------------------------------------------------------------------

EP = 'g.with("Neptune#ml.endpoint", "friends")'


@pytest.mark.parametrize(
    ("script", "results"),
    [
        (EP + '.V("a").out("FRIEND").ML.values("name")', ["C"]),
        (EP + ".V('a').out('FRIEND').ML.values('name').toList()", ["C"]),
        (EP + '.with("Neptune#ml.limit", 8).V("a").out("FRIEND").ML.id()\n', ["c", "d", "e"]),
        ("\n" + EP + '\n  .V("a")\n  .out("FRIEND").\n  ML\n  .count() // how many\n', [1]),
        (EP + '.V("a", "c").out("FRIEND").ML.order().by("name").values("name")', ["C", "E"]),
        (EP + '.V("new").out("FRIEND").ML', []),
        (EP + '.V(7L).out("FRIEND").ML.id()', ["a"]),
        (EP + '.V(8).out("FRIEND").ML.id()', ["b"]),
        (EP + f'.V(UUID.fromString("{UUID}")).out("FRIEND").ML.id()', ["c"]),
        (
            EP + '.V("a").out("FRIEND").ML.project("n","c").by("name").by(out().count())',
            [{"n": "C", "c": 1}],
        ),
        (
            EP + '.V("a").as("x").out("FRIEND").ML.as("y").select("x","y").by("name")',
            [{"x": "A", "y": "C"}],
        ),
        (EP + '.V("a").out("FRIEND").ML.path().by("name").unfold()', ["A", "C"]),
        (EP + '.V("b").out("FRIEND").ML.values("name").map{ it.get() + "!" }', ["D!"]),
    ],
)
def test_scripts(submit, script, results):
    assert submit(script) == results


def test_a_thousand_inputs_of_a_script(submit):
    found = submit(
        EP + '.with("Neptune#ml.limit", 10).V().hasLabel("Many").as("x").out("FRIEND")'
        f'.with("{PREDICTION}").hasLabel("Many").as("y").select("x","y").by("number")'
    )
    assert len(found) == 10_000
    assert all(1 <= (row["y"] - row["x"]) % 1000 <= 10 for row in found)


def test_a_thousand_inputs_of_a_script_with_bindings_of_its_own(submit):
    found = submit(
        EP + '.V().hasLabel(l).out(e).with("Neptune#ml.prediction").hasLabel("Many").count()',
        {"l": "Many", "e": "FRIEND"},
    )
    assert found == [1000]


def test_a_prefix_that_writes_runs_once_in_a_script(submit):
    (before,) = submit('g.E().hasLabel("SEEN").count()')
    names = submit(EP + '.V("a").addE("SEEN").to(V("e")).outV().out("FRIEND").ML.values("name")')
    assert names == ["C"]
    assert submit('g.E().hasLabel("SEEN").count()') == [before + 1]
