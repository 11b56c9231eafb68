"""SPARQL requests answered in one process: a store, and a table of predictions as the model."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field

import pyoxigraph as ox

from gremlink.grammar.sparql.terms import Term, from_ntriples
from gremlink.grammar.traversal import Literal
from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.commands import (
    Bearers,
    Inspect,
    Inspected,
    PredictLinks,
    PredictProperty,
    PrepareLinks,
    PrepareProperty,
)
from gremlink.proxy.inference.errors import InferenceError
from gremlink.proxy.inference.sparql.answer import answer_sparql
from gremlink.proxy.inference.sparql.commands import (
    AskSparql,
    Solutions,
    SparqlCommand,
    SparqlReply,
    SparqlRequest,
    Within,
)

ML = "http://aws.amazon.com/neptune/vocab/v01/services/ml#"
SETTINGS = Settings(default_endpoint="films")

Predicted = Mapping[str, Sequence[tuple[Literal, float]]]
"""For each input, values and scores, the best first."""


@dataclass
class Model:
    """A table in the place of a model. `error` is raised for each piece of work."""

    predicted: Predicted = field(default_factory=dict)
    inspected: Inspected = field(
        default_factory=lambda: Inspected("classification", "", (), "node", "", rdf=True)
    )
    bearers: Bearers | None = None
    error: InferenceError | None = None

    def reply(self, command: SparqlCommand) -> SparqlReply:
        if self.error is not None:
            raise self.error
        if isinstance(command, Within):
            command = command.work
        match command:
            case PrepareLinks():
                return self.bearers
            case PrepareProperty():
                return "node"
            case Inspect():
                return self.inspected
            case PredictProperty():
                known = [frozenset()] * len(command.inputs)
            case PredictLinks():
                known = list(command.known)
            case _:
                raise AssertionError(command)
        return [
            [
                (value, score)
                for value, score in self.predicted.get(id.value, ())
                if value not in hidden and (command.threshold is None or score >= command.threshold)
            ][: command.limit]
            for id, hidden in zip(command.inputs, known, strict=True)
        ]


@dataclass
class Answered:
    """What became of a request: its text for the store, and the commands on the way."""

    text: str | None
    commands: list[SparqlCommand]

    @property
    def questions(self) -> list[str]:
        return [each.query for each in self.commands if isinstance(each, AskSparql)]


def solutions(store: ox.Store, query: str, *, union: bool = True) -> Solutions:
    """Ask a store a `SELECT`."""
    found = store.query(query, use_default_graph_as_union=union)
    assert isinstance(found, ox.QuerySolutions)
    names = tuple(variable.value for variable in found.variables)
    rows = [tuple(map(term, row)) for row in found]
    return Solutions(names, rows)


def term(found: object) -> Term | None:
    return None if found is None else from_ntriples(str(found))


def answered(
    text: str,
    model: Model,
    store: ox.Store | None = None,
    *,
    is_update: bool = False,
    settings: Settings = SETTINGS,
    union: bool = True,
) -> Answered:
    """Drive a request's generator with a store and a model."""
    store = store or ox.Store()
    commands: list[SparqlCommand] = []
    way: Generator[SparqlCommand, SparqlReply, str | None]
    way = answer_sparql(SparqlRequest(text, is_update), settings)
    try:
        command = next(way)
        while True:
            commands.append(command)
            if isinstance(command, AskSparql):
                command = way.send(solutions(store, command.query, union=union))
                continue
            try:
                reply = model.reply(command)
            except InferenceError as error:
                command = way.throw(error)
            else:
                command = way.send(reply)
    except StopIteration as end:
        return Answered(end.value, commands)
