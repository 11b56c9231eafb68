"""What each group of methods adds to `auto`, on the development graphs, by refitting the blend.

    python benchmarks/ablation.py seeds [--only people words] [--seeds 1] [--budget 60]

See `quality.py` for what to install. On each graph all methods are fitted once, as `auto` does it,
and their scores on validation and on test links are kept. Then the blend is learned anew from the
validation links for each choice of methods: without all groups (`base`), with one group alone, with
all but one, with all. Prints the ratio of test MRR: of `base` with a group to `base`, and of all to
all but the group. Beside them are blends that `auto` could have made: of weights that do not depend
on the links of the source, of equal weights, of the best method by validation alone, and of the
best by the answers, which no one can choose.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from development import DEVELOPMENT
from link_cases import Case
from link_methods import Test, write_links
from rich.console import Console
from rich.table import Table

from gremlink.proxy.learning.events import unheard
from gremlink.proxy.learning.links.evaluation.queries import Queries, Task
from gremlink.proxy.learning.links.evaluation.ranking import Ranking, rank_members
from gremlink.proxy.learning.links.known import KnownLinks
from gremlink.proxy.learning.links.scorers import SIGNED
from gremlink.proxy.learning.links.training.blend import Blend, Rankings
from gremlink.proxy.learning.links.training.experiment import LinkExperiment, only_applicable
from gremlink.proxy.learning.methods import AUTO, KNOWLEDGE_NAMES, LIGHTGCN, MODELS, NETWORK
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.train_links import LinkTask

GROUPS: Mapping[str, frozenset[str]] = {
    "terms that speak against links": SIGNED,
    "properties": frozenset({"feature-similarity"}),
    "knowledge-graph embeddings": frozenset(KNOWLEDGE_NAMES),
    "graph neural networks": frozenset({NETWORK, LIGHTGCN}),
    "recommenders": frozenset({"item-knn", "rp3beta", "pure-svd", "ials", "ease", "weighted-ease"}),
    "a view without direction": frozenset({"undirected-ease"}),
    "kernel ridge": frozenset({"kernel-ridge"}),
}
"""Methods by what they are for; those in no group are the base."""

BLENDS = (
    "base",
    "one weight for all sources",
    "equal weights",
    "best by validation",
    "best by the answers",
)
"""What the blend of all is compared with, too."""

QUESTIONS = 1000
"""Test links that are asked from each end of a relation, at most."""


class Recording(LinkExperiment):
    """An experiment that keeps what its blend is learned from."""

    seen: Rankings

    def blend(self, rankings: Rankings) -> Blend:
        self.seen = rankings
        return super().blend(rankings)

    def choice(self, names: Sequence[str], *, by_links: bool = True) -> Blend:
        """The blend that would be learned of these methods alone; `by_links`: weights may differ by
        the links of the source."""
        none = {} if by_links else {"levels": np.zeros(0, np.float32)}
        columns = [self.names.index(name) for name in names]
        alone = replace(self)
        alone.__dict__["plan"] = replace(self.plan, names=tuple(names))
        return super(Recording, alone).blend(
            {
                task: [replace(part.members(columns), **none) for part in parts]
                for task, parts in self.seen.items()
            }
        )


@dataclass(frozen=True)
class Fitted:
    """All methods on one case: the experiment, and test links with the scores of all."""

    experiment: Recording
    answers: Mapping[Task, Ranking]

    def figure(self, blend: Blend) -> float:
        """The test MRR of a blend."""
        found = []
        for task, ranking in self.answers.items():
            own = blend.weights[task]
            weights = np.zeros((*own.shape[:-1], len(self.experiment.names)))
            weights[..., [self.experiment.names.index(name) for name in blend.members]] = own
            found.append(1.0 / ranking.ranks(weights))
        return float(np.concatenate(found).mean())

    def only(self, weights: np.ndarray[Any, Any]) -> float:
        """The test MRR of the same weights for all relations."""
        return self.figure(Blend(self.experiment.names, dict.fromkeys(self.answers, weights)))

    def choices(self) -> Iterator[tuple[str, float]]:
        """The figures of all blends, by name."""
        names = self.experiment.names
        grouped = frozenset().union(*GROUPS.values())
        base = [name for name in names if name not in grouped]
        yield "base", self.figure(self.experiment.choice(base))
        yield "all", self.figure(self.experiment.choice(names))
        for group, members in GROUPS.items():
            if members.intersection(names):
                with_ = [name for name in names if name in base or name in members]
                yield f"only {group}", self.figure(self.experiment.choice(with_))
                without = [name for name in names if name not in members]
                yield f"without {group}", self.figure(self.experiment.choice(without))
        yield (
            "one weight for all sources",
            self.figure(self.experiment.choice(names, by_links=False)),
        )
        plain = np.array([float(name not in SIGNED) for name in names])
        yield "equal weights", self.only(plain)
        alone = np.diag(plain)[plain > 0]
        parts = [part for several in self.experiment.seen.values() for part in several]
        validated = np.concatenate([1.0 / part.member_ranks for part in parts]).mean(axis=0)
        yield "best by validation", self.only(alone[np.argmax(validated[plain > 0])])
        yield "best by the answers", max(map(self.only, alone))


def fitted(case: Case, seed: int, settings: TrainingSettings) -> Fitted:
    """All methods, on training links for validation and on all for the test."""
    with tempfile.TemporaryDirectory() as directory:
        write_links(Path(directory) / "export", case)
        test = Test(case, Path(directory) / "export")
    task = LinkTask(test.dataset)
    experiment = Recording(test.dataset, AUTO, settings, seed, unheard)
    results = task.evaluate(experiment)
    ones = dict.fromkeys(results.blend.weights, np.ones(len(experiment.names)))
    every = only_applicable(Blend(experiment.names, ones), test.dataset.graph)
    model = task.fit(experiment, replace(results, blend=every))
    answers = {}
    for target in model.relations:
        known = KnownLinks(test.dataset.graph, target.relation)
        members = dict(zip(target.members, model.scorer(target).members, strict=True))
        for direction in case.ends:
            asked = Queries.about(test.held[target.relation], direction)
            few = next(asked.blocks(QUESTIONS))
            random = np.random.default_rng(0)
            ranking = rank_members(
                tuple(members.values()), few, known, test.known[target.relation], random
            )
            answers[target.relation, direction] = _widened(ranking, members, experiment.names)
    return Fitted(experiment, answers)


def _widened(ranking: Ranking, members: Mapping[str, Any], names: Sequence[str]) -> Ranking:
    """With columns for all methods; those that do not apply score nothing."""
    found = list(members)
    if found == list(names):
        return ranking
    shape = (*ranking.scores.shape[:2], 1)
    scores = np.concatenate([ranking.scores, np.zeros(shape, np.float32)], axis=2)
    wide = replace(ranking, scores=scores)
    columns = [found.index(name) if name in members else len(found) for name in names]
    return replace(wide, scores=np.ascontiguousarray(wide.scores[:, :, columns]))


def mean(ratios: Sequence[float]) -> float:
    """The geometric mean."""
    return math.exp(float(np.mean(np.log(ratios))))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="where the packages were installed")
    parser.add_argument("--only", nargs="+", choices=tuple(DEVELOPMENT), default=tuple(DEVELOPMENT))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--budget", type=float, default=0.0, help="seconds; 0: by the graph's size")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    unknown = frozenset().union(*GROUPS.values()).difference(MODELS)
    if unknown:
        sys.exit(f"no such methods: {', '.join(sorted(unknown))}")
    console = Console(width=150)
    found: dict[str, dict[str, float]] = {}
    for name in arguments.only:
        seen: dict[str, list[float]] = {}
        for seed in range(arguments.seeds):
            case = DEVELOPMENT[name](arguments.source, seed)
            settings = TrainingSettings(budget=arguments.budget, threads=arguments.threads)
            for choice, figure in fitted(case, seed, settings).choices():
                seen.setdefault(choice, []).append(figure)
        found[name] = {choice: float(np.mean(figures)) for choice, figures in seen.items()}
        listed = ", ".join(f"{choice} {figure:.4f}" for choice, figure in found[name].items())
        console.print(f"{name}: {listed}")
    rows: dict[str, dict[str, float]] = {}
    for name, figures in found.items():
        for group in GROUPS:
            if f"only {group}" in figures:
                gained = figures[f"only {group}"] / figures["base"]
                missed = figures["all"] / figures[f"without {group}"]
                rows.setdefault(f"base with {group} / base", {})[name] = gained
                rows.setdefault(f"all / all but {group}", {})[name] = missed
        for other in BLENDS:
            rows.setdefault(f"all / {other}", {})[name] = figures["all"] / figures[other]
    table = Table("MRR", "Mean", "Lowest", "", "Highest", "", "Below .995", "Graphs")
    for row, ratios in rows.items():
        low, high = min(ratios, key=ratios.__getitem__), max(ratios, key=ratios.__getitem__)
        values = list(ratios.values())
        below = sum(value < 0.995 for value in values)
        table.add_row(
            row,
            f"{mean(values):.3f}",
            *(f"{ratios[low]:.3f}", low, f"{ratios[high]:.3f}", high, str(below)),
            str(len(values)),
        )
    console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
