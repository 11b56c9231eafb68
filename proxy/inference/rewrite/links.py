"""Replacing a link prediction by the steps to its answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from gremlink.grammar.traversal import Instruction, Kind, Literal, step
from gremlink.proxy.inference.analysis.options import EXPLAIN
from gremlink.proxy.inference.analysis.plan import LinkPlan, Plan
from gremlink.proxy.inference.commands import (
    EXPLAINED_LINKS,
    ExplainLinks,
    Explanations,
    Links,
    PredictLinks,
    PrepareLinks,
)
from gremlink.proxy.inference.errors import UnsupportedOperation
from gremlink.proxy.inference.queries.inputs import (
    candidate_query,
    input_query,
    read_candidates,
    read_vertices,
    refuse_own_ids,
)
from gremlink.proxy.inference.queries.models import model_of
from gremlink.proxy.inference.rewrite import vertices
from gremlink.proxy.inference.rewrite.forms import Row, choose
from gremlink.proxy.inference.rewrite.rewriting import Rewriting, Step
from gremlink.proxy.inference.rewrite.scores import (
    ScoreTable,
    TargetDetails,
    may_carry,
    replace_scores,
)


def replace_links(rewriting: Rewriting, plan: Plan) -> Step[None]:
    """Ask for the inputs, let a model rank their targets, put these in the place."""
    assert isinstance(plan, LinkPlan)
    around = rewriting.analysis.around(plan.inference)
    asking = input_query(rewriting.analysis, plan, "node")
    inputs, known = read_vertices((yield from rewriting.ask(asking)))
    details: TargetDetails = {}
    reads = around.score_reads
    if reads:
        refuse_own_ids(inputs)
    if inputs:
        model = cast(PrepareLinks, model_of(plan))
        candidates = yield from _candidates(rewriting, plan)
        read = yield from rewriting.neighbourhood(plan, inputs)
        prediction = PredictLinks(
            model,
            inputs,
            known,
            plan.limit,
            plan.threshold,
            candidates,
            read,
            rewriting.prepared.without.get(model, frozenset()),
        )
        links = cast(Links, (yield prediction))
        if any(read.key == EXPLAIN for read in reads):
            details = yield from _explained(rewriting, prediction, links)
        else:
            details = _scores(inputs, links)
    answers = LinkAnswers(rewriting, plan, inputs, details)
    choose(LINKS, answers).write(answers)


def _explained(rewriting: Rewriting, prediction: PredictLinks, links: Links) -> Step[TargetDetails]:
    """Ask why each of the targets is predicted."""
    count = sum(map(len, links))
    if count > EXPLAINED_LINKS:
        raise UnsupportedOperation(
            f'values("{EXPLAIN}") is asked for {count} results, more than the {EXPLAINED_LINKS}'
            " that one query can have explained: narrow the steps before the inference, or ask for"
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


def _candidates(rewriting: Rewriting, plan: LinkPlan) -> Step[frozenset[Literal] | None]:
    """Ask for the vertices that pass the filters which come first, if any do: also for those with
    the label, if a type of vertices has it in part."""
    filters = plan.filters
    if filters is None and model_of(plan) in rewriting.prepared.in_part:
        filters = (step("hasLabel", plan.target_label),)
    if filters is None:
        return None
    asking = candidate_query(rewriting.traversal, filters)
    return read_candidates((yield from rewriting.ask(asking)))


def _scores(inputs: Sequence[Literal], links: Links) -> TargetDetails:
    return {
        vertex: {target: Literal(Kind.DOUBLE, score) for target, score in found}
        for vertex, found in zip(inputs, links, strict=True)
        if found
    }


class LinkAnswers:
    """The targets of the inputs, with their scores or the maps that explain them.

    Its properties are the columns of `LINKS`, its other methods write the forms.
    """

    def __init__(
        self,
        rewriting: Rewriting,
        plan: LinkPlan,
        inputs: Sequence[Literal],
        details: TargetDetails,
    ) -> None:
        self._rewriting = rewriting
        self._plan = plan
        self._around = rewriting.analysis.around(plan.inference)
        self._inputs = inputs
        self._details = details

    @property
    def scores(self) -> str:
        """The way in which the query gets the scores that it reads."""
        if not self._around.score_reads:
            return NOT_READ
        return IN_THE_SACK if may_carry(self._rewriting.analysis) else BY_LABEL

    @property
    def one_input(self) -> bool:
        """True for one input, which has targets."""
        return len(self._inputs) == len(self._details) == 1

    @property
    def may_start(self) -> bool:
        """True if the query may begin with the answers: nothing behind looks back."""
        return self._around.may_start

    def start(self) -> None:
        """Begin the query with the targets."""
        rewriting = self._rewriting
        (found,) = self._details.values()
        written = vertices.from_start(list(found), rewriting.dialect, rewriting.binding())
        start = rewriting.bound(written)
        rewriting.traversal = rewriting.traversal.with_steps([*start, *self._around.following])

    def tree(self) -> None:
        """Write the way from each input to its targets."""
        self._rewriting.replace(self._plan, self._tree())

    def tree_with_sack(self) -> None:
        """Write the same, and let each traverser carry the scores of its input."""
        rewriting, table = self._rewriting, self._table()
        written = vertices.vertices_with(
            self._targets, table.by_input, rewriting.dialect, rewriting.binding()
        )
        steps = table.labelled(rewriting.bound(written))
        self._look_up(table, lambda key: vertices.Written(table.look_up_carried(key), {}))
        rewriting.replace(self._plan, steps)

    def labelled_tree(self) -> None:
        """Write the same with labels for inputs and targets, by which scores are looked up."""
        rewriting, table = self._rewriting, self._table()
        steps = table.labelled(self._tree())
        self._look_up(table, lambda key: table.look_up(key, rewriting.dialect, rewriting.binding()))
        rewriting.replace(self._plan, steps)

    @property
    def _targets(self) -> dict[Literal, list[Literal]]:
        return {vertex: list(found) for vertex, found in self._details.items()}

    def _tree(self) -> Sequence[Instruction]:
        rewriting = self._rewriting
        return rewriting.bound(
            vertices.vertices(self._targets, rewriting.dialect, rewriting.binding())
        )

    def _table(self) -> ScoreTable:
        self._rewriting.tables += 1
        return ScoreTable(self._details, self._rewriting.tables - 1)

    def _look_up(self, table: ScoreTable, found: Callable[[str], vertices.Written]) -> None:
        """Replace the steps that read scores by look-ups, by the target alone where no path is."""
        rewriting, reads = self._rewriting, self._around.score_reads
        look_up: dict[tuple[str, bool], Sequence[Instruction]] = {}
        for key, pathless in dict.fromkeys((read.key, read.pathless) for read in reads):
            if pathless:
                written = table.look_up_pathless(key, rewriting.dialect, rewriting.binding())
            else:
                written = found(key)
            look_up[key, pathless] = rewriting.bound(written)
        rewriting.traversal = replace_scores(rewriting.traversal, reads, look_up)


NOT_READ, IN_THE_SACK, BY_LABEL = "not read", "in the sack", "by label"

LINKS: tuple[Row[LinkAnswers, None], ...] = (
    Row(
        "the query begins with the targets",
        LinkAnswers.start,
        {"scores": NOT_READ, "one_input": True, "may_start": True},
    ),
    Row("a tree of `choose` from inputs to targets", LinkAnswers.tree, {"scores": NOT_READ}),
    Row("the tree; scores in the sack", LinkAnswers.tree_with_sack, {"scores": IN_THE_SACK}),
    Row("the tree; a second one from inputs to scores", LinkAnswers.labelled_tree, {}),
)
"""The forms of predicted links."""
