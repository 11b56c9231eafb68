"""Every method on the same test links, by full ranking: does `auto` beat the best of them?

    pip install --no-deps --target seeds recbole==1.2.1 pykeen==1.11.1 graph-notebook==5.3.0
    python benchmarks/quality.py seeds [--only movielens umls] [--seeds 5] [--budget 300]

Reads data where the packages have them; nothing is copied or kept.

- `movielens`: MovieLens-100k, a random fifth of each person's ratings held out, all ratings as
  links, with what is known of films and people as features. NDCG@10 over people.
- `nations`, `kinships`, `umls`: the splits of the package, all relations. Filtered MRR, both ends.
- `hr`: a tenth of `works_as` held out. MRR, both ends.

`auto` trains on the training links alone, through an export, as `gremlink train` does, and chooses
on links that it holds back from these; then its model ranks the test links. Each other method is
trained on the same links by itself, in the way in which `auto` trains it, and asked the same. Links
of an entity with itself are left out. Ends with the ratios of `auto` to the best method alone, and
exits with 1 if one is below its aim. With several seeds the figures are means, and the spread is
printed; the first seed is trained twice to compare the artifacts.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from properties import Graph, Kind, attrition, configured, movielens, write_rows
from rich.console import Console
from rich.table import Table

from proxy.learning.graph import DIRECTIONS, Direction, Edges, Relation
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
from proxy.learning.settings import AUTO, NETWORKS, TrainingSettings
from proxy.store.artifacts import read_artifact

RECOMMENDERS = ("popularity", "rp3beta", "pure-svd", "ials", "ease", "lightgcn")
KNOWLEDGE = ("transe", "distmult", "complex", "rotate")
STRUCTURE = ("popularity", "personalised-pagerank", "feature-similarity", "ease", "ials")
Triple = tuple[str, str, str]


@dataclass(frozen=True)
class Case:
    """A graph of training links, the test links by triple as pairs of ids, and what is asked."""

    graph: Graph
    test: Mapping[Triple, Sequence[tuple[str, str]]]
    metric: str
    ends: Sequence[Direction]
    baselines: Sequence[str]
    aim: float


def held_out(
    graph: Graph, triple: Triple, share: float, seed: int, *, each_head: bool
) -> tuple[Graph, dict[Triple, list[tuple[str, str]]]]:
    """The graph without a random share of a relation's links, of each head's or of all."""
    random = np.random.default_rng(seed)
    rows = graph.edges[triple].rows
    groups: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        groups.setdefault(row["~from"] if each_head else "", []).append(number)
    held: set[int] = set()
    for members in groups.values():
        drawn = random.permutation(members)[: round(share * len(members))]
        held.update(int(number) for number in drawn)
    kept = Kind([row for number, row in enumerate(rows) if number not in held], {})
    test = [(rows[number]["~from"], rows[number]["~to"]) for number in sorted(held)]
    return replace(graph, edges={**graph.edges, triple: kept}), {triple: test}


def movielens_case(seeds: Path, seed: int) -> Case:
    triple = ("user", "rated", "movie")
    graph, test = held_out(movielens(seeds), triple, 0.2, seed, each_head=True)
    return Case(graph, test, "ndcg@10", ("out",), RECOMMENDERS, 1.02)


def hr_case(seeds: Path, seed: int) -> Case:
    triple = ("Employee", "works_as", "JobRole")
    graph, test = held_out(attrition(seeds), triple, 0.1, seed, each_head=False)
    return Case(graph, test, "mrr", DIRECTIONS, STRUCTURE, 1.0)


def knowledge_case(name: str) -> Callable[[Path, int], Case]:
    def load(seeds: Path, seed: int) -> Case:
        directory = seeds / "pykeen" / "datasets" / name
        parts = {}
        for part in ("train", "valid", "test"):
            lines = (directory / f"{part}.txt").read_text(encoding="utf-8").splitlines()
            parts[part] = [line.split("\t") for line in lines if line]
        entities = sorted({end for rows in parts.values() for h, _, t in rows for end in (h, t)})
        links: dict[str, dict[Triple, list[tuple[str, str]]]] = {"known": {}, "test": {}}
        for part, rows in parts.items():
            target = links["test" if part == "test" else "known"]
            for head, label, tail in rows:
                if head != tail:
                    target.setdefault(("entity", label, "entity"), []).append((head, tail))
        edges = {
            triple: Kind(
                [
                    {"~id": f"{triple[1]}-{number}", "~from": head, "~to": tail}
                    for number, (head, tail) in enumerate(pairs)
                ],
                {},
            )
            for triple, pairs in links["known"].items()
        }
        vertices = {"entity": Kind([{"~id": each} for each in entities], {})}
        test = {triple: pairs for triple, pairs in links["test"].items() if triple in edges}
        return Case(Graph(name, vertices, edges), test, "mrr", DIRECTIONS, KNOWLEDGE, 1.0)

    return load


CASES: Mapping[str, Callable[[Path, int], Case]] = {
    "movielens": movielens_case,
    "nations": knowledge_case("nations"),
    "umls": knowledge_case("umls"),
    "kinships": knowledge_case("kinships"),
    "hr": hr_case,
}


class Test:
    """The test links by number, and the ranking of a method on them."""

    def __init__(self, case: Case, export: Path) -> None:
        self.case = case
        self.weights: Mapping[str, Mapping[str, float]] = {}
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
    test.weights = {row.relation + " " + row.direction: row.weights for row in report.blend}
    return test.figure(lambda relation: model.scorer(by_relation[relation])), digest.hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="where the packages were installed")
    parser.add_argument("--only", nargs="+", choices=tuple(CASES), default=tuple(CASES))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--budget", type=float, default=0.0, help="seconds; 0: by the graph's size")
    arguments = parser.parse_args()
    console = Console(width=120)
    summary = Table("Data", "Metric", "auto", "Best alone", "", "auto / best", "Aim", "Seconds")
    fine = True
    for name in arguments.only:
        figures: dict[str, list[float]] = {}
        seconds: dict[str, float] = {}
        for seed in range(arguments.seeds):
            case = CASES[name](arguments.source, seed)
            with tempfile.TemporaryDirectory() as directory:
                export, work = Path(directory) / "export", Path(directory)
                write_links(export, case)
                test = Test(case, export)
                begun = time.perf_counter()
                figure, digest = blended(export, work, test, seed, arguments.budget)
                seconds.setdefault(AUTO, time.perf_counter() - begun)
                figures.setdefault(AUTO, []).append(figure)
                for baseline in case.baselines:
                    begun = time.perf_counter()
                    figures.setdefault(baseline, []).append(alone(baseline, test, seed))
                    seconds.setdefault(baseline, time.perf_counter() - begun)
                if seed == 0 and arguments.seeds > 1:
                    _, again = blended(export, work, test, seed, arguments.budget)
                    console.print(f"same seed, same tensors: {digest == again}")
                    fine = fine and digest == again
        table = Table("Method", case.metric, "Spread", "Seconds", title=name)
        for method, values in sorted(figures.items(), key=lambda each: -np.mean(each[1])):
            spread = f"{np.std(values):.4f}" if len(values) > 1 else ""
            table.add_row(method, f"{np.mean(values):.4f}", spread, f"{seconds[method]:.1f}")
        console.print(table)
        for task, weights in list(test.weights.items())[:4]:
            listed = ", ".join(f"{method} {weight:.2f}" for method, weight in weights.items())
            console.print(f"weights of {task}: {listed}")
        best = max(case.baselines, key=lambda each: float(np.mean(figures[each])))
        ratio = float(np.mean(figures[AUTO]) / np.mean(figures[best]))
        fine = fine and ratio >= case.aim
        summary.add_row(
            name,
            case.metric,
            f"{np.mean(figures[AUTO]):.4f}",
            f"{np.mean(figures[best]):.4f}",
            best,
            f"{ratio:.3f}",
            f"{case.aim:.2f}",
            f"{seconds[AUTO]:.0f}",
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
