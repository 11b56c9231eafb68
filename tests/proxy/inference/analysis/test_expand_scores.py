"""Short forms for the score of a predicted link."""

from __future__ import annotations

import pytest
from answering import as_bytecode

from gremlink.grammar import script
from gremlink.grammar.traversal import Traversal
from gremlink.proxy.inference.analysis.expand_scores import expand_scores


def read(text: str, how: str) -> Traversal:
    if how == "bytecode":
        gremlin = as_bytecode(text).args["gremlin"]
        assert isinstance(gremlin, Traversal)
        return gremlin
    traversal = script.parse(text).single
    assert traversal is not None
    return traversal


SCORE, EXPLAIN = '"Neptune#ml.score"', '"Neptune#ml.explain"'
FORMS = {
    f'g.V().project("n","s").by("name").by({SCORE})': (
        f'g.V().project("n","s").by("name").by(__.values({SCORE}))'
    ),
    f"g.V().order().by({SCORE}, desc)": f"g.V().order().by(__.values({SCORE}), desc)",
    f"g.V().has({SCORE})": f"g.V().filter(__.values({SCORE}))",
    f"g.V().hasNot({SCORE})": f"g.V().not(__.values({SCORE}))",
    f"g.V().has({SCORE}, 0.5d)": f"g.V().filter(__.values({SCORE}).is(0.5d))",
    f"g.V().has({SCORE}, gt(0.5d))": f"g.V().filter(__.values({SCORE}).is(gt(0.5d)))",
    f"g.V().has({SCORE}, __.is(gt(0.5d)))": f"g.V().filter(__.values({SCORE}).is(gt(0.5d)))",
    f'g.V().has("User", {SCORE}, gt(0.5d))': (
        f'g.V().hasLabel("User").filter(__.values({SCORE}).is(gt(0.5d)))'
    ),
    f"g.V().map(__.out().group().by({SCORE}).by({EXPLAIN}))": (
        f"g.V().map(__.out().group().by(__.values({SCORE})).by(__.values({EXPLAIN})))"
    ),
    f'g.V().project("n",{SCORE}).by("name").by({SCORE}).order().by({SCORE})': (
        f'g.V().project("n",{SCORE}).by("name").by(__.values({SCORE})).order().by({SCORE})'
    ),
    f'g.V().select("a","b").by({SCORE}).count()': (
        f'g.V().select("a","b").by(__.values({SCORE})).by(__.values({SCORE})).count()'
    ),
    f'g.V().select(first,"a","b","c").by("n").by(__.values({SCORE}))': (
        f'g.V().select(first,"a","b","c").by("n").by(__.values({SCORE})).by("n")'
    ),
}
"""Before and after."""


@pytest.mark.parametrize("how", ["script", "bytecode"])
@pytest.mark.parametrize(("before", "after"), FORMS.items())
def test_short_forms_are_expand_scores(before: str, after: str, how: str) -> None:
    assert expand_scores(read(before, how)) == read(after, how)


@pytest.mark.parametrize("how", ["script", "bytecode"])
@pytest.mark.parametrize(
    "text",
    [
        'g.V().order().by("score", desc).has("Neptune#ml.scores", 1)',
        f"g.V().properties().hasKey({SCORE}).has(key, {SCORE})",
        f"g.V().values({SCORE}).is({SCORE})",
        f"g.V().project({SCORE}).by(id).order().by({SCORE})",
        f"g.V().as({SCORE}).map(__.identity().order().by({SCORE}))",
        f'g.V().select("a","b").by("name").map(__.values({SCORE}))',
        f'g.V().select("a","b").by("name").by(__.values({SCORE}))',
        f"g.V().map(__.project({SCORE}).by(id).select({SCORE}))",
    ],
)
def test_everything_else_stays_the_same_object(text: str, how: str) -> None:
    traversal = read(text, how)
    assert expand_scores(traversal) is traversal
