"""Comparison of `quality.py`: `auto`, and every method alone, on the same test links."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from link_cases import Case
from numpy.typing import NDArray
from properties import configured, write_rows

from gremlink.proxy.learning.graph import Edges, Indexes, Relation, TypedGraph
from gremlink.proxy.learning.links.evaluation.queries import Queries, rank_queries
from gremlink.proxy.learning.links.evaluation.random_order import random_order
from gremlink.proxy.learning.links.evaluation.ranking_metrics import RankingMetrics
from gremlink.proxy.learning.links.known import KnownLinks
from gremlink.proxy.learning.links.prediction.model import LinkModel, from_artifact
from gremlink.proxy.learning.links.scorers import SIMPLE, Scorer
from gremlink.proxy.learning.links.training.base_models import Validation
from gremlink.proxy.learning.links.training.holdout import split_edges
from gremlink.proxy.learning.links.training.network_methods import NETWORK_METHODS, Run
from gremlink.proxy.learning.links.training.networks import PATIENCE, validated
from gremlink.proxy.learning.methods import NETWORKS
from gremlink.proxy.learning.models.gnn.messages import threads
from gremlink.proxy.learning.reports.link_report import LinkReport
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.learning.workflows.train_links import load_dataset
from gremlink.proxy.store.artifacts import read_artifact

ScorerOf = Callable[[Relation], Scorer]


class Test:
    """The test links by number, and the ranking of a method on them."""

    def __init__(self, case: Case, export: Path) -> None:
        self.case = case
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
        self.known = {relation: KnownLinks(everything, relation) for relation in self.held}

    def applies(self, name: str) -> bool:
        """Return True if a method applies to all held-out relations."""
        if name in NETWORKS:
            return True
        return all(SIMPLE[name].applies(self.dataset.graph, relation) for relation in self.held)

    def chance(self) -> float:
        """The MRR of a random order of the candidates."""
        sources = {
            (relation, end): edges.ends(end)[0]
            for relation, edges in self.held.items()
            for end in self.case.ends
        }
        return random_order(self.known, sources)["mrr"]

    def asked(self, scorer_of: ScorerOf) -> Iterator[tuple[NDArray[np.float64], Indexes]]:
        """Ranks of the held-out links and who asks for them: by relation, then by end."""
        for relation, edges in self.held.items():
            scorer = scorer_of(relation)
            for direction in self.case.ends:
                queries = Queries.about(edges, direction)
                yield rank_queries(scorer, queries, self.known[relation]), queries.sources

    def figure(self, scorer_of: ScorerOf) -> float:
        """The case's metric."""
        metrics = RankingMetrics()
        for ranks, sources in self.asked(scorer_of):
            metrics.update(ranks, sources)
        return metrics.compute()[self.case.metric]


def held_back(graph: TypedGraph, seed: int) -> tuple[TypedGraph, Validation]:
    """The graph without a twentieth of its links twice over, and who asks about the one."""
    random = np.random.default_rng(seed)
    relations = [relation for relation, edges in graph.edges.items() if len(edges)]
    parts = {each: split_edges(graph.edges[each], (0.9, 0.05, 0.05), random) for each in relations}
    train_ = graph.replacing({each: part[0] for each, part in parts.items()})
    return train_, Validation(graph, {each: part[1] for each, part in parts.items()})


def alone(name: str, test: Test, seed: int) -> ScorerOf:
    """One method, trained as `auto` trains it: a network stops by links that it holds back."""
    graph = test.dataset.graph
    if name not in NETWORKS:
        return partial(SIMPLE[name].fit, graph)
    settings = TrainingSettings()
    relations = [relation for relation, edges in graph.edges.items() if len(edges)]
    train_, validation = held_back(graph, seed)
    network = NETWORK_METHODS[name]
    most = network.most_epochs(settings, small=False)
    with threads(graph, settings.threads):
        found = network.checkpoints(Run(train_, relations, settings, most, seed, small=False))
        kept, _ = validated(name, found, most, lambda _: None, validation.score, patience=PATIENCE)
        (epochs,) = kept
        found = network.checkpoints(Run(graph, relations, settings, epochs, seed, small=False))
        (last,) = deque(found, maxlen=1)
    return last.embeddings().scorer


@dataclass(frozen=True)
class Blended:
    """What `auto` has trained: its model, its report, and a digest of its artifact's tensors."""

    model: LinkModel
    report: LinkReport
    digest: str

    def scorer(self, relation: Relation) -> Scorer:
        (target,) = (each for each in self.model.relations if each.relation == relation)
        return self.model.scorer(target)

    @property
    def weights(self) -> list[str]:
        return [f"{row.relation} {row.direction}: {row.describe()}" for row in self.report.blend]

    @property
    def no_room(self) -> list[str]:
        return [warning for warning in self.report.warnings if "no room" in warning]


def blended(export: Path, work: Path, seed: int, settings: TrainingSettings) -> Blended:
    """Train as `gremlink train` does."""
    report = train(export, work / "artifact", seed=seed, settings=settings)
    digest = hashlib.sha256()
    for path in sorted((work / "artifact").rglob("*.safetensors")):
        digest.update(path.read_bytes())
    return Blended(from_artifact(read_artifact(work / "artifact")), report, digest.hexdigest())


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
        write_rows(
            directory / file, [{k: row[k] for k in (*KEYS, *kind.features)} for row in kind.rows]
        )
        entry = {"file_name": file, "source": ["~from", head], "dest": ["~to", tail]}
        labels = [{"label": ["", "link_prediction"], "split_rate": [0.9, 0.05, 0.05]}]
        target = {"labels": labels} if triple in case.test else {}
        edges.append({**entry, "relation": ["", label], **configured(kind, None), **target})
    document = {"graph": {"nodes": nodes, "edges": edges}}
    (directory / "training-data-configuration.json").write_text(json.dumps(document))


KEYS = ("~id", "~from", "~to")
