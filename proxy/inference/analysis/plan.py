"""The plan of each inference of a traversal, or the reason why it cannot be answered."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from gremlink.grammar.traversal import (
    Argument,
    EnumConstant,
    Instruction,
    Kind,
    Literal,
    Opaque,
    Predicate,
    Traversal,
    Variable,
    walk,
)
from gremlink.proxy.inference import errors
from gremlink.proxy.inference.analysis import options
from gremlink.proxy.inference.analysis.analysis import Analysis
from gremlink.proxy.inference.analysis.iam import role_arn
from gremlink.proxy.inference.analysis.locate import Inference, describe
from gremlink.proxy.inference.analysis.misplaced import is_hidden, misspelt
from gremlink.proxy.inference.analysis.options import (
    CLASSIFICATION,
    EXPLAIN,
    PREDICTION,
    PREFIX,
    REGRESSION,
    SCORE,
    Inductive,
    Settings,
)
from gremlink.proxy.inference.analysis.side_effects import needs_path
from gremlink.proxy.inference.analysis.spelling import is_ours, nearly_ours
from gremlink.proxy.inference.errors import InvalidParameter, MissingParameter, UnsupportedOperation
from gremlink.proxy.inference.live_graph import Direction


@dataclass(frozen=True, slots=True)
class LinkPlan:
    """A link prediction.

    `role` is the IAM role that goes with the query, if any. `direction` is `"out"` or `"in"`;
    `hide` is the direction of known links to leave out, `"both"`, or `None`. `filters` are the
    steps that candidates have to pass before they are ranked, beginning with that for the label;
    `None` leaves all filtering to the final query. `inductive` asks for a prediction on the graph
    as it is now.
    """

    inference: Inference
    endpoint: str
    role: str | None
    edge_label: str
    direction: Direction
    target_label: str
    limit: int
    threshold: float | None
    hide: str | None
    filters: tuple[Instruction, ...] | None = None
    inductive: Inductive | None = None


@dataclass(frozen=True, slots=True)
class PropertyPlan:
    """A classification or regression (`task` is the predicate) of the property `key`.

    `beside` are the keys whose entries follow each value: its score, or its reasons. `inductive` as
    in a `LinkPlan`.
    """

    inference: Inference
    task: str
    endpoint: str
    role: str | None
    key: str
    beside: tuple[str, ...]
    limit: int
    threshold: float | None
    inductive: Inductive | None = None


Plan = LinkPlan | PropertyPlan


def plan_all(analysis: Analysis, settings: Settings) -> list[Plan]:
    """Return the plans of a traversal's inferences, in order; none if it holds none.

    Raises `InferenceError` for an inference that cannot be answered, and for keys of ours that
    would be silently ignored by a server.
    """
    if analysis.misplaced_option is not None:
        raise _no_option(analysis.misplaced_option)
    if analysis.misplaced_step is not None:
        raise _misplaced(analysis.misplaced_step)
    inferences = analysis.inferences
    if len(inferences) > 1 and settings.one_inference:
        raise UnsupportedOperation(errors.ONE_INFERENCE)
    plans = [_plan(analysis, inference, settings) for inference in inferences]
    if settings.unoptimised and any(plan.inductive is not None for plan in plans):
        names = {instruction.name for _, instruction in walk(analysis.traversal)}
        if names & settings.unoptimised:
            raise UnsupportedOperation(errors.INDUCTIVE_UNOPTIMISED)
    return plans


def plan_next(analysis: Analysis, settings: Settings) -> Plan | None:
    """Return the plan of the first inference that a traversal still holds."""
    return _plan(analysis, analysis.inferences[0], settings) if analysis.inferences else None


def _no_option(key: str, step: str = "with") -> UnsupportedOperation:
    """Return the error for a key behind `g`, or behind a step, that would do nothing there."""
    match key:
        case options.PREDICTION:
            hint = "it belongs behind the step out(...) or in(...) that is to be predicted."
        case options.CLASSIFICATION | options.REGRESSION:
            hint = "it belongs behind the step properties(...) that is to be predicted."
        case options.SCORE:
            hint = (
                f'write values("{SCORE}") behind the predicted vertices of a link prediction,'
                f' and properties(key, "{SCORE}") for the classes of a classification.'
            )
        case options.EXPLAIN:
            hint = (
                f'write values("{EXPLAIN}") behind the predicted vertices of a link prediction,'
                f' and properties(key, "{EXPLAIN}") for the values of a property.'
            )
        case _:
            every = (*options.TASKS, *options.OPTIONS)
            names = [each.removeprefix(PREFIX) for each in (*every, *options.SCORE_KEYS)]
            found = nearly_ours(key.encode(errors="replace")) or PREFIX
            near = difflib.get_close_matches(key.rpartition(PREFIX)[2], names, 1)
            meant = found if found != PREFIX or not near else PREFIX + near[0]
            hint = f'is "{meant}" meant?' if meant != PREFIX else f"there are {', '.join(every)}."
    return UnsupportedOperation(f'{step}("{key}") is not supported here: {hint}')


def _misplaced(stray: Instruction) -> UnsupportedOperation:
    if any(map(is_hidden, stray.arguments)):
        return UnsupportedOperation(
            f"{describe(stray)} holds a lambda with an inference in it: write the inference as a"
            " step of the traversal."
        )
    if any(isinstance(argument, Variable | Opaque | Traversal) for argument in stray.arguments[:1]):
        return UnsupportedOperation(
            "with(...) has a key that cannot be known without evaluating the script:"
            " write the key as text."
        )
    key = misspelt(stray)
    if key is not None:
        return _no_option(key, stray.name)
    if stray.name == "with":
        return UnsupportedOperation(
            f"{describe(stray)} stands behind a step that is no inference: it belongs behind"
            f' out(...), in(...) or properties(...), beside with("{PREDICTION}") or another task,'
            " or behind g."
        )
    return UnsupportedOperation(
        f'{describe(stray)} asks for a score or a reason without an inference: "{SCORE}" and'
        f' "{EXPLAIN}" of a property belong into properties(key, ...), beside'
        f' with("{CLASSIFICATION}") or the like; values("{SCORE}") and values("{EXPLAIN}")'
        f' behind out(...) or in(...) with("{PREDICTION}") in the same traversal.'
    )


_REPEATING = frozenset(("repeat", "until", "emit"))


def _plan(analysis: Analysis, inference: Inference, settings: Settings) -> Plan:
    if not _REPEATING.isdisjoint(inference.inside):
        raise UnsupportedOperation(errors.NOT_IN_REPEAT)
    if len(inference.tasks) > 1:
        if PREDICTION not in inference.tasks:
            raise InvalidParameter(errors.TWO_TASKS)
        raise InvalidParameter(f"{inference} asks for several tasks at once: name one.")
    _refuse_unknown(inference)
    given = {**analysis.traversal.options(), **inference.modifiers}
    if inference.tasks == (PREDICTION,):
        return _link_plan(analysis, inference, given, settings)
    return _property_plan(inference, given, settings)


def _link_plan(
    analysis: Analysis, inference: Inference, given: dict[str, Argument], settings: Settings
) -> LinkPlan:
    step = inference.step
    direction: Direction
    match step.name:
        case "out" | "in" as direction:
            pass
        case "both":
            raise UnsupportedOperation(errors.NOT_WITH_BOTH)
        case _:
            raise UnsupportedOperation(
                f"{inference} is not supported: link prediction belongs behind out(...) or in(...)."
            )
    following = analysis.around(inference).following
    return LinkPlan(
        inference=inference,
        edge_label=_edge_label(step),
        target_label=_target_label(following[0] if following else None),
        direction=direction,
        endpoint=options.endpoint_name(given, settings),
        role=role_arn(given, settings),
        limit=options.result_limit(given, settings),
        threshold=options.score_threshold(given),
        hide=options.existing_filter(given, direction),
        filters=_filters(analysis, inference) if options.filter_first(given) else None,
        inductive=options.inductive(given),
    )


def _property_plan(
    inference: Inference, given: dict[str, Argument], settings: Settings
) -> PropertyPlan:
    (task,) = inference.tasks
    if inference.step.name != "properties":
        raise UnsupportedOperation(
            f"{inference} is not supported: it belongs behind properties(...)."
        )
    key, beside = _property_key(inference.step)
    if SCORE in beside and task == REGRESSION:
        raise UnsupportedOperation(f"{inference}: a regression has no {SCORE}.")
    return PropertyPlan(
        inference=inference,
        task=task,
        key=key,
        beside=beside,
        endpoint=options.endpoint_name(given, settings),
        role=role_arn(given, settings),
        limit=options.result_limit(given, settings),
        threshold=options.score_threshold(given),
        inductive=options.inductive(given),
    )


_FILTERS = frozenset("has hasId hasLabel hasNot where filter not and or".split())


def _filters(analysis: Analysis, inference: Inference) -> tuple[Instruction, ...]:
    """Return the steps behind an inference that only filter, and by nothing but the vertex itself.

    None reads a score: there is none before the model is asked.
    """
    *above, index = inference.path
    following = analysis.around(inference).following
    holding = [each.path for each in analysis.inferences]
    holding += [each.path for each in analysis.score_reads]
    count = 0
    for number, step in enumerate(following, index + inference.width):
        here = (*above, number)
        if step.name not in _FILTERS or needs_path((step,)):
            break
        if any(path[: len(here)] == here for path in holding):
            break
        count += 1
    return following[:count]


def _edge_label(step: Instruction) -> str:
    match step.arguments:
        case ():
            raise MissingParameter(errors.EDGE_LABEL_MISSING)
        case (Literal(Kind.STRING, str(label)),):
            return label
        case (_, _, *_):
            raise InvalidParameter(errors.ONE_EDGE_LABEL)
    raise InvalidParameter(
        f"The edge label of {describe(step)} cannot be known: write it as text, or bind it."
    )


def _target_label(step: Instruction | None) -> str:
    match step:
        case Instruction("hasLabel", (Literal(Kind.STRING, str(label)),)):
            return label
        case Instruction("has", (EnumConstant("T", "label"), Literal(Kind.STRING, str(label)))):
            return label
        case Instruction("has", (Literal(Kind.STRING, str(label)), _, _)):
            return label
        case Instruction(
            "hasLabel", (Predicate(_, "eq", (Literal(Kind.STRING, str(label)),)),)
        ) | Instruction(
            "has",
            (EnumConstant("T", "label"), Predicate(_, "eq", (Literal(Kind.STRING, str(label)),))),
        ):
            return label
        case Instruction("hasLabel", (_, _, *_)):
            raise InvalidParameter(errors.ONE_VERTEX_LABEL)
        case Instruction("hasLabel") | Instruction("has", (EnumConstant("T", "label"), *_)):
            raise InvalidParameter(
                f"The vertex label of {describe(step)} cannot be known: write it as text,"
                " or bind it."
            )
    raise UnsupportedOperation(errors.VERTEX_LABEL_MISSING)


def _property_key(step: Instruction) -> tuple[str, tuple[str, ...]]:
    """Return the key to predict, and what is asked for beside its values."""
    keys: list[str] = []
    for argument in step.arguments:
        if not isinstance(argument, Literal) or argument.kind is not Kind.STRING:
            raise InvalidParameter(
                f"The property key of {describe(step)} cannot be known: write it as text,"
                " or bind it."
            )
        keys.append(argument.value)
    beside = tuple(dict.fromkeys(key for key in keys if key in options.SCORE_KEYS))
    match [key for key in keys if key not in options.SCORE_KEYS]:
        case [key]:
            return key, beside
        case [] if beside:
            raise MissingParameter(errors.PROPERTY_KEY_MISSING_BESIDE_SCORE)
        case []:
            raise MissingParameter(errors.PROPERTY_KEY_MISSING)
    if beside:
        raise InvalidParameter(errors.ONE_PROPERTY_KEY_BESIDE_SCORE)
    raise InvalidParameter(errors.ONE_PROPERTY_KEY)


def _refuse_unknown(inference: Inference) -> None:
    for key, value in inference.modifiers.items():
        if key in inference.tasks and value != Literal(Kind.BOOLEAN, True):
            raise InvalidParameter(
                f'with("{key}", ...) on {describe(inference.step)} takes nothing or true: leave the'
                " whole with(...) out where nothing is to be predicted."
            )
        known = key in inference.tasks or key in options.OPTIONS
        if not known and is_ours(key):
            raise _no_option(key)
