"""The query in a request, whatever it is written in, and requests derived from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from grammar import script
from grammar.errors import GremlinError
from grammar.script import Script
from grammar.traversal import Argument, Entries, Kind, Literal, Traversal
from proxy.inference.answers import Dialect
from proxy.inference.errors import InferenceError, UnsupportedOperation
from proxy.inference.find import find_inferences, stray_keys
from proxy.wire.request import RequestMessage

_BATCH = 256
"""Results in each response to a query of our own: few messages, none of them large."""

Bindings = Mapping[str, Argument]

_PROCESSORS = ("", "traversal", "session")


class MalformedQuery(InferenceError):
    """Neptune's MalformedQueryException: the text cannot be read."""

    code = "MalformedQueryException"
    http_status = 400


@dataclass(frozen=True, slots=True)
class Query:
    """One traversal and the request that it came in; `script` is the text around it, if any."""

    request: RequestMessage
    traversal: Traversal
    script: Script | None

    @property
    def dialect(self) -> Dialect:
        """How the query is written."""
        language = self.request.language if self.script is not None else None
        return Dialect(self.request.format, language)

    def asking(
        self, traversal: Traversal, request_id: UUID, bindings: Bindings | None = None
    ) -> RequestMessage:
        """A request of our own for the results of a traversal, in a format that we can read."""
        gremlin = traversal if self.script is None else _text(script.write(traversal))
        return self.request.derive(
            request_id=request_id,
            format=self.request.format.readable,
            args={
                "gremlin": gremlin,
                "batchSize": Literal(Kind.INT, _BATCH),
                "requestId": None,
                **self._bound(bindings),
            },
        )

    def rewritten(self, traversal: Traversal, bindings: Bindings | None = None) -> RequestMessage:
        """The client's request with this traversal in the place of its own."""
        gremlin: Argument = traversal
        if self.script is not None:
            gremlin = _text(self.script.replace(0, traversal).text)
        args = {"gremlin": gremlin, **self._bound(bindings)}
        return self.request.derive(request_id=self.request.request_id, args=args)

    def _bound(self, bindings: Bindings | None) -> dict[str, Argument]:
        if not bindings:
            return {}
        every = {**self.request.bindings, **bindings}
        pairs = tuple((_text(name), value) for name, value in every.items())
        return {"bindings": Entries(pairs)}


def _text(text: str) -> Literal:
    return Literal(Kind.STRING, text)


def read_query(request: RequestMessage) -> Query | None:
    """The query of a request, `None` if it asks for no inference.

    Raises `InferenceError` where an inference cannot be excluded or is not alone in its script.
    """
    match request.op, request.args.get("gremlin"):
        case "bytecode", Traversal() as traversal:
            query = Query(request, traversal, None)
        case "eval", Literal(Kind.STRING, str(text)):
            read = _read_script(text, request)
            if not any(map(_concerns_us, (*read.traversals, *read.fragments))):
                return None
            if read.single is None:
                raise UnsupportedOperation(
                    "An inference in a script of several statements, or in code around a traversal,"
                    " is not supported yet: send the traversal alone."
                )
            query = Query(request, read.single, read)
        case _:
            return None
    if request.processor not in _PROCESSORS:
        raise UnsupportedOperation(
            f"Inference queries are not supported with the processor {request.processor!r}."
        )
    return query


def _read_script(text: str, request: RequestMessage) -> Script:
    try:
        return script.parse(text, request.bindings)
    except GremlinError as error:
        raise MalformedQuery(f"The script cannot be read: {error}") from error


def _concerns_us(traversal: Traversal) -> bool:
    inference = next(find_inferences(traversal), None)
    return inference is not None or next(stray_keys(traversal), None) is not None
