"""Replacing a link prediction by the steps to its answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from gremlink.grammar.traversal import Instruction, Kind, Literal, step
from gremlink.proxy.inference.analysis.options import EXPLAIN
from gremlink.proxy.inference.analysis.plan import LinkPlan
from gremlink.proxy.inference.analysis.score_reads import ScoreRead
from gremlink.proxy.inference.commands import (
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
from gremlink.proxy.inference.rewrite.rewriting import Rewriting, Step
from gremlink.proxy.inference.rewrite.scores import ScoreTable, Told, may_carry, replace_scores

EXPLAINED = 1000
"""Results that one query can have explained: each takes a model some milliseconds."""


def replace_links(rewriting: Rewriting, plan: LinkPlan) -> Step[None]:
    """Ask for the inputs, let a model rank their targets, put these in the place."""
    around = rewriting.analysis.around(plan.inference)
    asking = input_query(rewriting.analysis, plan, "node")
    inputs, known = read_vertices((yield from rewriting.ask(asking)))
    told: Told = {}
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
            told = yield from _explained(rewriting, prediction, links)
        else:
            told = _scores(inputs, links)
    may_start = not reads and len(inputs) == len(told) == 1
    if may_start and around.may_start:
        (found,) = told.values()
        written = vertices.from_start(list(found), rewriting.dialect, rewriting.binding())
        rewriting.traversal = rewriting.traversal.with_steps(
            [*rewriting.bound(written), *around.following]
        )
    else:
        rewriting.replace(plan, _told_steps(rewriting, told, reads))


def _explained(rewriting: Rewriting, prediction: PredictLinks, links: Links) -> Step[Told]:
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


def _candidates(rewriting: Rewriting, plan: LinkPlan) -> Step[frozenset[Literal] | None]:
    """The vertices that pass the filters which come first, if any do: the one for the label, where
    it lets a part of those through that are of a type."""
    filters = plan.filters
    if filters is None and model_of(plan) in rewriting.prepared.in_part:
        filters = (step("hasLabel", plan.target_label),)
    if filters is None:
        return None
    asking = candidate_query(rewriting.traversal, filters)
    return read_candidates((yield from rewriting.ask(asking)))


def _told_steps(
    rewriting: Rewriting, told: Told, reads: Sequence[ScoreRead]
) -> Sequence[Instruction]:
    """The steps to the targets; scores and reasons are looked up wherever the query reads
    them."""
    dialect = rewriting.dialect
    targets = {vertex: list(found) for vertex, found in told.items()}
    if not reads:
        return rewriting.bound(vertices.vertices(targets, dialect, rewriting.binding()))
    table = ScoreTable(told, rewriting.tables)
    rewriting.tables += 1
    carried = may_carry(rewriting.analysis)
    if carried:
        written = vertices.vertices_with(targets, table.by_input, dialect, rewriting.binding())
    else:
        written = vertices.vertices(targets, dialect, rewriting.binding())
    steps = table.labelled(rewriting.bound(written))
    look_up: dict[tuple[str, bool], Sequence[Instruction]] = {}
    for key, pathless in dict.fromkeys((read.key, read.pathless) for read in reads):
        if pathless:
            found = table.look_up_pathless(key, dialect, rewriting.binding())
        elif carried:
            found = vertices.Written(table.look_up_carried(key), {})
        else:
            found = table.look_up(key, dialect, rewriting.binding())
        look_up[key, pathless] = rewriting.bound(found)
    rewriting.traversal = replace_scores(rewriting.traversal, reads, look_up)
    return steps


def _scores(inputs: Sequence[Literal], links: Links) -> Told:
    return {
        vertex: {target: Literal(Kind.DOUBLE, score) for target, score in found}
        for vertex, found in zip(inputs, links, strict=True)
        if found
    }
