"""Baselines of a careful outsider for a property: nothing of the project.

Each gets the training rows with their values and all of the graph, and answers for the test rows.
Settings are chosen by the baseline itself on a tenth of its training rows, as people would.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from properties import Case, Graph
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
STRENGTHS = (0.1, 1.0, 10.0, 100.0)
PENALTIES = (0.1, 1.0, 10.0, 100.0, 1000.0)
ALPHAS = (0.5, 0.8, 0.95)
DENSE = 100


@dataclass
class Problem:
    """A property as arrays: all vertices numbered through, elements with their ends.

    `features` are those of all vertices, `own` those of the elements alone, both CSR; `ends` int64
    for each end; `truth` classes by number or numbers; `known` and `asked` are rows.
    """

    links: sparse.csr_array
    features: sparse.csr_array
    ends: tuple[Ints, ...]
    truth: NDArray[Any]
    known: Ints
    asked: Ints
    classes: int
    seed: int

    def rows(self, table: Any) -> Any:
        """A table of vertices at the ends of the elements."""
        parts = [table[end] for end in self.ends]
        if sparse.issparse(table):
            return sparse.csr_array(sparse.hstack(parts, format="csr"))
        return np.concatenate(parts, axis=1)

    @cached_property
    def walk(self) -> sparse.csr_array:
        """The mean over neighbours."""
        return scaled(self.links, 1.0, 0.0)

    @cached_property
    def even(self) -> sparse.csr_array:
        """Links over the roots of both degrees."""
        return scaled(self.links, 0.5, 0.5)

    @cached_property
    def hops(self) -> list[sparse.csr_array]:
        """Features of the vertices, of their neighbours, of these ones' neighbours."""
        one = self.walk @ self.features
        return [self.features, one, sparse.csr_array(self.walk @ one)]

    def parts(self) -> tuple[Ints, Ints]:
        """Training rows to fit and to choose settings on."""
        order = np.random.default_rng(self.seed).permutation(self.known)
        tenth = max(len(order) // 8, 2)
        return order[tenth:], order[:tenth]

    def onehot(self, rows: Ints) -> Floats:
        if not self.classes:
            return self.truth[rows][:, None].astype(np.float64)
        return np.eye(self.classes)[self.truth[rows]]


def scaled(links: sparse.csr_array, left: float, right: float) -> sparse.csr_array:
    degrees = np.maximum(np.asarray(links.sum(axis=1)).ravel(), 1.0)
    before = sparse.dia_array((degrees[None] ** -left, 0), shape=links.shape)
    after = sparse.dia_array((degrees[None] ** -right, 0), shape=links.shape)
    return sparse.csr_array(before @ links @ after)


def problem_of(graph: Graph, case: Case, known: Ints, asked: Ints, seed: int) -> Problem:
    """Encode a graph: all words with TF-IDF, numbers standardised."""
    places: dict[tuple[str, str], int] = {}
    blocks = []
    for label, kind in graph.vertices.items():
        for row in kind.rows:
            places[label, row["~id"]] = len(places)
        names = [name for name in kind.features if (label, name) != (case.owner, case.key)]
        blocks.append([encoded(kind.rows, name, kind.features[name]) for name in names])
    width = sum(part.shape[1] for parts in blocks for part in parts)
    tables, before = [], 0
    for kind, parts in zip(graph.vertices.values(), blocks, strict=True):
        own = sum(part.shape[1] for part in parts)
        left = sparse.csr_array((len(kind.rows), before))
        right = sparse.csr_array((len(kind.rows), width - before - own))
        tables.append(sparse.hstack([left, *parts, right], format="csr"))
        before += own
    features = sparse.csr_array(sparse.vstack(tables, format="csr"))
    heads, tails = [], []
    for (head, _, tail), kind in graph.edges.items():
        heads += [places[head, row["~from"]] for row in kind.rows]
        tails += [places[tail, row["~to"]] for row in kind.rows]
    shape = (len(places), len(places))
    one = sparse.coo_array((np.ones(len(heads)), (heads, tails)), shape=shape)
    links = sparse.csr_array(one + one.T)
    links.data[:] = 1.0
    if isinstance(case.owner, str):
        rows = graph.vertices[case.owner].rows
        ends = (np.array([places[case.owner, row["~id"]] for row in rows]),)
    else:
        rows = graph.edges[case.owner].rows
        ends = tuple(
            np.array([places[label, row[key]] for row in rows])
            for label, key in ((case.owner[0], "~from"), (case.owner[2], "~to"))
        )
    values = [row[case.key] for row in rows]
    if case.task == "regression":
        return Problem(links, features, ends, np.array(values, float), known, asked, 0, seed)
    names = {name: number for number, name in enumerate(sorted(set(values)))}
    truth = np.array([names[value] for value in values])
    return Problem(links, features, ends, truth, known, asked, len(names), seed)


def encoded(rows: Any, name: str, kind: str) -> sparse.csr_array:
    if kind == "numerical":
        numbers = np.array([float(row[name]) for row in rows])
        return sparse.csr_array(((numbers - numbers.mean()) / (numbers.std() or 1.0))[:, None])
    sets = [[part for part in row[name].split(";") if part] for row in rows]
    names = {word: number for number, word in enumerate(sorted({w for each in sets for w in each}))}
    at = [names[word] for each in sets for word in each]
    starts = np.cumsum([0, *(len(each) for each in sets)])
    matrix = sparse.csr_array((np.ones(len(at)), at, starts), shape=(len(rows), len(names)))
    idf = np.log((1.0 + len(rows)) / (1.0 + np.bincount(at, minlength=len(names)))) + 1.0
    matrix.data = idf[matrix.indices]
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    matrix.data /= np.repeat(np.maximum(length, 1e-9), np.diff(matrix.indptr))
    return matrix


def error(problem: Problem, outputs: Floats, rows: Ints) -> float:
    """The share of wrong classes, or the root of the mean square."""
    if problem.classes:
        return float((outputs.argmax(axis=1) != problem.truth[rows]).mean())
    return float(np.sqrt(((outputs[:, 0] - problem.truth[rows]) ** 2).mean()))


Fit = Callable[[Ints, float], Floats]
"""Outputs of all elements from training rows and a setting."""


def chosen(problem: Problem, settings: tuple[float, ...], fit: Fit) -> tuple[float, Floats]:
    """The best setting on a part of the training rows, and what it gives from all."""
    some, rest = problem.parts()
    errors = {each: error(problem, fit(some, each)[rest], rest) for each in settings}
    best = min(settings, key=lambda each: errors[each])
    return best, fit(problem.known, best)


def linear_fit(problem: Problem, table: Any) -> Fit:
    def fit(rows: Ints, strength: float) -> Floats:
        if not problem.classes:
            model = Ridge(alpha=strength).fit(table[rows], problem.truth[rows])
            return np.asarray(model.predict(table))[:, None]
        model = LogisticRegression(C=strength, max_iter=200).fit(table[rows], problem.truth[rows])
        found = np.zeros((table.shape[0], problem.classes))
        found[:, model.classes_] = model.predict_proba(table)
        return found

    return fit


def linear_on(problem: Problem, table: Any) -> Floats:
    settings = STRENGTHS if problem.classes else PENALTIES
    return chosen(problem, settings, linear_fit(problem, table))[1]


def constant(problem: Problem) -> Floats:
    return np.tile(problem.onehot(problem.known).mean(axis=0), (len(problem.truth), 1))


def linear(problem: Problem) -> Floats:
    return linear_on(problem, problem.rows(problem.features))


def sgc(problem: Problem) -> Floats:
    """Wu et al., 2019: features after two steps over links with loops."""
    loops = problem.links + sparse.eye_array(problem.links.shape[0])
    step = scaled(sparse.csr_array(loops), 0.5, 0.5)
    return linear_on(problem, problem.rows(sparse.csr_array(step @ (step @ problem.features))))


def spread(problem: Problem, begin: Floats, alpha: float, matrix: Any) -> Floats:
    state = begin
    for _ in range(30):
        state = (1 - alpha) * begin + alpha * (matrix @ state)
    return np.asarray(state)


def propagation(problem: Problem) -> Floats:
    """Zhou et al., 2003, and for numbers the mean of what arrives; edges have it at both ends."""

    def fit(rows: Ints, alpha: float) -> Floats:
        size = problem.links.shape[0]
        values = problem.onehot(rows)
        mean = values.mean(axis=0)
        if len(problem.ends) == 1:
            begin, mass = np.zeros((size, values.shape[1])), np.zeros((size, 1))
            begin[problem.ends[0][rows]], mass[problem.ends[0][rows]] = values, 1.0
            here = problem.even if problem.classes else problem.walk
            found = spread(problem, begin, alpha, here) + 1e-4 * mean
            found /= spread(problem, mass, alpha, here) + 1e-4
            return np.asarray(found[problem.ends[0]])
        return np.asarray(np.mean(at_ends(problem, rows, rows)[0], axis=0))

    return chosen(problem, ALPHAS, fit)[1]


def at_ends(problem: Problem, rows: Ints, without: Ints) -> tuple[list[Floats], list[Floats]]:
    """Mean values of the other known edges at each end of all edges, and of the edges there."""
    values = problem.onehot(rows)
    mean = values.mean(axis=0)
    found = []
    inside = np.zeros(len(problem.truth))
    inside[rows] = 1.0
    spent = np.zeros((len(problem.truth), values.shape[1]))
    spent[rows] = values
    counted = []
    for end in problem.ends:
        sums = np.zeros((problem.links.shape[0], values.shape[1]))
        np.add.at(sums, end[rows], values)
        weights = np.bincount(end[rows], minlength=len(sums))[:, None].astype(float)
        others = weights[end] - inside[:, None]
        found.append((sums[end] - spent + 3.0 * mean) / (others + 3.0))
        counted.append(others)
    return found, counted


def nearby(problem: Problem, rows: Ints) -> Floats:
    """Known values one and two hops away, never the element's own; of edges at both ends."""
    if len(problem.ends) == 2:
        return np.concatenate(at_ends(problem, rows, rows)[0], axis=1)
    values = problem.onehot(rows)
    mean = values.mean(axis=0)
    known = np.zeros((problem.links.shape[0], values.shape[1] + 1))
    known[problem.ends[0][rows]] = np.concatenate([values, np.ones((len(rows), 1))], axis=1)
    walk = problem.walk
    back = np.asarray(walk.multiply(walk.T).sum(axis=1)).ravel()
    found = []
    for each in (problem.links @ known, walk @ (walk @ known) - back[:, None] * known):
        found.append((each[:, :-1] + 0.5 * mean) / (np.maximum(each[:, -1:], 0) + 0.5))
    return np.concatenate(found, axis=1)[problem.ends[0]]


def by_rows(problem: Problem, settings: tuple[float, ...], table: Callable[[Ints], Any]) -> Floats:
    return chosen(
        problem, settings, lambda rows, each: linear_fit(problem, table(rows))(rows, each)
    )[1]


def all_hops(problem: Problem) -> Floats:
    """Features of 0, 1 and 2 hops with the neighbours' values."""
    tables = [problem.rows(each) for each in problem.hops]

    def table(rows: Ints) -> Any:
        values = nearby(problem, rows)
        if not problem.classes:
            values = (values - values.mean(axis=0)) / np.maximum(values.std(axis=0), 1e-9)
        return sparse.csr_array(sparse.hstack([*tables, sparse.csr_array(values)], format="csr"))

    return by_rows(problem, STRENGTHS if problem.classes else PENALTIES, table)


def corrected(problem: Problem, base: Callable[[Ints], Floats]) -> Floats:
    """Huang et al., 2021: correct by the training errors, smooth with the known values."""
    size = problem.links.shape[0]
    if len(problem.ends) == 2:
        return base(problem.known)
    here = problem.ends[0]
    cache: dict[int, Floats] = {}

    def fit(rows: Ints, setting: float) -> Floats:
        first, second = ALPHAS[int(setting) // 3], ALPHAS[int(setting) % 3]
        if len(rows) not in cache:
            cache[len(rows)] = base(rows)
        outputs = cache[len(rows)]
        errors = np.zeros((size, outputs.shape[1]))
        errors[here[rows]] = problem.onehot(rows) - outputs[rows]
        passed = spread(problem, errors, first, problem.even)
        scale = np.abs(errors[here[rows]]).sum(axis=1).mean()
        norms = np.maximum(np.abs(passed).sum(axis=1, keepdims=True), 1e-12)
        if problem.classes:  # autoscale
            passed *= np.where(scale / norms > 1000, 1.0, scale / norms)
        state = np.zeros((size, outputs.shape[1]))
        state[here] = outputs + passed[here]
        state[here[rows]] = problem.onehot(rows)
        return spread(problem, state, second, problem.even if problem.classes else problem.walk)[
            here
        ]

    return chosen(problem, tuple(range(9)), fit)[1]


def correct_linear(problem: Problem) -> Floats:
    fit = linear_fit(problem, problem.rows(problem.features))
    best, _ = chosen(problem, STRENGTHS if problem.classes else PENALTIES, fit)
    return corrected(problem, lambda rows: fit(rows, best))


def dense(problem: Problem) -> Floats:
    return dense_of(problem.rows(problem.features), problem.seed)


def dense_of(table: Any, seed: int) -> Floats:
    if table.shape[1] <= DENSE:
        return np.asarray(table.toarray())
    return np.asarray(TruncatedSVD(DENSE, random_state=seed).fit_transform(table))


def correct_mlp(problem: Problem) -> Floats:
    table = dense(problem) / max(float(dense(problem).std()), 1e-9)

    def base(rows: Ints) -> Floats:
        options = {
            "hidden_layer_sizes": (64,),
            "early_stopping": True,
            "random_state": problem.seed,
        }
        if not problem.classes:
            mean, spread_ = problem.truth[rows].mean(), problem.truth[rows].std()
            model = MLPRegressor(**options).fit(table[rows], (problem.truth[rows] - mean) / spread_)
            return np.asarray(model.predict(table) * spread_ + mean)[:, None]
        model = MLPClassifier(**options).fit(table[rows], problem.truth[rows])
        found = np.zeros((len(table), problem.classes))
        found[:, model.classes_] = model.predict_proba(table)
        return found

    return corrected(problem, base)


def both_ends(problem: Problem) -> Floats:
    """Edges: an effect of each end (ids as features), with the features of both."""
    size = problem.links.shape[0]
    names = problem.rows(sparse.eye_array(size, format="csr"))
    table = sparse.hstack([names, problem.rows(problem.features)], format="csr")
    return linear_on(problem, sparse.csr_array(table))


def seen_around(problem: Problem, rows: Ints) -> Any:
    """All features, the main components of the neighbours' means, and known values nearby."""
    means = dense_of(problem.hops[1], problem.seed)
    return sparse.csr_matrix(
        sparse.hstack(
            [
                problem.rows(problem.features),
                sparse.csr_array(problem.rows(means)),
                sparse.csr_array(nearby(problem, rows)),
            ],
            format="csr",
        )
    )


def trees(problem: Problem, library: str, around: bool) -> Floats:
    """Boosted trees with their defaults: on all features, or around: on their main components and
    known values nearby."""
    rows = problem.known
    table: Any = sparse.csr_matrix(problem.rows(problem.features))
    if around:
        table = np.concatenate([dense(problem), nearby(problem, rows)], axis=1)
    if not table.shape[1]:
        return constant(problem)
    if library == "xgboost":
        from xgboost import XGBClassifier, XGBRegressor

        kind: Any = XGBClassifier if problem.classes else XGBRegressor
        model = kind(random_state=problem.seed, n_jobs=1, n_estimators=60, tree_method="hist")
    else:
        kind = HistGradientBoostingClassifier if problem.classes else HistGradientBoostingRegressor
        model = kind(random_state=problem.seed, max_iter=60)
    return grown(problem, model, table, rows)


def lightgbm(problem: Problem, around: bool) -> Floats:
    """Ke et al., 2017: rounds and leaves chosen on held-back rows, then all rows."""
    import lightgbm as library

    kind: Any = library.LGBMClassifier if problem.classes else library.LGBMRegressor
    some, rest = problem.parts()
    held = table = sparse.csr_matrix(problem.rows(problem.features))
    if around:
        held, table = seen_around(problem, some), seen_around(problem, problem.known)
    options = {
        "learning_rate": 0.1,
        "n_jobs": 1,
        "verbose": -1,
        "random_state": problem.seed,
        "deterministic": True,
        "min_child_samples": 10,
    }
    if problem.classes:  # Rows to stop on may only have classes that are fitted.
        rest = rest[np.isin(problem.truth[rest], problem.truth[some])]
    tried = []
    for leaves in (7, 31):
        model = kind(num_leaves=leaves, n_estimators=300, **options)
        stop = library.early_stopping(20, verbose=False)
        model.fit(
            held[some],
            problem.truth[some],
            eval_X=held[rest],
            eval_y=problem.truth[rest],
            callbacks=[stop],
        )
        (losses,) = model.best_score_["valid_0"].values()
        tried.append((losses, leaves, max(model.best_iteration_, 5)))
    _, leaves, rounds = min(tried)
    model = kind(num_leaves=leaves, n_estimators=rounds, **options)
    return grown(problem, model, table, problem.known)


def grown(problem: Problem, model: Any, table: Any, rows: Ints) -> Floats:
    """The outputs of a tree model for all elements."""
    if not problem.classes:
        return np.asarray(model.fit(table[rows], problem.truth[rows]).predict(table))[:, None]
    present, labels = np.unique(problem.truth[rows], return_inverse=True)
    found = np.zeros((table.shape[0], problem.classes))
    found[:, present] = model.fit(table[rows], labels).predict_proba(table)
    return found


BASELINES: Mapping[str, Callable[[Problem], Floats]] = {
    "constant": constant,
    "linear": linear,
    "both ends": both_ends,
    "propagation": propagation,
    "sgc": sgc,
    "all hops": all_hops,
    "correct-and-smooth": correct_linear,
    "correct-and-smooth (MLP)": correct_mlp,
    "trees around": lambda problem: trees(problem, "sklearn", True),
    "xgboost": lambda problem: trees(problem, "xgboost", False),
    "xgboost around": lambda problem: trees(problem, "xgboost", True),
    "lightgbm": lambda problem: lightgbm(problem, False),
    "lightgbm around": lambda problem: lightgbm(problem, True),
}


WITHOUT_FEATURES = (
    "constant",
    "both ends",
    "propagation",
    "all hops",
    "trees around",
    "xgboost around",
    "lightgbm around",
)
"""Baselines that have something to learn from where there are no features."""


def answered(name: str, problem: Problem) -> Floats | None:
    """The outputs for the asked elements; `None` where a baseline has nothing to learn from."""
    if not problem.features.shape[1] and name not in WITHOUT_FEATURES:
        return None
    if name == "both ends" and len(problem.ends) == 1:
        return None
    return BASELINES[name](problem)[problem.asked]
