"""Requests that differ in nothing but the element that they ask about are read once.

An application sends the same few queries again and again, with another id in `V(id)`. The shape of
such a request is all of its bytes but its own id and that id. What has been understood of one is
true of all others of its shape. Only for GraphBinary, whose values tell where they end: with the
same bytes before and behind, the value between them stands in the same place of the same query.
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
from gremlink.proxy.inference.analysed_request import Understood
from gremlink.proxy.inference.queries.query import Query
from gremlink.proxy.wire.mime import GRAPHBINARY
from gremlink.proxy.wire.request import RequestMessage

LONGEST = 4096
"""Bytes of a request whose shape is kept."""

MOST = 32
"""Shapes that are kept."""

_HEAD = bytes((len(GRAPHBINARY.name),)) + GRAPHBINARY.name.encode() + b"\x81"
_ID = len(_HEAD)
_BODY = _ID + 16
_ONE = struct.pack(">i", 1)
_STRING = b"\x03\x00"


@dataclass(frozen=True, slots=True)
class _Shape:
    """`before` stands between the request's id and that of the element, `behind` up to the end.

    `id` is that of the element in what was `understood`, `binding` the name under which it comes,
    if it comes in a binding.
    """

    before: bytes
    behind: bytes
    id: Literal
    binding: str | None
    understood: Understood

    def filled(self, payload: bytes) -> Understood | None:
        """What a request of this shape asks for; `None` if it is of another."""
        if not (payload.startswith(self.before, _BODY) and payload.endswith(self.behind)):
            return None
        value = _literal(payload[_BODY + len(self.before) : len(payload) - len(self.behind)])
        if value is None or value.kind != self.id.kind:
            return None
        return self._with(UUID(bytes=payload[_ID:_BODY]), value)

    def _with(self, request_id: UUID, id: Literal) -> Understood:
        query = self.understood.query
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
        return Understood(asked, self.understood.planned, self.understood.timeout)


class Shapes:
    """The shapes of the requests that came last."""

    def __init__(self) -> None:
        self._known: deque[_Shape] = deque(maxlen=MOST)

    def find(self, payload: bytes) -> Understood | None:
        """What a request asks for, if that is known."""
        if not payload.startswith(_HEAD):
            return None
        for shape in self._known:
            understood = shape.filled(payload)
            if understood is not None:
                return understood
        return None

    def keep(self, payload: bytes, understood: Understood) -> None:
        """Note what has been understood of a request, if it has a shape."""
        if len(payload) <= LONGEST and payload.startswith(_HEAD):
            shape = _shape(payload, understood)
            if shape is not None:
                self._known.appendleft(shape)

    def clear(self) -> None:
        """Forget them all."""
        self._known.clear()


def _shape(payload: bytes, understood: Understood) -> _Shape | None:
    query = understood.query
    if len(query.analyses) != 1:
        return None
    match _first(understood):
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
    return _Shape(payload[_BODY:start], payload[end:], id, name, understood)


def _literal(data: bytes) -> Literal | None:
    """The value that these bytes are; `None` if they are no literal, or more than one value."""
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


def _first(understood: Understood) -> Instruction:
    (traversal,) = understood.query.traversals
    return traversal.step(0) if traversal.length else Instruction("", ())


def _binding(query: Query, id: Literal) -> str | None:
    """The name that an id has in a script, if it stands there for nothing else."""
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
