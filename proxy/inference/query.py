"""The query in a request, whatever it is written in, and requests derived from it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from grammar.script import Script

from grammar import script
from grammar.errors import GremlinError
from grammar.traversal import Argument, Entries, Kind, Literal, Traversal
from proxy.inference.errors import InferenceError, UnsupportedOperation
from proxy.inference.find import find_inferences, stray_keys
from proxy.wire.request import RequestMessage

_BATCH = 256
"""Results in each response to a query of our own: few messages, none of them large."""

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
    def is_groovy(self) -> bool:
        """Whether the server compiles this query to a Java method, whose size is limited."""
        return self.script is not None and self.request.language == "gremlin-groovy"

    def asking(self, traversal: Traversal, request_id: UUID) -> RequestMessage:
        """A request of our own for the results of a traversal, in a format that we can read."""
        return self.request.derive(
            request_id=request_id,
            format=self.request.format.readable,
            args={
                "gremlin": self._gremlin(traversal),
                "batchSize": Literal(Kind.INT, _BATCH),
                "requestId": None,
            },
        )

    def rewritten(
        self, traversal: Traversal, bindings: dict[str, Argument] | None = None
    ) -> RequestMessage:
        """The client's request with this traversal in the place of its own."""
        gremlin = self._gremlin(traversal)
        if self.script is not None:
            gremlin = Literal.string(self.script.replace(0, traversal).text)
        args: dict[str, Argument | None] = {"gremlin": gremlin}
        if bindings:
            every = {**self.request.bindings, **bindings}
            args["bindings"] = Entries(
                tuple((Literal.string(name), value) for name, value in every.items())
            )
        return self.request.derive(request_id=self.request.request_id, args=args)

    def _gremlin(self, traversal: Traversal) -> Argument:
        return traversal if self.script is None else Literal.string(script.write(traversal))


def read_query(request: RequestMessage) -> Query | None:
    """The query of a request, `None` if it asks for no inference.

    Raises `InferenceError` where an inference cannot be excluded or is not alone in its script.
    """
    match request.op, request.args.get("gremlin"):
        case "bytecode", Traversal() as traversal:
            query = Query(request, traversal, None)
        case "eval", Literal(Kind.STRING, str(text)):
            read = _read_script(text, request)
            concerned = [found for found in read.traversals if _concerns_us(found)]
            if not concerned:
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
