"""The names that Neptune ML gives to its options, and reading their values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gremlink.grammar.traversal import Argument, Kind, Literal
from gremlink.proxy.inference import errors
from gremlink.proxy.inference.errors import InvalidParameter, MissingParameter

PREFIX = "Neptune#ml."
MARKER = PREFIX.encode()
"""The bytes without which a message is never looked into."""

PREDICTION = PREFIX + "prediction"
CLASSIFICATION = PREFIX + "classification"
REGRESSION = PREFIX + "regression"
TASKS = (PREDICTION, CLASSIFICATION, REGRESSION)
"""The keys that turn a step into an inference."""

ENDPOINT = PREFIX + "endpoint"
LIMIT = PREFIX + "limit"
THRESHOLD = PREFIX + "threshold"
SCORE = PREFIX + "score"
EXPLAIN = PREFIX + "explain"
SCORE_KEYS = (SCORE, EXPLAIN)
"""The keys that `values(...)` reads of a predicted link, and `properties(key, ...)` of predicted
values."""

IAM_ROLE = PREFIX + "iamRoleArn"
FILTER_EXISTING = PREFIX + "filterExistingEdges"
FILTER_FIRST = PREFIX + "filterFirst"
INDUCTIVE = PREFIX + "inductiveInference"
DETERMINISTIC = PREFIX + "deterministic"
NO_METADATA_CACHE = PREFIX + "disableInductiveInferenceMetadataCache"

OPTIONS = (
    ENDPOINT,
    LIMIT,
    THRESHOLD,
    IAM_ROLE,
    FILTER_EXISTING,
    FILTER_FIRST,
    INDUCTIVE,
    DETERMINISTIC,
    NO_METADATA_CACHE,
)
"""The keys that are allowed behind `g`, for all inferences of a query, and behind a task."""

DEFAULT_LIMIT = 1
LIMIT_CAP = 100
"""Results for each input: default and most, as Neptune has them."""

_SAGEMAKER = re.compile(r"https://runtime\.sagemaker\.[\w.-]+/endpoints/([\w-]+)/invocations")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,127}")


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a deployment for inference queries.

    `one_inference` refuses a second inference in one query, as Neptune does. `roles` are the IAM
    roles that queries may name, each with patterns of the endpoints that it may ask; `None` asks
    for no role. `default_role` is that of queries which name none. `unoptimised` are the names of
    steps that are refused in a query with an inductive inference.
    """

    default_endpoint: str | None = None
    limit_cap: int = LIMIT_CAP
    one_inference: bool = False
    default_role: str | None = None
    roles: Mapping[str, Sequence[str]] | None = None
    unoptimised: frozenset[str] = frozenset()


def endpoint_name(options: dict[str, Argument], settings: Settings) -> str:
    """Return the name of the endpoint in the options.

    A SageMaker URL means the endpoint whose name it contains; nothing is ever called.
    """
    match options.get(ENDPOINT):
        case None:
            if settings.default_endpoint is None:
                raise MissingParameter(errors.ENDPOINT_MISSING)
            return settings.default_endpoint
        case Literal(Kind.STRING, str(text)):
            if url := _SAGEMAKER.fullmatch(text):
                return url.group(1)
            if _NAME.fullmatch(text):
                return text
    raise InvalidParameter(errors.ENDPOINT_INVALID)


def result_limit(options: dict[str, Argument], settings: Settings) -> int:
    """Return the number of results for each input."""
    match options.get(LIMIT):
        case None:
            return DEFAULT_LIMIT
        case Literal(Kind.BYTE | Kind.SHORT | Kind.INT | Kind.LONG, int(limit)) if (
            1 <= limit <= settings.limit_cap
        ):
            return limit
        case Literal(_, value):
            found = repr(value)
        case other:
            found = type(other).__name__.lower()
    raise InvalidParameter(
        f"{LIMIT} must be a whole number from 1 to {settings.limit_cap}, found {found}."
    )


def score_threshold(options: dict[str, Argument]) -> float | None:
    """Return the score below which results are dropped, if there is one."""
    match options.get(THRESHOLD):
        case None:
            return None
        case Literal(Kind.INT | Kind.LONG | Kind.FLOAT | Kind.DOUBLE | Kind.BIG_DECIMAL, value) if (
            float(value) == float(value)
        ):
            return float(value)
        case Literal(_, value):
            found = repr(value)
        case other:
            found = type(other).__name__.lower()
    raise InvalidParameter(f"{THRESHOLD} must be a number such as 0.5D, found {found}.")


def existing_filter(options: dict[str, Argument], default: str) -> str | None:
    """Return the direction of the known links to hide: `"out"` or `"in"` (by default that of the
    prediction), `"both"`, or `None`."""
    match options.get(FILTER_EXISTING):
        case None:
            return default
        case Literal(Kind.BOOLEAN, True):
            return "both"
        case Literal(Kind.BOOLEAN, False):
            return None
        case Literal(_, value):
            found = repr(value)
        case other:
            found = type(other).__name__.lower()
    raise InvalidParameter(f"{FILTER_EXISTING} takes nothing, true or false, found {found}.")


def filter_first(options: dict[str, Argument]) -> bool:
    """Return whether filters behind a link prediction come before its limit."""
    return _switch(options, FILTER_FIRST)


@dataclass(frozen=True, slots=True)
class Inductive:
    """An inference on the graph as it is now.

    `deterministic` takes the same sample of many neighbours each time; `fresh` reads again how far
    the model looks.
    """

    deterministic: bool
    fresh: bool


def inductive(options: dict[str, Argument]) -> Inductive | None:
    """Return the kind of an inductive inference, `None` for another. The other two keys alone mean
    nothing."""
    asked, deterministic, fresh = (
        _switch(options, key) for key in (INDUCTIVE, DETERMINISTIC, NO_METADATA_CACHE)
    )
    return Inductive(deterministic, fresh) if asked else None


def _switch(options: dict[str, Argument], key: str) -> bool:
    """Return the value of a key that is there or not, and may have a boolean value."""
    match options.get(key):
        case None:
            return False
        case Literal(Kind.BOOLEAN, bool(value)):
            return value
        case Literal(_, value):
            found = repr(value)
        case other:
            found = type(other).__name__.lower()
    raise InvalidParameter(f"{key} takes nothing, true or false, found {found}.")
