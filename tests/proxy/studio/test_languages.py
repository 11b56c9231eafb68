"""A traversal in the clients' languages: Python and the Console run it, the others are spelled."""

from __future__ import annotations

import ast

from gremlin_python.process.graph_traversal import __
from gremlin_python.process.traversal import P, T
from gremlin_python.statics import long
from hypothesis import given
from hypothesis import strategies as st

from gremlink.grammar import script
from gremlink.proxy.graph.server.source import g
from gremlink.proxy.studio.languages import in_all_languages, read

QUERY = (
    g.with_("Neptune#ml.endpoint", "friends")
    .with_("Neptune#ml.limit", 8)
    .V(long(19))
    .out("FRIEND")
    .with_("Neptune#ml.prediction")
    .has_label("User")
    .has("age", P.gt(3).and_(P.lt(9)))
    .project("id", "score")
    .by(T.id_)
    .by(__.values("Neptune#ml.score"))
)


def test_spellings() -> None:
    found = dict(in_all_languages(QUERY))
    assert list(found) == ["Gremlin Console", "Python", "JavaScript", "Java", "C#", "Go"]
    assert (
        'g.with_("Neptune#ml.endpoint", "friends").with_("Neptune#ml.limit", 8)' in found["Python"]
    )
    assert '.has_label("User").has("age", P.gt(3).and_(P.lt(9)))' in found["Python"]
    assert found["Python"].endswith(".to_list()")
    assert '.with_("Neptune#ml.prediction").hasLabel("User")' in found["JavaScript"]
    assert ".by(t.id)" in found["JavaScript"]
    assert ".V(19L)" in found["Java"]
    assert '.With("Neptune#ml.prediction").HasLabel("User")' in found["C#"]
    assert "P.Gt(3).And(P.Lt(9))" in found["C#"]
    assert '.By(gremlingo.T__.Values("Neptune#ml.score"))' in found["Go"]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_texts_stay_what_they_are(text: str) -> None:
    query = g.V().has("name", text)
    found = dict(in_all_languages(query))
    expression = found["Python"].removesuffix(".to_list()")
    value = expression.removeprefix('g.V().has("name", ').removesuffix(")")
    assert ast.literal_eval(value) == text
    (statement,) = script.parse(found["Gremlin Console"]).traversals
    assert statement == read(query)
