"""The rules by which a traversal loses its inferences, and their order.

When a request is read, `expand_scores` spells out the short forms of reading a score. Then, while
an inference is left, the first of `RULES` that applies to the first one rewrites the traversal.
When the query is written, `strip_options` takes Neptune ML's options off its source.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gremlink.grammar.traversal import Traversal
from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.analysis.plan import LinkPlan, Plan, PropertyPlan, plan_next
from gremlink.proxy.inference.rewrite.dry_run import dry_run
from gremlink.proxy.inference.rewrite.links import replace_links
from gremlink.proxy.inference.rewrite.properties import replace_property
from gremlink.proxy.inference.rewrite.rewriting import Rewriting, Step


@dataclass(frozen=True, slots=True)
class Rule:
    """A way of rewriting a traversal, given the plan of its first inference."""

    applies: Callable[[Rewriting, Plan], bool]
    apply: Callable[[Rewriting, Plan], Step[None]]


def rewrite(rewriting: Rewriting, settings: Settings) -> Step[Traversal]:
    """Replace all inferences of a traversal."""
    following: Plan | None = rewriting.plans[0]
    while following is not None:
        rule = next(each for each in RULES if each.applies(rewriting, following))
        yield from rule.apply(rewriting, following)
        following = plan_next(rewriting.analysis, settings)
    return rewriting.traversal


def has_side_effects(rewriting: Rewriting, plan: Plan) -> bool:
    """Return whether steps before the inference must run only once."""
    return rewriting.analysis.around(plan.inference).cut > 0


def run_side_effects(rewriting: Rewriting, plan: Plan) -> Step[None]:
    """Run these steps, and go on from what they lead to; before the first, make a dry run."""
    cut = rewriting.analysis.around(plan.inference).cut
    if not rewriting.has_run:
        yield from dry_run(rewriting, cut)
    yield from rewriting.run_once(cut)


def predicts_links(_: Rewriting, plan: Plan) -> bool:
    """Return whether the inference is a link prediction."""
    return isinstance(plan, LinkPlan)


def predicts_property(_: Rewriting, plan: Plan) -> bool:
    """Return whether the inference is a classification or a regression."""
    return isinstance(plan, PropertyPlan)


RULES: Sequence[Rule] = (
    Rule(has_side_effects, run_side_effects),
    Rule(predicts_links, replace_links),
    Rule(predicts_property, replace_property),
)
"""In this order; the first that applies is taken."""
