"""From a traversal to the plan of its inference, or to the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from grammar.traversal import EnumConstant, Instruction, Kind, Literal, Traversal, Variable
from proxy.inference import errors, predicates
from proxy.inference.errors import InvalidParameter, MissingParameter, UnsupportedOperation
from proxy.inference.find import Inference, describe, find_inferences, stray_keys
from proxy.inference.predicates import PREDICTION, Settings


@dataclass(frozen=True, slots=True)
class LinkPlan:
    """A link prediction: `prefix` leads to the inputs, `suffix` goes on from the targets.

    `direction` is `"out"` or `"in"`; `hide` is the direction of known links to leave out,
    `"both"`, or `None`.
    """

    traversal: Traversal
    prefix: tuple[Instruction, ...]
    suffix: tuple[Instruction, ...]
    endpoint: str
    edge_label: str
    direction: str
    target_label: str
    limit: int
    threshold: float | None
    hide: str | None


def plan(traversal: Traversal, settings: Settings) -> LinkPlan | None:
    """The plan of a traversal, `None` if it holds no inference.

    Raises `InferenceError` for an inference that cannot be answered, and for keys of ours that
    would be silently ignored by a server.
    """
    inferences = list(find_inferences(traversal))
    for stray in stray_keys(traversal):
        raise _misplaced(stray)
    if not inferences:
        return None
    if any("repeat" in inference.inside for inference in inferences):
        raise UnsupportedOperation(errors.NOT_IN_REPEAT)
    if len(inferences) > 1:
        raise UnsupportedOperation(errors.ONE_INFERENCE)
    (inference,) = inferences
    if inference.tasks != (PREDICTION,):
        raise UnsupportedOperation(
            f"{inference} is not supported yet: only link prediction,"
            f' out(...) or in(...) with "{PREDICTION}", can be answered.'
        )
    if len(inference.path) > 1:
        raise UnsupportedOperation(
            f"{inference} inside {inference.inside[-1]}(...) is not supported yet:"
            " write it as a step of the main traversal."
        )
    return _link_plan(traversal, inference, settings)


def _misplaced(stray: Instruction) -> UnsupportedOperation:
    if any(isinstance(argument, Variable) for argument in stray.arguments[:1]):
        return UnsupportedOperation(
            "with(...) has a key that cannot be known without evaluating the script:"
            " write the key as text."
        )
    if stray.name == "with":
        return UnsupportedOperation(
            f"{describe(stray)} stands behind a step that is no inference: it belongs behind"
            f' out(...) or in(...), beside with("{PREDICTION}"), or behind g.'
        )
    return UnsupportedOperation(f"{describe(stray)} is not supported yet.")


def _link_plan(traversal: Traversal, inference: Inference, settings: Settings) -> LinkPlan:
    step = inference.step
    if step.name == "both":
        raise UnsupportedOperation(errors.NOT_WITH_BOTH)
    if step.name not in ("out", "in"):
        raise UnsupportedOperation(
            f"{inference} is not supported: link prediction belongs behind out(...) or in(...)."
        )
    edge_label = _edge_label(step)
    (start,) = inference.path
    end = start + inference.width
    target_label = _target_label(traversal.steps[end] if end < len(traversal.steps) else None)
    _refuse_unknown(inference)
    options = {**traversal.options(), **inference.modifiers}
    return LinkPlan(
        traversal=traversal,
        prefix=traversal.steps[:start],
        suffix=traversal.steps[end:],
        endpoint=predicates.endpoint_name(options, settings),
        edge_label=edge_label,
        direction=step.name,
        target_label=target_label,
        limit=predicates.result_limit(options, settings),
        threshold=predicates.score_threshold(options),
        hide=predicates.existing_filter(options, step.name),
    )


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
        case Instruction("hasLabel", (_, _, *_)):
            raise InvalidParameter(errors.ONE_VERTEX_LABEL)
        case Instruction("hasLabel") | Instruction("has", (EnumConstant("T", "label"), *_)):
            raise InvalidParameter(
                f"The vertex label of {describe(step)} cannot be known: write it as text,"
                " or bind it."
            )
    raise UnsupportedOperation(errors.VERTEX_LABEL_MISSING)


_UNDERSTOOD = {
    PREDICTION,
    predicates.ENDPOINT,
    predicates.LIMIT,
    predicates.THRESHOLD,
    predicates.FILTER_EXISTING,
    predicates.IAM_ROLE,
}


def _refuse_unknown(inference: Inference) -> None:
    for key in inference.modifiers:
        if key.startswith(predicates.PREFIX) and key not in _UNDERSTOOD:
            raise UnsupportedOperation(f'with("{key}") on {inference} is not supported yet.')
