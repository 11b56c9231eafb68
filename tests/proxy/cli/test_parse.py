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
