"""What real drivers send for three inference queries, captured off the wire.

Each file of `data` holds the messages of `tests/integration/grammar/drivers`, a line each, in
hexadecimal digits.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from gremlink.grammar import graphson
from gremlink.grammar.script import parse
from gremlink.grammar.traversal import Traversal, step
from gremlink.proxy.inference.analysis.locate import find_inferences
from gremlink.proxy.wire.frames import Opcode
from gremlink.proxy.wire.mime import Encoding
from gremlink.proxy.wire.request import read_request, write_request

DATA = Path(__file__).parent / "data"
DRIVERS = ["go-3.7.3", "java-3.7.3", "javascript-3.5.6", "javascript-3.7.4", "javascript-3.8.2"]

QUERIES = [
    """g.with('Neptune#ml.endpoint', 'friends').with('Neptune#ml.limit', 8)
        .V().hasLabel('User').has('name', 'Henry')
        .out('FRIEND').with('Neptune#ml.prediction').hasLabel('User').values('name')""",
    """g.with('Neptune#ml.endpoint', 'friends')
        .V().has('name', P.within('Henry', 'Bill')).project('name', 'friends').by('name')
        .by(__.out('FRIEND').with('Neptune#ml.prediction').hasLabel('User').values('name').fold())""",
    """g.with('Neptune#ml.endpoint', 'friends').with('Neptune#ml.limit', 3)
        .V().has(T.label, 'User').has('name', 'Henry')
        .in('FRIEND').with('Neptune#ml.prediction').hasLabel('User').count()""",
]
PLACES = [(3,), (4, 0, 0), (3,)]
CASES = [(driver, number) for driver in DRIVERS for number in range(len(QUERIES))]


def message(driver: str, number: int) -> bytes:
    return bytes.fromhex((DATA / f"{driver}.hex").read_text().splitlines()[number])


@pytest.mark.parametrize(("driver", "number"), CASES)
def test_the_traversal_is_the_query(driver: str, number: int) -> None:
    request = read_request(Opcode.BINARY, message(driver, number))
    traversal = request.args["gremlin"]
    expected = parse(QUERIES[number]).single
    assert isinstance(traversal, Traversal)
    assert isinstance(expected, Traversal)
    assert (request.op, request.processor) == ("bytecode", "traversal")
    assert traversal.options() == expected.options()
    assert traversal.steps == expected.steps
    assert [found.path for found in find_inferences(traversal)] == [PLACES[number]]


@pytest.mark.parametrize(("driver", "number"), CASES)
def test_written_again_it_is_the_same_message(driver: str, number: int) -> None:
    sent = message(driver, number)
    request = read_request(Opcode.BINARY, sent)
    opcode, written = write_request(request)
    assert opcode == Opcode.BINARY
    if request.format.encoding is Encoding.GRAPHBINARY:
        assert written == sent
    else:
        head = 1 + sent[0]
        assert written[:head] == sent[:head]
        again, before = graphson.loads(written[head:]), graphson.loads(sent[head:])
        assert again["args"] == before["args"]


@pytest.mark.parametrize(("driver", "number"), CASES)
def test_a_rewrite_changes_nothing_else(driver: str, number: int) -> None:
    """The last step replaced: all bytes before and behind it are the driver's."""
    sent = message(driver, number)
    request = read_request(Opcode.BINARY, sent)
    traversal = request.args["gremlin"]
    assert isinstance(traversal, Traversal)
    changed = traversal.with_steps([*traversal.steps[:-1], step("none")])
    derived = request.derive(request_id=request.request_id, args={"gremlin": changed})
    _, written = write_request(derived)
    again = read_request(Opcode.BINARY, written)
    assert again.args["gremlin"] == changed
    same = 0
    while sent[same] == written[same]:
        same += 1
    common = sent.find(b"Neptune#ml.prediction") + len(b"Neptune#ml.prediction")
    if request.format.encoding is Encoding.GRAPHBINARY and number != 1:
        assert same > common
    assert again.args["gremlin"].source == traversal.source
