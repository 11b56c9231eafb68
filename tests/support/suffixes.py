"""Gremlin behind an inference, as a hypothesis strategy: chains of steps that fit each other.

Every step says what it takes and what it gives. `LINKS` stands in a query for the step from inputs
to vertices, `VALUES` for that to properties: a test puts an inference there, or a stored edge or
property.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from hypothesis import strategies as st

LINKS, VALUES = "<links>", "<values>"

Kind = Literal[
    "vertex", "edge", "property", "number", "text", "list", "map", "path", "group", "any"
]


@dataclass(frozen=True)
class Step:
    """`text` is one step or a few with what modulates them.

    `ordered` says that the result depends on the order in which elements come, which Gremlin leaves
    open between inputs; `hashed`, that the results come in the order of a hash table.
    """

    text: str
    gives: Kind
    ordered: bool = False
    hashed: bool = False


def _steps(gives: Kind, *texts: str, ordered: bool = False, hashed: bool = False) -> list[Step]:
    return [Step(text, gives, ordered, hashed) for text in texts]


_ANYTHING = [
    *_steps("number", "count()"),
    *_steps("list", "fold()"),
    *_steps("list", "aggregate('x').cap('x')", "store('x').cap('x')"),
    *_steps("path", "path()"),
    *_steps("any", "constant('c')", "constant(7)", "barrier().identity()"),
    *_steps("group", "groupCount()"),
]

STEPS: dict[Kind, list[Step]] = {
    "vertex": [
        *_ANYTHING,
        *_steps("text", "values('name')", "id()", "label()", "values('tags')", "values('nothing')"),
        *_steps("number", "values('age')", "out('likes').count()", "math('_ * 2').by('age')"),
        *_steps("any", "values()", "values('name', 'age')", "union(id(), label())"),
        *_steps(
            "property",
            "properties('name')",
            "properties('tags')",
            "properties()",
        ),
        *_steps(
            "map",
            "valueMap('name', 'age')",
            "valueMap('name').by(unfold())",
            "valueMap(true, 'name')",
            "valueMap().with(WithOptions.tokens)",
            "elementMap('name')",
            "propertyMap('name')",
            "project('a', 'b').by('name').by(__.out('likes').count())",
            "project('a').by(__.out('likes').values('name').fold())",
            "project('a', 'b').by('name').by(T.label)",
            "as('m').select('m').by(valueMap('name'))",
            "as('m').out('likes').as('l').select('m', 'l').by('name')",
            "match(__.as('x').out('likes').as('y'), __.as('y').in('likes').as('z'))"
            ".select('x', 'z').by('name')",
        ),
        *_steps(
            "vertex",
            "out('likes')",
            "in('likes')",
            "both('likes')",
            "out('knows')",
            "both()",
            "outE('likes').inV()",
            "bothE('likes').otherV()",
            "inE().outV()",
            "identity()",
            "barrier()",
            "order().by('name')",
            "order().by('age', desc).by('name')",
            "order().by(__.out('likes').count()).by('name', desc)",
            "has('age')",
            "has('age', gt(30))",
            "has('User', 'name', within('Ann', 'Bob', 'Cas', 'Dan'))",
            "hasLabel('User', 'Thing')",
            "hasId('u1', 'u2', 'u3', 't1')",
            "hasNot('age')",
            "where(out('likes'))",
            "where(values('age').is(lt(40)))",
            "where(__.in('knows').count().is(gte(1)))",
            "filter(out('likes'))",
            "filter(values('name').is(neq('Bob')))",
            "not(out('likes'))",
            "and(has('age', gt(20)), out('likes'))",
            "or(has('age', gt(50)), hasLabel('Thing'))",
            "union(out('likes'), __.in('likes'))",
            "union(identity(), out('knows'))",
            "coalesce(out('knows'), out('likes'))",
            "coalesce(out('nothing'), identity())",
            "choose(has('age', gt(30)), out('likes'), identity())",
            "choose(label()).option('User', out('likes')).option(none, identity())",
            "branch(label()).option('User', out('likes')).option(any, identity())",
            "local(out('likes').order().by('name').limit(1))",
            "flatMap(out('likes'))",
            "map(__.out('likes').order().by('name'))",
            "optional(out('knows'))",
            "sideEffect(out('likes'))",
            "aggregate('x').out('likes').where(without('x'))",
            "dedup()",
            "as('t').out('knows').where(neq('t'))",
            "as('t').out('likes').in('likes').where(neq('t')).by('name')",
            "as('t').out('likes').select('t')",
            "simplePath()",
            "cyclicPath()",
            "repeat(out('knows')).times(2)",
            "repeat(out('knows')).emit().times(2)",
            "repeat(both('likes').simplePath()).times(2)",
            "until(hasLabel('Thing')).repeat(out('likes'))",
            "fold().unfold()",
            "group('x').by('age').out('likes')",
            "tree('x').out('likes')",
        ),
        *_steps(
            "vertex",
            "limit(2)",
            "range(1, 3)",
            "skip(1)",
            "tail(2)",
            "tail()",
            "dedup().by('age')",
            "dedup().by(label)",
            "order().by('age').limit(2)",
            "index().unfold().limit(1)",
            ordered=True,
        ),
        *_steps("edge", "outE('likes')", "inE('knows')", "bothE()", "outE()"),
        *_steps(
            "path",
            "path().by('name')",
            "path().by(id)",
            "path().by(valueMap('name'))",
            "out('likes').path().by('name').by(label)",
            "as('p').out('likes').path().from('p')",
            "out('likes').simplePath().path()",
        ),
        *_steps(
            "group",
            "group().by('age').by('name')",
            "group().by(label).by(count())",
            "group().by('name').by(__.out('likes').values('name').fold())",
            "group().by(__.out('likes').count()).by(values('age').sum())",
            "groupCount().by('age')",
            "groupCount().by(label)",
            "groupCount('x').by('name').cap('x')",
            "group('x').by(label).by('name').cap('x')",
        ),
        *_steps("list", "aggregate('x').by('name').cap('x')", "store('x').by('age').cap('x')"),
        *_steps("list", "aggregate(local, 'x').by('name').cap('x')", "values('name').fold()"),
        *_steps("text", "tree().by('name').map(__.unfold().count())", "inject('z').constant('q')"),
    ],
    "edge": [
        *_ANYTHING,
        *_steps("vertex", "inV()", "outV()", "bothV()", "otherV()"),
        *_steps("edge", "identity()", "order().by('since')", "hasLabel('likes')", "dedup()"),
        *_steps("edge", "has('since', gt(2001))", "where(inV().hasLabel('Thing'))"),
        *_steps("text", "label()"),
        *_steps("number", "values('since')"),
        *_steps("property", "properties('since')"),
        *_steps("map", "valueMap('since')", "project('a').by(inV().id())"),
    ],
    "property": [
        *_ANYTHING,
        *_steps("any", "value()", "value().dedup()", "map(value())", "local(value())"),
        *_steps("text", "key()", "label()"),
        *_steps(
            "property",
            "hasKey('name', 'genre', 'weight')",
            "hasKey('tags')",
            "hasValue('Ann', 'Drama', 'Crime')",
            "has(T.value, within('Drama', 'War', 'x'))",
            "has(T.key, 'genre')",
            "where(value().is('Drama'))",
            "filter(value().is(neq('Crime')))",
            "not(value().is('War'))",
            "identity()",
            "barrier()",
            "dedup().by(value)",
            "order().by(value)",
            "order().by(value, desc)",
            "union(identity(), identity())",
            "coalesce(hasValue('War'), identity())",
            "choose(hasValue('Drama'), identity(), identity())",
            "optional(hasValue('Drama'))",
            "local(identity())",
            "fold().unfold()",
        ),
        *_steps("property", "limit(2)", "range(1, 3)", "tail(1)", "skip(1)", ordered=True),
        *_steps(
            "map",
            "project('k', 'v').by(key).by(value)",
            "project('v').by(value)",
            "as('p').select('p').by(value)",
            "valueMap()",
        ),
        *_steps(
            "group",
            "group().by(key).by(value)",
            "group().by(value).by(count())",
            "groupCount().by(value)",
            "groupCount().by(key)",
        ),
        *_steps("path", "path().by(id).by(value)", "value().path()"),
        *_steps("list", "value().fold()", "aggregate('x').by(value).cap('x')"),
    ],
    "number": [
        *_ANYTHING,
        *_steps("number", "sum()", "mean()", "min()", "max()", "math('_ + 1')", "is(gt(1))"),
        *_steps("number", "order().by(desc)", "dedup()", "sum().math('_ / 2')"),
        *_steps("text", "choose(is(gt(30)), constant('old'), constant('young'))"),
    ],
    "text": [
        *_ANYTHING,
        *_steps("text", "dedup()", "order()", "is(within('Ann', 'Bob', 'User', 'u1'))", "max()"),
        *_steps("text", "is(neq('Bob'))", "is(TextP.startingWith('C'))", "min()", "concat('!')"),
        *_steps("text", "limit(1)", "tail(1)", ordered=True),
    ],
    "list": [
        *_steps("any", "unfold()", "unfold().dedup()"),
        *_steps("number", "count(local)", "unfold().count()"),
        *_steps("list", "limit(local, 2)", "tail(local, 1)", "range(local, 0, 2)", ordered=True),
        *_steps("list", "dedup(local)"),
    ],
    "map": [
        *_steps("any", "select(values)", "select(keys)", "select(values).unfold()", "unfold()"),
        *_steps("map", "identity()", "order(local).by(keys)", "dedup()"),
        *_steps("number", "count()", "count(local)"),
        *_steps("list", "fold()"),
    ],
    "group": [
        *_steps("any", "unfold()", "select(keys)", "select(values)", hashed=True),
        *_steps("any", "select(values).unfold()", hashed=True),
        *_steps("group", "identity()"),
        *_steps("number", "count(local)"),
    ],
    "path": [
        *_steps("any", "unfold()", "count(local)"),
        *_steps("path", "identity()"),
        *_steps("number", "count()"),
        *_steps("list", "fold()"),
    ],
    "any": [
        *_steps("number", "count()"),
        *_steps("list", "fold()"),
        *_steps("any", "identity()", "dedup()"),
        *_steps("any", "limit(2)", "tail(1)", ordered=True),
        *_steps("path", "path()"),
    ],
}
"""What may follow, by what there is."""

VERTICES = (
    "V('u1')",
    "V('u2', 'u3')",
    "V('u1', 'u2', 'u3', 'u4', 'u5', 'u6')",
    "V().hasLabel('User')",
    "V().has('age', gt(30))",
    "V('u1').out('knows')",
    "V('u1', 'u2').union(identity(), out('knows'))",
    "V('u2').out('knows').in('knows')",
    "V('unseen')",
    "V('u3', 'unseen', 't1')",
    "V('nobody')",
    "V().hasLabel('User').order().by('name', desc)",
    "V('u1').outE('knows').inV()",
    "V('u1').repeat(out('knows')).times(2)",
)


EDGES = (
    "E('likes-0')",
    "E('likes-1', 'likes-2', 'likes-3')",
    "E()",
    "E().hasLabel('knows')",
    "V('u1').outE('knows')",
    "V('u1', 'u2').bothE()",  # one edge twice: results that are equal may be merged
    "V().hasLabel('User').outE()",
    "E('nothing')",
    "V('u1').outE('knows').inV().outE('knows')",
)


_PLACES = (
    *3 * ("{head}.{hole}{rest}",),
    "{head}.as('s').{hole}.as('t'){rest}",
    "{head}.as('s').{hole}.as('t').select('s', 't').by('name'){rest_of_map}",
    "{head}.as('s').{hole}{rest}.select('s').by('name')",
    "{head}.as('s').{hole}{rest}.path().from('s')",
    "{head}.aggregate('seen').{hole}.where(without('seen')){rest}",
    "{head}.local({anonymous})",
    "{head}.flatMap({anonymous})",
    "{head}.map({anonymous})",
    "{head}.union({anonymous}, __.out('likes').values('name'))",
    "{head}.union(__.identity(), {anonymous}).path()",
    "{head}.coalesce({anonymous}, __.constant('none'))",
    "{head}.choose({anonymous}, __.constant('some'), __.constant('none'))",
    "{head}.choose(__.has('age', gt(30)), {anonymous}, __.id())",
    "{head}.optional({anonymous})",
    "{head}.where({anonymous})",
    "{head}.not({anonymous})",
    "{head}.and({anonymous}, __.has('age'))",
    "{head}.sideEffect({anonymous}).values('name')",
    "{head}.project('n', 'p').by('name').by({anonymous}.fold())",
    "{head}.as('s').project('p').by({anonymous}.count())",
    "{head}.group().by('name').by({anonymous}.fold())",
    "{head}.group().by({anonymous}.count()).by('name')",
    "{head}.order().by({anonymous}.count()).by('name').values('name')",
    "{head}.as('s').out('likes').select('s').by({anonymous}.fold())",
    "{head}.path().by({anonymous}.count())",
)


@st.composite
def queries(
    draw: st.DrawFn, hole: str, first: Kind, inputs: Sequence[str], *, ordered: bool
) -> str:
    """A query with `hole`, which gives a `first`.

    Unless `ordered`, nothing in it depends on the order of elements.
    """

    def chain(kind: Kind, most: int) -> list[str]:
        texts = []
        for _ in range(draw(st.integers(0, most))):
            allowed = [
                step
                for step in STEPS[kind]
                if (ordered or not step.ordered) and not (ordered and step.hashed)
            ]
            chosen = draw(st.sampled_from(allowed))
            texts.append(chosen.text)
            kind = chosen.gives
        return texts

    # A path of edges holds vertices, too, and those have no property of an edge.
    places = [place for place in _PLACES if inputs is not EDGES or "path().by" not in place]
    place = draw(st.sampled_from(places))
    steps = chain(first, 4)
    rest = "".join(f".{text}" for text in steps)
    return place.format(
        head=draw(st.sampled_from([each for each in inputs if not (ordered and "both" in each)])),
        hole=hole,
        rest=rest,
        rest_of_map="".join(f".{text}" for text in chain("map", 2)),
        anonymous=f"__.{hole}{rest}",
    )
