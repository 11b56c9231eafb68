"""A traversal in the clients' languages: Python and the Console run it, the others are spelled."""

from __future__ import annotations

import ast
import json
import re
import string
import unicodedata
from uuid import UUID

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


def test_values_of_every_type() -> None:
    unique = "0e0a8b7c-2d5d-4f0a-9a55-8d6d8f5b1f20"
    query = g.V(7, long(8), UUID(unique)).has("a", P.within(1, long(2), 0.5, True, "x"))
    found = dict(in_all_languages(query))
    assert found["Gremlin Console"] == (
        f"g.V(7, 8L, UUID.fromString('{unique}')).has('a', P.within(1, 2L, 0.5D, true, 'x'))"
    )
    assert f'g.V(7, long(8), UUID("{unique}"))' in found["Python"]
    assert 'P.within(1, long(2), 0.5, True, "x")' in found["Python"]
    assert f'g.V(7, toLong("8"), "{unique}")' in found["JavaScript"]
    assert f'g.V(7, 8L, UUID.fromString("{unique}"))' in found["Java"]
    assert f'g.V(7, 8L, Guid.Parse("{unique}"))' in found["C#"]
    assert f'g.V(int32(7), int64(8), uuid.MustParse("{unique}"))' in found["Go"]
    assert 'gremlingo.P.Within(1, int64(2), 0.5, true, "x")' in found["Go"]


TEXT = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("\"\\'$`\n\u2028\u202e"), max_size=30
) | st.sampled_from(["${x}", "\\u0022", "\\\\u000a", '"); drop() //', "\\"])


def as_java_reads(source: str) -> str:
    """Translate escapes as Java does before it reads anything else (JLS 3.3)."""
    return re.sub(
        r"(?<!\\)((?:\\\\)*)\\u+([0-9a-fA-F]{4})",
        lambda found: found[1] + chr(int(found[2], 16)),
        source,
    )


@given(TEXT, TEXT)
def test_texts_are_literals_in_every_language(key: str, text: str) -> None:
    """JavaScript, Java, C# and Go read the escapes of JSON, which are the only ones used."""
    query = g.V().has(key, P.within(text, "end"))
    for language, written in in_all_languages(query)[1:]:
        literals = re.findall(r'"(?:[^"\\]|\\.)*"', written)
        assert len(literals) == 3, (language, written)
        rest = re.sub(r'"(?:[^"\\]|\\.)*"', "", written)
        assert set(rest) <= set(string.ascii_letters + "._(), ;"), (language, rest)
        read_back = [
            ast.literal_eval(each) if language == "Python" else json.loads(each)
            for each in literals
        ]
        assert read_back == [key, text, "end"], language
        assert not any(unicodedata.category(each) in ("Cc", "Cf", "Zl") for each in literals[1]
                       if ord(each) < 0x10000)  # fmt: skip
        if language == "Java":
            translated = as_java_reads(written)
            assert not set("\n\r") & set(translated)
            assert len(re.findall(r'"(?:[^"\\]|\\.)*"', translated)) == 3


@given(TEXT)
def test_texts_stay_what_they_are(text: str) -> None:
    query = g.V().has("name", text)
    found = dict(in_all_languages(query))
    expression = found["Python"].removesuffix(".to_list()")
    value = expression.removeprefix('g.V().has("name", ').removesuffix(")")
    assert ast.literal_eval(value) == text
    (statement,) = script.parse(found["Gremlin Console"]).traversals
    assert statement == read(query)
