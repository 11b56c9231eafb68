"""A traversal while its inferences are replaced, and what replacing any of them takes."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import TypeVar, cast
from uuid import uuid4

from grammar.traversal import Argument, Instruction, Items, Literal, Traversal
from proxy.inference import once
from proxy.inference.answers import Dialect, Written
from proxy.inference.commands import Ask, Command, Reply, Results
from proxy.inference.inputs import read_ids
from proxy.inference.live import Neighbourhood
from proxy.inference.neighbourhood import IDS, read_neighbourhood
from proxy.inference.plan import Plan
from proxy.inference.prepare import Prepared, model_of
from proxy.inference.query import Query
from proxy.inference.splice import splice

ROOM = 8
"""Bindings up to which a query gets more than it needs: a server takes 16."""

_T = TypeVar("_T")
Step = Generator[Command, Reply, _T]
"""Part of an answer: asks for what it needs from outside."""


class Rewriting:
    """The `traversal` of a query, whose inferences are replaced one by one.

    `bindings` collects what scripts need, `tables` counts the tables of scores.
    """

    def __init__(
        self,
        query: Query,
        traversal: Traversal,
        prepared: Prepared,
        bindings: dict[str, Argument],
    ) -> None:
        self.query = query
        self.traversal = traversal
        self.prepared = prepared
        self.bindings = bindings
        self.tables = 0

    def ask(self, traversal: Traversal) -> Step[Results]:
        """The results of a query of our own."""
        request = self.query.asking(traversal, uuid4(), self.bindings)
        return cast(Results, (yield Ask(request)))

    def settle(self, plan: Plan) -> Step[bool]:
        """Run what must run only once; whether there was anything."""
        cut = once.once_until(self.traversal, plan.inference.path[0])
        asking = once.ids_query(self.traversal, cut) if cut else None
        if asking is None:
            return False
        ids = read_ids((yield from self.ask(asking)))
        self.traversal = once.going_on(self.traversal, cut, ids)
        return True

    def neighbourhood(self, plan: Plan, inputs: Sequence[Literal]) -> Step[Neighbourhood | None]:
        """What is around the inputs now, if the inference is inductive."""
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
        """The steps, whose bindings the query will have."""
        self.bindings.update(written.bindings)
        return written.steps

    def may_start_anew(self, plan: Plan, leading: list[Instruction]) -> bool:
        """Whether the final query may begin with the answers: it saves the server the tree."""
        return (
            len(plan.inference.path) == 1
            and once.is_unique(leading)
            and once.needs_path(self.behind(plan)) is None
        )

    def behind(self, plan: Plan) -> Sequence[Instruction]:
        """The steps behind an inference of the traversal itself."""
        return self.traversal.steps[plan.inference.path[0] + plan.inference.width :]

    @property
    def dialect(self) -> Dialect:
        """How the query is written, with the bindings that it has by now."""
        taken = len(self.query.request.bindings) + len(self.bindings)
        return replace(self.query.dialect, room=taken < ROOM)

    def replace(self, plan: Plan, steps: Sequence[Instruction], *, behind: int = 0) -> None:
        """Put steps in the place of an inference, and of some `behind` it."""
        inference = plan.inference
        width = inference.width + behind
        self.traversal = splice(self.traversal, inference.path, width, steps)

    def binding(self) -> str:
        """A name that is free."""
        return f"gremlink_answers_{len(self.bindings)}"
