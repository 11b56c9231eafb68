"""The plan of each block of a request, or the reason why it cannot be answered."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from gremlink.grammar.errors import LimitExceeded, ScriptError
from gremlink.grammar.places import error_at
from gremlink.grammar.sparql.structure import (
    SERVICE,
    TRIPLES,
    Element,
    Group,
    Operation,
    Request,
    Select,
    groups_below,
    read_request,
)
from gremlink.grammar.sparql.tokens import IRI, NAME, VARIABLE, Token
from gremlink.grammar.traversal import Argument, Literal
from gremlink.proxy.inference import errors
from gremlink.proxy.inference.analysis import options
from gremlink.proxy.inference.analysis.iam import role_arn
from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.commands import PrepareLinks, PrepareProperty
from gremlink.proxy.inference.errors import (
    InvalidParameter,
    MalformedQuery,
    UnsupportedOperation,
)
from gremlink.proxy.inference.sparql import vocabulary as names
from gremlink.proxy.inference.sparql.block import LITERAL, Parameters, Value, read_block
from gremlink.proxy.inference.sparql.vocabulary import CONFIG, INFERENCE, NAMESPACE, BlockError

Model = PrepareLinks | PrepareProperty

MAX_BLOCKS = 32
"""Blocks of one request."""

MAX_CHARACTERS = 1 << 20
"""Characters of a request with blocks: each may be a token."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A block, and what is asked of a model for it.

    `number` is that of its operation. The inputs are those of the variable `input`, or `constants`;
    `output` and `score` are variables. Models are asked about `batch_size` inputs at once, and
    each time for `timeout` milliseconds at most, where these are given.
    """

    element: Element
    number: int
    model: Model
    role: str | None
    input: str | None
    constants: tuple[str, ...]
    output: str
    score: str | None
    limit: int
    threshold: float | None
    batch_size: int | None
    timeout: int | None

    @property
    def silent(self) -> bool:
        """`True` if an error of the inference is one solution that binds nothing."""
        return self.element.silent

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that the block binds, or joins: input, output, score."""
        return tuple(name for name in (self.input, self.output, self.score) if name is not None)


@dataclass(frozen=True, slots=True)
class AnalysedSparql:
    """A request with blocks; these are in the order of the text."""

    request: Request
    blocks: Sequence[Block]

    def place(self, block: Block) -> int:
        """Return the place of a block in the text."""
        return self.request.tokens[block.element.first].start


def analyse_sparql(text: str, settings: Settings) -> AnalysedSparql | None:
    """Return a request's blocks; `None` if it has none and goes on as it came.

    Raises `InferenceError` for a block that cannot be answered, and where a request that may hold
    one cannot be read.
    """
    if len(text) > MAX_CHARACTERS:
        if not _may_hold_a_block(text):
            return None
        raise UnsupportedOperation(
            f"The request has {len(text)} characters: at most {MAX_CHARACTERS} are read where"
            f" {INFERENCE} may be in it."
        )
    try:
        request = read_request(text)
    except (ScriptError, LimitExceeded) as error:
        if _may_hold_a_block(text):
            raise MalformedQuery(str(error)) from error
        return None
    blocks = [
        _planned(request, number, element, settings)
        for number, element in _services(request)
        if _is_ours(request, request.operations[number], element)
    ]
    if len(blocks) > MAX_BLOCKS:
        raise UnsupportedOperation(
            f"The request has {len(blocks)} blocks of {INFERENCE}: at most {MAX_BLOCKS} are"
            " answered in one request."
        )
    for operation in request.operations:
        _refuse_misplaced(request, operation)
    return AnalysedSparql(request, blocks) if blocks else None


_KEYWORD = re.compile(rf"\b{SERVICE}\b", re.IGNORECASE)
_CODEPOINT = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U000([0-9A-Fa-f]{5}))")


def _may_hold_a_block(text: str) -> bool:
    plain = _CODEPOINT.sub(lambda match: chr(int(match[1] or match[2], 16)), text)
    return NAMESPACE in plain and _KEYWORD.search(plain) is not None


def _services(request: Request) -> list[tuple[int, Element]]:
    return [
        (number, element)
        for number, operation in enumerate(request.operations)
        if operation.select is not None
        for group in groups_below(operation.select)
        for element in group.elements
        if element.kind == SERVICE
    ]


def _is_ours(request: Request, operation: Operation, element: Element) -> bool:
    """Return whether a service is Neptune ML's. Raises `InferenceError` if it is nearly so."""
    name = element.name
    assert name is not None
    if name.kind == VARIABLE:
        return False
    iri = operation.prologue.iri(name)
    if iri is None:
        prefix = name.text.partition(":")[0]
        error = error_at(request.text, name.start, f"the prefix {prefix}: is not declared")
        raise MalformedQuery(str(error)) from error
    if iri == INFERENCE:
        return True
    if iri.partition(":")[2].lower().startswith(NAMESPACE.partition(":")[2].rstrip("#")):
        raise BlockError(names.OTHER_SERVICE.format(iri), name.start)
    return False


def _refuse_misplaced(request: Request, operation: Operation) -> None:
    """Raise `BlockError` where a block's triples are outside of Neptune ML's service."""
    if operation.select is None:
        return
    ours: list[Group] = []
    for group in groups_below(operation.select):
        for element in group.elements:
            if element.kind == SERVICE and _is_ours(request, operation, element):
                ours += element.groups
    for group in groups_below(operation.select):
        for element in group.elements:
            if element.kind == TRIPLES and group not in ours:
                for token in request.tokens[element.first : element.last]:
                    if token.kind in (IRI, NAME) and _is_config(operation, token):
                        raise BlockError(names.MISPLACED.format(""), token.start)


def _is_config(operation: Operation, token: Token) -> bool:
    return "config" in token.text and operation.prologue.iri(token) == CONFIG


# -- one block


def _planned(request: Request, number: int, element: Element, settings: Settings) -> Block:
    operation = request.operations[number]
    found = read_block(request, operation.prologue, element)
    here = request.tokens[element.first].start
    return _Parameters(found, here, settings).block(element, number)


class _Parameters:
    """Reads the values of parameters; `at` is the place of the block."""

    def __init__(self, found: Parameters, at: int, settings: Settings) -> None:
        self.found = found
        self.at = at
        self.settings = settings

    def block(self, element: Element, number: int) -> Block:
        for name, values in self.found.items():
            if len(values) > 1 and not (
                name == names.INPUT and all(value.kind == IRI for value in values)
            ):
                self.refuse(values[1], names.SEVERAL.format(name, len(values)))
        model_type = self.model_type()
        input, constants = self.inputs()
        output = self.variable(names.OUTPUT)
        if output is None:
            raise BlockError(names.MISSING.format(names.OUTPUT), self.at)
        score = self.variable(names.SCORE)
        self.refuse_alike(input, output, score)
        if score is not None and model_type == names.REGRESSION:
            self.refuse(self.found[names.SCORE][0], names.NO_SCORE)
        endpoint = self.option(names.ENDPOINT, options.ENDPOINT)
        role = self.option(names.ROLE, options.IAM_ROLE)
        self.whole_number(names.TIMEOUT, None)
        return Block(
            element=element,
            number=number,
            model=self.model(model_type, options.endpoint_name(endpoint, self.settings)),
            role=role_arn(role, self.settings),
            input=input,
            constants=constants,
            output=output,
            score=score,
            limit=self.whole_number(names.LIMIT, self.settings.limit_cap) or options.DEFAULT_LIMIT,
            threshold=self.threshold(),
            batch_size=self.whole_number(names.BATCH_SIZE, None),
            timeout=self.whole_number(names.TIMEOUT, None),
        )

    def refuse(self, value: Value, message: str) -> NoReturn:
        raise BlockError(message, value.at)

    def constant(self, name: str) -> Value | None:
        """Return the only value of a parameter that may not be a variable."""
        for value in self.found.get(name, ()):
            if value.kind not in (IRI, LITERAL):
                self.refuse(value, names.NO_CONSTANT.format(name, _type(value)))
            return value
        return None

    def variable(self, name: str) -> str | None:
        for value in self.found.get(name, ()):
            if value.kind != VARIABLE:
                self.refuse(value, names.NO_VARIABLE.format(name, _type(value)))
            return value.text
        return None

    def model_type(self) -> str:
        value = self.constant(names.MODEL_TYPE)
        if value is None:
            raise BlockError(names.MISSING.format(names.MODEL_TYPE), self.at)
        if value.kind != LITERAL or value.text not in names.MODEL_TYPES:
            self.refuse(value, names.INVALID_MODEL_TYPE.format(_shown(value)))
        return value.text

    def inputs(self) -> tuple[str | None, tuple[str, ...]]:
        values = self.found.get(names.INPUT)
        if not values:
            raise BlockError(names.MISSING.format(names.INPUT), self.at)
        for value in values:
            if value.kind == VARIABLE:
                return value.text, ()
            if value.kind != IRI:
                self.refuse(value, names.INVALID_INPUT.format(_shown(value)))
        constants = tuple(self.absolute(value, names.INPUT) for value in values)
        return None, tuple(dict.fromkeys(constants))

    def absolute(self, value: Value, name: str) -> str:
        if not _SCHEME.match(value.text):
            self.refuse(value, names.RELATIVE.format(name, _shown(value)))
        return value.text

    def refuse_alike(self, input: str | None, output: str, score: str | None) -> None:
        given = [name for name in (input, output, score) if name is not None]
        if len(set(given)) < len(given):
            alike = names.SCORE if score in (input, output) else names.OUTPUT
            self.refuse(self.found[alike][0], names.ONE_VALUE)

    def model(self, model_type: str, endpoint: str) -> Model:
        value = self.constant(names.PREDICATE)
        if value is None:
            raise BlockError(names.UNDEFINED.format(names.PREDICATE), self.at)
        if value.kind != IRI:
            self.refuse(value, names.INVALID_PREDICATE.format(_shown(value)))
        predicate = self.absolute(value, names.PREDICATE)
        output_class = self.constant(names.OUTPUT_CLASS)
        if model_type in (names.CLASSIFICATION, names.REGRESSION):
            task = "classification" if model_type == names.CLASSIFICATION else "regression"
            return PrepareProperty(endpoint, task, predicate)
        if output_class is None:
            raise BlockError(names.MISSING.format(names.OUTPUT_CLASS), self.at)
        if output_class.kind != IRI:
            self.refuse(output_class, names.INVALID_CLASS.format(_shown(output_class)))
        target = self.absolute(output_class, names.OUTPUT_CLASS)
        return PrepareLinks(
            endpoint, predicate, "out" if model_type == names.OBJECT_PREDICTION else "in", target
        )

    def option(self, name: str, key: str) -> dict[str, Argument]:
        """Return a parameter as the option of Gremlin that has the same meaning."""
        value = self.constant(name)
        if value is None:
            return {}
        if value.kind == IRI and name == names.ROLE:
            raise InvalidParameter(errors.ROLE_INVALID)
        return {key: Literal.string(value.text)}

    def whole_number(self, name: str, most: int | None) -> int | None:
        value = self.constant(name)
        if value is None:
            return None
        if value.kind == LITERAL and _WHOLE.fullmatch(value.text):
            number = int(value.text)
            if number >= 1 and (most is None or number <= most):
                return number
        upto = "from 1" if most is None else f"from 1 to {most}"
        raise InvalidParameter(
            f"neptune-ml:{name} must be a whole number {upto}, found {_shown(value)}."
        )

    def threshold(self) -> float | None:
        value = self.constant(names.THRESHOLD)
        if value is None:
            return None
        if value.kind == LITERAL and (match := _DOUBLE.fullmatch(value.text)):
            number = float(match[1])
            if math.isfinite(number):
                return number
        raise InvalidParameter(
            f"neptune-ml:{names.THRESHOLD} must be a number such as 0.5, found {_shown(value)}."
        )


_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_WHOLE = re.compile(r"\+?[0-9]{1,18}")
_DOUBLE = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)[dDfF]?")
"""A number, or one as Java writes it."""


def _type(value: Value) -> str:
    return f"variable ?{value.text}" if value.kind == VARIABLE else value.kind


def _shown(value: Value) -> str:
    return f"<{value.text}>" if value.kind == IRI else f'"{value.text}"'


def path_to(select: Select, element: Element) -> list[Select | Group | Element]:
    """Return all that an element is in, from the outside: it is the last."""
    found = _path_in(select.where, element)
    if found is None:
        for group in select.conditions:
            found = _path_in(group, element)
            if found is not None:
                break
    assert found is not None
    return [select, *found]


def _path_in(group: Group, wanted: Element) -> list[Select | Group | Element] | None:
    if group.select is not None:
        if group.first <= wanted.first < group.last:
            return [group, *path_to(group.select, wanted)]
        return None
    for element in group.elements:
        if element is wanted:
            return [group, element]
        if element.first <= wanted.first < element.last:
            for inner in element.groups:
                if inner.first <= wanted.first < inner.last:
                    found = _path_in(inner, wanted)
                    return None if found is None else [group, element, *found]
    return None
