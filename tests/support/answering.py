"""Drive `gremlink.proxy.inference.answer` with canned rows and a function as model."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gremlink.grammar import graphbinary, script
from gremlink.grammar.traversal import Argument, Entries, Items, Literal, Traversal
from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.answer import answer
from gremlink.proxy.inference.commands import (
    Ask,
    Bearers,
    Command,
    CountValues,
    ExplainLinks,
    ExplainProperties,
    PredictLinks,
    PredictProperty,
    PrepareInductive,
    PrepareLinks,
    PrepareProperty,
    Reply,
)
from gremlink.proxy.inference.live_graph import Scope
from gremlink.proxy.wire.mime import GRAPHBINARY
from gremlink.proxy.wire.request import RequestMessage


@dataclass
class Answered:
    """What happened: the commands in their order, and the final request, if there was one."""

    commands: list[Command] = field(default_factory=list)
    final: RequestMessage | None = None

    @property
    def asked(self) -> list[str]:
        """The texts of our own queries."""
        return [text_of(command.request) for command in self.commands if isinstance(command, Ask)]

    @property
    def text(self) -> str:
        assert self.final is not None
        return text_of(self.final)


def text_of(request: RequestMessage) -> str:
    match request.args["gremlin"]:
        case Literal(_, str(text)):
            return text
        case Traversal() as traversal:
            return script.write(traversal)
    raise AssertionError


def as_script(text: str, **args: Argument) -> RequestMessage:
    every = {"gremlin": Literal.string(text), **args}
    return RequestMessage(GRAPHBINARY, uuid.uuid4(), "eval", "", every)


def as_bytecode(text: str) -> RequestMessage:
    traversal = script.parse(text).single
    assert traversal is not None
    value = b"\x15\x00" + graphbinary.write_bytecode(traversal)
    gremlin, _ = graphbinary.read_value(value)
    return RequestMessage(GRAPHBINARY, uuid.uuid4(), "bytecode", "traversal", {"gremlin": gremlin})


def row(**fields: Argument | str) -> Entries:
    """A result of an input query."""
    return Entries(
        tuple(
            (Literal.string(name), Literal.string(value) if isinstance(value, str) else value)
            for name, value in fields.items()
        )
    )


def known(*vertices: str) -> Items:
    return Items("list", tuple(map(Literal.string, vertices)))


def drive(
    request: RequestMessage,
    rows: Sequence[Sequence[Argument]],
    *,
    links: Mapping[str, Mapping[str, float]] | None = None,
    values: Callable[[object], list[tuple[Literal, float]]] | None = None,
    element: str = "node",
    settings: Settings | None = None,
    scope: Scope | None = None,
    bearers: Bearers | None = None,
) -> Answered:
    """Answer a request: `rows` are the results of our queries in their order."""
    answered = Answered()
    results = iter(rows)
    answering = answer(request, settings or Settings())
    reply: Reply = None
    try:
        while True:
            command = answering.send(reply)
            answered.commands.append(command)
            match command:
                case Ask():
                    reply = tuple(next(results))
                case PrepareProperty():
                    reply = element
                case PrepareInductive():
                    reply = scope
                case PrepareLinks():
                    reply = bearers
                case PredictLinks():
                    reply = [
                        [
                            (Literal.string(target), score)
                            for target, score in (links or {}).get(vertex.value, {}).items()
                        ][: command.limit]
                        for vertex in command.inputs
                    ]
                case ExplainLinks():
                    reply = [
                        [
                            row(score=Literal.of(score), why=f"{vertex.value}-{target.value}")
                            for target, score in found
                        ]
                        for vertex, found in zip(
                            command.prediction.inputs, command.links, strict=True
                        )
                    ]
                case ExplainProperties():
                    reply = [
                        [row(score=Literal.of(score), why=f"{each.value}") for each, score in found]
                        for found in command.values
                    ]
                case PredictProperty():
                    assert values is not None
                    reply = [values(each)[: command.limit] for each in command.inputs]
                case CountValues(asked):
                    assert values is not None
                    found = [pair for each in asked.inputs for pair in values(each)[: asked.limit]]
                    reply = list(Counter(value for value, _ in found).items())
                case _:
                    reply = None
    except StopIteration as stop:
        answered.final = stop.value
    return answered
