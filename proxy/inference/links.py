"""The rewriting of a link prediction: the query for its inputs, and the one with the answers.

Before, for Henry's next friend::

    g.V().has("name", "Henry").out("FRIEND").with("Neptune#ml.prediction").hasLabel("User")

the query for the inputs, and for the friends he has::

    g.V().has("name", "Henry").dedup().project("v", "n")
      .by(__.id()).by(__.out("FRIEND").id().fold())

and the one with the answers::

    g.V().has("name", "Henry").choose(__.id()).option("user_19", __.V("user_01"))
      .option(Pick.none, __.limit(0)).hasLabel("User")
"""

from __future__ import annotations

from collections.abc import Sequence

from grammar.traversal import (
    Argument,
    Bulked,
    Entries,
    EnumConstant,
    Instruction,
    Items,
    Literal,
    Predicate,
    Traversal,
    anonymous,
    step,
)
from proxy.inference.commands import Links, Results
from proxy.inference.errors import InternalFailure, UnsupportedOperation
from proxy.inference.find import describe
from proxy.inference.once import needs_path, runs_once
from proxy.inference.plan import LinkPlan

INPUT_LIMIT = 10_000
"""Inputs of one query; beyond it the rewritten query would be larger than a server accepts."""

FAN_OUT = 12
"""Options of one `choose`: the server renumbers each child against all its siblings, so the time
for n options grows with the cube of n, and a tree of small ones is quick."""

_INPUT, _KNOWN = "v", "n"


def input_query(plan: LinkPlan) -> Traversal:
    """The query whose results are the ids of the inputs and of what they are linked to."""
    projection = [step("project", _INPUT), step("by", anonymous(step("id")))]
    if plan.hide is not None:
        linked = anonymous(step(plan.hide, plan.edge_label), step("id"), step("fold"))
        projection = [step("project", _INPUT, _KNOWN), projection[1], step("by", linked)]
    # Where the final query starts from these ids they have to come as often as they are found.
    unique = () if runs_once(plan.prefix) else (step("dedup"),)
    return plan.traversal.with_steps(
        [*plan.prefix, *unique, step("limit", INPUT_LIMIT + 1), *projection]
    )


def read_inputs(results: Results) -> tuple[list[Literal], list[frozenset[Literal]]]:
    """The inputs, in order, and the known links of each. Raises `InferenceError`."""
    inputs: list[Literal] = []
    known: list[frozenset[Literal]] = []
    for result in results:
        row, bulk = (result.value, result.bulk) if isinstance(result, Bulked) else (result, 1)
        fields = _fields(row)
        vertex, linked = fields.get(_INPUT), fields.get(_KNOWN, Items("list", ()))
        if not isinstance(vertex, Literal) or not isinstance(linked, Items):
            raise InternalFailure(
                "The ids of this graph's vertices are of a type that is not supported:"
                " strings, numbers and UUIDs are."
            )
        targets = frozenset(item for item in linked.items if isinstance(item, Literal))
        inputs += [vertex] * bulk
        known += [targets] * bulk
    if len(inputs) > INPUT_LIMIT:
        raise UnsupportedOperation(
            f"The inference has more than {INPUT_LIMIT} input vertices: narrow the steps before it,"
            " or ask in portions with range()."
        )
    return inputs, known


def _fields(row: Argument) -> dict[str, Argument]:
    if not isinstance(row, Entries):
        return {}
    return {key.value: value for key, value in row.entries if isinstance(key, Literal)}


def targets_of(inputs: Sequence[Literal], links: Links) -> dict[Literal, tuple[Literal, ...]]:
    """The predicted vertices of each input that has any, best first."""
    return {
        vertex: tuple(target for target, _ in found)
        for vertex, found in zip(inputs, links, strict=True)
        if found
    }


def with_answers(plan: LinkPlan, steps: Sequence[Instruction]) -> Traversal:
    """The final query: these steps in the place of the inference."""
    return plan.traversal.with_steps([*plan.prefix, *steps, *plan.suffix])


def refuse_looking_back(plan: LinkPlan) -> None:
    """Raise `UnsupportedOperation` if the steps behind the inference need those before it."""
    looking_back = needs_path(plan.suffix)
    if looking_back is not None:
        raise UnsupportedOperation(
            f"{describe(looking_back)} behind an inference may need the steps before it, which"
            " write or are random and so run only once: ask in two queries."
        )


def from_targets(
    plan: LinkPlan, inputs: Sequence[Literal], targets: dict[Literal, tuple[Literal, ...]]
) -> Traversal:
    """The final query where the steps before the inference must not run again."""
    found = [target for vertex in inputs for target in targets.get(vertex, ())]
    start = [step("V", *found)] if found else [step("inject", 0), step("limit", 0)]
    return plan.traversal.with_steps([*start, *plan.suffix])


def choose_tree(targets: dict[Literal, tuple[Literal, ...]]) -> list[Instruction]:
    """The steps that lead from each input to its targets and let no other vertex through."""
    if not targets:
        return [step("limit", 0)]
    level = [_Branch((vertex,), anonymous(step("V", *found))) for vertex, found in targets.items()]
    while len(level) > FAN_OUT:
        level = [
            _Branch(
                tuple(vertex for branch in group for vertex in branch.inputs),
                anonymous(*_choose(group)),
            )
            for group in _groups(level)
        ]
    return _choose(level)


class _Branch:
    """What the inputs of a branch lead to."""

    __slots__ = ("inputs", "traversal")

    def __init__(self, inputs: tuple[Literal, ...], traversal: Traversal) -> None:
        self.inputs = inputs
        self.traversal = traversal

    def option(self) -> Instruction:
        token: Argument = self.inputs[0]
        if len(self.inputs) > 1:
            token = Predicate("P", "within", self.inputs)
        return step("option", token, self.traversal)


def _choose(branches: Sequence[_Branch]) -> list[Instruction]:
    otherwise = step("option", EnumConstant("Pick", "none"), anonymous(step("limit", 0)))
    return [
        step("choose", anonymous(step("id"))),
        *(branch.option() for branch in branches),
        otherwise,
    ]


def _groups(branches: Sequence[_Branch]) -> list[Sequence[_Branch]]:
    return [branches[start : start + FAN_OUT] for start in range(0, len(branches), FAN_OUT)]
