"""Steps that write before an inference run exactly once, whatever they are and however one asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from bytecode import bytecode
from gremlin_python.driver.client import Client
from gremlin_python.driver.protocol import GremlinServerError
from gremlin_python.process.traversal import Traverser
from running_proxy import Model, Models, RunningProxy, Values
from ways import SERIALIZERS, Refused, Speakers

from gremlink.grammar.traversal import Literal

OPTIONS = 'with("Neptune#ml.endpoint", "{}").with("Neptune#ml.limit", {})'
NAMES = 'values("name")'
LINKS = OPTIONS.format("friends", 2)
FRIENDS = 'out("FRIEND").with("Neptune#ml.prediction").hasLabel("User")'
GROUP = 'properties("group").with("Neptune#ml.classification").value()'
KIND = 'properties("kind").with("Neptune#ml.classification").value()'
WEIGHT = 'properties("weight").with("Neptune#ml.regression").value()'
ADD_DORA = 'addV("User").property(T.id, "dora").property("name", "Dora")'
UPSERT = f'V().has("User", "name", "{{}}").fold().coalesce(__.unfold(), __.{ADD_DORA})'

PEOPLE = ("ann", "bob", "cy", "dan")
TARGETS = {
    "ann": ("bob", "cy", "dan"),
    "bob": ("ann", "cy", "dan"),
    "cy": ("dan", "bob"),
    "dora": ("ann", "bob", "cy"),
}
ASKED = 'property("asked", "yes")'
KNOWS_CY = 'addE("KNOWS").property(T.id, "k1").to(__.V("cy"))'
MERGE_DORA = (
    'mergeV([(T.id): "dora", (T.label): "User"])'
    '.option(Merge.onCreate, [(T.id): "dora", (T.label): "User", name: "Dora"])'
    '.option(Merge.onMatch, [seen: "again"])'
)
MERGE_EDGE = (
    'mergeE([(T.label): "KNOWS", (Direction.OUT): "ann", (Direction.IN): "cy"])'
    '.option(Merge.onCreate, [(T.id): "k1", (T.label): "KNOWS",'
    ' (Direction.OUT): "ann", (Direction.IN): "cy"])'
)
"""Maps with keys that are no text; gremlinpython cannot write them in GraphSON 2."""

SAYING = (
    *("script", "lang", "bytecode", "bound", "session"),
    *("http", "http script", "bytecode over http"),
)


@dataclass(frozen=True)
class Case:
    """A query, what it gives, and what there is afterwards that was not there before.

    `query` follows the source with its options; `only` names the languages that can say it.
    """

    query: str
    gives: list[Any]
    wrote: list[str]
    options: str = LINKS
    only: tuple[str, ...] = SAYING


FOUND = ["Cy", "Dan"]
NEW = ["Ann", "Bob"]
FOUND_OF_NEW = ["Ann", "Cy", "Dan"]
DORA = ["dora"]

CASES = [
    Case(f"{UPSERT.format('Ann')}.{FRIENDS}.{NAMES}", FOUND, []),
    Case(f"{UPSERT.format('Dora')}.{FRIENDS}.{NAMES}", NEW, DORA),
    Case(
        f'{UPSERT.format("Dora")}.as("d").{FRIENDS}.as("f").select("d", "f").by("name")',
        [{"d": "Dora", "f": "Ann"}, {"d": "Dora", "f": "Bob"}],
        DORA,
    ),
    Case(
        f'{UPSERT.format("Dora")}.project("n", "f").by("name").by(__.{FRIENDS}.{NAMES}.fold())',
        [{"n": "Dora", "f": NEW}],
        DORA,
    ),
    Case(f"{UPSERT.format('Dora')}.{FRIENDS}.{FRIENDS}.{NAMES}.dedup()", FOUND_OF_NEW, DORA),
    Case(
        f"{UPSERT.format('Dora')}.{FRIENDS}.{ASKED}.{FRIENDS}.{NAMES}.dedup()",
        FOUND_OF_NEW,
        [*DORA, "ann asked yes", "bob asked yes"],
    ),
    Case(
        f'{UPSERT.format("Dora")}.property("seen", "now").{GROUP}',
        ["red"],
        [*DORA, "dora seen now"],
        OPTIONS.format("group", 1),
    ),
    Case(
        f'V("ann").{KNOWS_CY}.inV().{FRIENDS}.{NAMES}',
        ["Dan", "Bob"],
        ["ann-KNOWS-cy"],
    ),
    Case(
        f'V("ann").outE("KNOWS").fold().coalesce(__.unfold(), __.V("ann").{KNOWS_CY}).{KIND}',
        ["close"],
        ["ann-KNOWS-cy"],
        OPTIONS.format("kind", 1),
    ),
    Case(
        f'V("ann").outE("KNOWS").fold().coalesce(__.unfold(), __.V("ann").{KNOWS_CY}).inV()'
        f".{FRIENDS}.{NAMES}",
        ["Dan", "Bob"],
        ["ann-KNOWS-cy"],
    ),
    Case(
        f'V("ann").coalesce(__.outE("KNOWS"), __.{KNOWS_CY}).{WEIGHT}',
        [1.5],
        ["ann-KNOWS-cy"],
        OPTIONS.format("weight", 1),
    ),
    Case(f"{MERGE_DORA}.{FRIENDS}.{NAMES}", NEW, DORA),
    Case(f"{MERGE_EDGE}.{KIND}", ["close"], ["ann-KNOWS-cy"], OPTIONS.format("kind", 1)),
    Case(f"{MERGE_EDGE}.inV().{FRIENDS}.{NAMES}", ["Dan", "Bob"], ["ann-KNOWS-cy"]),
    Case(
        f'V("ann").choose(__.has("asked"), __.identity(), __.{ASKED}).{FRIENDS}.{NAMES}',
        FOUND,
        ["ann asked yes"],
    ),
    Case(
        f'V("ann").choose(__.values("name")).option("Ann", __.{ASKED})'
        f".option(Pick.none, __.identity()).{FRIENDS}.{NAMES}",
        FOUND,
        ["ann asked yes"],
    ),
    Case(
        f'V("ann").optional(__.has("name", "Ann").{ASKED}).{FRIENDS}.{NAMES}',
        FOUND,
        ["ann asked yes"],
    ),
    Case(
        f'V("ann").union(__.identity(), __.{ADD_DORA}).{FRIENDS}.{NAMES}',
        [*FOUND, *NEW],
        DORA,
    ),
    Case(
        f'V("ann").local(__.{ASKED}).{FRIENDS}.{NAMES}',
        FOUND,
        ["ann asked yes"],
    ),
    Case(
        f'V("ann").flatMap(__.{KNOWS_CY}.inV()).{FRIENDS}.{NAMES}',
        ["Dan", "Bob"],
        ["ann-KNOWS-cy"],
    ),
    Case(
        f'V("ann").map(__.{ASKED}).{FRIENDS}.{NAMES}',
        FOUND,
        ["ann asked yes"],
    ),
    Case(
        f'V("ann").sideEffect(__.{ASKED}).{FRIENDS}.{NAMES}',
        FOUND,
        ["ann asked yes"],
    ),
    Case(
        f'V("ann").sideEffect(__.{KNOWS_CY}).{FRIENDS}.{NAMES}',
        FOUND,
        ["ann-KNOWS-cy"],
    ),
    Case(
        f'V("ann").sideEffect(__.addE("FRIEND").to(__.V("cy"))).{FRIENDS}.{NAMES}',
        ["Dan"],
        ["ann-FRIEND-cy"],
    ),
    Case(
        f'V("ann").where(__.{ASKED}).{FRIENDS}.{NAMES}',
        FOUND,
        ["ann asked yes"],
    ),
    Case(
        f'V("ann").repeat(__.{ASKED}).times(2).{FRIENDS}.{NAMES}',
        FOUND,
        ["ann asked yes"],
    ),
    Case(
        f'V("ann").repeat(__.addE("FRIEND").to(__.V("cy")).inV()).times(1).{FRIENDS}.{NAMES}',
        ["Dan", "Bob"],
        ["ann-FRIEND-cy"],
    ),
    Case(
        f'V("ann").{ASKED}.emit().repeat(__.out("FRIEND")).times(1).{FRIENDS}.{NAMES}',
        [*FOUND, "Ann", "Cy"],
        ["ann asked yes"],
    ),
    Case(
        f'V("ann").as("a").addE("KNOWS").to(__.V("cy")).select("a").{FRIENDS}.{NAMES}',
        FOUND,
        ["ann-KNOWS-cy"],
    ),
    Case(
        f'{ADD_DORA}.as("d").V("ann").addE("KNOWS").to("d").V("ann").{FRIENDS}.{NAMES}',
        FOUND,
        [*DORA, "ann-KNOWS-dora"],
    ),
    Case(f'{ADD_DORA}.values("name").V("ann").{FRIENDS}.{NAMES}', FOUND, DORA),
    Case(
        f'V("ann").as("a").union(__.{ASKED}, __.V("bob")).where(__.has("asked")).{FRIENDS}.{NAMES}',
        FOUND,
        ["ann asked yes"],
    ),
    Case(
        f'V("ann", "bob").{ASKED}.{FRIENDS}.values("Neptune#ml.score").max()',
        [1.0],
        ["ann asked yes", "bob asked yes"],
    ),
    Case(f'V("nobody").{ASKED}.{FRIENDS}.{NAMES}', [], []),
    Case(f'V("ann").coalesce(__.{FRIENDS}, __.{ASKED}).values("name")', FOUND, []),
    Case(
        f'V("nobody").fold().coalesce(__.unfold(), __.{ADD_DORA})'
        f".coalesce(__.{FRIENDS}, __.identity()).{NAMES}",
        NEW,
        DORA,
    ),
    Case(
        f'V("ann").sideEffect(__.{FRIENDS}.{ASKED}).{FRIENDS}.{NAMES}',
        FOUND,
        ["cy asked yes", "dan asked yes"],
    ),
]
WAYS = (
    *(f"script, {name}" for name in SERIALIZERS),
    *(f"bytecode, {name}" for name in SERIALIZERS),
    "bound, graphbinary",
    "bound, graphson-3",
    "lang, graphbinary",
    "lang, graphson-3",
    "session, graphbinary",
    "http, application/vnd.gremlin-v3.0+json",
    "http, application/vnd.gremlin-v2.0+json",
    "http script, graphbinary",
    "bytecode over http, graphbinary",
    "bytecode over http, graphson-3",
)

QUICK = ("script, graphbinary", "bytecode, graphson-3", "lang, graphbinary")
"""The ways of those cases that differ in nothing but their steps."""


def in_ways(cases: Sequence[Any], thorough: int) -> list[Any]:
    """Each case with its ways: all of them for each `thorough`th."""
    return [
        pytest.param(case, way, id=f"{number}, {way}")
        for number, case in enumerate(cases)
        for way in (WAYS if number % thorough == 0 else QUICK)
        if way.partition(",")[0] in case.only
        and not ("merge" in case.query and way == "bytecode, graphson-2")
    ]


RESET = (
    "g.V().drop().iterate();"
    + "".join(
        f"g.addV('User').property(T.id, '{id}').property('name', '{id.title()}').iterate();"
        for id in PEOPLE
    )
    + "g.V('ann').addE('FRIEND').to(__.V('bob')).property(T.id, 'f1').iterate()"
)
BEFORE = {"ann", "bob", "cy", "dan", "ann-FRIEND-bob"}


@pytest.fixture(scope="module")
def direct(graph_url: str) -> Iterator[Client]:
    with closing(Client(graph_url, "g")) as client:
        yield client


@pytest.fixture(scope="module")
def proxy_url(graph_url: str) -> Iterator[str]:
    text = Literal.string
    models = Models(
        Model("friends", {text(id): list(map(text, found)) for id, found in TARGETS.items()}),
        Values("group", "node", {text("dora"): [text("red")]}),
        Values("kind", "edge", {text("k1"): [text("close")]}),
        Values("weight", "edge", {text("k1"): [Literal.of(1.5)]}),
    )
    with RunningProxy(graph_url, models) as proxy:
        yield proxy.url


@pytest.fixture(scope="module")
def speakers(proxy_url: str) -> Iterator[Speakers]:
    with closing(Speakers(proxy_url)) as speakers:
        yield speakers


@pytest.fixture
def wrote(direct: Client) -> Callable[[], list[str]]:
    """Begins with the graph as it was; tells what is there beyond that, and how often."""
    direct.submit(RESET).all().result()

    def found() -> list[str]:
        told = direct.submit(
            "g.V().id().toList()"
            " + g.V().has('asked').collect { it.id() + ' asked ' + it.value('asked') }"
            " + g.V().has('seen').collect { it.id() + ' seen ' + it.value('seen') }"
            " + g.E().collect { it.outVertex().id() + '-' + it.label() + '-' + it.inVertex().id() }"
        )
        return sorted(each for each in told.all().result() if each not in BEFORE)

    return found


def run(speakers: Speakers, way: str, query: str) -> Any:
    """The results of a query in a way of asking. Raises `Refused`."""
    language, _, name = way.partition(", ")
    if language in ("script", "http", "http script"):
        return speakers.ask(way, query)
    speaker = speakers._speakers["http" in language, name]
    try:
        if "bytecode" in language:
            found = speaker.client.submit(bytecode(query)).all().result()
            return [each for result in found for each in repeated(result)]
        if language == "lang":
            told = {"language": "gremlin-lang"}
            return speaker.client.submit(query, request_options=told).all().result()
        if language == "bound":
            text = query.replace('"Dora"', "dora").replace('"FRIEND"', "friend")
            told = {"dora": "Dora", "friend": "FRIEND"}
            return speaker.client.submit(text, told).all().result()
        session = Client(speaker.url, "g", session=str(uuid4()))
        with closing(session):
            session.submit("dora = 'Dora'").all().result()
            return session.submit(query.replace('"Dora"', "dora")).all().result()
    except GremlinServerError as error:
        raise Refused(error.status_code, error.status_message) from error


def repeated(result: Any) -> list[Any]:
    return [result.object] * result.bulk if isinstance(result, Traverser) else [result]


@pytest.mark.parametrize(("case", "way"), in_ways(CASES, 4))
def test_what_writes_before_an_inference_runs_once(
    case: Case, way: str, speakers: Speakers, wrote: Callable[[], list[str]]
) -> None:
    found = run(speakers, way, f"g.{case.options}.{case.query}")
    assert sorted(found, key=repr) == sorted(case.gives, key=repr)
    assert wrote() == sorted(case.wrote)


@dataclass(frozen=True)
class Refusal:
    """A query that is refused before anything is written."""

    query: str
    why: str
    options: str = LINKS
    only: tuple[str, ...] = SAYING


W = f'V("ann").{ASKED}'
REFUSALS = [
    Refusal(f"{W}.{FRIENDS}", "nowhere not found", OPTIONS.format("nowhere", 2)),
    Refusal(f"{W}.{FRIENDS}", "must be a whole number", OPTIONS.format("friends", 0)),
    Refusal(f"{W}.{FRIENDS}", "must be a whole number", OPTIONS.format("friends", 101)),
    Refusal(f"{W}.{FRIENDS}", "is not supported here", LINKS + '.with("Neptune#ml.limits", 2)'),
    Refusal(
        f'{W}.out("FRIEND").with("Neptune#ml.prediction").with("Neptune#ml.threshold", "x")'
        '.hasLabel("User")',
        "threshold must be",
    ),
    Refusal(f"{W}.{FRIENDS}", "Invalid IAM role", LINKS + '.with("Neptune#ml.iamRoleArn", "x")'),
    Refusal(f"{W}.{FRIENDS}.{FRIENDS.replace('Label', 'Id')}", "vertex label needs"),
    Refusal(
        f'{W}.{FRIENDS}.property("asked", "no").out("FRIEND")'
        '.with("Neptune#ml.prediction").with("Neptune#ml.endpoint", "nowhere").hasLabel("User")',
        "nowhere not found",
    ),
    Refusal(f"{W}.{KIND}", "predicts 'kind' of edges", OPTIONS.format("kind", 1)),
    Refusal(f"{W}.{FRIENDS}.path()", "may need the steps before"),
    Refusal(
        f'V("ann").as("a").{ASKED}.{FRIENDS}.select("a")',
        "may need the steps before",
    ),
    Refusal(f'{W}.values("name").{FRIENDS}', "is no vertex and no edge"),
    Refusal(f'V("ann").local(__.{ASKED}.{FRIENDS})', "would run twice"),
    Refusal(f'V("ann").union(__.identity(), __.{ASKED}.{FRIENDS})', "would run twice"),
    Refusal(
        f'V("ann").coalesce(__.{ASKED}.{FRIENDS}, __.identity())',
        "would run twice",
    ),
    Refusal(
        f'V("ann").choose(__.has("name"), __.{ASKED}.{FRIENDS}, __.identity())',
        "would run twice",
    ),
    Refusal(f'V("ann").optional(__.{ASKED}.{FRIENDS})', "would run twice"),
    Refusal(f'V("ann").sideEffect(__.{ASKED}.{FRIENDS})', "would run twice"),
    Refusal(
        f'V("ann").project("n").by(__.local(__.{ASKED}.{FRIENDS}.count()))',
        "would run twice",
    ),
    Refusal(f'V("ann").repeat(__.{ASKED}.{FRIENDS}).times(1)', "inside a repeat"),
    Refusal(f'{W}.{FRIENDS}.valuez("name")', "valuez", only=("script", "bound", "session")),
    Refusal(
        f'{W}.{FRIENDS}.order().by("name", "sideways")', "", only=("bytecode", "script", "lang")
    ),
]


@pytest.mark.parametrize(("case", "way"), in_ways(REFUSALS, 8))
def test_what_can_be_known_is_refused_before_anything_is_written(
    case: Refusal, way: str, speakers: Speakers, wrote: Callable[[], list[str]]
) -> None:
    with pytest.raises(Refused) as refused:
        run(speakers, way, f"g.{case.options}.{case.query}")
    assert case.why in refused.value.text
    assert wrote() == []


MANY = 3000


@pytest.mark.parametrize(
    "way", ["script, graphbinary", "lang, graphson-3", "bytecode, graphbinary"]
)
@pytest.mark.parametrize(
    "write", [ASKED, f"coalesce(__.{ASKED}, __.outE())", f"union(__.{ASKED}, __.inE())"]
)
def test_as_many_as_there_may_be_inputs(
    write: str, way: str, speakers: Speakers, direct: Client, wrote: Callable[[], list[str]]
) -> None:
    direct.submit(f"(1..{MANY}).each {{ g.addV('Many').iterate() }}").all().result()
    query = f'g.{LINKS}.V().hasLabel("Many").{write}.{FRIENDS}.count()'
    assert run(speakers, way, query) == [0]
    assert direct.submit("g.V().hasLabel('Many').has('asked').count()").all().result() == [MANY]


Q_ANN, Q_DORA = '"ann"', '"dora"'
INFER = f"g.{LINKS}.V({{}}).{FRIENDS}.{NAMES}"
SCRIPTS: dict[str, tuple[list[Any], list[str]]] = {
    # One statement after the other, in a session and without one.
    f"g.{ADD_DORA}.iterate(); {INFER.format(Q_DORA)}": (NEW, DORA),
    f'g.V("ann").{ASKED}.iterate()\n{INFER.format(Q_ANN)}.toList()': (
        FOUND,
        ["ann asked yes"],
    ),
    f'g.V("ann").addE("FRIEND").to(__.V("cy")).iterate(); {INFER.format(Q_ANN)}': (
        ["Dan"],
        ["ann-FRIEND-cy"],
    ),
    f'g.{UPSERT.format("Dora")}.iterate(); g.{LINKS}.V("dora").{FRIENDS}.property("asked", "yes")'
    f'.iterate(); {INFER.format(Q_DORA)}; g.V().has("asked").count().next()': (
        [2],
        [*DORA, "ann asked yes", "bob asked yes"],
    ),
    f'g.V("ann").count().next(); g.V("bob").{ASKED}.iterate(); g.{LINKS}.V("ann").{ASKED}.{FRIENDS}'
    f".{NAMES}.toList()": (FOUND, ["ann asked yes", "bob asked yes"]),
    # What is not iterated does not run where it is not the last statement.
    f'g.V("bob").{ASKED}; {INFER.format(Q_ANN)}': (FOUND, []),
}
IN_SESSION: dict[str, tuple[list[Any], list[str]]] = {
    f"who = g.V('ann').next(); {INFER.format('who')}": (FOUND, []),
    f"who = 'ann'\n{INFER.format('who')}": (FOUND, []),
    f"who = g.{ADD_DORA}.next().id(); {INFER.format('who')}.toList()": (NEW, DORA),
    f"g.V(before).{ASKED}.iterate(); {INFER.format('before')}": (FOUND, ["ann asked yes"]),
    f"g.V().count().next(); {INFER.format('before')}": (FOUND, []),
    INFER.format("before"): (FOUND, []),
    f"g.{LINKS}.V(before).{ASKED}.{FRIENDS}.{NAMES}": (FOUND, ["ann asked yes"]),
}
TOGETHER = [(text, "script") for text in SCRIPTS] + [
    (text, "session") for text in (*SCRIPTS, *IN_SESSION)
]


@pytest.mark.parametrize("name", ["graphbinary", "graphson-3"])
@pytest.mark.parametrize(("text", "how"), TOGETHER, ids=range(len(TOGETHER)))
def test_statements_that_can_be_sent_alone_run_one_after_the_other(
    text: str, how: str, name: str, proxy_url: str, wrote: Callable[[], list[str]]
) -> None:
    told = {"session": str(uuid4())} if how == "session" else {}
    with closing(Client(proxy_url, "g", message_serializer=SERIALIZERS[name](), **told)) as client:
        if told:
            client.submit("before = 'ann'").all().result()
        found = client.submit(text).all().result()
        gives, written = {**SCRIPTS, **IN_SESSION}[text]
        assert sorted(found, key=repr) == sorted(gives, key=repr)
        assert wrote() == sorted(written)
        if "who = " in text:
            assert client.submit("who != null").all().result() == [True]


@pytest.mark.parametrize(
    ("text", "session"),
    [
        (f"who = 'ann'; {INFER.format('who')}", False),
        (f"def who = 'ann'; {INFER.format('who')}", True),
        (f"g.V('ann').{ASKED}.iterate(); if (true) {{ 1 }}; {INFER.format('1')}", True),
        (f"f = {{ g.V('ann').{ASKED}.iterate() }}; f(); {INFER.format('before')}", True),
        (f"g.V('ann').{ASKED}.next().id() + 'x'; {INFER.format('1')}", False),
    ],
)
def test_other_scripts_are_refused_and_nothing_of_them_runs(
    text: str, session: bool, proxy_url: str, wrote: Callable[[], list[str]]
) -> None:
    told = {"session": str(uuid4())} if session else {}
    with closing(Client(proxy_url, "g", **told)) as client:
        if session:
            client.submit("before = 'ann'").all().result()
        with pytest.raises(GremlinServerError, match="one by one"):
            client.submit(text).all().result()
    assert wrote() == []
