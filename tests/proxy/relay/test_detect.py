"""The one look that every message gets must not miss a marker, whatever hides it."""

import json
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gremlink.proxy.relay.detect import (
    _ESCAPED_ASCII,
    _undone,
    holds_marker,
    holds_sparql_marker,
    may_hold_marker,
)

KEY = "Neptune#ml.prediction"


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        r"Neptune\u0023ml.prediction",
        r"Neptune\uuuu0023ml.prediction",
        r"\u004eeptune#ml.prediction",
        r"Neptune#ml\u002Eprediction",
        r"Neptune\\u0023ml.prediction",
        r"Neptune\u005cu0023ml.prediction",
        "".join(rf"\u{ord(letter):04x}" for letter in KEY),
    ],
)
def test_the_marker_is_found(text):
    assert holds_marker(b"\x20...out(" + text.encode() + b")...")


@given(st.sets(st.integers(0, len(KEY) - 1)), st.booleans(), st.booleans())
def test_the_marker_is_found_behind_escapes_of_groovy_and_of_json(escaped, groovy, spelled):
    script = "".join(
        rf"\u{ord(letter):04x}" if groovy and place in escaped else letter
        for place, letter in enumerate(f'g.V().out("x").with("{KEY}")')
    )
    text = json.dumps({"gremlin": script})
    if spelled:
        text = "".join(
            rf"\u{ord(letter):04X}" if letter in "Nu#." else letter for letter in text
        ).replace("\\\\", "\\u005c")
    assert json.loads(text)["gremlin"] == script
    assert holds_marker(text.encode())


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("key", [KEY, r"Neptune\u0023ml.prediction", r"\u004eeptune#ml.prediction"])
def test_the_marker_is_found_in_wide_characters(key, encoding):
    text = json.dumps({"gremlin": "g.V().with('KEY')"}).replace("KEY", key)
    assert holds_marker(b"!application/vnd.gremlin-v3.0+json" + text.encode(encoding))
    assert not holds_marker(text.replace("ml", "mL").encode(encoding))


@pytest.mark.parametrize(
    "text",
    ["", "Neptune", r"\u0023", r"Neptune\u0024ml.", "Neptune#mL.", r"\u", r"\u00", r"Neptune\u00"],
)
def test_nothing_else_is(text):
    assert not holds_marker(text.encode())


@given(st.lists(st.sampled_from([*"\\\\uuu00234ex#N", "\\u0023", "\\\\u004e", "Neptune"])))
def test_escapes_are_undone_as_a_regular_expression_would(parts):
    text = "".join(parts).encode()
    undone, found = _ESCAPED_ASCII.subn(lambda each: bytes.fromhex(each[1].decode()), text)
    assert _undone(text) == (undone if found else None)


def test_escapes_of_other_alphabets_are_not_worth_a_look():
    text = json.dumps("\u65e5\u672c\u8a9e \u00e9" * 1000)
    assert text.count(r"\u") == 4000
    assert not holds_marker(text.encode())


@pytest.mark.parametrize(
    "payload",
    [b'a#b"\0c', b'a\\b"\0c', b"\x23\0\x22\0", 'g.V("a").has("tag", "#1")'.encode("utf-16-le")],
)
def test_bytes_that_only_look_wide_are_no_reason_to_look_closer(payload):
    """A big integer and a big decimal have such bytes in GraphBinary."""
    assert not may_hold_marker(payload)


SPACE = "http://aws.amazon.com/neptune/vocab/v01/services/ml#"
SPELLINGS = [
    f"PREFIX ml: <{SPACE}>",
    f"SERVICE <{SPACE}inference>",
    f"PREFIX n: <{SPACE[:-1]}> SERVICE n:\\#inference",
    f"PREFIX n: <{SPACE[:-4]}> SERVICE n:\\/ml\\#inference",
    f"PREFIX n: <{SPACE[:-2]}> SERVICE n:l\\#inference",
    f"BASE <{SPACE[:-3]}> SERVICE <ml#inference>",
    f"BASE <{SPACE[:-1]}> SERVICE <#inference>",
    "SERVICE <" + SPACE.replace("#", r"\u0023") + "inference>",
    "SERVICE <" + SPACE.replace("m", r"\u006d") + "inference>",
    "SERVICE <" + SPACE.replace("l#", r"\U0000006C\U00000023") + "inference>",
    "SERVICE <" + "".join(rf"\u{ord(letter):04X}" for letter in SPACE) + "inference>",
]


@pytest.mark.parametrize("text", SPELLINGS)
def test_the_namespace_of_sparql_is_found_however_it_is_written_and_sent(text):
    query = f"SELECT * {{ ?s ?p ?o . {text} }}"
    assert holds_sparql_marker(query.encode())
    assert holds_sparql_marker(urlencode({"query": query}).encode())
    assert holds_sparql_marker(f"a=b&update={quote(query)}".encode())
    assert holds_sparql_marker(("query=" + "".join(f"%{ord(c):02x}" for c in query)).encode())
    assert holds_sparql_marker(f"query={query}".encode())
    for encoding in ("utf-16", "utf-16-be", "utf-32-le"):
        assert holds_sparql_marker(query.encode(encoding))
        assert holds_sparql_marker(quote_plus(query.encode(encoding)).encode())


@pytest.mark.parametrize(
    "query",
    [
        "",
        "SELECT * { ?s ?p ?o }",
        "PREFIX foaf: <http://xmlns.com/foaf/0.1/> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>"
        'SELECT * { ?s foaf:name "\\u00e9\\n" ; a <http://www.w3.org/2002/07/owl#Thing> }',
        "PREFIX ml: <http://example.org/ML#> SELECT * { ?s ml:x 'a%23' }",
        r"\u \u00 \U000000 \\",
    ],
)
def test_nothing_else_is_taken_for_it(query):
    assert not holds_sparql_marker(query.encode())
    assert not holds_sparql_marker(urlencode({"query": query}).encode())
