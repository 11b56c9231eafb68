"""What a careful outsider reaches on a case: every method of `baseline_methods.py`, tuned.

Settings are chosen on a tenth of the training links that is held back, in the case's first seed;
the best method is chosen after the fact, by the answers. Each method is also judged with known
opposite links last, and with a prior for the direction: the share of the candidate's links that are
at the asked end.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from baseline_methods import ENDS, METHODS, Indexes, Method, Network, Numbers, Scores, Task, numbers
from link_cases import Case, Triple
from numpy.typing import NDArray
from scipy import sparse

Reciprocals = NDArray[np.float64]
Asked = Mapping[Task, tuple[Indexes, Indexes]]

BLOCK = 256
FEW = 600
"""Questions that a setting is chosen on, at most."""

VARIANTS = ("", "opposites last", "direction prior", "opposites last, direction prior")


@dataclass(frozen=True)
class Ranker:
    """Ranks targets among the candidates that are not linked, before or after training."""

    network: Network
    known: Mapping[Task, sparse.csr_array]

    @classmethod
    def of(cls, network: Network, held: Mapping[Triple, tuple[Indexes, Indexes]]) -> Ranker:
        links = {
            triple: tuple(
                np.concatenate(pair) for pair in zip(network.links[triple], ends, strict=True)
            )
            for triple, ends in held.items()
        }
        everything = Network(network.counts, links, network.targets, {})  # type: ignore[arg-type]
        known = {(triple, end): everything.matrix((triple, end)) for triple in held for end in ENDS}
        return cls(network, known)

    def ranks(
        self, scores: Scores, asked: Asked, variants: Sequence[str], *, additive: bool
    ) -> dict[str, Reciprocals]:
        """Reciprocal ranks of all questions, for each variant of the method; ties by their mean."""
        found: dict[str, list[Reciprocals]] = {each: [] for each in variants}
        for task, (sources, targets) in asked.items():
            own_type = task[0][0] == task[0][2]
            matrix = self.network.matrix(task)
            opposites = sparse.csr_array(matrix.T) if own_type else None
            share = _share(matrix) if own_type else None
            for start in range(0, len(sources), BLOCK):
                part = slice(start, start + BLOCK)
                asking, wanted = sources[part], targets[part]
                plain = np.asarray(scores(task, asking))
                hidden = self.known[task][asking].toarray() > 0
                if own_type:
                    hidden[np.arange(len(asking)), asking] = True
                hidden[np.arange(len(asking)), wanted] = False
                for name in variants:
                    ranked = plain
                    if "prior" in name and share is not None:
                        ranked = (
                            plain + np.log(share)
                            if additive
                            else (plain - plain.min(axis=1, keepdims=True)) * share
                        )
                    if "last" in name and opposites is not None:
                        low = ranked.min(axis=1, keepdims=True) - 1.0
                        ranked = np.where(opposites[asking].toarray() > 0, low, ranked)
                    found[name].append(_reciprocal(ranked, wanted, hidden))
        return {name: np.concatenate(parts) for name, parts in found.items()}


def _share(matrix: sparse.csr_array) -> Numbers:
    """The share of each candidate's links that are at the asked end."""
    here = np.asarray(matrix.sum(axis=0)).ravel()
    there = np.asarray(matrix.sum(axis=1)).ravel()
    return np.asarray((here + 0.5) / (here + there + 1.0), dtype=np.float32)


def _reciprocal(scores: Numbers, wanted: Indexes, hidden: NDArray[np.bool_]) -> Reciprocals:
    own = scores[np.arange(len(wanted)), wanted][:, None]
    above = ((scores > own) & ~hidden).sum(axis=1)
    level = ((scores == own) & ~hidden).sum(axis=1) - 1
    return 1.0 / (1.0 + above + level / 2.0)


def questions(
    held: Mapping[Triple, tuple[Indexes, Indexes]],
) -> dict[Task, tuple[Indexes, Indexes]]:
    """Both ends of every link, in order."""
    return {
        (triple, end): ends if end == "out" else ends[::-1]
        for triple, ends in held.items()
        for end in ENDS
    }


def held_of(case: Case) -> dict[Triple, tuple[Indexes, Indexes]]:
    """The test links by number."""
    places = numbers(case)
    return {
        (head, label, tail): (
            np.array([places[head][one] for one, _ in pairs], np.int64),
            np.array([places[tail][two] for _, two in pairs], np.int64),
        )
        for (head, label, tail), pairs in case.test.items()
    }


def choose(network: Network, method: Method) -> dict[str, Any]:
    """The settings with which a variant ranks a tenth of the training links best, one setting after
    the other."""
    chosen = {name: values[0] for name, values in method.settings.items()}
    if not chosen:
        return chosen
    inner, ranker, asked = network.keep("held back", lambda: _held_back(network))
    tried: dict[str, float] = {}
    for name, values in method.settings.items():
        for value in values:
            setting = {**chosen, name: value}
            key = json.dumps(setting)
            if key not in tried:
                scores = method.fit(inner, **method.fixed, **setting)
                found = ranker.ranks(scores, asked, VARIANTS, additive=method.additive)
                tried[key] = max(float(each.mean()) for each in found.values())
        chosen[name] = max(values, key=lambda value: tried[json.dumps({**chosen, name: value})])
    return chosen


def _held_back(network: Network) -> tuple[Network, Ranker, Asked]:
    random = np.random.default_rng(0)
    held, positions = {}, {}
    for triple in network.targets:
        heads, tails = network.links[triple]
        drawn = random.permutation(len(heads))[: max(len(heads) // 10, 1)]
        positions[triple], held[triple] = drawn, (heads[drawn], tails[drawn])
    inner = network.without(positions)
    total = sum(len(heads) for heads, _ in held.values())
    share = min(1.0, FEW / (2 * total))
    few = {
        triple: (heads[: math.ceil(share * len(heads))], tails[: math.ceil(share * len(heads))])
        for triple, (heads, tails) in held.items()
    }
    return inner, Ranker.of(inner, held), questions(few)


@dataclass(frozen=True)
class Result:
    """A method's reciprocal ranks by variant, its settings, and CPU seconds with their choice."""

    ranks: Mapping[str, Reciprocals]
    settings: Mapping[str, Any]
    seconds: float


class Baselines:
    """All methods on the cases of one kind; results are kept in a folder."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache

    def results(self, name: str, case: Case, first: Case) -> Iterator[tuple[str, Result]]:
        """All methods that apply, one after the other. `first` is the case of the first seed."""
        digest, settings = fingerprint(case), fingerprint(first)
        network, tuning = None, None
        for method_name, method in METHODS.items():
            stem = f"{method_name}-{method.version}".replace(" ", "_")
            file = self.cache / f"{name}-{digest}" / f"{stem}.npz"
            chosen_file = self.cache / f"{name}-{settings}" / f"{stem}.json"
            if not file.exists():
                begun = time.process_time()
                network = network or Network.of(case)
                if not method.applies(network):
                    continue
                if not chosen_file.exists():
                    tuning = tuning or (network if digest == settings else Network.of(first))
                    write(chosen_file, json.dumps(choose(tuning, method)).encode())
                chosen = json.loads(chosen_file.read_text())
                ranks = self.judged(case, network, method, chosen)
                seconds = time.process_time() - begun
                file.parent.mkdir(parents=True, exist_ok=True)
                part = file.with_name(f".{file.name}")
                np.savez(part, seconds=seconds, **ranks)
                part.rename(file)
            with np.load(file) as kept:
                ranks = {
                    key: kept[key].astype(np.float64) for key in kept.files if key != "seconds"
                }
                yield (
                    method_name,
                    Result(ranks, json.loads(chosen_file.read_text()), float(kept["seconds"])),
                )

    def judged(
        self, case: Case, network: Network, method: Method, chosen: Mapping[str, Any]
    ) -> dict[str, Numbers]:
        held = held_of(case)
        variants = VARIANTS if any(head == tail for head, _, tail in held) else VARIANTS[:1]
        ranker = network.keep("ranker", lambda: Ranker.of(network, held))
        scores = method.fit(network, **method.fixed, **chosen)
        found = ranker.ranks(scores, questions(held), variants, additive=method.additive)
        return {name: values.astype(np.float32) for name, values in found.items()}


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}")
    part.write_bytes(data)
    part.rename(path)


def fingerprint(case: Case) -> str:
    """A digest of all that a method reads."""
    digest = hashlib.sha256()
    for kinds in (case.graph.vertices, case.graph.edges):
        for name, kind in kinds.items():
            digest.update(json.dumps([name, kind.rows], sort_keys=True).encode())
    digest.update(json.dumps([[key, list(pairs)] for key, pairs in case.test.items()]).encode())
    return digest.hexdigest()[:12]
