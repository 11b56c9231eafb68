"""The methods of a careful outsider, written with NumPy and SciPy from their papers.

Nothing here knows the product: `quality.py` compares with them. Each method is a function of a
`Network` and settings that returns scores `[sources, candidates]` of a task; `METHODS` lists them
with the settings that `baselines.py` chooses among on links that it holds back.
"""

from __future__ import annotations

import functools
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import torch
from link_cases import Case, Triple
from numpy.typing import NDArray
from properties import Kind
from scipy import sparse
from scipy.linalg import lapack
from scipy.sparse.linalg import eigsh, svds

End = Literal["out", "in"]
Task = tuple[Triple, End]
Numbers = NDArray[np.float32]
Indexes = NDArray[np.int64]
Matrix = sparse.csr_array
Scores = Callable[[Task, Indexes], Numbers]

ENDS: tuple[End, End] = ("out", "in")


@dataclass(frozen=True)
class Network:
    """What an outsider reads of a case: numbers of vertices by type, links, raw terms.

    `links` are int64 `[links]` heads and tails by triple; `terms` a TF-IDF matrix with rows of
    length 1 for each type with properties, of all words and values.
    """

    counts: Mapping[str, int]
    links: Mapping[Triple, tuple[Indexes, Indexes]]
    targets: Sequence[Triple]
    terms: Mapping[str, Matrix]
    kept: dict[Any, Any] = field(default_factory=dict)
    """What several methods need, by name."""

    @classmethod
    def of(cls, case: Case) -> Network:
        places = numbers(case)
        links = {}
        for (head, label, tail), kind in case.graph.edges.items():
            pairs = {(places[head][row["~from"]], places[tail][row["~to"]]) for row in kind.rows}
            inside = sorted((one, two) for one, two in pairs if head != tail or one != two)
            ends = np.array(inside, np.int64).reshape(-1, 2).T
            links[head, label, tail] = (ends[0], ends[1])
        terms = {name: tf_idf(kind) for name, kind in case.graph.vertices.items() if _told(kind)}
        counts = {name: len(kind.rows) for name, kind in case.graph.vertices.items()}
        return cls(counts, links, tuple(case.test), terms)

    def without(self, held: Mapping[Triple, Indexes]) -> Network:
        """The network without the links at these positions."""
        links = dict(self.links)
        for triple, positions in held.items():
            links[triple] = tuple(np.delete(end, positions) for end in self.links[triple])  # type: ignore[assignment]
        return Network(self.counts, links, self.targets, self.terms)

    def keep(self, key: Any, make: Callable[[], Any]) -> Any:
        if key not in self.kept:
            self.kept[key] = make()
        return self.kept[key]

    def matrix(self, task: Task) -> Matrix:
        """Links of a relation as `[sources, candidates]`."""
        (head, _, tail), end = triple, _ = task
        heads, tails = self.links[triple]
        shape = (self.counts[head], self.counts[tail])
        found = sparse.csr_array((np.ones(len(heads), np.float32), (heads, tails)), shape=shape)
        return found if end == "out" else sparse.csr_array(found.T)

    @functools.cached_property
    def offsets(self) -> dict[str, int]:
        sizes = [0, *np.cumsum(list(self.counts.values()))]
        return dict(zip(self.counts, map(int, sizes), strict=False))

    @functools.cached_property
    def whole(self) -> Matrix:
        """All links without direction, all vertices numbered through."""
        heads = [ends[0] + self.offsets[triple[0]] for triple, ends in self.links.items()]
        tails = [ends[1] + self.offsets[triple[2]] for triple, ends in self.links.items()]
        one, two = np.concatenate([*heads, *tails]), np.concatenate([*tails, *heads])
        total = sum(self.counts.values())
        found = sparse.csr_array((np.ones(len(one), np.float32), (one, two)), shape=(total, total))
        found.sum_duplicates()
        found.data[:] = 1.0
        return found

    def ends_of(self, task: Task) -> tuple[str, str]:
        """Types of the sources and of the candidates."""
        (head, _, tail), end = task
        return (head, tail) if end == "out" else (tail, head)

    def span(self, type_: str) -> slice:
        """Where the vertices of a type are in `whole`."""
        return slice(self.offsets[type_], self.offsets[type_] + self.counts[type_])


def numbers(case: Case) -> dict[str, dict[str, int]]:
    """The number of each vertex, by type and id."""
    return {
        name: {row["~id"]: number for number, row in enumerate(kind.rows)}
        for name, kind in case.graph.vertices.items()
    }


def _told(kind: Kind) -> list[str]:
    return [key for key, type_ in kind.features.items() if type_ != "numerical"]


def tf_idf(kind: Kind) -> Matrix:
    """Words of texts, and values of categories, all of them: rows of length 1."""
    rows, columns, values = [], [], []
    vocabulary: dict[tuple[str, str], int] = {}
    for number, row in enumerate(kind.rows):
        for key in _told(kind):
            cell = str(row[key])
            if kind.features[key].startswith("text"):
                found = re.findall(r"\w+", cell.lower())
            else:
                found = cell.split(";") if key in kind.several else [cell]
            for term, count in Counter(filter(None, found)).items():
                rows.append(number)
                columns.append(vocabulary.setdefault((key, term), len(vocabulary)))
                values.append(1.0 + math.log(count))
    shape = (len(kind.rows), len(vocabulary))
    matrix = sparse.csr_array((np.array(values, np.float32), (rows, columns)), shape=shape)
    frequency = np.bincount(matrix.indices, minlength=shape[1])
    matrix.data *= np.log(shape[0] / frequency)[matrix.indices].astype(np.float32)
    return unit_rows(matrix)


def unit_rows(matrix: Matrix) -> Matrix:
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return scaled(matrix, 1.0 / np.maximum(lengths, 1e-9))


def scaled(matrix: Matrix, rows: NDArray[Any]) -> Matrix:
    """The matrix with each row times a number."""
    return sparse.csr_array(sparse.diags_array(rows.astype(np.float32)) @ matrix)


# Views: the matrix of which a recommender reads the rows


VIEWS = ("directed", "symmetric", "everything")


def view(network: Network, task: Task, name: str) -> tuple[Matrix, slice]:
    """Profiles `[sources, columns]`, and the columns of the candidates."""
    return network.keep(("view", task, name), lambda: _view(network, task, name))


def _view(network: Network, task: Task, name: str) -> tuple[Matrix, slice]:
    source, _ = network.ends_of(task)
    if name == "directed":
        matrix = network.matrix(task)
        return matrix, slice(0, matrix.shape[1])
    if name == "symmetric":
        matrix = sparse.csr_array(network.matrix(task) + network.matrix(task).T)
        matrix.data[:] = 1.0
        return matrix, slice(0, matrix.shape[1])
    blocks, start, place = [], 0, slice(0)
    for triple in network.links:
        for end in ENDS:
            if network.ends_of((triple, end))[0] == source:
                blocks.append(network.matrix((triple, end)))
                if (triple, end) == task:
                    place = slice(start, start + blocks[-1].shape[1])
                start += blocks[-1].shape[1]
    return sparse.csr_array(sparse.hstack(blocks)), place


def view_exists(network: Network, name: str) -> bool:
    one_type = all(head == tail for head, _, tail in network.targets)
    if name == "symmetric":
        return one_type
    return name == "directed" or one_type or len(network.links) > 1


def columns(network: Network, name: str) -> int:
    return max(
        view(network, (each, end), name)[0].shape[1] for each in network.targets for end in ENDS
    )


def key_of(network: Network, task: Task, name: str) -> Any:
    """Tasks with the same profiles have one model."""
    if name == "everything":
        return network.ends_of(task)[0]
    return task[0] if name == "symmetric" else task


# Counting


def popularity(network: Network) -> Scores:
    def scores(task: Task, sources: Indexes) -> Numbers:
        counts = np.asarray(network.matrix(task).sum(axis=0)).ravel()
        return np.tile(counts.astype(np.float32), (len(sources), 1))

    return scores


def reverse(network: Network) -> Scores:
    """Other links between the two: the share of their like that come with a link, best first."""

    def rules(task: Task) -> list[tuple[Matrix, float]]:
        own, found = network.matrix(task), []
        for triple in network.links:
            for end in ENDS:
                other = (triple, end)
                if other != task and network.ends_of(other) == network.ends_of(task):
                    matrix = network.matrix(other)
                    share = matrix.multiply(own).sum() / (matrix.sum() + 5.0)
                    found.append((matrix, float(share)))
        return sorted(found, key=lambda each: each[1])

    def scores(task: Task, sources: Indexes) -> Numbers:
        counts = np.asarray(network.matrix(task).sum(axis=0)).ravel()
        found = np.tile(
            (1e-6 * counts / max(counts.max(), 1)).astype(np.float32), (len(sources), 1)
        )
        for matrix, share in network.keep(("rules", task), lambda: rules(task)):
            if share:
                found += share * matrix[sources].toarray()
        return found

    return scores


def shared(weights: Callable[[NDArray[Any]], NDArray[Any]]) -> Callable[..., Scores]:
    """Neighbours that both have, weighted by their degrees; directions ignored."""

    def fit(network: Network) -> Scores:
        whole = network.whole
        degrees = np.maximum(np.asarray(whole.sum(axis=1)).ravel(), 1.0)
        middle = scaled(whole, weights(degrees))

        def scores(task: Task, sources: Indexes) -> Numbers:
            source, target = network.ends_of(task)
            right = network.keep(
                (fit, target), lambda: sparse.csr_array(middle[:, network.span(target)])
            )
            return (whole[sources + network.offsets[source]] @ right).toarray()

        return scores

    return fit


def three_steps(network: Network) -> Scores:
    """Paths of three links, over the roots of the two degrees between (Kovács et al., 2019)."""
    whole = network.whole
    roots = 1.0 / np.sqrt(np.maximum(np.asarray(whole.sum(axis=1)).ravel(), 1.0))
    middle = scaled(sparse.csr_array(scaled(whole, roots).T), roots)

    def scores(task: Task, sources: Indexes) -> Numbers:
        source, target = network.ends_of(task)
        first = whole[sources + network.offsets[source]] @ middle
        return (first @ whole[:, network.span(target)]).toarray()

    return scores


def katz(network: Network, *, reach: float) -> Scores:
    """Paths of up to five links; `reach` is beta as a share of its limit (Katz, 1953)."""
    whole = network.whole
    radius = network.keep("radius", lambda: float(eigsh(whole, 1, return_eigenvectors=False)[0]))
    return walks(network, sparse.csr_array(whole * np.float32(reach / radius)), 5)


def page_rank(network: Network, *, restart: float) -> Scores:
    """Personalised PageRank (Page et al., 1999) by iteration."""
    degrees = np.maximum(np.asarray(network.whole.sum(axis=1)).ravel(), 1.0)
    steps = min(math.ceil(math.log(1e-3) / math.log(1.0 - restart)), 20)
    return walks(network, scaled(network.whole, (1.0 - restart) / degrees), steps)


def walks(network: Network, step: Matrix, most: int) -> Scores:
    """Sum of the powers of a matrix from 1 to `most`."""
    turned = sparse.csr_array(step.T)

    def scores(task: Task, sources: Indexes) -> Numbers:
        source, target = network.ends_of(task)
        here = np.zeros((step.shape[0], len(sources)), np.float32)
        here[sources + network.offsets[source], np.arange(len(sources))] = 1.0
        total = np.zeros((network.counts[target], len(sources)), np.float32)
        for _ in range(most):
            here = turned @ here
            total += here[network.span(target)]
        return total.T

    return scores


# Properties


def cosine(network: Network) -> Scores:
    """Cosine of the terms of both; between types, of the source's and of the candidate's links'."""

    def scores(task: Task, sources: Indexes) -> Numbers:
        source, target = network.ends_of(task)
        if source == target:
            return (network.terms[source][sources] @ network.terms[source].T).toarray()
        if source in network.terms:
            pooled = unit_rows(sparse.csr_array(network.matrix(task).T @ network.terms[source]))
            return (network.terms[source][sources] @ pooled.T).toarray()
        pooled = unit_rows(sparse.csr_array(network.matrix(task)[sources] @ network.terms[target]))
        return (pooled @ network.terms[target].T).toarray()

    return scores


def content_neighbours(network: Network, *, nearest: int) -> Scores:
    """The links of those whose terms are nearest to the source's."""

    def scores(task: Task, sources: Indexes) -> Numbers:
        source, target = network.ends_of(task)
        if source not in network.terms:
            return (
                network.matrix(task)[sources]
                @ top(cosine_of(network, target)[:], nearest).toarray()
            )
        near = cosine_of(network, source)[sources]
        near[np.arange(len(sources)), sources] = 0.0
        return np.asarray(top(near, nearest) @ network.matrix(task).toarray())

    return scores


def cosine_of(network: Network, type_: str) -> Numbers:
    terms = network.terms[type_]
    return network.keep(("cosine", type_), (terms @ terms.T).toarray)


def top(values: Numbers, most: int) -> Matrix:
    """The greatest values of each row."""
    if most >= values.shape[1]:
        return sparse.csr_array(values)
    places = np.argpartition(-values, most, axis=1)[:, :most]
    rows = np.arange(len(values))[:, None]
    found = np.zeros_like(values)
    found[rows, places] = values[rows, places]
    return sparse.csr_array(found)


def walks_and_words(network: Network, *, restart: float, base: float) -> Scores:
    """PageRank times a cosine that is never quite zero."""
    walked, alike = page_rank(network, restart=restart), cosine(network)

    def scores(task: Task, sources: Indexes) -> Numbers:
        return (walked(task, sources) + np.float32(1e-7)) * (base + alike(task, sources))

    return scores


# Recommenders


def by_column(fit_one: Callable[..., Numbers | Matrix]) -> Callable[..., Scores]:
    """A recommender that is a matrix `[columns, columns]`: profiles times it."""

    def fit(network: Network, *, view_: str, **settings: Any) -> Scores:
        models: dict[Any, Any] = {}

        def scores(task: Task, sources: Indexes) -> Numbers:
            profiles, place = view(network, task, view_)
            key = key_of(network, task, view_)
            if key not in models:
                models[key] = fit_one(network, key, profiles, **settings)
            found = profiles[sources] @ models[key][:, place]
            return found.toarray() if sparse.issparse(found) else np.asarray(found)

        return scores

    return fit


@by_column
def ease(network: Network, key: Any, profiles: Matrix, *, ridge: float) -> Numbers:
    """Linear regression without the diagonal (Steck, "EASE", 2019)."""
    gram = network.keep(("gram", key, profiles.shape), (profiles.T @ profiles).toarray)
    filled = np.asfortranarray(gram + np.float32(ridge) * np.eye(len(gram), dtype=np.float32))
    factor, failed = lapack.spotrf(filled, lower=1, overwrite_a=1)
    assert not failed
    inverse, failed = lapack.spotri(factor, lower=1, overwrite_c=1)
    assert not failed
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    weights = inverse / -np.diag(inverse)[None]
    np.fill_diagonal(weights, 0.0)
    return weights


@by_column
def item_neighbours(
    network: Network, key: Any, profiles: Matrix, *, nearest: int, shrink: float
) -> Numbers | Matrix:
    """Cosine of the columns, of the nearest ones (Sarwar et al., 2001)."""
    gram = network.keep(
        ("counts", key, profiles.shape), lambda: sparse.csr_array(profiles.T @ profiles)
    )
    lengths = np.sqrt(np.maximum(gram.diagonal(), 1e-9))
    found = gram.tocoo()
    one, two = found.coords
    values = found.data / (lengths[one] * lengths[two] + shrink)
    values[one == two] = 0.0
    return nearest_of_columns(sparse.csr_array((values, (one, two)), shape=gram.shape), nearest)


def nearest_of_columns(matrix: Matrix, most: int) -> Numbers | Matrix:
    """The greatest values of each column."""
    if matrix.nnz > 0.03 * matrix.shape[0] * matrix.shape[1]:
        dense = matrix.toarray()
        if most < len(dense):
            least = np.partition(dense, len(dense) - most, axis=0)[len(dense) - most]
            dense[dense < least[None]] = 0.0
        return dense
    turned = sparse.csr_array(matrix.T)
    own = np.repeat(np.arange(turned.shape[0]), np.diff(turned.indptr))
    order = np.lexsort((-turned.data, own))
    place = np.arange(len(order)) - np.repeat(turned.indptr[:-1], np.diff(turned.indptr))
    kept = order[place < most]
    values = (turned.data[kept], (turned.indices[kept], own[kept]))
    return sparse.csr_array(values, shape=matrix.shape)


@by_column
def rp3beta(
    network: Network, key: Any, profiles: Matrix, *, beta: float, alpha: float, nearest: int
) -> Numbers | Matrix:
    """Three steps of a walk, popular ones held down (Paudel et al., 2017)."""
    rows = np.maximum(np.asarray(profiles.sum(axis=1)).ravel(), 1.0)
    popular = np.maximum(np.asarray(profiles.sum(axis=0)).ravel(), 1.0)
    forth = scaled(profiles, rows**-alpha)
    back = scaled(sparse.csr_array(profiles.T), popular**-alpha)
    found = sparse.csr_array(back @ forth)
    found.data *= (popular**-beta)[found.indices].astype(np.float32)
    return nearest_of_columns(found, nearest)


def pure_svd(network: Network, *, view_: str, rank: int) -> Scores:
    """The greatest singular vectors (Cremonesi et al., 2010)."""

    def vectors(profiles: Matrix) -> Numbers:
        most = min(profiles.shape) - 1
        start = np.random.default_rng(0).standard_normal(min(profiles.shape))
        return svds(profiles.astype(np.float64), min(128, most), v0=start)[2][::-1].astype(
            np.float32
        )

    def scores(task: Task, sources: Indexes) -> Numbers:
        profiles, place = view(network, task, view_)
        kept = network.keep(("svd", key_of(network, task, view_), view_), lambda: vectors(profiles))
        return np.asarray((profiles[sources] @ kept[:rank].T) @ kept[:rank, place])

    return scores


def ials(network: Network, *, view_: str, absent: float, ridge: float, rank: int) -> Scores:
    """Implicit alternating least squares (Hu et al., 2008), with the weights of Rendle et al.,
    "Revisiting the performance of iALS" (2021)."""
    models: dict[Any, tuple[Numbers, Numbers]] = {}

    def scores(task: Task, sources: Indexes) -> Numbers:
        profiles, place = view(network, task, view_)
        key = key_of(network, task, view_)
        if key not in models:
            models[key] = factors(profiles, absent, ridge, rank)
        rows, columns_ = models[key]
        return np.asarray(rows[sources] @ columns_[place].T)

    return scores


def factors(
    profiles: Matrix, absent: float, ridge: float, rank: int, sweeps: int = 12
) -> tuple[Numbers, Numbers]:
    random = np.random.default_rng(0)
    columns_ = (random.standard_normal((profiles.shape[1], rank)) * 0.1 / rank**0.5).astype(
        np.float32
    )
    turned = sparse.csr_array(profiles.T)
    for _ in range(sweeps):
        rows = solved(profiles, columns_, absent, ridge)
        columns_ = solved(turned, rows, absent, ridge)
    return solved(profiles, columns_, absent, ridge), columns_


def solved(links: Matrix, others: Numbers, absent: float, ridge: float) -> Numbers:
    """Least squares of each row: absent links weigh `absent`, the ridge grows with the row.

    In the eigenvectors of the absent links' part, which all rows share, a row of `n` links needs a
    system of `n` equations alone.
    """
    values, basis = np.linalg.eigh(others.T @ others)
    turned = (others @ basis).astype(np.float32)
    degrees = np.diff(links.indptr)
    found = np.zeros((links.shape[0], others.shape[1]), np.float32)
    for degree in np.unique(degrees[degrees > 0]):
        rows = np.flatnonzero(degrees == degree)
        theirs = links.indices[links.indptr[rows][:, None] + np.arange(degree)]
        scale = ridge * (degree + absent * len(others)) + absent * np.maximum(values, 0.0)
        for part in np.array_split(np.arange(len(rows)), 1 + len(rows) * degree // 100_000):
            mine = turned[theirs[part]]
            divided = mine / scale.astype(np.float32)
            system = (1.0 - absent) * mine @ divided.transpose(0, 2, 1)
            system += np.eye(degree, dtype=np.float32)
            answer = np.linalg.solve(system, np.ones((len(part), degree, 1), np.float32))
            found[rows[part]] = (divided * answer).sum(axis=1)
    return np.asarray(found @ basis.T, dtype=np.float32)


# Knowledge graphs


def embeddings(kind: str) -> Callable[..., Scores]:
    """DistMult (Yang et al., 2015), ComplEx (Trouillon et al., 2016) or RotatE (Sun et al., 2019):
    soft-max over shared negatives, opposite relations, N3 (Lacroix et al., 2018)."""

    def fit(network: Network, *, width: int, decay: float, epochs: int) -> Scores:
        model = Embeddings(kind, network, width)
        model.train(decay, epochs)
        return model.scores

    return fit


class Embeddings:
    """Vectors of entities and of relations; a relation's opposite is another one."""

    def __init__(self, kind: str, network: Network, width: int) -> None:
        self.kind, self.network, self.width = kind, network, width
        self.relations = {triple: number for number, triple in enumerate(network.links)}
        torch.manual_seed(0)
        count = sum(network.counts.values())
        self.every = count <= 4096
        self.entity = torch.nn.Embedding(count, 2 * width, sparse=not self.every)
        self.relation = torch.nn.Embedding(2 * len(self.relations), 2 * width, sparse=True)
        torch.nn.init.normal_(self.entity.weight, std=width**-0.5 if kind == "rotate" else 0.1)
        torch.nn.init.normal_(self.relation.weight, std=1.0 if kind == "rotate" else 0.1)

    def triples(self) -> torch.Tensor:
        parts = []
        for triple, (heads, tails) in self.network.links.items():
            number = np.full(len(heads), self.relations[triple])
            one = heads + self.network.offsets[triple[0]]
            two = tails + self.network.offsets[triple[2]]
            parts.append(np.stack([one, number, two], axis=1))
            parts.append(np.stack([two, number + len(self.relations), one], axis=1))
        return torch.from_numpy(np.concatenate(parts))

    def asked(self, heads: torch.Tensor, relations: torch.Tensor) -> torch.Tensor:
        """What a tail is multiplied with, or is to be near to."""
        one, two = heads.chunk(2, dim=1)
        if self.kind == "rotate":
            angle = relations.chunk(2, dim=1)[0]
            cos, sin = torch.cos(angle), torch.sin(angle)
            return torch.cat([one * cos - two * sin, one * sin + two * cos], dim=1)
        if self.kind == "distmult":
            return heads * relations
        real, imaginary = relations.chunk(2, dim=1)
        return torch.cat([one * real - two * imaginary, one * imaginary + two * real], dim=1)

    def logits(self, asked: torch.Tensor, tails: torch.Tensor) -> torch.Tensor:
        if self.kind != "rotate":
            return asked @ tails.T
        # Squared distances are a product of matrices, too.
        squares = (asked**2).sum(1)[:, None] + (tails**2).sum(1)[None] - 2.0 * asked @ tails.T
        return -4.0 * torch.sqrt(squares.clamp_min(1e-6))

    def train(self, decay: float, epochs: int, batch: int = 1024, negatives: int = 2048) -> None:
        triples, count = self.triples(), self.entity.num_embeddings
        parameters = [*self.entity.parameters(), *self.relation.parameters()]
        optimiser = torch.optim.Adagrad(parameters, lr=0.1)
        batch = min(batch, max(64, len(triples) // 30))
        for _ in range(epochs):
            for part in torch.randperm(len(triples)).split(batch):
                heads, relations, tails = triples[part].T
                one, label = self.entity(heads), self.relation(relations)
                asked = self.asked(one, label)
                if self.every:
                    others = self.entity.weight
                    loss = torch.nn.functional.cross_entropy(self.logits(asked, others), tails)
                    two = others[tails]
                else:
                    drawn = torch.randint(count, (negatives,))
                    two = self.entity(tails)
                    logits = self.logits(asked, self.entity(drawn)) + math.log(count / negatives)
                    logits = logits.masked_fill(drawn[None] == tails[:, None], -torch.inf)
                    own = self.own(asked, two)[:, None]
                    wanted = torch.zeros(len(part), dtype=torch.long)
                    both = torch.cat([own, logits], dim=1)
                    loss = torch.nn.functional.cross_entropy(both, wanted)
                if self.kind != "rotate":
                    cubes = sum(self.sizes(each) for each in (one, label, two))
                    loss = loss + decay * cubes / len(part)
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()

    def own(self, asked: torch.Tensor, tails: torch.Tensor) -> torch.Tensor:
        if self.kind != "rotate":
            return (asked * tails).sum(dim=1)
        return -4.0 * torch.sqrt(((asked - tails) ** 2).sum(dim=1).clamp_min(1e-6))

    def sizes(self, vectors: torch.Tensor) -> torch.Tensor:
        if self.kind == "distmult":
            return (vectors.abs() ** 3).sum()
        one, two = vectors.chunk(2, dim=1)
        return (torch.sqrt(one**2 + two**2 + 1e-12) ** 3).sum()

    @torch.no_grad()
    def scores(self, task: Task, sources: Indexes) -> Numbers:
        (triple, end), (source, target) = task, self.network.ends_of(task)
        number = self.relations[triple] + (0 if end == "out" else len(self.relations))
        heads = self.entity.weight[torch.from_numpy(sources + self.network.offsets[source])]
        asked = self.asked(heads, self.relation.weight[number].expand(len(sources), -1))
        tails = self.entity.weight[self.network.span(target)]
        return np.asarray(self.logits(asked, tails).numpy())


# The list


@dataclass(frozen=True)
class Method:
    """A method with the values of its settings, the first of each being the default.

    Settings are chosen one after the other, in their order. `additive` scores are logarithms. A
    method that changes gets another `version`: results of the old one are kept.
    """

    fit: Callable[..., Scores]
    settings: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    applies: Callable[[Network], bool] = lambda _: True
    additive: bool = False
    version: int = 1


def _has_terms(network: Network) -> bool:
    return all(head in network.terms or tail in network.terms for head, _, tail in network.targets)


def _small(network: Network) -> bool:
    return sum(network.counts.values()) <= 20_000


def _several(network: Network) -> bool:
    return len(network.links) > 1


def _viewed(most: int, name: str) -> Callable[[Network], bool]:
    return lambda network: view_exists(network, name) and columns(network, name) <= most


def _recommenders() -> Iterator[tuple[str, Method]]:
    for name in VIEWS:
        fixed = {"view_": name}
        yield (
            f"ease {name}",
            Method(ease, {"ridge": (100, 10, 30, 300, 1000)}, fixed, _viewed(4000, name)),
        )
        yield (
            f"ease {name} (few ridges)",
            Method(
                ease,
                {"ridge": (30, 300)},
                fixed,
                lambda network, name=name: (
                    view_exists(network, name) and 4000 < columns(network, name) <= 7000
                ),
            ),
        )
        yield (
            f"item-knn {name}",
            Method(
                item_neighbours,
                {"nearest": (100, 20, 1000), "shrink": (0.0, 5.0)},
                fixed,
                _viewed(60_000, name),
            ),
        )
        yield (
            f"rp3beta {name}",
            Method(
                rp3beta,
                {"beta": (0.4, 0.0, 0.2, 0.6, 0.8), "alpha": (1.0, 0.6), "nearest": (1000, 100)},
                fixed,
                _viewed(60_000, name),
            ),
        )
        yield (
            f"pure-svd {name}",
            Method(pure_svd, {"rank": (32, 8, 16, 64, 128)}, fixed, _viewed(60_000, name)),
        )
        yield (
            f"ials {name}",
            Method(
                ials,
                {
                    "absent": (0.01, 0.001, 0.1),
                    "ridge": (0.01, 0.001, 0.03, 0.1, 0.3),
                    "rank": (64, 128),
                },
                fixed,
                _viewed(60_000, name),
            ),
        )


_EMBEDDED = {"decay": (0.01, 0.001, 0.1), "epochs": (50, 100)}

METHODS: Mapping[str, Method] = {
    "popularity": Method(popularity),
    "reverse": Method(reverse),
    "common-neighbours": Method(shared(np.ones_like), applies=_small),
    "adamic-adar": Method(shared(lambda degrees: 1.0 / np.log(np.maximum(degrees, 2.0)))),
    "resource-allocation": Method(shared(lambda degrees: 1.0 / degrees)),
    "three-steps": Method(three_steps, applies=_small),
    "katz": Method(katz, {"reach": (0.5, 0.05, 0.9)}, applies=_small),
    "page-rank": Method(page_rank, {"restart": (0.15, 0.3, 0.5, 0.7, 0.85)}, applies=_small),
    "page-rank (short)": Method(
        page_rank, {"restart": (0.5, 0.85)}, applies=lambda network: not _small(network)
    ),
    "cosine": Method(cosine, applies=_has_terms),
    "content-neighbours": Method(
        content_neighbours,
        {"nearest": (20, 5, 100)},
        applies=lambda network: _has_terms(network) and _small(network),
    ),
    "page-rank x cosine": Method(
        walks_and_words,
        {"base": (0.1, 0.01, 1.0), "restart": (0.5, 0.15, 0.3, 0.85)},
        applies=lambda network: _has_terms(network) and _small(network),
    ),
    **dict(_recommenders()),
    "complex": Method(
        embeddings("complex"),
        _EMBEDDED,
        {"width": 64},
        applies=lambda network: _several(network) and _small(network),
        additive=True,
    ),
    "complex (large)": Method(
        embeddings("complex"),
        {},
        {"width": 128, "decay": 0.01, "epochs": 15},
        applies=lambda network: _several(network) and not _small(network),
        additive=True,
    ),
    "distmult": Method(
        embeddings("distmult"),
        {"decay": (0.01, 0.1)},
        {"width": 64, "epochs": 50},
        applies=lambda network: _several(network) and _small(network),
        additive=True,
    ),
    "rotate": Method(
        embeddings("rotate"),
        {"epochs": (50, 100)},
        {"width": 64, "decay": 0.0},
        applies=lambda network: _several(network) and _small(network),
        additive=True,
    ),
}
"""The careful list; where a graph is too large for a method, it does not apply."""
