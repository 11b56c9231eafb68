"""A traversal while its inferences are replaced, and what replacing any of them takes."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar, cast
from uuid import uuid4

from gremlink.grammar.traversal import Argument, Instruction, Items, Literal, Traversal, Variable
from gremlink.proxy.inference.analysis import side_effects
from gremlink.proxy.inference.analysis.analysis import Analysis
from gremlink.proxy.inference.analysis.plan import Plan
from gremlink.proxy.inference.commands import Ask, Command, Reply, Results
from gremlink.proxy.inference.errors import UnsupportedOperation
from gremlink.proxy.inference.live_graph import Neighbourhood
from gremlink.proxy.inference.queries.dialect import Dialect
from gremlink.proxy.inference.queries.inputs import read_ids, read_ids_of_any_type, read_starts
from gremlink.proxy.inference.queries.models import Prepared, model_of
from gremlink.proxy.inference.queries.neighbourhood import IDS, read_neighbourhood
from gremlink.proxy.inference.queries.query import Query
from gremlink.proxy.inference.rewrite import vertices
from gremlink.proxy.inference.rewrite.vertices import Written
from gremlink.proxy.inference.splice import splice

ROOM = 8
"""Bindings up to which a query gets more than it needs: a server takes 16."""

_T = TypeVar("_T")
Step = Generator[Command, Reply, _T]
"""Part of an answer: asks for what it needs from outside."""


class Rewriting:
    """The `traversal` of a query, whose inferences are replaced one by one.

    `plans` are those of the traversal as it came. `bindings` collects what scripts need, `tables`
    counts the tables of scores, `has_run` tells whether steps with side effects have run.
    """

    def __init__(
        self,
        query: Query,
        analysis: Analysis,
        plans: Sequence[Plan],
        prepared: Prepared,
        bindings: dict[str, Argument],
    ) -> None:
        self.query = query
        self.analysis = analysis
        self.plans = plans
        self.prepared = prepared
        self.bindings = bindings
        self.tables = 0
        self.has_run = False

    @property
    def traversal(self) -> Traversal:
        """The traversal as it is by now; another one is analysed anew."""
        return self.analysis.traversal

    @traversal.setter
    def traversal(self, traversal: Traversal) -> None:
        self.analysis = Analysis(traversal)

    def ask(
        self, traversal: Traversal, bindings: Mapping[str, Argument] | None = None
    ) -> Step[Results]:
        """Ask for the results of a query of our own, with `bindings` beside those that there
        are."""
        every = {**self.bindings, **(bindings or {})}
        request = self.query.asking(traversal, uuid4(), every)
        return cast(Results, (yield Ask(request)))

    def run_once(self, cut: int) -> Step[None]:
        """Run the first `cut` steps, and go on from what they lead to."""
        self.has_run = True
        found = yield from self.ask(
            side_effects.starts_query(self.traversal, cut, self.analysis.type_before(cut))
        )
        self.traversal = side_effects.going_on(self.traversal, cut, self._start(cut, found))

    def _start(self, cut: int, found: Results) -> Instruction | None:
        """Return the step to what the first `cut` steps have led to; `None` if that is nothing."""
        if side_effects.begins_anew(self.traversal, cut):
            zeros = read_ids(found)
            return Instruction("inject", tuple(zeros)) if zeros else None
        name = side_effects.element_of(self.analysis.type_before(cut))
        if name is not None:
            ids = read_ids_of_any_type(found)
        else:
            starts = read_starts(found)
            names = {name for name, _ in starts}
            if len(names) > 1:
                raise UnsupportedOperation(
                    "The steps before the inference, which write or are random, have run, but they"
                    " lead to vertices and to edges: the inference cannot go on from both."
                )
            name, ids = next(iter(names), "V"), [id for _, id in starts]
        if not ids:
            return None
        return self._elements(name, ids)

    def _elements(self, name: str, ids: Sequence[Argument]) -> Instruction:
        """Return the step to elements that are named by their ids."""
        literals = [id for id in ids if isinstance(id, Literal)]
        if self.query.script is None:
            return Instruction(name, tuple(ids))
        if len(literals) == len(ids):
            written = vertices.from_start(literals, self.dialect, self.binding(), name)
            return self.bound(written)[0]
        bound = {self.binding(): Items("list", tuple(ids))}
        return self.bound(Written([Instruction(name, tuple(map(Variable, bound)))], bound))[0]

    def neighbourhood(self, plan: Plan, inputs: Sequence[Literal]) -> Step[Neighbourhood | None]:
        """Read the neighbourhood of the inputs, if the inference is inductive."""
        if plan.inductive is None:
            return None
        reading = read_neighbourhood(
            self.traversal,
            inputs,
            self.prepared.scopes[model_of(plan)],
            deterministic=plan.inductive.deterministic,
            is_script=self.query.script is not None,
        )
        results: Results | None = None
        try:
            while True:
                traversal, ids, purpose = reading.send(results)
                bound = {IDS: Items("list", ids)} if self.query.script is not None else {}
                request = self.query.asking(traversal, uuid4(), bound)
                results = cast(Results, (yield Ask(request, purpose)))
        except StopIteration as stop:
            return cast(Neighbourhood, stop.value)

    def bound(self, written: Written) -> Sequence[Instruction]:
        """Return the steps, and add their bindings to those of the query."""
        self.bindings.update(written.bindings)
        return written.steps

    @property
    def dialect(self) -> Dialect:
        """The language and format of the query, with the bindings that it has by now."""
        taken = len(self.query.request.bindings) + len(self.bindings)
        return replace(self.query.dialect, room=taken < ROOM)

    def replace(self, plan: Plan, steps: Sequence[Instruction], *, behind: int = 0) -> None:
        """Put steps in the place of an inference, and of some `behind` it."""
        inference = plan.inference
        width = inference.width + behind
        self.traversal = splice(self.traversal, inference.path, width, steps)

    def binding(self) -> str:
        """Return a name that is free."""
        return f"gremlink_answers_{len(self.bindings)}"
