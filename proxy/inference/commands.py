"""Commands: the queries and predictions that answering an inference query needs from outside."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from gremlink.grammar.traversal import Argument, Entries, Literal
from gremlink.proxy.inference.live_graph import Cells, Direction, Neighbourhood, Scope
from gremlink.proxy.wire.request import RequestMessage

FOR_INPUTS = "input query"
"""The purpose of a query of our own, if no other is given."""


EXPLAINED_LINKS = 1000
"""Links that one request can have explained: each takes a model some milliseconds."""

EXPLAINED_ELEMENTS = 20
"""Elements whose values one request can have explained: a model answers for each several times."""


@dataclass(frozen=True, slots=True)
class CheckAccess:
    """Make sure that the database lets this client in before anything is disclosed about models.

    `asking` makes the `request`. There is no reply. `timeout` is the time that the client allows
    its query, in milliseconds, if it names one; zero and less is no limit.
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
class RunSpeculatively:
    """Send a query in the client's name, and let what it gives be the answer to the client.

    Only if it gives nothing, or the database refuses it, there is a reply, `None`, and the client
    has got nothing. Otherwise this was the last command.
    """

    request: RequestMessage


@dataclass(frozen=True, slots=True)
class PrepareLinks:
    """Make sure that an endpoint exists and predicts these links, before anything is written.

    The reply is `None`, or `Bearers` where the model does not know which of its vertices have the
    label. An endpoint that does not predict them is an `InferenceError`.
    """

    endpoint: str
    edge_label: str
    direction: Direction
    target_label: str


@dataclass(frozen=True, slots=True)
class Bearers:
    """Types of vertices with several labels, of which only the database can tell whether its
    `hasLabel` finds them; `samples` are some vertices of each.

    `sure` tells whether there are other types that surely have the label.
    """

    samples: Mapping[str, Sequence[Literal]]
    sure: bool


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
class Describe:
    """Tell people about a model: what it predicts, and among what. The reply is a line of text."""

    model: PrepareLinks | PrepareProperty


@dataclass(frozen=True, slots=True)
class PredictLinks:
    """Rank the targets of links.

    `known[i]` are the targets to leave out for `inputs[i]`; only `candidates` are ranked, if there
    are any given, and none of the types `without`. The reply is, for each input, the
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
    without: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class GuessLinks:
    """Rank the targets of an input without reading its current links (assumes those seen in
    training).

    `hides` leaves out what the input is linked to. The reply is a `Guess`; `None` if there is none,
    or none to be had without waiting.
    """

    model: PrepareLinks
    input: Literal
    limit: int
    threshold: float | None
    hides: bool


@dataclass(frozen=True, slots=True)
class Guess:
    """`targets` are the answer to a prediction, best first, if the input is linked to each of
    `linked` and to none of them. There is at least one."""

    targets: tuple[Literal, ...]
    linked: tuple[Literal, ...]


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


@dataclass(frozen=True, slots=True)
class CountValues:
    """Predict the values of all inputs together: for queries that do not tell them apart.

    The reply is each value with how often it comes, in the order in which they come there first;
    a value may be there several times.
    """

    prediction: PredictProperty


@dataclass(frozen=True, slots=True)
class Inspect:
    """Tell what an endpoint predicts, and under which id it knows vertices.

    `spellings[i]` are the ids that one without a type may mean, the likeliest first. The reply is
    `Inspected`.
    """

    endpoint: str
    spellings: Sequence[Sequence[Literal]]


@dataclass(frozen=True, slots=True)
class Inspected:
    """`task` is `"link_prediction"`, `"classification"` or `"regression"`; `element` (`"node"` or
    `"edge"`) and `key` are those of a property. `vertices` has one of each of the spellings: that
    which the model knows, else the first. `described` is for people. `rdf` tells that the model
    was trained on an RDF graph: its values are terms in N-Triples, its vertices IRIs; `datatype`
    is that of the property's training values, where all have the same."""

    task: str
    described: str
    vertices: Sequence[Literal]
    element: str | None = None
    key: str | None = None
    rdf: bool = False
    datatype: str | None = None


@dataclass(frozen=True, slots=True)
class KnownLinks:
    """Tell to which targets inputs were linked when the model was trained: a set for each."""

    model: PrepareLinks
    inputs: Sequence[Literal]


@dataclass(frozen=True, slots=True)
class NearestVertices:
    """Find the vertices to which a model's network gave the most similar embeddings.

    Only those with the label are looked at. The reply is `Links`, with cosines as scores.
    """

    endpoint: str
    inputs: Sequence[Literal]
    limit: int
    label: str


@dataclass(frozen=True, slots=True)
class ListVertices:
    """List vertices that a model can be asked about, at most so many. The reply is `Results`."""

    model: PrepareLinks | PrepareProperty
    limit: int


@dataclass(frozen=True, slots=True)
class ExplainProperties:
    """Tell why values of a property were predicted; `values` is the reply to `prediction`.

    The reply is, for each input, a map for each of its values.
    """

    prediction: PredictProperty
    values: Values


Results = tuple[Argument, ...]
Links = Sequence[Sequence[tuple[Literal, float]]]
"""For each input, targets and scores."""
Values = Sequence[Sequence[tuple[Literal, float]]]
"""For each input, values and scores."""
Counts = Sequence[tuple[Literal, int]]
"""Values, and how often each."""

Explanations = Sequence[Sequence[Entries]]
"""For each input, what explains each of its targets, or values."""

Known = Sequence[frozenset[Literal]]
"""For each input, vertices that it is linked to."""

Work = (
    PrepareLinks
    | PrepareProperty
    | PrepareInductive
    | Describe
    | PredictLinks
    | GuessLinks
    | ExplainLinks
    | PredictProperty
    | CountValues
    | ExplainProperties
    | Inspect
    | KnownLinks
    | NearestVertices
    | ListVertices
)
Command = CheckAccess | Ask | RunSpeculatively | Work
Reply = (
    Results
    | Links
    | Bearers
    | Guess
    | Explanations
    | Values
    | Counts
    | Known
    | Inspected
    | Scope
    | str
    | None
)
Predictor = Callable[[Work], Awaitable[Reply]]
"""Does a model's work; a future that is done is a reply that took no waiting."""
