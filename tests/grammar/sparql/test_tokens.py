"""Tokens are those of SPARQL, each with its place in the text as it came."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gremlink.grammar.errors import ScriptError
from gremlink.grammar.sparql.tokens import scan


def kinds(text: str) -> str:
    return " ".join(f"{token.kind}:{token.text}" for token in scan(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<http://a#b> # <c>", "IRI:<http://a#b>"),
        ("?a<?b", "variable:?a <:< variable:?b"),
        ("?a < ?b && ?c > ?d", "variable:?a <:< variable:?b &&:&& variable:?c >:> variable:?d"),
        ("?a<=5", "variable:?a <=:<= number:5"),
        ("$x ?1 ?été", "variable:$x variable:?1 variable:?été"),
        ("ex:a.b.", "name:ex:a.b .:."),
        (": a: a:b :b a:b:c", "name:: name:a: name:a:b name::b name:a:b:c"),
        (r"a:%41\-b\.", r"name:a:%41\-b\."),
        ("a-b:c", "name:a-b:c"),
        ("SELECT a true.", "word:SELECT word:a word:true .:."),
        ("true.false", "word:true .:. word:false"),
        (
            "5. 5.0 .5 5e3 5.e3 -5",
            "number:5 .:. number:5.0 number:.5 number:5e3 number:5.e3 -:- number:5",
        ),
        ("_:a.b _:1.", "blank node:_:a.b blank node:_:1 .:."),
        ("@en-GB @en--ltr", "language:@en-GB language:@en--ltr"),
        (r"""'a\'b' "a'b" ''""", r"""string:'a\'b' string:"a'b" string:''"""),
        ("'''a'b''c\n''' \"\"\"\"a\"\"\"", "string:'''a'b''c\n''' string:\"\"\"\"a\"\"\""),
        ("'a'^^<b>", "string:'a' ^^:^^ IRI:<b>"),
        ("{|:a 1|}", "{|:{| name::a number:1 |}:|}"),
        ("a/^b*|!c+?", "word:a /:/ ^:^ word:b *:* |:| !:! word:c +:+ ?:?"),
        ("\ufeffASK", "word:ASK"),
        ("", ""),
        (r"<a\u0062> ?\u0061 '\U0001F600' \u0041SK", "IRI:<ab> variable:?a string:'😀' word:ASK"),
        (r"'\\u0041'", r"string:'\\u0041'"),
        ("a:😀", "name:a:😀"),
    ],
)
def test_tokens(text: str, expected: str) -> None:
    assert kinds(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "'",
        '"a\nb"',
        "'''a",
        "\\",
        "`",
        "& b",
        "@",
        "%41",
        "a:b\\x",
        "'a\\",
        r"'a\u0022",
        r"'\u005C'",
        r"\uD800",
        r"\UFFFFFFFF",
        r"?a \u003C ?b",
    ],
)
def test_no_tokens(text: str) -> None:
    with pytest.raises(ScriptError, match="line"):
        scan(text)


def test_places_are_those_of_the_text_as_it_came() -> None:
    text = "# é\n\\u0041SK { <http://\\u0061> ?p 'x' }"
    tokens = scan(text)
    assert [text[token.start : token.end] for token in tokens] == [
        *("\\u0041SK", "{", "<http://\\u0061>", "?p", "'x'", "}")
    ]
    with pytest.raises(ScriptError, match=r"line 2, column 12"):
        scan("# é\n\\u0041SK { 'abc")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_tokens_and_what_is_between_them_are_the_text(text: str) -> None:
    try:
        tokens = scan(text)
    except ScriptError:
        return
    end = 0
    for token in tokens:
        between = text[end : token.start]
        assert end <= token.start < token.end
        assert "#" in between or not between.strip(" \t\r\n\ufeff")
        end = token.end


@pytest.mark.parametrize(
    "piece",
    [
        "a.",
        "a:b.",
        "<",
        "'''a'",
        "''' '' '",
        " ",
        "#",
        ".",
        "a:..",
        "a:\\.",
        "1",
        "?",
        "\\u0041",
        "<a",
        '"\\',
        "@a-",
        "_:a.",
        "a:%41",
        "{",
        "'",
        "\\",
        "a.b:",
        "_:",
        "1.",
        "1e",
    ],
)
def test_time_is_linear(piece: str) -> None:
    started = time.process_time()
    for text in (piece * 50_000, piece * 50_000 + "`"):
        with contextlib.suppress(ScriptError):
            scan(text)
    assert time.process_time() - started < 3
