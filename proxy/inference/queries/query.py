"""The query in a request, in any language, and requests derived from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from gremlink.grammar import script
from gremlink.grammar.errors import GremlinError
from gremlink.grammar.script import Script, Statement
from gremlink.grammar.traversal import (
    Argument,
    Entries,
    Kind,
    Literal,
    Traversal,
    Variable,
    step,
    walk,
)
from gremlink.proxy.inference.analysis.analysis import Analysis
from gremlink.proxy.inference.analysis.expand_scores import expand_scores
from gremlink.proxy.inference.analysis.strip_options import without_options
from gremlink.proxy.inference.errors import InferenceError, UnsupportedOperation
from gremlink.proxy.inference.queries.dialect import Dialect
from gremlink.proxy.wire.request import RequestMessage

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
    """The traversals of a request, analysed; `script` is the text around them, if any.

    `concerned` are the numbers of those that may hold an inference. `statements` are those of a
    script that has to be sent one by one, up to the last with an inference; what follows goes with
    that.
    """

    request: RequestMessage
    analyses: tuple[Analysis, ...]
    concerned: tuple[int, ...]
    script: Script | None
    statements: tuple[Statement, ...] = ()

    @property
    def traversals(self) -> tuple[Traversal, ...]:
        """The traversals alone."""
        return tuple(each.traversal for each in self.analyses)

    @property
    def dialect(self) -> Dialect:
        """The language and format of the query."""
        language = self.request.language if self.script is not None else None
        return Dialect(self.request.format, language)

    def asking(
        self, traversal: Traversal, request_id: UUID, bindings: Bindings | None = None
    ) -> RequestMessage:
        """Return a request of our own for the results of a traversal, in a format that we can
        read."""
        traversal = without_options(traversal)
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

    def admission(self, request_id: UUID) -> RequestMessage:
        """Return a request without results, which fails if the database does not let this client
        in."""
        first = self.analyses[self.concerned[0]].traversal
        return self.asking(first.with_steps([step("inject", 0), step("limit", 0)]), request_id)

    def rewritten(
        self,
        changed: Mapping[int, Traversal],
        bindings: Bindings,
        request_id: UUID | None = None,
    ) -> RequestMessage:
        """Return the client's request with other traversals in the place of some of its own, under
        its own id if no other is given."""
        gremlin: Argument
        if self.script is None:
            (traversal,) = changed.values()
            gremlin = without_options(traversal)
        else:
            script_ = self._changed(changed)
            start = self.statements[-1].start if self.statements else 0
            gremlin = _text(script_.between(start))
        args = {"gremlin": gremlin, **self._bound(bindings)}
        return self.request.derive(request_id=request_id or self.request.request_id, args=args)

    def alone(
        self, statement: Statement, changed: Mapping[int, Traversal], bindings: Bindings
    ) -> RequestMessage:
        """Return a request of our own that runs one statement, with other traversals in their
        places."""
        return self.request.derive(
            request_id=uuid4(),
            format=self.request.format.readable,
            args={
                "gremlin": _text(self._changed(changed).between(statement.start, statement.end)),
                "batchSize": Literal(Kind.INT, _BATCH),
                "requestId": None,
                **self._bound(bindings),
            },
        )

    def _changed(self, changed: Mapping[int, Traversal]) -> Script:
        assert self.script is not None
        text = self.script
        for number, traversal in changed.items():
            text = text.replace(number, without_options(traversal))
        return text

    def _bound(self, bindings: Bindings | None) -> dict[str, Argument]:
        if not bindings:
            return {}
        every = {**self.request.bindings, **bindings}
        pairs = tuple((_text(name), value) for name, value in every.items())
        return {"bindings": Entries(pairs)}


def _text(text: str) -> Literal:
    return Literal(Kind.STRING, text)


def read_query(request: RequestMessage) -> Query | None:
    """Return the query of a request, `None` if it asks for no inference.

    Raises `InferenceError` where an inference cannot be excluded, or cannot be asked for alone.
    """
    match request.op, request.args.get("gremlin"):
        case "bytecode", Traversal() as traversal:
            query = Query(request, (_expanded(Analysis(traversal)),), (0,), None)
        case "eval", Literal(Kind.STRING, str(text)):
            read = _read_script(text, request)
            if not all(Analysis(fragment).is_plain for fragment in read.fragments):
                raise UnsupportedOperation(
                    "An inference in a piece of a traversal (behind a variable, or in code) is not"
                    " supported: write it in a traversal that begins with its source."
                )
            analyses = tuple(map(Analysis, read.traversals))
            concerned = [n for n, found in enumerate(analyses) if not found.is_plain]
            if not concerned:
                return None
            one_by_one: tuple[Statement, ...] = ()
            if read.single is None:
                one_by_one = _one_by_one(read, analyses, concerned, request)
            analyses = tuple(map(_expanded, analyses))
            query = Query(request, analyses, tuple(concerned), read, one_by_one)
        case _:
            return None
    if request.processor not in _PROCESSORS:
        raise UnsupportedOperation(
            f"Inference queries are not supported with the processor {request.processor!r}."
        )
    return query


def _one_by_one(
    read: Script, analyses: Sequence[Analysis], concerned: list[int], request: RequestMessage
) -> tuple[Statement, ...]:
    """Return the statements that have to run before the inputs of an inference are asked for, and
    the last one with an inference; none where the order does not matter.

    Raises `UnsupportedOperation` where it does and a statement cannot be sent alone.
    """
    names = sorted({name for number in concerned for name in _variables(read.traversals[number])})
    writing = [n for n, found in enumerate(analyses) if found.runs_once]
    writes = bool(writing) and writing[0] <= concerned[-1]
    if not names and not writes:
        return ()
    last = (
        [each.traversal for each in read.statements].index(concerned[-1]) if read.statements else 0
    )
    found = read.statements[: last + 1]
    in_session = request.processor == "session"
    keeps_names = in_session or not (names or any(each.name is not None for each in found))
    if found and keeps_names:
        return found
    if names:
        raise UnsupportedOperation(
            f"The inference depends on {names[0]!r}, which the script may change: put the value"
            " into the traversal, or send the statements one by one in a session."
        )
    raise UnsupportedOperation(
        "The script writes before or in the statement with the inference, and not every statement"
        " is a traversal that could be sent alone: send the statements one by one, or write and"
        " infer in one traversal."
    )


def _variables(traversal: Traversal) -> set[str]:
    return {
        argument.name
        for _, instruction in walk(traversal)
        for argument in instruction.arguments
        if isinstance(argument, Variable)
    }


def _read_script(text: str, request: RequestMessage) -> Script:
    try:
        return script.parse(text, request.bindings)
    except GremlinError as error:
        raise MalformedQuery(f"The script cannot be read: {error}") from error


def _expanded(analysis: Analysis) -> Analysis:
    """Return the analysis of a traversal whose scores, if it holds an inference, are asked for in
    one form only."""
    expanded = expand_scores(analysis.traversal)
    if expanded is analysis.traversal or not analysis.inferences:
        return analysis
    return Analysis(expanded)
