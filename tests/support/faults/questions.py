"""What the clients ask, and how an answer is written down so that four kinds of clients compare.

A question is one script; gremlinpython and JavaScript ask the same as bytecode. `TOKEN` stands for
a number that no other request has: what is written with it may be there once and no more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gremlin_python.process.graph_traversal import GraphTraversal, GraphTraversalSource, __
from gremlin_python.process.traversal import T
from gremlin_python.statics import long

TOKEN = 4242424242
PREDICTION = "Neptune#ml.prediction"
NUMBERS = 600
TEXT = "x" * 150_000
_MODEL = "g.with('Neptune#ml.endpoint', 'friends').with('Neptune#ml.limit', 8)"
_ML = f"with('{PREDICTION}').hasLabel('User')"

Ask = Callable[[GraphTraversalSource, int], GraphTraversal]


@dataclass(frozen=True)
class Question:
    """`weight` of it among the requests; the answer is a list, or the status of an error."""

    name: str
    script: str
    ask: Ask
    weight: int = 1

    @property
    def writes(self) -> bool:
        return str(TOKEN) in self.script


def _model(g: GraphTraversalSource) -> GraphTraversalSource:
    return g.with_("Neptune#ml.endpoint", "friends").with_("Neptune#ml.limit", 8)


QUESTIONS = (
    Question(
        "count", "g.V().hasLabel('User').count()", lambda g, _: g.V().has_label("User").count(), 4
    ),
    Question(
        "names",
        "g.V().hasLabel('User').order().by('name').values('name')",
        lambda g, _: g.V().has_label("User").order().by("name").values("name"),
        4,
    ),
    Question(
        "one",
        "g.V('user_01').out('FRIEND').id().order()",
        lambda g, _: g.V("user_01").out("FRIEND").id_().order(),
        4,
    ),
    Question(
        "numbers",
        "g.V().hasLabel('Many').order().by('number').values('number')",
        lambda g, _: g.V().has_label("Many").order().by("number").values("number"),
        2,
    ),
    Question("text", "g.V('long').values('text')", lambda g, _: g.V("long").values("text")),
    Question("error", "g.V('user_01').fail('asked')", lambda g, _: g.V("user_01").fail("asked")),
    Question(
        "friends",
        f"{_MODEL}.V('user_01').out('FRIEND').{_ML}.values('name')",
        lambda g, _: (
            _model(g).V("user_01").out("FRIEND").with_(PREDICTION).has_label("User").values("name")
        ),
        4,
    ),
    Question(
        "everybody",
        f"{_MODEL}.V().hasLabel('User').order().by(id).as('a').out('FRIEND').{_ML}.as('b')"
        ".select('a', 'b').by('name')",
        lambda g, _: (
            _model(g)
            .V()
            .has_label("User")
            .order()
            .by(T.id)
            .as_("a")
            .out("FRIEND")
            .with_(PREDICTION)
            .has_label("User")
            .as_("b")
            .select("a", "b")
            .by("name")
        ),
    ),
    Question(
        "nobody",
        "g.with('Neptune#ml.endpoint', 'nobody').V('user_01').out('FRIEND')." + _ML,
        lambda g, _: (
            g.with_("Neptune#ml.endpoint", "nobody")
            .V("user_01")
            .out("FRIEND")
            .with_(PREDICTION)
            .has_label("User")
        ),
    ),
    Question(
        "write",
        f"g.addV('Seen').property('token', {TOKEN}L).constant('written')",
        lambda g, token: g.add_v("Seen").property("token", long(token)).constant("written"),
    ),
    Question(
        "write and predict",
        f"{_MODEL}.V('user_01').sideEffect(addV('Seen').property('token', {TOKEN}L))"
        f".out('FRIEND').{_ML}.count()",
        lambda g, token: (
            _model(g)
            .V("user_01")
            .side_effect(__.add_v("Seen").property("token", long(token)))
            .out("FRIEND")
            .with_(PREDICTION)
            .has_label("User")
            .count()
        ),
    ),
)

GRAPH = f"""
(0..<{NUMBERS}).each {{
    g.addV('Many').property(T.id, 'many' + it).property('number', it).iterate()
}}
g.addV('Long').property(T.id, 'long').property('text', 'x' * {len(TEXT)}).iterate()
"""


def plain(value: Any) -> Any:
    """A result as every client can say it."""
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    return value if isinstance(value, str | int | float) or value is None else str(value)


def untyped(value: Any) -> Any:
    """GraphSON 3 without its types."""
    if isinstance(value, dict) and "@type" in value:
        inner = value["@value"]
        if value["@type"] == "g:Map":
            pairs = zip(inner[::2], inner[1::2], strict=True)
            return {str(untyped(key)): untyped(each) for key, each in pairs}
        return [untyped(each) for each in inner] if isinstance(inner, list) else inner
    return value
