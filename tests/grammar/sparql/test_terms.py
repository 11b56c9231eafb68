"""Terms have one spelling, and it is read back as the same term."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gremlink.grammar.sparql.terms import (
    XSD,
    BlankNode,
    Iri,
    RdfLiteral,
    Term,
    from_ntriples,
    to_ntriples,
)

WRITTEN = [
    (Iri("http://a/b"), "<http://a/b>"),
    (Iri("http://a/ü b"), r"<http://a/ü\u0020b>"),
    (RdfLiteral("Drama"), '"Drama"'),
    (RdfLiteral('a "b"\n\\'), r'"a \"b\"\n\\"'),
    (RdfLiteral("5", XSD + "integer"), f'"5"^^<{XSD}integer>'),
    (RdfLiteral("chat", language="fr-BE"), '"chat"@fr-BE'),
    (BlankNode("b0"), "_:b0"),
]


@pytest.mark.parametrize(("term", "text"), WRITTEN, ids=[text for _, text in WRITTEN])
def test_spelling(term: Term, text: str) -> None:
    assert to_ntriples(term) == text
    assert from_ntriples(text) == term


def test_other_spellings_are_read() -> None:
    assert from_ntriples(f'"a"^^<{XSD}string>') == RdfLiteral("a")
    assert from_ntriples(r'"\u0041\U0001F600\'"') == RdfLiteral("A😀'")
    assert from_ntriples(r"<http://a/\u00E9>") == Iri("http://a/é")
    assert from_ntriples("_:a.b") == BlankNode("a.b")


def test_a_language_has_its_datatype() -> None:
    assert RdfLiteral("a", language="en") == RdfLiteral("a", XSD + "string", "en")
    assert RdfLiteral("a", language="en").datatype.endswith("#langString")


@pytest.mark.parametrize(
    "text",
    [
        *("", "a", "a:b", "<a b>", "<a", '"a', '"a"b"', '"a"@', '"a\nb"', "5", "_:", "_:a."),
        *(r'"\x"', r'"\uD800"', r'"\UFFFFFFFF"', " <a>", "<a> .", "'a'"),
    ],
)
def test_no_terms(text: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        from_ntriples(text)


WORDS = st.text(st.characters(exclude_categories=["Cs"]))


@given(
    st.one_of(
        st.builds(Iri, WORDS),
        st.builds(RdfLiteral, WORDS, WORDS),
        st.builds(RdfLiteral, WORDS, language=st.sampled_from(["en", "de-AT"])),
    )
)
def test_each_term_is_read_back(term: Term) -> None:
    text = to_ntriples(term)
    assert "\n" not in text
    assert from_ntriples(text) == term
