"""What `gremlink parse` shows of a query, whatever it is written in."""

from __future__ import annotations

import random
import uuid
from pathlib import Path

import pytest
from click.testing import CliRunner

from gremlink.grammar.script import parse as parse_script
from gremlink.grammar.traversal import Literal, Traversal
from gremlink.proxy.cli import main
from gremlink.proxy.wire.mime import format_of
from gremlink.proxy.wire.request import RequestMessage, write_request

QUERY = (
    'g.with("Neptune#ml.endpoint", "friends").with("Neptune#ml.limit", 8).V("a").'
    'project("x").by(out("FRIEND").with("Neptune#ml.prediction").hasLabel("User").fold())'
)
TREE = """\
g
├── with('Neptune#ml.endpoint', 'friends')
├── with('Neptune#ml.limit', 8)
├── V('a')
├── project('x')
└── by(…)
    └── __
        ├── out('FRIEND')  ◀ prediction
        ├── with('Neptune#ml.prediction')  ◀
        ├── hasLabel('User')
        └── fold()
  The proxy answers it:
  - asks friends for the User vertices that FRIEND should lead to, at most 8 for each input, \
without those that FRIEND already links
"""


def run(data: bytes | str, *arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, ["parse", *arguments], input=data)
    assert result.exit_code == code, result.output
    return result.output


def test_a_query_is_a_tree_with_its_inference_marked() -> None:
    assert run(QUERY) == TREE


@pytest.mark.parametrize("encoding", ["text", "graphson", "graphbinary"])
def test_every_encoding_shows_the_same_tree(encoding: str, tmp_path: Path) -> None:
    file = tmp_path / "query"
    file.write_text(run(QUERY, "--to", encoding))
    assert run("", str(file)) == TREE
    assert run("", "--from", encoding, str(file)) == TREE


@pytest.mark.parametrize(
    "mime", ["application/vnd.graphbinary-v1.0", "application/vnd.gremlin-v3.0+json"]
)
def test_a_whole_request(mime: str) -> None:
    format_ = format_of(mime)
    assert format_ is not None
    traversal = parse_script(QUERY).single
    assert isinstance(traversal, Traversal)
    bytecode = RequestMessage(
        format_, uuid.uuid4(), "bytecode", "traversal", {"gremlin": traversal}
    )
    assert run(write_request(bytecode)[1]) == TREE
    text = RequestMessage(format_, uuid.uuid4(), "eval", "", {"gremlin": Literal.string(QUERY)})
    assert run(write_request(text)[1]) == TREE


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("g.V().out('a')", "The proxy leaves it as it is."),
        ("1 + 1", "No traversal in it: the proxy forwards it as it is."),
        ("g.V().out('a').with('Neptune#ml.prediction').hasLabel('b')", "asks the default endpoint"),
        ("g.V().out().with('Neptune#ml.prediction')", "refuses it: Edge label needs to be"),
        ("g.V().out('Neptune#ml.prediction')", "The proxy leaves it as it is."),
        ("g.with('Neptune#ml.prediction').V().out('a')", "refuses it: with("),
        (
            "g.V().order().by('Neptune#ml.score').out('a').with('Neptune#ml.prediction').hasLabel('b')",
            "refuses it: values('Neptune#ml.score') asks for a score",
        ),
        (
            "t.out('a').with('Neptune#ml.prediction')",
            "refuses the request: An inference in a piece",
        ),
        (
            "g.V().properties('a').with('Neptune#ml.classification')",
            "for values of a, at most 1 for each input",
        ),
        (
            "g.V().properties('a', 'Neptune#ml.explain').with('Neptune#ml.classification')",
            "for values and reasons of a, at most 1 for each input",
        ),
    ],
)
def test_what_the_proxy_will_do(query: str, said: str) -> None:
    assert said in run(query)


def test_an_error_shows_the_place() -> None:
    output = run("g.V(\n", code=1)
    assert output.startswith("gremlink: this ( is never closed")
    assert "  g.V(\n     ^" in output


def test_only_a_single_traversal_can_be_bytecode() -> None:
    assert "only a script that is a single traversal" in run(
        "g.V(); g.E()", "--to", "graphson", code=1
    )
    assert run("g.V(); g.E()", "--to", "text") == "g.V(); g.E()\n"


def test_a_closure_has_no_bytecode() -> None:
    output = run("g.V().filter { it }", "--to", "graphbinary", code=1)
    assert output == "gremlink: a closure from script cannot be written as GraphBinary\n"


def test_half_a_byte_is_an_error() -> None:
    assert "half a byte is missing" in run("5", code=1)


def test_mutated_input_is_never_a_defect() -> None:
    chance = random.Random(1)
    request = b'{"gremlin": "g.V()", "requestId": 5}'
    seeds = [QUERY.encode(), b"0x81 00", request, b"8115 0000", b"\x81"]
    for _ in range(60):
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(data))
            data[place : place + chance.randint(0, 2)] = bytes([chance.randrange(256)])
        result = CliRunner().invoke(main, ["parse"], input=bytes(data))
        assert "defect" not in result.output, bytes(data)


SPARQL = """\
PREFIX : <http://o/>
PREFIX ml: <http://aws.amazon.com/neptune/vocab/v01/services/ml#>
SELECT * {
  ?u a :User .
  SERVICE ml:inference { ml:config ml:modelType 'OBJECT_PREDICTION' ; ml:predicate :likes ;
    ml:endpoint 'friends' ; ml:outputClass :Movie ; ml:input ?u ; ml:output ?m }
  SERVICE ml:inference { ml:config ml:modelType 'OBJECT_CLASSIFICATION' ; ml:predicate :genre ;
    ml:threshold 0.5 ; ml:input ?m ; ml:output ?g }
}
"""
BLOCKS = """\
SERVICE ml:inference { ml:config ml:modelType 'OBJECT_PREDICTION' ; ml:predicate :likes ; \
ml:endpoi… in line 5
  1 ask      PREFIX : <http://o/> \
PREFIX ml: <http://aws.amazon.com/neptune/vocab/v01/services/ml#>
             SELECT ?u ?gremlink_known WHERE { { SELECT DISTINCT ?u WHERE { ?u a :User . } \
LIMIT 10001 } OPTIONAL { ?u <http://o/likes> ?gremlink_known } }
  2 predict  friends: the http://o/Movie resources that http://o/likes should lead to, \
at most 1 for each input, without those that it already links
  3 replace  the block by VALUES (?u ?m) { … }

SERVICE ml:inference { ml:config ml:modelType 'OBJECT_CLASSIFICATION' ; ml:predicate :genre ; \
ml:th… in line 7
  1 ask      PREFIX : <http://o/> \
PREFIX ml: <http://aws.amazon.com/neptune/vocab/v01/services/ml#>
             SELECT DISTINCT ?m WHERE { ?u a :User .
             VALUES (?u ?m) { … } } LIMIT 10001
  2 predict  the default endpoint: classification of http://o/genre, at most 1 for each input, \
with a score of 0.5 or more
  3 replace  the block by VALUES (?m ?g) { … }
"""


def test_blocks_of_sparql_are_shown_with_their_questions() -> None:
    assert run(SPARQL) == BLOCKS
    assert run(SPARQL, "--from", "sparql") == BLOCKS


def test_what_is_wrong_with_a_block_is_underlined() -> None:
    shown = run(SPARQL.replace("ml:threshold", "ml:treshold"))
    assert shown.splitlines()[0] == "The proxy refuses it:"
    assert "does not allow the predicate treshold. (line 8, column 5)" in shown
    assert shown.endswith("      ml:treshold 0.5 ; ml:input ?m ; ml:output ?g }\n      ^\n")
    assert "never closed (line 6, column 17)" in run(SPARQL.replace("'friends'", "'friends"))
    assert "No endpoint" not in run(SPARQL)


@pytest.mark.parametrize(
    "text",
    [
        *("ASK { ?s ?p ?o }", "# a comment\nselect*{?s ?p ?o}", "base <http://a/> DESCRIBE <b>"),
        *("INSERT DATA { <a> <b> <c> }", "CLEAR ALL", "CONSTRUCT WHERE { ?s ?p ?o }"),
    ],
)
def test_other_sparql_goes_on_as_it_came(text: str) -> None:
    expected = "No block of Neptune ML in it: the proxy forwards it as it is.\n"
    assert run(text) == expected


def test_sparql_has_no_other_encoding() -> None:
    assert "no other encoding" in run(SPARQL, "--to", "graphson", code=1)
