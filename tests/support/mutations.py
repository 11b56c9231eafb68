"""Mutated requests, and what must hold for whatever they have become.

Used by the short fuzz test and by `tests/fuzz/fuzz_grammar.py`.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from random import Random

from gremlink.grammar import graphbinary, graphson, script
from gremlink.grammar.errors import GremlinError, LimitExceeded
from gremlink.grammar.sparql.structure import Element
from gremlink.grammar.traversal import Traversal, walk
from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.errors import InferenceError
from gremlink.proxy.inference.sparql.answer import rewritten, steps
from gremlink.proxy.inference.sparql.plan import analyse_sparql

ML = "http://aws.amazon.com/neptune/vocab/v01/services/ml#"
_BLOCK = (
    "SERVICE ml:inference {\n  ml:config ml:modelType 'OBJECT_PREDICTION' ; ml:predicate :likes ; #"
    " }\n  ml:outputClass :Movie ; ml:input ?u ; ml:output ?m ; ml:limit '3' ;"
    " ml:threshold '0.5D' .\n}"
)
_HEAD = f"BASE <http://b/>\nPREFIX : <o/> PREFIX ml: <{ML}>\n"
REQUESTS = [
    f"{_HEAD}SELECT ?m (COUNT(*) AS ?n) WHERE {{ ?u a :User ; :age 5.0, +1 . {_BLOCK} ?m :title"
    ' """a""" } GROUP BY ?m HAVING(?n < 3 && EXISTS { ?m ?p ?o }) ORDER BY DESC(?n) LIMIT 5',
    f"{_HEAD}SELECT * {{ {{ ?u :p/^:q* [ :r (1 true) ] OPTIONAL {{ {_BLOCK} FILTER(?m != <x>) }} }}"
    f" UNION {{ GRAPH ?g {{ ?u a :X . {_BLOCK} }} }} VALUES (?a ?b) {{ (UNDEF 'x'@en) }} }}",
    f"{_HEAD}DELETE DATA {{ :a :b _:c }} ;\n PREFIX ml: <{ML}> WITH :g INSERT {{ ?u :n ?m }} WHERE"
    f" {{ BIND(:u AS ?u) MINUS {{ ?u :s ?x }} {_BLOCK} }} ; CLEAR ALL",
    f"{_HEAD}CONSTRUCT {{ ?u :n ?m }} FROM NAMED <h> {{ {{ SELECT * {{ ?u a :U }} LIMIT 9 }}"
    f" FILTER NOT EXISTS {{ {_BLOCK} }} SERVICE SILENT <http://s/> {{ ?u ?v ?w }} }}",
    f"{_HEAD}ASK {{ ?u :p\\-q 'a\\'b' ; :%41 \"\\u0041\" . {_BLOCK} {_BLOCK.replace('?u', '?v')}"
    " BIND(IF(?m < 3, ?m, ?u) AS ?v) }",
]
"""Requests in SPARQL with blocks."""

DATA = Path(__file__).parent.parent / "grammar" / "data"

SCRIPTS = [
    'g.with("Neptune#ml.limit",8).V().has("name","Henry").out("FRIEND")'
    '.with("Neptune#ml.prediction").hasLabel("User").values("name")',
    "g.V().project('a').by(properties('x').with('Neptune#ml.classification').value().fold())",
    "x = g.V(1L, 0.5d, -3, 1e3, 0x1F, null).next(); g.V(x).filter { it.get() }.toList()[0] // y",
    'def s = """a ${g.V().next()} b"""; [a: 1, (T.id): [2, {3}]] as Set; /a\\/b/; $/ c /$',
    "g.V().is(P.gt(1).and(lt(3)).negate()).where(__.not(in('a'))).has('x', within([1, 'b']))",
    "g.inject((byte) 1, new BigDecimal('1.5'), UUID.fromString('6f0b2f5a-1c3d-4e5f-8a9b-"
    "0c1d2e3f4a5b'), [1..3], [:]).choose(id()).option(Pick.none, __.limit(0))",
    "g.withStrategies(new SubgraphStrategy(vertices: hasLabel('a')), "
    "OptionsStrategy.build().with('k', 1).create()).V()?.'out'(\"b\").<X>iterate()",
]


def captured() -> list[bytes]:
    """The messages of real drivers, behind their mime type."""
    messages = []
    for file in sorted(DATA.glob("*.hex")):
        for line in file.read_text().splitlines():
            message = bytes.fromhex(line)
            messages.append(message[1 + message[0] :])
    return messages


def seeds() -> dict[str, list[bytes]]:
    """What mutation begins with, by encoding: bytecode, JSON of whole requests, scripts."""
    messages = captured()
    requests = [message for message in messages if message[:1] == b"{"]
    traversals = [
        graphson.read_bytecode(graphson.loads(request)["args"]["gremlin"]) for request in requests
    ]
    traversals += [found for text in SCRIPTS[:2] if (found := script.parse(text).single)]
    values = [b"\x15\x00" + graphbinary.write_bytecode(found) for found in traversals]
    return {
        "graphbinary": values + every_type(),
        "graphson": requests,
        "script": [text.encode() for text in SCRIPTS],
        "sparql": [text.encode() for text in REQUESTS],
    }


def every_type() -> list[bytes]:
    """A list of one value of each type code that gremlinpython does not write, and of some."""
    string = b"\x00\x00\x00\x01a"
    null = b"\xfe\x01"
    fixed = {0x04: 8, 0x81: 12, 0x84: 6, 0x88: 18, 0x8D: 18, 0x8E: 4, 0x26: 2, 0x24: 1}
    values = [bytes([code, 0]) + bytes(size) for code, size in fixed.items()]
    values += [
        b"\x11\x00" + null + string + null,
        b"\x0d\x00" + null + string + null + string + null + string + null + null,
        b"\x2b\x00\x00\x00\x00\x01" + null + b"\x00\x00\x00\x00",
        b"\x2a\x00\x00\x00\x00\x01" + null + bytes(8),
        b"\x10\x00" + bytes(8),
        b"\x22\x00\x00\x00\x00\x02\x00\x00\x00\x01\x05",
        b"\x00" + struct.pack(">i", 12) + b"janusgraph.P" + bytes(4) + b"\x00" + string + null,
        b"\x00" + string + struct.pack(">i", 2) + b"ab" + b"\x00" + struct.pack(">i", 1) + b"c",
        b"\x80\x00a",
    ]
    return [b"\x09\x00" + struct.pack(">i", len(values)) + b"".join(values)]


SPECIAL = [
    b"\x00\x00\x00\x00",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\x80\x00\x00\x00",
    b"\x00\x01\x00\x00",
    b"\xfe\x01",
    b"\x15\x00",
    b"\x09\x00",
    b'{"@type":"g:List","@value":[]}',
    b'"@type"',
    b'{"@type":"g:Map","@value":[1]}',
    b"\\ud800",
    b"1e999",
    b"-0",
    b"${",
    b"}",
    b"'",
    b'"',
    b'"""',
    b"/",
    b"$/",
    b"/*",
    b"//",
    b"(",
    b")",
    b"[",
    b"]",
    b".",
    b",",
    b":",
    b" as ",
    b"new ",
    b"__.",
    b"g.V()",
    b".with(",
    b"\\",
    b"\xc3",
    b"{",
    b"<",
    b">",
    b"'''",
    b"#",
    b";",
    b"^^",
    b"\\u007B",
    b" OPTIONAL {",
    b" UNION {",
    b" FILTER EXISTS {",
    b" { SELECT * {",
    b" GRAPH ?u {",
    b" SERVICE ml:inference {",
    b" ?u ",
    b" VALUES ?u { :a }",
    b" BIND(",
]


def mutated(seed: bytes, random: Random, others: list[bytes]) -> bytes:
    """A few random changes: flips, special pieces, cuts, copies, splices."""
    data = bytearray(seed)
    for _ in range(random.choice((1, 1, 2, 3, 8))):
        at = random.randrange(len(data) + 1)
        match random.randrange(7):
            case 0 if at < len(data):
                data[at] = random.randrange(256)
            case 1 if at < len(data):
                data[at] ^= 1 << random.randrange(8)
            case 2:
                data[at:at] = random.choice(SPECIAL)
            case 3:
                piece = random.choice(SPECIAL)
                data[at : at + len(piece)] = piece
            case 4:
                del data[at : at + random.randrange(1, 9)]
            case 5:
                end = at + random.randrange(1, 40)
                data[at:at] = data[at:end] * random.choice((1, 1, 2, 40))
            case _:
                other = random.choice(others)
                begin = random.randrange(len(other))
                data[at : at + random.randrange(20)] = other[begin : begin + random.randrange(40)]
    return bytes(data[:20_000])


def check_graphbinary(data: bytes) -> None:
    """Skipping and reading agree, and what was read prints as it was."""
    try:
        end = graphbinary.skip_value(data)
        skipped = True
    except GremlinError:
        end, skipped = -1, False
    try:
        value, read_end = graphbinary.read_value(data)
    except GremlinError:
        return
    assert skipped
    assert end == read_end
    assert graphbinary.write_value(value) == data[:end]
    if isinstance(value, Traversal):
        if value.length:
            middle = value.length // 2
            replaced = value.with_replaced(middle, middle + 1, [value.step(middle)])
            assert graphbinary.write_bytecode(replaced) == data[2:end]
        assert graphbinary.write_bytecode(value.with_steps(value.steps)) == data[2:end]
        list(walk(value))


def check_graphson(data: bytes) -> None:
    """What was read is written as it was, number for number."""
    try:
        request = graphson.loads(data)
    except GremlinError:
        return
    try:
        text = graphson.dumps(request)
    except LimitExceeded:
        return
    assert graphson.dumps(graphson.loads(text)) == text
    arguments = request.get("args") if isinstance(request, dict) else None
    gremlin = arguments.get("gremlin") if isinstance(arguments, dict) else request
    try:
        value = graphson.read_value(gremlin)
    except GremlinError:
        return
    before = json.dumps(gremlin)
    assert json.dumps(graphson.write_value(value)) == before
    if isinstance(value, Traversal):
        again = graphson.write_bytecode(value.with_steps(value.steps))
        assert graphson.read_bytecode(again) == value or "NaN" in before
        list(walk(value))


def check_script(data: bytes) -> None:
    """An unchanged script prints as it was, also instruction by instruction."""
    text = data.decode("utf-8", errors="surrogateescape")
    try:
        read = script.parse(text)
    except GremlinError:
        return
    assert read.text == text
    for index, traversal in enumerate(read.traversals):
        read = read.replace(index, traversal.with_steps(traversal.steps))
        list(walk(traversal))
    assert read.text == text


def check_sparql(data: bytes) -> None:
    """Nothing outside of a block changes, and each block is whole."""
    text = data.decode("utf-8", errors="replace")
    try:
        analysed = analyse_sparql(text, Settings("films"))
        if analysed is None:
            return
        answered: dict[Element, str] = {}
        for step in steps(analysed, answered):
            names = " ".join(f"?{name}" for name in step.block.variables)
            answered[step.block.element] = f"VALUES ({names}) {{ }}"
    except InferenceError:
        return
    kept, end = [], 0
    request = analysed.request
    for block in sorted(analysed.blocks, key=analysed.place):
        begin = analysed.place(block)
        kept.append(text[end:begin])
        end = request.tokens[block.element.last - 1].end
        whole = text[begin:end]
        assert "\\" in whole or whole.upper().startswith("SERVICE"), whole
        assert whole.endswith("}"), whole
        kept.append(answered[block.element])
    assert rewritten(analysed, answered) == "".join([*kept, text[end:]])


CHECKS: dict[str, Callable[[bytes], None]] = {
    "graphbinary": check_graphbinary,
    "graphson": check_graphson,
    "script": check_script,
    "sparql": check_sparql,
}
