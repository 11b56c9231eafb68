"""Requests in SPARQL: read in each form, and written again with another text."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gremlink.proxy.wire.errors import MessageError
from gremlink.proxy.wire.sparql import (
    QUERY,
    UPDATE,
    is_sparql_at_root,
    is_update,
    read_sparql,
)

FORM = "application/x-www-form-urlencoded"
TEXT = "SELECT * { ?s ?p 'é+&=%41' FILTER(?a && ?b) }"
ENCODED = urlencode({"query": TEXT}).encode()


@pytest.mark.parametrize(
    ("content_type", "query_string", "body", "place", "parameters"),
    [
        ("", f"query={quote(TEXT)}", b"", "address", ()),
        ("", f"a=b&query={quote_plus(TEXT)}&c=%20", b"", "address", (("a", "b"), ("c", " "))),
        (FORM, "x=y", ENCODED + b"&a=b", "form", (("a", "b"), ("x", "y"))),
        (f"{FORM}; charset=latin-1", "", ENCODED.replace(b"%C3%A9", b"%E9"), "form", ()),
        (FORM, f"query={quote(TEXT)}", b"a=b", "address", (("a", "b"),)),
        (QUERY, "a=b", TEXT.encode(), "body", (("a", "b"),)),
        (f'{QUERY};charset="UTF-16"', "", TEXT.encode("utf-16"), "body", ()),
        (f"{UPDATE}; charset=utf8", "", TEXT.encode(), "body", ()),
        (QUERY, "", b"\xef\xbb\xbf" + TEXT.encode(), "body", ()),
    ],
)  # fmt: skip
def test_each_form_has_text_and_parameters(content_type, query_string, body, place, parameters):
    read = read_sparql(content_type, query_string, body)
    assert (read.text, read.place, read.parameters) == (TEXT, place, parameters)
    assert read.is_update is (UPDATE in content_type)
    found = is_update(content_type, query_string, body)
    assert found is read.is_update


@pytest.mark.parametrize(
    ("body", "text", "parameters"),
    [
        ("query=select ?s where {?s ?p ?o} limit 10", "select ?s where {?s ?p ?o} limit 10", ()),
        ("query=ASK { FILTER(?a && ?b) }", "ASK { FILTER(?a && ?b) }", ()),
        ("query=ASK { ?s ?p 'a&b' }&queryId=q", "ASK { ?s ?p 'a&b' }", (("queryId", "q"),)),
        ("queryId=q&query=ASK { ?s ?p 'é' }", "ASK { ?s ?p 'é' }", (("queryId", "q"),)),
        ("query=ASK {\n ?s ?p <http://x?a=1&b> }", "ASK {\n ?s ?p <http://x?a=1&b> }", ()),
        ("update=DELETE WHERE { ?s ?p ?o }", "DELETE WHERE { ?s ?p ?o }", ()),
    ],
)
def test_forms_that_are_not_encoded(body, text, parameters):
    read = read_sparql(FORM, "", body.encode())
    assert (read.text, read.parameters) == (text, parameters)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text("ab &=%+é"), st.booleans())
def test_what_is_encoded_is_read_as_it_was(text, other, plus):
    encoded = urlencode(
        [("x", other), ("query", text), ("y", other)], quote_via=quote_plus if plus else quote
    )
    for read in (read_sparql(FORM, "", encoded.encode()), read_sparql("", encoded, b"")):
        assert read.text == text.removeprefix("\ufeff")
        assert read.parameters == (("x", other), ("y", other))
        changed = read.with_text("SELECT é")
        form = changed.body.decode() if read.place == "form" else changed.query_string
        if form is not None and changed.content_type is None:
            assert parse_qsl(form, keep_blank_values=True) == [
                ("x", other),
                ("query", "SELECT é"),
                ("y", other),
            ]


@pytest.mark.parametrize(
    ("content_type", "query_string", "body", "said"),
    [
        ("text/plain", "", b"ASK {}", "'text/plain'"),
        (FORM, "", b"a=b", "neither"),
        ("", "", b"", "neither"),
        (FORM, "", b"query=a&query=b", "more than one"),
        (FORM, "", b"query=a&update=b", "more than one"),
        (QUERY, "", b"\xff", "not in utf-8"),
        (f"{QUERY}; charset=x-none", "", b"a", "'x-none' is not known"),
        (f"{QUERY}; charset=hex", "", b"61", "no charset of texts"),
        (FORM, "", b"query=%ff", "not in utf-8"),
    ],
)
def test_what_cannot_be_read_says_why(content_type, query_string, body, said):
    with pytest.raises(MessageError, match=said):
        read_sparql(content_type, query_string, body)


def test_a_question_has_the_dataset_and_no_formats():
    read = read_sparql(
        FORM,
        "using-named-graph-uri=n&infer=false",
        b"update=x&using-graph-uri=g&queryId=q&format=y&explain=z",
    )
    assert parse_qsl(read.form_to_ask("ASK {}").decode()) == [
        ("query", "ASK {}"),
        ("default-graph-uri", "g"),
        ("named-graph-uri", "n"),
        ("infer", "false"),
    ]


def test_a_text_that_its_charset_does_not_have_goes_in_utf_8():
    read = read_sparql(f"{UPDATE}; charset=latin-1", "", TEXT.encode("latin-1"))
    assert read.with_text("é").body == "é".encode("latin-1")
    changed = read.with_text("\u0434")
    assert (changed.body, changed.content_type) == ("\u0434".encode(), f"{UPDATE}; charset=utf-8")
    form = read_sparql(f"{FORM}; charset=latin-1", "", b"a=%E9&query=%E9")
    assert (form.text, form.with_text("é").body) == ("é", b"a=%E9&query=%E9")
    changed = form.with_text("\u0434é")
    again = read_sparql(changed.content_type, "", changed.body)
    assert (again.text, again.parameters) == ("\u0434é", (("a", "é"),))


@pytest.mark.parametrize(
    ("content_type", "query_string", "body", "expected"),
    [
        (FORM, "", b"query=x", True),
        (FORM, "", b"a=b&update=x", True),
        ("", "query=x", b"", True),
        (QUERY, "", b"x", True),
        (FORM, "query=x", b"a=b", True),
        (FORM, "", b"gremlin=x", False),
        (FORM, "", b"gremlin=x&query=y", False),
        (FORM, "gremlin=x", b"query=y", False),
        (FORM, "", b"a=query=", False),
        ("application/json", "", b'{"query": 1}', False),
        ("application/json", "query=x", b'{"gremlin": 1}', False),
        ("", "", b"", False),
    ],
)
def test_the_root_takes_both_languages(content_type, query_string, body, expected):
    assert is_sparql_at_root(content_type, query_string, body) is expected
