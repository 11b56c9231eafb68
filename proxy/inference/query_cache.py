"""The cache of analysed requests, which differ in nothing but the element that they ask about.

An application sends the same few queries again and again, with another id in `V(id)`. All bytes of
such a request but its own id and that id are its pattern, and the analysis of one request is true
of all with the same pattern. Only for GraphBinary, whose values carry their lengths: with the same
bytes before and behind, the value between them has the same place in the same query.
"""

from __future__ import annotations

import re
import struct
from collections import deque
from dataclasses import dataclass, replace
from uuid import UUID

from gremlink.grammar import graphbinary
from gremlink.grammar.errors import GremlinError
from gremlink.grammar.traversal import Argument, Entries, Instruction, Kind, Literal
from gremlink.proxy.inference.analysed_request import AnalysedRequest
from gremlink.proxy.inference.queries.query import Query
from gremlink.proxy.wire.mime import GRAPHBINARY
from gremlink.proxy.wire.request import RequestMessage

LONGEST = 4096
"""The most bytes of a request that is kept."""

MOST = 32
"""Patterns that are kept."""

_HEAD = bytes((len(GRAPHBINARY.name),)) + GRAPHBINARY.name.encode() + b"\x81"
_ID = len(_HEAD)
_BODY = _ID + 16
_ONE = struct.pack(">i", 1)
_STRING = b"\x03\x00"


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A pattern: the bytes between the request's id and that of the element, and those behind it.

    `id` is that of the element in the request that was `analysed`, `binding` its name if it comes
    in a binding.
    """

    before: bytes
    behind: bytes
    id: Literal
    binding: str | None
    analysed: AnalysedRequest

    def filled(self, payload: bytes) -> AnalysedRequest | None:
        """Return the analysis of a request with this pattern; `None` if it has another."""
        if not (payload.startswith(self.before, _BODY) and payload.endswith(self.behind)):
            return None
        value = _literal(payload[_BODY + len(self.before) : len(payload) - len(self.behind)])
        if value is None or value.kind != self.id.kind:
            return None
        return self._with(UUID(bytes=payload[_ID:_BODY]), value)

    def _with(self, request_id: UUID, id: Literal) -> AnalysedRequest:
        query = self.analysed.query
        (analysis,) = query.analyses
        traversal = analysis.traversal
        first, *rest = traversal.steps
        args = dict(query.request.args)
        script = query.script
        if script is None or self.binding is None:
            traversal = traversal.with_steps([Instruction("V", (id,)), *rest])
            args["gremlin"] = traversal
        else:  # the text is the same
            known = Literal(id.kind, id.value, origin=self.id.origin)
            start = Instruction(first.name, (known,), origin=first.origin)
            traversal = replace(traversal, steps=(start, *rest))
            script = script.replace(0, traversal)
            args["bindings"] = _bound(query.request.bindings, self.binding, id)
        sent = query.request
        request = RequestMessage(sent.format, request_id, sent.op, sent.processor, args)
        asked = Query(request, (analysis.of_another_start(traversal),), query.concerned, script)
        return AnalysedRequest(asked, self.analysed.planned, self.analysed.timeout)


class QueryCache:
    """The requests that were analysed last, by their patterns."""

    def __init__(self) -> None:
        self._known: deque[_Pattern] = deque(maxlen=MOST)

    def find(self, payload: bytes) -> AnalysedRequest | None:
        """Return the analysis of a request, if its pattern is known."""
        if not payload.startswith(_HEAD):
            return None
        for pattern in self._known:
            analysed = pattern.filled(payload)
            if analysed is not None:
                return analysed
        return None

    def keep(self, payload: bytes, analysed: AnalysedRequest) -> None:
        """Keep the analysis of a request, if that has a pattern."""
        if len(payload) <= LONGEST and payload.startswith(_HEAD):
            pattern = _pattern(payload, analysed)
            if pattern is not None:
                self._known.appendleft(pattern)

    def clear(self) -> None:
        """Forget them all."""
        self._known.clear()


def _pattern(payload: bytes, analysed: AnalysedRequest) -> _Pattern | None:
    query = analysed.query
    if len(query.analyses) != 1:
        return None
    match _first(analysed):
        case Instruction("V", (Literal(Kind.STRING | Kind.INT | Kind.LONG | Kind.UUID) as id,)):
            pass
        case _:
            return None
    value = graphbinary.write_value(replace(id, origin=None))
    name = None
    before = _ONE + b"V" + _ONE
    if query.script is not None:
        name = _binding(query, id)
        if name is None:
            return None
        before = graphbinary.write_value(Literal.string(name))
    at = payload.find(before + value)
    if at < 0 or payload.find(before + value, at + 1) >= 0:
        return None
    start = at + len(before)
    end = start + len(value)
    return _Pattern(payload[_BODY:start], payload[end:], id, name, analysed)


def _literal(data: bytes) -> Literal | None:
    """Return the value of these bytes; `None` if they are no literal, or more than one value."""
    if data[:2] == _STRING and int.from_bytes(data[2:6], "big") == len(data) - 6:
        try:
            return Literal(Kind.STRING, data[6:].decode())
        except UnicodeDecodeError:
            return None
    try:
        value, read = graphbinary.read_value(data)
    except (GremlinError, LookupError, ValueError, struct.error):
        return None
    return value if read == len(data) and isinstance(value, Literal) else None


def _first(analysed: AnalysedRequest) -> Instruction:
    (traversal,) = analysed.query.traversals
    return traversal.step(0) if traversal.length else Instruction("", ())


def _binding(query: Query, id: Literal) -> str | None:
    """Return the name that an id has in a script, if the script uses it for nothing else."""
    text = query.request.args["gremlin"]
    assert query.script is not None
    assert isinstance(text, Literal)
    if "\\u" in text.value:
        return None  # names may be written in other ways
    names = [name for name, bound in query.request.bindings.items() if bound == id]
    for name in names:
        written = getattr(id.origin, "piece", None)
        if written == name and len(re.findall(rf"\b{re.escape(name)}\b", text.value)) == 1:
            return name
    return None


def _bound(bindings: dict[str, Argument], name: str, id: Literal) -> Entries:
    every = {**bindings, name: id}
    return Entries(tuple((Literal.string(each), value) for each, value in every.items()))
