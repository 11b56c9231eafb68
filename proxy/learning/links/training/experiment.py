"""The experiment of a link training: the data, the candidates and the clock."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gremlink.proxy.learning.budget import REFERENCE, Speed, total
from gremlink.proxy.learning.curves import Curve
from gremlink.proxy.learning.events import Progress
from gremlink.proxy.learning.graph import DIRECTIONS, Edges, Relation, TypedGraph
from gremlink.proxy.learning.links.calibration import Calibration
from gremlink.proxy.learning.links.evaluation.queries import Queries, Task, rank_queries
from gremlink.proxy.learning.links.evaluation.ranking import Ranking, rank_members
from gremlink.proxy.learning.links.evaluation.reliability import Bin, reliability
from gremlink.proxy.learning.links.known import KnownLinks
from gremlink.proxy.learning.links.scorers import SIGNED, SIMPLE, Scorer
from gremlink.proxy.learning.links.scorers.heuristics.popularity import Popularity
from gremlink.proxy.learning.links.scorers.segment_popularity import SegmentPopularity
from gremlink.proxy.learning.links.training.base_models import (
    Choices,
    Nothing,
    Step,
    Timed,
    fit_simple,
    no_step,
)
from gremlink.proxy.learning.links.training.blend import Blend, Rankings, fit_blend
from gremlink.proxy.learning.links.training.dataset import Dataset
from gremlink.proxy.learning.links.training.fit_calibration import fit_calibration
from gremlink.proxy.learning.links.training.network_methods import NETWORK_METHODS
from gremlink.proxy.learning.links.training.networks import History
from gremlink.proxy.learning.links.training.plan import AVERAGED, Plan, planned
from gremlink.proxy.learning.links.training.warm_start import Warm
from gremlink.proxy.learning.methods import AUTO, BASELINES, NETWORK, NETWORKS
from gremlink.proxy.learning.processing.processed import CustomSplit
from gremlink.proxy.learning.provenance import Stopwatch
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.timeline import Timeline
from gremlink.proxy.learning.trained.network import Trained

Ranks = NDArray[np.float64]

BLENDING = "learning the blend"
"""The name of the phase."""


BASELINE_SHARE = 0.02
"""Share of the budget that the baseline of segments may take by its estimate: beyond, it is left
out, for it improves no model."""

KEPT = 2**29
"""Bytes of fitted methods, at most, that are kept from the blend to the test."""


@dataclass(frozen=True, slots=True)
class LinkResults:
    """The results on held-out edges.

    `ranks` are those of the held-out edges, float64 `[queries]`: by method, then by relation and
    direction. `epochs` are those for a network's training on all edges, `networks` how many of each
    to average; `histories` are their learning curves. `queries` ask about the held-out edges, in
    the order of the ranks. `curves` are by relation and direction.
    """

    protocol: str
    blend: Blend
    calibrations: Mapping[Task, Calibration]
    epochs: Mapping[str, int]
    networks: Mapping[str, int]
    ranks: Mapping[str, Mapping[Task, Ranks]]
    seconds: Mapping[str, float]
    memory: Mapping[str, float]
    histories: Mapping[str, History]
    queries: Mapping[Task, Queries]
    reliability: tuple[Bin, ...]
    curves: Mapping[str, Curve] = field(default_factory=dict)


@dataclass
class LinkExperiment:
    """The data and the candidates of one training.

    `model` is the requested one; `tuned` are settings that a search has found, by network; `warm`
    has the first weights of networks after a warm start; `choices` are the settings that methods
    have chosen.
    """

    dataset: Dataset
    model: str
    settings: TrainingSettings
    seed: int
    progress: Progress
    stopwatch: Stopwatch = field(default_factory=Stopwatch)
    warm: Warm | None = None
    speed: Speed = REFERENCE
    tuned: dict[str, TrainingSettings] = field(default_factory=dict)
    choices: Choices = field(default_factory=Choices)

    _kept: dict[Relation, dict[str, Scorer]] = field(default_factory=dict)
    _kept_on: TypedGraph | None = None

    @cached_property
    def random(self) -> np.random.Generator:
        """The generator for splits and samples."""
        return np.random.default_rng(self.seed)

    @cached_property
    def relations(self) -> tuple[Relation, ...]:
        """The relations to predict."""
        return tuple(self.dataset.targets)

    @property
    def cross_validates(self) -> bool:
        """True where cross-validation takes the place of a split."""
        total = sum(len(self.dataset.graph.edges[relation]) for relation in self.relations)
        chosen = any(isinstance(split, CustomSplit) for split in self.dataset.targets.values())
        return total <= self.settings.cross_validate_up_to and not chosen

    @cached_property
    def plan(self) -> Plan:
        """The candidates that the budget has room for."""
        return planned(
            self.dataset.graph,
            self.relations,
            self.model,
            self.settings,
            self.speed,
            small=self.cross_validates,
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The candidates."""
        return self.plan.names

    @property
    def networks(self) -> tuple[str, ...]:
        """The networks among the candidates."""
        return tuple(name for name in self.names if name in NETWORKS)

    @property
    def averaged(self) -> dict[str, int]:
        """Networks to average per method; 1 after a warm start."""
        several = {} if self.warm is not None else self.plan.averaged
        return {name: several.get(name, 1) for name in self.networks}

    @property
    def _grows(self) -> bool:
        """`True` where room that is left over is used; a deadline has a clock of its own."""
        by_clock = isinstance(self.progress, Timeline) and self.progress.has_deadline
        return self.model == AUTO and self.warm is None and not by_clock

    def most_epochs(self, network: str) -> int:
        """Return the most epochs of a network: more than the settings' default where it still
        improves and there is room."""
        settings = self.settings_of(network)
        most = NETWORK_METHODS[network].most_epochs(settings, small=self.cross_validates)
        planned = min(most, self.plan.epochs.get(network, most))
        asked = settings.epochs != TrainingSettings().epochs
        if self.cross_validates or asked or not self._grows:
            return planned
        return self.plan.longest(network)

    def trained(self, network: str, ran: int, best: int, count: int) -> None:
        """Count what `count` networks have really done; see `Plan.after`."""
        self.plan = self.plan.after(network, ran, best, count)

    def take_next(self) -> str | None:
        """Take the next candidate that was left out, if there is room now."""
        found = self.plan.next_in_line() if self._grows else None
        if found is None:
            return None
        self.plan, name = found
        return name

    def takes_another(self, network: str, epochs: int) -> bool:
        """Return whether there is room for one more network to be averaged."""
        few = self.averaged[network] < AVERAGED
        return few and self._grows and self.plan.has_room_for_another(network, epochs)

    @property
    def simple_names(self) -> tuple[str, ...]:
        """The candidates that are no networks."""
        return tuple(name for name in self.names if name not in NETWORKS)

    @property
    def steps_of_rankings(self) -> int:
        """The number of steps of `rankings`: simple methods and directions of each relation."""
        return len(self.relations) * (len(self.simple_names) + len(DIRECTIONS))

    def use(self, network: str, settings: TrainingSettings) -> None:
        """Train a network with settings that a search has found."""
        self.tuned[network] = settings

    def settings_of(self, network: str) -> TrainingSettings:
        """Return the settings of a network."""
        return self.tuned.get(network, self.settings)

    @cached_property
    def every_link(self) -> dict[Relation, KnownLinks]:
        """All links, held-out ones too: they do not compete with a target."""
        return {relation: KnownLinks(self.dataset.graph, relation) for relation in self.relations}

    def members(
        self,
        graph: TypedGraph,
        relation: Relation,
        networks: Sequence[tuple[str, Trained]],
        step: Step = no_step,
    ) -> list[Scorer]:
        """Fit all candidates but the networks on a graph; return these and the networks, in order.

        Each fit is a `step`. Those on the same graph are kept, as far as there is memory: the test
        edges are ranked by what the blend was learned from.
        """
        fitted = self._kept.pop(relation, None) if graph is self._kept_on else None
        if fitted is None:
            whole = self.dataset.graph
            fitted = fit_simple(
                graph, whole, relation, self.names, self.stopwatch, step, self.choices
            )
            self._keep(graph, relation, fitted)
        else:
            for _ in fitted:
                step()
        return [
            *(Timed(trained.scorer(relation), name, self.stopwatch) for name, trained in networks),
            *(Timed(scorer, name, self.stopwatch) for name, scorer in fitted.items()),
        ]

    def _keep(self, graph: TypedGraph, relation: Relation, fitted: dict[str, Scorer]) -> None:
        """Keep what was fitted for a relation, and forget what was fitted on other graphs."""
        if graph is not self._kept_on:
            self._kept.clear()
            self._kept_on = graph
        held = sum(_bytes(each) for each in self._kept.values())
        if held + _bytes(fitted) <= KEPT:
            self._kept[relation] = fitted

    def rankings(
        self,
        graph: TypedGraph,
        networks: Sequence[tuple[str, Trained]],
        held_out: Mapping[Relation, Edges],
        step: Step = no_step,
    ) -> dict[Task, Ranking]:
        """Rank the edges held out from `graph` by all candidates, fitted on it.

        It takes `steps_of_rankings`.
        """
        found: dict[Task, Ranking] = {}
        for relation, edges in held_out.items():
            members = self.members(graph, relation, networks, step)
            fitted_on = KnownLinks(graph, relation)
            for direction in DIRECTIONS:
                queries = Queries.about(edges, direction)
                if len(queries):
                    found[relation, direction] = rank_members(
                        members, queries, fitted_on, self.every_link[relation], self.random
                    )
                step()
        return found

    @cached_property
    def baselines(self) -> tuple[str, ...]:
        """Baselines that the report has a row for: those that cost next to nothing."""
        fits = self._baseline_seconds <= BASELINE_SHARE * self.plan.budget
        return BASELINES if self._with_segments and fits else ()

    @cached_property
    def _baseline_seconds(self) -> float:
        graph, rates = self.dataset.graph, self.plan.rates
        work = total(SegmentPopularity.cost(graph, relation) for relation in self._with_segments)
        return max(rates.parts, 1) * work.seconds(self.speed) + rates.ranking

    @cached_property
    def _with_segments(self) -> tuple[Relation, ...]:
        graph = self.dataset.graph
        return tuple(each for each in self.relations if SegmentPopularity.applies(graph, each))

    def baseline_ranks(
        self, graph: TypedGraph, held_out: Mapping[Relation, Edges]
    ) -> dict[str, dict[Task, Ranks]]:
        """Rank the edges held out from `graph` by the `baselines`, fitted on it, as all methods."""
        found: dict[str, dict[Task, Ranks]] = {}
        for name in self.baselines:
            with self.stopwatch.timing(name):
                tasks = found.setdefault(name, {})
                for relation, edges in held_out.items():
                    scorer: Scorer = Nothing(graph, relation)
                    if relation in self._with_segments:
                        scorer = SegmentPopularity.fit(graph, relation)
                    for end in DIRECTIONS:
                        queries = Queries.about(edges, end)
                        tasks[relation, end] = rank_queries(
                            scorer, queries, self.every_link[relation]
                        )
        return found

    def blend(self, rankings: Rankings) -> Blend:
        """Return the learned blend, or all weight on the one requested model."""
        tasks = [(relation, end) for relation in self.relations for end in DIRECTIONS]
        if self.model == AUTO and not rankings:
            # Without queries there is no evidence for any method: the simplest ranks.
            nothing = Blend(self.names, dict.fromkeys(tasks, np.zeros(len(self.names))))
            return only_applicable(nothing, self.dataset.graph)
        if self.model == AUTO:
            with self.stopwatch.timing(AUTO):
                blend = fit_blend(
                    self.names,
                    rankings,
                    self.relations,
                    free=frozenset({NETWORK}),
                    simple=frozenset(SIMPLE),
                    signed=SIGNED,
                )
            return only_applicable(blend, self.dataset.graph)
        alone = np.array([float(name == self.model) for name in self.names])
        return Blend(self.names, dict.fromkeys(tasks, alone))

    def calibrations(self, rankings: Rankings, blend: Blend) -> dict[Task, Calibration]:
        """Fit score scales for every relation and direction; those without queries share one."""
        pairs = {
            task: [(ranking, blend.weights[task]) for ranking in parts]
            for task, parts in rankings.items()
        }
        common = fit_calibration([pair for several in pairs.values() for pair in several])
        return {
            task: fit_calibration(pairs[task]) if task in pairs else common
            for task in blend.weights
        }

    def reliability(
        self, rankings: Rankings, blend: Blend, calibrations: Mapping[Task, Calibration]
    ) -> tuple[Bin, ...]:
        """Return calibrated scores beside the observed shares."""
        return reliability(
            [
                (ranking, blend.weights[task], calibrations[task])
                for task, parts in rankings.items()
                for ranking in parts
            ]
        )

    def estimates(self, served: Collection[str]) -> dict[str, float]:
        """Return the seconds that were counted for each method, where it is not `served` without
        those of the final model; `auto` takes all of them."""
        shares = self.plan.shares.items()
        found = {name: share.seconds if name in served else share.study for name, share in shares}
        if self.model == AUTO:
            found[AUTO] = sum(found.values())
        return found | dict.fromkeys(self.baselines, self._baseline_seconds)

    def seconds(self) -> dict[str, float]:
        """Return the time to fit each method and to rank with it; `auto` takes all of them."""
        seconds = dict(self.stopwatch.seconds)
        if self.model == AUTO:
            seconds[AUTO] = sum(seconds.values())
        return seconds


def _bytes(fitted: Mapping[str, Scorer]) -> int:
    """Count the bytes of what methods have learned."""
    return sum(
        int(getattr(array, "nbytes", 0))
        for scorer in fitted.values()
        if hasattr(scorer, "tensors")
        for array in scorer.tensors().values()
    )


def only_applicable(blend: Blend, graph: TypedGraph) -> Blend:
    """Remove the weights of methods that do not apply to a relation.

    A relation without any weight left is ranked by popularity, which always applies.
    """
    weights = {}
    for (relation, direction), learned in blend.weights.items():
        applies = [
            name in NETWORKS or SIMPLE[name].applies(graph, relation) for name in blend.members
        ]
        kept = np.where(applies, learned, 0.0)
        if not kept.any():
            kept[..., blend.members.index(Popularity.name)] = 1.0
        weights[relation, direction] = kept
    return Blend(blend.members, weights)
