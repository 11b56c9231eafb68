"""What answering an inference query needs from outside: queries and predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal as OneOf

from grammar.traversal import Argument, Literal
from proxy.wire.request import RequestMessage

Direction = OneOf["out", "in"]


@dataclass(frozen=True, slots=True)
class Admit:
    """Make sure that the database lets this client in before anything is told about models.

    `request` is a query without results, to be sent if the database has not answered anything on
    this connection yet. There is no reply.
    """

    request: RequestMessage


@dataclass(frozen=True, slots=True)
class Ask:
    """Send a query to the database over the client's own connection; all results are the reply."""

    request: RequestMessage


@dataclass(frozen=True, slots=True)
class PrepareLinks:
    """Make sure that an endpoint exists and predicts these links, before anything is written.

    There is no reply. An endpoint that does not is an `InferenceError`.
    """

    endpoint: str
    edge_label: str
    direction: Direction
    target_label: str


@dataclass(frozen=True, slots=True)
class PrepareProperty:
    """Make sure that an endpoint exists and predicts this property.

    `task` is `"classification"` or `"regression"`. The reply tells whose property it is: `"node"`
    or `"edge"`.
    """

    endpoint: str
    task: str
    key: str


@dataclass(frozen=True, slots=True)
class PredictLinks:
    """Rank the targets of links.

    `known[i]` are the targets to leave out for `inputs[i]`; only `candidates` are ranked, if there
    are any given. The reply is, for each input, the
    targets with their scores, best first, at most `limit` and none below `threshold`; empty for an
    input that the model has not seen.
    """

    model: PrepareLinks
    inputs: Sequence[Literal]
    known: Sequence[frozenset[Literal]]
    limit: int
    threshold: float | None
    candidates: frozenset[Literal] | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge as a model knows it: by its ends and its label."""

    id: Literal
    label: str
    source: Literal
    target: Literal


@dataclass(frozen=True, slots=True)
class PredictProperty:
    """Predict the values of a property.

    `inputs` are ids of vertices, or edges. The reply is, for each, the values with their scores,
    best first, at most `limit` and none below `threshold`; empty for what the model has not seen.
    """

    model: PrepareProperty
    inputs: Sequence[Literal | Edge]
    limit: int
    threshold: float | None


Results = tuple[Argument, ...]
Links = Sequence[Sequence[tuple[Literal, float]]]
"""For each input, targets and scores."""
Values = Sequence[Sequence[tuple[Literal, float]]]
"""For each input, values and scores."""

Work = PrepareLinks | PrepareProperty | PredictLinks | PredictProperty
Command = Admit | Ask | Work
Reply = Results | Links | Values | str | None
