"""Whatever follows an inference does with its answers what it does with stored ones.

The same query runs twice: through the proxy with an inference in it, whose answers are told
beforehand, and directly on the server with an edge or a property in its place, which are stored
with just these answers.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from bytecode import bytecode
from gremlin_python.driver.client import Client
from gremlin_python.driver.protocol import GremlinServerError
from gremlin_python.process.traversal import Traverser
from gremlin_python.structure.graph import Edge, Path, Property, Vertex, VertexProperty
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from running_proxy import Model, Models, RunningProxy, Values
from suffixes import EDGES, LINKS, STEPS, VALUES, VERTICES, queries

from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.inference.commands import GuessLinks, PredictLinks, PrepareLinks
from gremlink.proxy.inference.rewrite import choose_tree, map_lookup, property_values, vertices
from gremlink.proxy.relay.websocket import backoff

EXAMPLES = int(os.environ.get("SEMANTICS_EXAMPLES", "60"))
"""Queries of each of the tests."""

USERS = {
    "u1": ("Ann", 34, ("x", "y")),
    "u2": ("Bob", 28, ("x",)),
    "u3": ("Cas", 34, ()),
    "u4": ("Dan", 51, ("y", "z")),
    "u5": ("Eve", 28, ("z",)),
    "u6": ("Fay", 67, ("x", "z")),
    "unseen": ("Gil", 40, ()),
}
THINGS = {"t1": "Tea", "t2": "Umbrella"}
KNOWS = "u1-u2 u2-u3 u3-u1 u4-u1 u1-u4 u5-u6 u6-u2 u2-u4 unseen-u1".split()
LIKES = "u1-t1 u2-t1 u3-t2 u4-t1 u4-t2 u6-t2".split()
LIMIT = 3
TARGETS = {
    "u1": "u2 u5 u3 u6 u4".split(),
    "u2": "u6 u1 u5".split(),
    "u3": "u5 u4 u2 u6".split(),
    "u4": "u3 u2".split(),
    "u5": "u1".split(),
}
"""What the model ranks; what is known already is left out by the proxy."""
ODD_IDS = {
    "7L": Literal(Kind.LONG, 7),
    "8": Literal(Kind.INT, 8),
    f"UUID.fromString('{UUID(int=9)}')": Literal(Kind.UUID, UUID(int=9)),
}
"""Edges with other ids than text: as Groovy has them, and as literals."""
GENRES = {
    "u1": ["Drama", "Crime", "War"],
    "u2": ["War"],
    "u3": ["Crime", "Drama"],
    "u4": ["Drama"],
    "u6": ["Horror", "Drama", "Crime"],
}
WEIGHTS = {"likes-0": 1.5, "likes-1": 0.25, "likes-3": 1.75, "knows-0": 3.0, "knows-4": 2.0}
"""All different: predicted properties of two edges are equal where key and value are, because a
server cannot be told whose they are; those of a graph are not."""


TRAINED = {
    "current": KNOWS,
    "stale": "u1-u2 u2-u3 u3-u1 u1-u5 u5-u6 u6-u2 u2-u1 u4-u1 u4-u3".split(),
    "empty": [],
}
"""The links that models have seen which are tried in one query: the graph's, and others."""


def graph() -> str:
    """The script that writes the graph, with what the models tell stored beside it."""
    lines = ["def v = { id -> g.V(id).next() }"]
    for id, (name, age, tags) in USERS.items():
        label = "User"
        lines.append(
            f"g.addV('{label}').property(T.id, '{id}').property('name', '{name}')"
            f".property('age', {age})"
            + "".join(f".property(list, 'tags', '{tag}')" for tag in tags)
            + "".join(f".property(list, 'genre', '{genre}')" for genre in GENRES.get(id, ()))
            + ".iterate()"
        )
    for id, name in THINGS.items():
        lines.append(f"g.addV('Thing').property(T.id, '{id}').property('name', '{name}').iterate()")
    for label, pairs in (("knows", KNOWS), ("likes", LIKES)):
        for number, (head, tail) in enumerate(pair.split("-") for pair in pairs):
            id = f"{label}-{number}"
            weight = f".property('weight', {WEIGHTS[id]}d)" if id in WEIGHTS else ""
            lines.append(
                f"g.addE('{label}').from(v('{head}')).to(v('{tail}')).property(T.id, '{id}')"
                f".property('since', {2000 + number}){weight}.iterate()"
            )
    for id in ODD_IDS:
        lines.append(f"g.addE('odd').from(v('u5')).to(v('u6')).property(T.id, {id}).iterate()")
    for number, (direction, vertex) in enumerate(
        (direction, vertex) for direction in ("out", "in") for vertex in USERS
    ):
        for rank, target in enumerate(answered(vertex, direction)):
            ends = (vertex, target) if direction == "out" else (target, vertex)
            # A TinkerVertex keeps its edges in a hash set: these ids make its order that of ranks.
            lines.append(
                f"g.addE('predicted-{direction}').from(v('{ends[0]}')).to(v('{ends[1]}'))"
                f".property(T.id, {16 * number + rank}).iterate()"
            )
    return "\n".join([*lines, "'done'"])


def answered(vertex: str, direction: str) -> list[str]:
    """The answers for a vertex: the best `LIMIT` that are no known neighbours in the direction."""
    known = {tuple(pair.split("-")) for pair in KNOWS}
    return [
        target
        for target in TARGETS.get(vertex, ())
        if ((vertex, target) if direction == "out" else (target, vertex)) not in known
    ][:LIMIT]


@dataclass(frozen=True)
class Clients:
    """One of the server, one of the proxy, and models that it asks."""

    stored: Client
    inferring: Client
    trained: Mapping[str, Model]


@pytest.fixture(scope="module")
def clients(graph_url: str) -> Iterator[Clients]:
    stored = Client(graph_url, "g")
    stored.submit("g.V().drop().iterate()").all().result()
    stored.submit(graph()).all().result()
    for direction in ("out", "in"):
        for vertex in USERS:
            found = stored.submit(f"g.V('{vertex}').{direction}('predicted-{direction}').id()")
            assert found.all().result() == answered(vertex, direction)
    id = Literal.string
    targets = {id(vertex): list(map(id, found)) for vertex, found in TARGETS.items()}
    trained = {
        name: Model(name, targets, {(id(a), id(b)) for a, b in (pair.split("-") for pair in links)})
        for name, links in TRAINED.items()
    }
    models = Models(
        Model("links", targets),
        *trained.values(),
        Values("genres", "node", {id(v): list(map(id, genres)) for v, genres in GENRES.items()}),
        Values("weights", "edge", {id(e): [Literal.of(weight)] for e, weight in WEIGHTS.items()}),
        Values("odd", "edge", {each: [id(each.kind.name)] for each in ODD_IDS.values()}),
    )
    with RunningProxy(graph_url, models) as proxy:
        inferring = Client(proxy.url, "g")
        yield Clients(stored, inferring, trained)
        inferring.close()
    stored.close()


def run(client: Client, text: str, how: str) -> Any:
    """The results of a query, or the status code of its error."""
    ordered = how.endswith("in order")
    try:
        query = bytecode(text) if how.startswith("bytecode") else text
        results = client.submit(query).all().result()
    except GremlinServerError as error:
        return f"error {error.status_code}"
    every = []
    for result in results:
        if isinstance(result, Traverser):
            every += [plain(result.object, ordered)] * result.bulk
        else:
            every.append(plain(result, ordered))
    return every if ordered else sorted(every, key=repr)


def plain(value: Any, ordered: bool) -> Any:
    """A result as what can be compared; lists as bags, unless the order counts."""
    match value:
        case VertexProperty():
            return ("vertex property", value.key, plain(value.value, ordered))
        case Property():
            return ("property", value.key, plain(value.value, ordered))
        case Vertex():
            return ("vertex", value.id, value.label)
        case Edge():
            return ("edge", value.id, value.label)
        case Path():
            labels = [sorted(each) for each in value.labels]
            return ("path", labels, [plain(each, ordered) for each in value.objects])
        case dict():
            pairs = [(plain(key, ordered), plain(each, ordered)) for key, each in value.items()]
            return ("map", sorted(pairs, key=repr))
        case set():
            return ("set", sorted((plain(each, ordered) for each in value), key=repr))
        case list():
            items = [plain(each, ordered) for each in value]
            return ("list", items if ordered else sorted(items, key=repr))
        case _:
            return (type(value).__name__, value)


FORMS = ("bytecode", "bytecode, in order", "bytecode, in order", "script", "script, in order")
PACKAGE = "org.apache.tinkerpop.gremlin.process.traversal.strategy.optimization"
MERGING = ("LazyBarrierStrategy", "PathRetractionStrategy")
"""Strategies that merge equal traversers, so that their order is no longer told."""

quickly = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@st.composite
def asked(
    draw: st.DrawFn,
    hole: str,
    kind: Any,
    inputs: Sequence[str] = VERTICES,
    forms: Sequence[str] = FORMS,
) -> tuple[str, str]:
    """How to ask, and a query."""
    how = draw(st.sampled_from(forms))
    ordered = how.endswith("in order")
    names = MERGING if how.startswith("bytecode") else [f"{PACKAGE}.{name}" for name in MERGING]
    source = f"g.withoutStrategies({', '.join(names)})" if ordered else "g"
    return how, f"{source}.<with>" + draw(queries(hole, kind, inputs, ordered=ordered))


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few answers are written as many are. A server then takes them in another order."""
    for module in (vertices, choose_tree, property_values):
        monkeypatch.setattr(module, "FAN_OUT", 2)
    monkeypatch.setattr(vertices, "LITERAL_LIMIT", 0)
    monkeypatch.setattr(property_values, "PROPERTY_LIMIT", 0)
    monkeypatch.setattr(map_lookup, "TABLE_SIZE", 2)


@pytest.fixture
def untiring(monkeypatch: pytest.MonkeyPatch) -> None:
    """What may be answered by one query is always tried."""
    monkeypatch.setattr(backoff, "LONGEST", 0)


def options(endpoint: str, limit: int = LIMIT) -> str:
    return f'with("Neptune#ml.endpoint", "{endpoint}").with("Neptune#ml.limit", {limit}).'


def compare(clients: Clients, how: str, query: str, endpoint: str, inference: str, stored: str):
    """Ask in both ways; `inference` and `stored` are what to put in the place of the hole."""
    hole = LINKS if LINKS in query else VALUES
    asking = query.replace("<with>", options(endpoint)).replace(hole, inference)
    mine = run(clients.inferring, asking, how)
    theirs = run(clients.stored, query.replace("<with>", "").replace(hole, stored), how)
    assert mine == theirs, asking


def ask_for_links(
    clients: Clients, how: str, query: str, direction: str, endpoint: str = "links"
) -> None:
    inference = f'{direction}("knows").with("Neptune#ml.prediction").hasLabel("User")'
    stored = f'{direction}("predicted-{direction}").hasLabel("User")'
    compare(clients, how, query, endpoint, inference, stored)


def ask_for_genres(clients: Clients, how: str, query: str) -> None:
    inference = 'properties("genre").with("Neptune#ml.classification")'
    compare(clients, how, query, "genres", inference, 'properties("genre")')


def ask_for_weights(clients: Clients, how: str, query: str) -> None:
    inference = 'properties("weight").with("Neptune#ml.regression")'
    compare(clients, how, query, "weights", inference, 'properties("weight")')


DIRECTIONS = st.sampled_from(["out", "in"])


@quickly
@given(asked(LINKS, "vertex"), DIRECTIONS)
def test_links(clients: Clients, question: tuple[str, str], direction: str) -> None:
    ask_for_links(clients, *question, direction)


ALONE = ("V('u1')", "V('u2')", "V('u3')", "V('u4')", "V('u5')", "V('u6')", "V('unseen')")
"""Inputs that are named by their ids."""


@quickly
@given(asked(LINKS, "vertex", (*ALONE, "V('nobody')")), DIRECTIONS, st.sampled_from([*TRAINED]))
def test_links_in_one_query(
    clients: Clients, untiring: None, question: tuple[str, str], direction: str, model: str
) -> None:
    """Whether the model's links are the graph's or others."""
    ask_for_links(clients, *question, direction, model)


@pytest.mark.parametrize("how", FORMS)
@pytest.mark.parametrize("vertex", ALONE)
@pytest.mark.parametrize("model", TRAINED)
def test_every_vertex_in_one_query(
    clients: Clients, untiring: None, vertex: str, how: str, model: str
) -> None:
    for direction in ("out", "in"):
        for rest in (".values('name')", ".project('n').by('name')", ".out('knows').id()"):
            query = f"g.<with>{vertex}.{LINKS}{rest}"
            ask_for_links(clients, how, query, direction, model)


@pytest.mark.parametrize("how", ["bytecode", "script"])
def test_one_query_is_enough_where_the_links_are_those_of_training(
    clients: Clients, untiring: None, how: str
) -> None:
    for name, enough in (("current", True), ("stale", False)):
        calls = clients.trained[name].calls
        calls.clear()
        # What stale links would rank first, u4 is linked to in the graph, and u2 is not.
        ask_for_links(clients, how, f"g.<with>V('u1').{LINKS}.values('name')", "out", name)
        asked = [type(call) for call in calls]
        two = [] if enough else [PrepareLinks, PredictLinks]
        assert asked == [GuessLinks, *two]


@quickly
@given(asked(VALUES, "property"))
def test_properties_of_vertices(clients: Clients, question: tuple[str, str]) -> None:
    ask_for_genres(clients, *question)


@quickly
@given(asked(VALUES, "property", EDGES))
def test_properties_of_edges(clients: Clients, question: tuple[str, str]) -> None:
    ask_for_weights(clients, *question)


UNORDERED = ("bytecode", "script")
ONCE = [each for each in VERTICES if ".out(" not in each]
"""Inputs of which each comes once: what happens to equal traversers that are merged is open."""


@quickly
@given(asked(LINKS, "vertex", VERTICES, UNORDERED), DIRECTIONS)
def test_many_links(
    clients: Clients, many: None, question: tuple[str, str], direction: str
) -> None:
    ask_for_links(clients, *question, direction)


@quickly
@given(asked(VALUES, "property", ONCE, UNORDERED))
def test_many_properties_of_vertices(
    clients: Clients, many: None, question: tuple[str, str]
) -> None:
    ask_for_genres(clients, *question)


@quickly
@given(asked(VALUES, "property", EDGES[:4], UNORDERED))
def test_many_properties_of_edges(clients: Clients, many: None, question: tuple[str, str]) -> None:
    ask_for_weights(clients, *question)


@pytest.mark.parametrize("how", ["bytecode", "script"])
@pytest.mark.parametrize("id", ODD_IDS)
def test_edges_with_other_ids_than_text(clients: Clients, id: str, how: str) -> None:
    asked = 'properties("kind").with("Neptune#ml.classification").value()'
    one = "hasId(<id>)" if how == "script" else "has(T.id, <id>)"
    text = f"g.{options('odd')}E().hasLabel('odd').{one}.as('e').{asked}".replace("<id>", id)
    if how == "bytecode" and "UUID" in id:
        text = f"g.{options('odd')}E().hasLabel('odd').as('e').{asked}.is('UUID')"
    assert run(clients.inferring, text, how) == [("str", ODD_IDS[id].kind.name)]


@pytest.mark.parametrize(
    ("hole", "kind", "inputs"), [(LINKS, "vertex", VERTICES), (VALUES, "property", EDGES)]
)
def test_many_kinds_of_step_are_asked(hole: str, kind: str, inputs: Sequence[str]) -> None:
    names: set[str] = set()

    @quickly
    @given(asked(hole, kind, inputs))
    def collect(question: tuple[str, str]) -> None:
        _, _, behind = question[1].partition(hole)
        names.update(re.findall(r"\b([a-z]\w*)\(", behind))

    collect()
    assert len(names - {"gt", "lt", "gte", "neq", "within", "without"}) >= 30


def test_there_are_many_kinds_of_step() -> None:
    steps = " ".join(step.text for steps in STEPS.values() for step in steps)
    names = set(re.findall(r"\b([a-z]\w*)\(", steps)) - {"gt", "lt", "gte", "neq", "within"}
    assert len(names) >= 60
