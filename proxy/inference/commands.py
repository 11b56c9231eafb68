"""What answering an inference query needs from outside: queries and predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal as OneOf

from grammar.traversal import Argument, Entries, Literal
from proxy.wire.request import RequestMessage

Direction = OneOf["out", "in"]


FOR_INPUTS = "input query"
"""What a query of our own is for, if not for something else."""


@dataclass(frozen=True, slots=True)
class Admit:
    """Make sure that the database lets this client in before anything is told about models.

    `asking` makes the `request`. There is no reply. `timeout` is how long the client lets its query
    take, in milliseconds, if it says; what is not above zero is no limit.
    """

    asking: Callable[[], RequestMessage]
    timeout: int | None = None

    @property
    def request(self) -> RequestMessage:
        """A query without results, to be sent if the database has not answered anything on this
        connection yet."""
        return self.asking()


@dataclass(frozen=True, slots=True)
class Ask:
    """Send a query to the database over the client's own connection; all results are the reply.

    `purpose` is for people who ask what was done.
    """

    request: RequestMessage
    purpose: str = FOR_INPUTS


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
class PrepareInductive:
    """Make sure that a model can predict on the graph as it is now, and tell what it has to read.

    `fresh` looks for it where the model is stored, not where it is remembered. The reply is a
    `Scope`.
    """

    model: PrepareLinks | PrepareProperty
    fresh: bool


@dataclass(frozen=True, slots=True)
class Scope:
    """What a model has to know of a live graph.

    Links are read of all vertices less than `hops` away from an input, under each of `edge_labels`
    and in each direction at most `fan_outs[distance]`; the vertices at their ends follow with the
    properties in `keys`. Inputs that are edges are read with the properties in `edge_keys`, and
    `valued` is the label and the property that links of the inputs themselves are read with.
    """

    hops: int
    fan_outs: tuple[int, ...]
    edge_labels: tuple[str, ...]
    keys: tuple[str, ...]
    edge_keys: tuple[str, ...] = ()
    valued: tuple[str, str] | None = None


Cells = Mapping[str, tuple[str, ...]]
"""The values of properties by key, as the texts that an export writes."""


@dataclass(frozen=True, slots=True)
class ReadVertex:
    """A vertex as it was read."""

    id: Literal
    label: str
    values: Cells


@dataclass(frozen=True, slots=True)
class ReadLinks:
    """The links of a vertex under a label in one direction; `complete` if these are all.

    `values` are those of the property with which links were read, for each, if they were.
    """

    vertex: Literal
    label: str
    direction: Direction
    others: tuple[Literal, ...]
    complete: bool
    values: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """What was read around the inputs; `size` is in bytes."""

    vertices: tuple[ReadVertex, ...]
    links: tuple[ReadLinks, ...]
    size: int

    def __str__(self) -> str:
        edges = sum(len(each.others) for each in self.links)
        return f"{len(self.vertices):,} vertices, {edges:,} links, {self.size:,} bytes"


@dataclass(frozen=True, slots=True)
class Describe:
    """Tell people about a model: what it predicts, and among what. The reply is a line of text."""

    model: PrepareLinks | PrepareProperty


@dataclass(frozen=True, slots=True)
class PredictLinks:
    """Rank the targets of links.

    `known[i]` are the targets to leave out for `inputs[i]`; only `candidates` are ranked, if there
    are any given. The reply is, for each input, the
    targets with their scores, best first, at most `limit` and none below `threshold`; empty for an
    input that the model has not seen. With a `neighbourhood` the model has seen what is in it.
    """

    model: PrepareLinks
    inputs: Sequence[Literal]
    known: Sequence[frozenset[Literal]]
    limit: int
    threshold: float | None
    candidates: frozenset[Literal] | None = None
    neighbourhood: Neighbourhood | None = None


@dataclass(frozen=True, slots=True)
class ExplainLinks:
    """Tell why links were predicted; `links` is the reply to `prediction`.

    The reply is, for each input, a map for each of its targets. It has the entry `score`.
    """

    prediction: PredictLinks
    links: Links


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge as a model knows it: its ends and its label, and its properties if they were read."""

    id: Literal
    label: str
    source: Literal
    target: Literal
    values: Cells | None = None


@dataclass(frozen=True, slots=True)
class PredictProperty:
    """Predict the values of a property.

    `inputs` are ids of vertices, or edges. The reply is, for each, the values with their scores,
    best first, at most `limit` and none below `threshold`; empty for what the model has not seen.
    `neighbourhood` as in `PredictLinks`.
    """

    model: PrepareProperty
    inputs: Sequence[Literal | Edge]
    limit: int
    threshold: float | None
    neighbourhood: Neighbourhood | None = None


Results = tuple[Argument, ...]
Links = Sequence[Sequence[tuple[Literal, float]]]
"""For each input, targets and scores."""
Values = Sequence[Sequence[tuple[Literal, float]]]
"""For each input, values and scores."""

Explanations = Sequence[Sequence[Entries]]
"""For each input, what explains each of its targets."""

Work = (
    PrepareLinks
    | PrepareProperty
    | PrepareInductive
    | Describe
    | PredictLinks
    | ExplainLinks
    | PredictProperty
)
Command = Admit | Ask | Work
Reply = Results | Links | Explanations | Values | Scope | str | None
