"""The way of one request, as a generator of what it needs from outside.

yield Admit(...)                      the client may ask this database
yield PrepareLinks(...)               the model can answer
for each inference of the query:
    reply = yield Ask(...)            its inputs, and what they are linked to
    reply = yield Ask(...)            what is around them, if it is inductive
    reply = yield PredictLinks(...)   what they may be linked to
return RequestMessage                 what goes to the database in the client's name
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import TypeVar, cast
from uuid import uuid4

from grammar.traversal import Argument, Instruction, Items, Kind, Literal, Traversal, step
from proxy.inference import answers, once, sack
from proxy.inference.answers import Dialect
from proxy.inference.commands import (
    Admit,
    Ask,
    Command,
    Edge,
    ExplainLinks,
    Explanations,
    Links,
    Neighbourhood,
    PredictLinks,
    PredictProperty,
    PrepareLinks,
    PrepareProperty,
    Reply,
    Results,
    Values,
)
from proxy.inference.errors import InvalidParameter, UnsupportedOperation
from proxy.inference.find import describe
from proxy.inference.inputs import (
    candidate_query,
    has_own_ids,
    input_query,
    read_candidates,
    read_edges,
    read_ids,
    read_vertices,
)
from proxy.inference.neighbourhood import IDS, read_neighbourhood
from proxy.inference.place import leading_steps
from proxy.inference.plan import LinkPlan, Plan, PropertyPlan, plan_all, plan_next, steps_behind
from proxy.inference.predicates import EXPLAIN, SCORE, Settings
from proxy.inference.prepare import Prepared, model_of, prepare
from proxy.inference.property_answers import Properties
from proxy.inference.query import Query, read_query
from proxy.inference.roles import authorise
from proxy.inference.scores import (
    ScoreStep,
    ScoreTable,
    Told,
    may_carry,
    replace_scores,
    score_steps,
)
from proxy.inference.splice import splice
from proxy.inference.timeouts import timeout_of_query
from proxy.inference.tree import ITS_ID, ITS_WRITTEN_ID
from proxy.wire.request import RequestMessage

EXPLAINED = 1000
"""Results that one query can have explained: each takes a model some milliseconds."""

ROOM = 8
"""Bindings up to which a query gets more than it needs: a server takes 16."""

_T = TypeVar("_T")
Answering = Generator[Command, Reply, RequestMessage | None]
_Step = Generator[Command, Reply, _T]


def answer(request: RequestMessage, settings: Settings) -> Answering:
    """Answer a request; returns `None` if it asks for no inference and goes on as it came.

    Raises `InferenceError`, before anything is asked wherever that is possible.
    """
    query = read_query(request)
    if query is None:
        return None
    planned = {number: plan_all(query.traversals[number], settings) for number in query.concerned}
    planned = {number: plans for number, plans in planned.items() if plans}
    if not planned:
        return None
    for number, plans in planned.items():
        for plan in plans:
            _refuse_impossible(query.traversals[number], plan)
    timeout = timeout_of_query(request, query.traversals, is_script=query.script is not None)
    yield Admit(lambda: query.admission(uuid4()), timeout)
    plans = [plan for plans in planned.values() for plan in plans]
    for plan in plans:
        authorise(plan.role, plan.endpoint, settings)
    prepared = yield from prepare(plans)
    bindings: dict[str, Argument] = {}
    changed = {}
    for number in planned:
        rewriting = _Rewriting(query, query.traversals[number], settings, prepared, bindings)
        changed[number] = yield from rewriting.run(planned[number][0])
    return query.rewritten(changed, bindings)


def _refuse_impossible(traversal: Traversal, plan: Plan) -> None:
    """Raise `UnsupportedOperation` for an inference whose inputs cannot be had."""
    leading_steps(traversal, plan.inference)
    cut = once.once_until(traversal, plan.inference.path[0])
    if not cut:
        return
    unable = "run only once because they write or are random"
    if once.ids_query(traversal, cut) is None:
        raise UnsupportedOperation(
            f"The steps before {plan.inference} {unable}, and what they lead to cannot be told:"
            " ask in two queries."
        )
    looking_back = once.needs_path(traversal.steps[cut:])
    if looking_back is not None:
        raise UnsupportedOperation(
            f"{describe(looking_back)} may need the steps before {plan.inference}, which {unable}:"
            " ask in two queries."
        )


class _Rewriting:
    """A traversal while its inferences are replaced one by one.

    `bindings` collects what scripts need.
    """

    def __init__(
        self,
        query: Query,
        traversal: Traversal,
        settings: Settings,
        prepared: Prepared,
        bindings: dict[str, Argument],
    ) -> None:
        self._query = query
        self._traversal = traversal
        self._settings = settings
        self._prepared = prepared
        self._bindings = bindings
        self._tables = 0

    def run(self, first: Plan) -> _Step[Traversal]:
        """Replace all inferences; `first` is the plan of the first one."""
        following: Plan | None = first
        while following is not None:
            if not (yield from self._settle(following)):
                if isinstance(following, LinkPlan):
                    yield from self._links(following)
                else:
                    yield from self._property(following)
            following = plan_next(self._traversal, self._settings)
        return self._traversal

    def _ask(self, traversal: Traversal) -> _Step[Results]:
        request = self._query.asking(traversal, uuid4(), self._bindings)
        return cast(Results, (yield Ask(request)))

    def _settle(self, plan: Plan) -> _Step[bool]:
        """Run what must run only once; whether there was anything."""
        cut = once.once_until(self._traversal, plan.inference.path[0])
        asking = once.ids_query(self._traversal, cut) if cut else None
        if asking is None:
            return False
        ids = read_ids((yield from self._ask(asking)))
        self._traversal = once.going_on(self._traversal, cut, ids)
        return True

    def _links(self, plan: LinkPlan) -> _Step[None]:
        leading = leading_steps(self._traversal, plan.inference)
        asking = input_query(self._traversal, leading, plan, "node")
        inputs, known = read_vertices((yield from self._ask(asking)))
        told: Told = {}
        places = self._places(plan)
        if inputs:
            model = cast(PrepareLinks, model_of(plan))
            candidates = yield from self._candidates(plan)
            read = yield from self._neighbourhood(plan, inputs)
            prediction = PredictLinks(
                model, inputs, known, plan.limit, plan.threshold, candidates, read
            )
            links = cast(Links, (yield prediction))
            if any(place.key == EXPLAIN for place in places):
                told = yield from self._explained(prediction, links)
            else:
                told = _scores(inputs, links)
        may_start = not places and len(inputs) == len(told) == 1
        if may_start and self._may_start_anew(plan, leading):
            (found,) = told.values()
            written = answers.from_start(list(found), self._dialect, self._binding())
            self._traversal = self._traversal.with_steps(
                [*self._bound(written), *self._behind(plan)]
            )
        else:
            self._replace(plan, self._told_steps(plan, told, places))

    def _places(self, plan: LinkPlan) -> list[ScoreStep]:
        """Where the query reads what is told of the targets of an inference."""
        every = score_steps(self._traversal.steps)
        return [place for place in every if place.inference == plan.inference.path]

    def _explained(self, prediction: PredictLinks, links: Links) -> _Step[Told]:
        """Why each of the targets is predicted."""
        count = sum(map(len, links))
        if count > EXPLAINED:
            raise UnsupportedOperation(
                f'values("{EXPLAIN}") is asked for {count} results, more than the {EXPLAINED} that'
                " one query can have explained: narrow the steps before the inference, or ask for"
                " fewer results."
            )
        if not count:
            return {}
        why = cast(Explanations, (yield ExplainLinks(prediction, links)))
        return {
            vertex: {target: each for (target, _), each in zip(found, reasons, strict=True)}
            for vertex, found, reasons in zip(prediction.inputs, links, why, strict=True)
            if found
        }

    def _neighbourhood(self, plan: Plan, inputs: Sequence[Literal]) -> _Step[Neighbourhood | None]:
        """What is around the inputs now, if the inference is inductive."""
        if plan.inductive is None:
            return None
        reading = read_neighbourhood(
            self._traversal,
            inputs,
            self._prepared.scopes[model_of(plan)],
            deterministic=plan.inductive.deterministic,
            is_script=self._query.script is not None,
        )
        results: Results | None = None
        try:
            while True:
                traversal, ids, purpose = reading.send(results)
                bound = {IDS: Items("list", ids)} if self._query.script is not None else {}
                request = self._query.asking(traversal, uuid4(), bound)
                results = cast(Results, (yield Ask(request, purpose)))
        except StopIteration as stop:
            return cast(Neighbourhood, stop.value)

    def _candidates(self, plan: LinkPlan) -> _Step[frozenset[Literal] | None]:
        """The vertices that pass the filters which come first, if any do."""
        if plan.filters is None:
            return None
        asking = candidate_query(self._traversal, plan.filters)
        return read_candidates((yield from self._ask(asking)))

    def _told_steps(
        self, plan: LinkPlan, told: Told, places: Sequence[ScoreStep]
    ) -> Sequence[Instruction]:
        """The steps to the targets; scores and reasons are looked up wherever the query reads
        them."""
        dialect = self._dialect
        targets = {vertex: list(found) for vertex, found in told.items()}
        if not places:
            return self._bound(answers.vertices(targets, dialect, self._binding()))
        table = ScoreTable(told, self._tables)
        self._tables += 1
        carried = may_carry(self._traversal, list(score_steps(self._traversal.steps)))
        if carried:
            written = answers.vertices_with(targets, table.by_input, dialect, self._binding())
        else:
            written = answers.vertices(targets, dialect, self._binding())
        steps = table.labelled(self._bound(written))
        look_up: dict[tuple[str, bool], Sequence[Instruction]] = {}
        for key, pathless in dict.fromkeys((place.key, place.pathless) for place in places):
            if pathless:
                found = table.look_up_pathless(key, dialect, self._binding())
            elif carried:
                found = answers.Written(table.look_up_carried(key), {})
            else:
                found = table.look_up(key, dialect, self._binding())
            look_up[key, pathless] = self._bound(found)
        self._traversal = replace_scores(self._traversal, places, look_up)
        return steps

    def _bound(self, written: answers.Written) -> Sequence[Instruction]:
        """The steps, whose bindings the query will have."""
        self._bindings.update(written.bindings)
        return written.steps

    def _property(self, plan: PropertyPlan) -> _Step[None]:
        model = cast(PrepareProperty, model_of(plan))
        leading = leading_steps(self._traversal, plan.inference)
        element = self._prepared.elements[model]
        if once.leads_to(leading) == ("E" if element == "node" else "V"):
            raise InvalidParameter(
                f"Endpoint {plan.endpoint} predicts {plan.key!r} of"
                f" {'vertices' if element == 'node' else 'edges'}, the query asks for it of"
                f" {'edges' if element == 'node' else 'vertices'}."
            )
        keys = () if plan.inductive is None else self._prepared.scopes[model].edge_keys
        by = ITS_ID
        results = yield from self._ask(input_query(self._traversal, leading, plan, element, keys))
        if element == "edge" and has_own_ids(results):
            by = ITS_WRITTEN_ID
            asking = input_query(self._traversal, leading, plan, element, keys, by)
            results = yield from self._ask(asking)
        edges = read_edges(results) if element == "edge" else None
        ids = [edge.id for edge in edges] if edges is not None else read_vertices(results)[0]
        found: Values = ()
        if ids:
            inputs: Sequence[Literal | Edge] = ids if edges is None else edges
            ends = [end for edge in edges or () for end in (edge.source, edge.target)]
            read = yield from self._neighbourhood(plan, ends or ids)
            prediction = PredictProperty(model, inputs, plan.limit, plan.threshold, read)
            found = cast(Values, (yield prediction))
        writing = Properties(element, self._dialect, self._binding(), by)
        apart = self._kept_apart(plan, element)
        if not self._may_start_anew(plan, leading):
            if self._gives_values(plan) and writing.can_look_up(ids, _values(plan, found)):
                told = {id: [value for value, _ in v] for id, v in zip(ids, found, strict=True)}
                self._replace(plan, self._bound(writing.values_of_each(told)), behind=1)
                return
            each = {id: _flattened(plan, values) for id, values in zip(ids, found, strict=True)}
            self._replace(plan, [*self._bound(writing.of_each(each)), *apart])
            return
        rest = self._behind(plan)
        if rest[:1] == (step("value"),):
            written, rest = writing.values_from_start(_values(plan, found)), rest[1:]
        else:
            every = [pair for values in found for pair in _flattened(plan, values)]
            written = writing.from_start(every)
        self._traversal = self._traversal.with_steps([*self._bound(written), *apart, *rest])

    def _kept_apart(self, plan: PropertyPlan, element: str) -> Sequence[Instruction]:
        """The steps that keep properties in their order where some may be equal: scores, and the
        properties of edges, which nothing tells apart but key and value."""
        merges = self._query.dialect.language is None
        equal = plan.scored or element == "edge"
        return sack.KEEPING_APART if merges and equal and sack.is_free(self._traversal) else ()

    def _may_start_anew(self, plan: Plan, leading: list[Instruction]) -> bool:
        """Whether the final query may begin with the answers: it saves the server the tree."""
        return (
            len(plan.inference.path) == 1
            and once.is_unique(leading)
            and once.needs_path(self._behind(plan)) is None
        )

    def _behind(self, plan: Plan) -> Sequence[Instruction]:
        """The steps behind an inference of the traversal itself."""
        return self._traversal.steps[plan.inference.path[0] + plan.inference.width :]

    @property
    def _dialect(self) -> Dialect:
        """How the query is written, with the bindings that it has by now."""
        taken = len(self._query.request.bindings) + len(self._bindings)
        return replace(self._query.dialect, room=taken < ROOM)

    def _gives_values(self, plan: PropertyPlan) -> bool:
        """Whether nobody sees the properties of an inference, only their values."""
        inside = plan.inference.inside
        behind = steps_behind(self._traversal, plan.inference)
        return (
            inside[-1:] == ("by",)  # the path in it is seen nowhere else
            and behind[:1] == (step("value"),)
            and once.needs_path(behind[1:]) is None
            and not plan.scored
        )

    def _replace(self, plan: Plan, steps: Sequence[Instruction], *, behind: int = 0) -> None:
        """Put steps in the place of an inference, and of some `behind` it."""
        inference = plan.inference
        width = inference.width + behind
        self._traversal = splice(self._traversal, inference.path, width, steps)

    def _binding(self) -> str:
        return f"gremlink_answers_{len(self._bindings)}"


def _scores(inputs: Sequence[Literal], links: Links) -> Told:
    return {
        vertex: {target: Literal(Kind.DOUBLE, score) for target, score in found}
        for vertex, found in zip(inputs, links, strict=True)
        if found
    }


def _values(plan: PropertyPlan, found: Values) -> list[Literal]:
    """The values of all that `_flattened` makes of these."""
    if not plan.scored:
        return [value for values in found for value, _ in values]
    return [value for values in found for _, value in _flattened(plan, values)]


def _flattened(
    plan: PropertyPlan, values: Sequence[tuple[Literal, float]]
) -> list[tuple[str, Literal]]:
    """Values as properties, each followed by its score if the query asks for it."""
    pairs: list[tuple[str, Literal]] = []
    for value, score in values:
        pairs.append((plan.key, value))
        if plan.scored:
            pairs.append((SCORE, Literal.of(score)))
    return pairs
