"""The report of a training: all methods on the same held-out data, the choice, and its cost."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from gremlink.proxy.learning.search.tuning import SearchReport

Plane = Mapping[str, tuple[tuple[float, float], ...]]


def with_name(id: str, names: Mapping[str, str]) -> str:
    """Return an id with its name before it, where it has another."""
    name = names.get(id, "")
    return f"{name} ({id})" if name and name != id else id


@dataclass(frozen=True, slots=True)
class MethodRow:
    """One method. `seconds` to fit it and to predict with it, wherever it was tried; `memory` the
    MiB by which the process grew meanwhile; `estimate` the seconds that were counted for it, for
    what it has really done."""

    method: str
    metrics: Mapping[str, float]
    seconds: float
    memory: float = 0.0
    estimate: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(ABC):
    """The fields of every training's report; the model's row comes first.

    `graph` counts vertices and edges, `vertex_types` and `edge_types` count them by type. `picture`
    has vertices in the plane in which the network's embeddings differ most. `budget` and `planned`
    are seconds: the budget, and the estimate for the methods that were tried, by the machine's
    `speed` (`learning.budget.Speed`). `seconds` is the
    whole training, `parts` its parts; `peak_memory` is in MiB. `namespaces` of an RDF graph have
    their prefixes, for people. `settings` are those of `TrainingSettings`, `versions` those of
    Python and of the packages that took part.
    """

    template: ClassVar[str]

    model: str
    protocol: str
    rows: tuple[MethodRow, ...]
    warnings: tuple[str, ...]
    graph: Mapping[str, int]
    vertex_types: Mapping[str, int] = field(default_factory=dict)
    edge_types: Mapping[str, int] = field(default_factory=dict)
    picture: Plane = field(default_factory=dict)
    search: SearchReport | None = None
    seed: int
    device: str
    budget: float
    planned: float
    speed: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    peak_memory: float = 0.0
    parts: Mapping[str, float] = field(default_factory=dict)
    namespaces: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    @abstractmethod
    def title(self) -> str:
        """The task and the model."""

    @property
    @abstractmethod
    def size(self) -> str:
        """The size of the data in a sentence."""

    @abstractmethod
    def score(self, row: MethodRow) -> float:
        """Return the figure by which methods are compared; larger is better."""

    @abstractmethod
    def verdict(self) -> str:
        """Compare the model with the best single method, in a sentence or two."""

    def notes(self) -> tuple[str, ...]:
        """Explain the choice in sentences, where there is more to say."""
        return ()

    def row(self, method: str) -> MethodRow:
        """Return the row of a method. Raises KeyError."""
        for row in self.rows:
            if row.method == method:
                return row
        raise KeyError(method)

    def best_alone(self) -> MethodRow | None:
        """Return the best row beside the model's."""
        others = [row for row in self.rows if row.method != self.model]
        return max(others, key=self.score, default=None)

    def to_document(self) -> dict[str, Any]:
        """Return the report as JSON."""
        return asdict(self)
