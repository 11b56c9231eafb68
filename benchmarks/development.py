"""Development data of `quality.py`: graphs of many kinds, none of which chose a constant.

Real ones are read where installed packages have them; those of Debian come from the lists of
packages that apt keeps on this machine (so the figures move with them). Generated ones have a
known law and are functions of the seed. Of each, a random tenth of the links of the relations that
are predicted is held out.
"""

from __future__ import annotations

import functools
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from link_cases import GREMLIN, WORDNET, Case, Triple, held_out
from numpy.typing import NDArray
from properties import MOVIELENS, Graph, Kind, Rows, fraud, table

from gremlink.proxy.learning.graph import DIRECTIONS

Links = Iterable[tuple[str, str]]
Numbers = NDArray[np.float64]
Indexes = NDArray[np.int64]


def words(text: str) -> list[str]:
    """Its words in lower case, at least three letters each."""
    return re.findall(r"[a-z]{3,}", text.lower())


def linked(label: str, links: Links) -> Kind:
    """The links as edges, in their order, none twice."""
    return Kind(
        [
            {"~id": f"{label}-{number}", "~from": one, "~to": two}
            for number, (one, two) in enumerate(dict.fromkeys(links))
        ],
        {},
    )


def several(values: Iterable[str]) -> str:
    """A cell with several values."""
    return ";".join(sorted(set(values)))


def tenth(graph: Graph, seed: int, *triples: Triple) -> Case:
    """A random tenth of the links of each triple, asked from both ends."""
    test = {}
    for triple in triples:
        graph, held = held_out(graph, triple, 0.1, seed, each_head=False)
        test.update(held)
    return Case(graph, test, "mrr", DIRECTIONS, (), 1.0)


def either_way(links: Links, random: np.random.Generator) -> list[tuple[str, str]]:
    """Links without a direction, each stored once, in a direction that means nothing."""
    pairs = sorted({(min(pair), max(pair)) for pair in links})
    turned = random.random(len(pairs)) < 0.5
    order = random.permutation(len(pairs))
    return [pairs[i][::-1] if turned[i] else pairs[i] for i in order]


# Debian's packages


@dataclass(frozen=True)
class Package:
    """What apt knows of a package; dependencies are the first alternatives, by name."""

    name: str
    source: str
    section: str
    maintainer: str
    depends: tuple[str, ...]
    recommends: tuple[str, ...]
    suggests: tuple[str, ...]
    tags: tuple[str, ...]
    description: str


@functools.cache
def debian() -> Mapping[str, Package]:
    """All packages that apt can install here, by name."""
    text = subprocess.run(["apt-cache", "dumpavail"], capture_output=True, check=True).stdout
    found: dict[str, Package] = {}
    for entry in re.sub(r"\n[ \t]+", " ", text.decode("utf-8")).split("\n\n"):
        values = dict(re.findall(r"^([\w-]+): (.*)$", entry, re.MULTILINE))
        if "Package" not in values:
            continue
        needed = (_first_alternatives(values.get(key, "")) for key in _NEEDS)
        maintainer = re.sub(r" *<.*", "", values.get("Maintainer", "")).strip('"')
        package = Package(
            values["Package"],
            values.get("Source", values["Package"]).split()[0],
            values.get("Section", ""),
            maintainer,
            *needed,
            tuple(values["Tag"].replace(" ", "").split(",")) if "Tag" in values else (),
            values.get("Description", ""),
        )
        found.setdefault(package.name, package)
    return found


_NEEDS = ("Depends", "Recommends", "Suggests")


def _first_alternatives(field: str) -> tuple[str, ...]:
    names = (re.match(r"[^ :|(]+", each.strip()) for each in field.split(","))
    return tuple(dict.fromkeys(name.group(0) for name in names if name))


def packages(section: str, least: int = 1) -> Callable[[Path, int], Case]:
    """Dependencies inside a section, directed, with descriptions, as citations have titles."""

    def load(_: Path, seed: int) -> Case:
        inside = {name: each for name, each in debian().items() if each.section == section}
        links = [
            (name, other)
            for name, package in inside.items()
            for other in package.depends
            if other in inside and other != name
        ]
        kept = _connected(links, least)
        rows = [{"~id": name, "description": inside[name].description} for name in sorted(kept)]
        features = {"description": "text_tfidf"}
        triple = ("package", "depends", "package")
        edges = {triple: linked("depends", _inside(links, kept))}
        return tenth(Graph(section, {"package": Kind(rows, features)}, edges), seed, triple)

    return load


def _inside(links: Links, kept: set[str]) -> list[tuple[str, str]]:
    return [(one, two) for one, two in links if one in kept and two in kept]


def _connected(links: Sequence[tuple[str, str]], least: int) -> set[str]:
    """The vertices of the core in which each has so many links at least."""
    while True:
        degrees = Counter(end for pair in links for end in pair)
        kept = {name for name, degree in degrees.items() if degree >= least}
        inside = _inside(links, kept)
        if len(inside) == len(links):
            return kept
        links = inside


def people_case(_: Path, seed: int) -> Case:
    """Maintainers whose packages need each other's, stored once; the words of all packages."""
    shelf: dict[str, list[Package]] = {}
    for package in debian().values():
        shelf.setdefault(package.maintainer, []).append(package)
    people = {name for name, own in shelf.items() if 2 <= len(own) <= 60}
    needs = [
        (package.maintainer, debian()[other].maintainer)
        for name in people
        for package in shelf[name]
        for other in (*package.depends, *package.recommends, *package.suggests)
        if other in debian() and debian()[other].maintainer in people - {name}
    ]
    links = either_way(needs, np.random.default_rng(seed))
    kept = _connected(links, 2)
    rows = [
        {
            "~id": name,
            "words": several(each for own in shelf[name] for each in words(own.description)),
            "tags": several(tag for own in shelf[name] for tag in own.tags),
        }
        for name in sorted(kept)
    ]
    person = Kind(rows, {"words": "category", "tags": "category"}, frozenset({"words", "tags"}))
    triple = ("person", "knows", "person")
    edges = {triple: linked("knows", _inside(links, kept))}
    return tenth(Graph("people", {"person": person}, edges), seed, triple)


def libraries_case(_: Path, seed: int) -> Case:
    """What applications need: few libraries are in nearly all, most in a few."""
    sections = {"games", "graphics", "sound", "video", "editors", "mail", "math"}
    chosen = {name: each for name, each in debian().items() if each.section in sections}
    links = [
        (name, f"lib:{other}")
        for name, package in chosen.items()
        for other in package.depends
        if other in debian() and debian()[other].section in {"libs", "oldlibs"}
    ]
    counts = Counter(name for name, _ in links)
    links = [(one, two) for one, two in links if counts[one] >= 5]
    rows = [
        {"~id": name, "section": chosen[name].section} for name in sorted({one for one, _ in links})
    ]
    vertices = {
        "application": Kind(rows, {"section": "category"}),
        "library": Kind([{"~id": each} for each in sorted({two for _, two in links})], {}),
    }
    triple = ("application", "uses", "library")
    return tenth(Graph("libraries", vertices, {triple: linked("uses", links)}), seed, triple)


def tags_case(_: Path, seed: int) -> Case:
    """Tags of packages, which have descriptions: lists of a few dozen out of hundreds."""
    sections = {"games", "graphics", "mail", "text", "admin"}
    chosen = {
        name: each
        for name, each in debian().items()
        if each.section in sections and len(each.tags) >= 4
    }
    links = [(name, f"tag:{tag}") for name, package in chosen.items() for tag in package.tags]
    rows = [{"~id": name, "description": chosen[name].description} for name in sorted(chosen)]
    vertices = {
        "package": Kind(rows, {"description": "text_tfidf"}),
        "tag": Kind([{"~id": each} for each in sorted({two for _, two in links})], {}),
    }
    triple = ("package", "tagged", "tag")
    return tenth(Graph("tags", vertices, {triple: linked("tagged", links)}), seed, triple)


def maintainers_case(_: Path, seed: int) -> Case:
    """Who maintains a package: one each, seen from what it depends on and from its words."""
    sections = {"science", "java", "math"}
    chosen = {name: each for name, each in debian().items() if each.section in sections}
    shelf = Counter(each.maintainer for each in chosen.values())
    chosen = {name: each for name, each in chosen.items() if shelf[each.maintainer] >= 3}
    depends = [
        (name, other)
        for name, package in chosen.items()
        for other in package.depends
        if other in chosen and other != name
    ]
    kept = _connected(depends, 1)
    rows = [
        {
            "~id": name,
            "section": chosen[name].section,
            "words": several(words(chosen[name].description)),
        }
        for name in sorted(kept)
    ]
    package = Kind(rows, {"section": "category", "words": "category"}, frozenset({"words"}))
    people = sorted({chosen[name].maintainer for name in kept})
    triple = ("package", "maintained_by", "person")
    edges = {
        ("package", "depends", "package"): linked("depends", _inside(depends, kept)),
        triple: linked("by", [(name, f"by:{chosen[name].maintainer}") for name in sorted(kept)]),
    }
    vertices = {"package": package, "person": Kind([{"~id": f"by:{one}"} for one in people], {})}
    return tenth(Graph("maintainers", vertices, edges), seed, triple)


def sources_case(_: Path, seed: int) -> Case:
    """Source packages that need others', directed, a few both ways: followers of a few stars."""
    links = []
    for package in debian().values():
        for other in (*package.depends, *package.recommends, *package.suggests):
            if other in debian() and debian()[other].source != package.source:
                links.append((package.source, debian()[other].source))
    links = list(dict.fromkeys(links))
    stars = {name for name, count in Counter(two for _, two in links).items() if count > 400}
    links = [(one, two) for one, two in links if two not in stars]
    kept = _connected(links, 7)
    links = _inside(links, kept)
    vertices = {"source": Kind([{"~id": name} for name in sorted(kept)], {})}
    triple = ("source", "needs", "source")
    return tenth(Graph("sources", vertices, {triple: linked("needs", links)}), seed, triple)


# Packages of data


def connectome_case(seeds: Path, seed: int) -> Case:
    """Both halves of the mushroom body of a fly's larva, directed, with the types of cells."""
    rows: Rows = []
    links = []
    for side in ("left", "right"):
        directory = seeds / "graspologic" / "datasets" / "drosophila"
        labels = (directory / f"{side}_cell_labels.csv").read_text("utf-8").split()
        text = (directory / f"{side}_adjacency.csv").read_text("utf-8")
        matrix = [list(map(float, row.split())) for row in text.splitlines()]
        rows += [{"~id": f"{side}{i}", "cell": label} for i, label in enumerate(labels)]
        links += [
            (f"{side}{i}", f"{side}{j}")
            for i, row in enumerate(matrix)
            for j, value in enumerate(row)
            if value and i != j
        ]
    triple = ("cell", "synapse", "cell")
    vertices = {"cell": Kind(rows, {"cell": "category"})}
    return tenth(Graph("connectome", vertices, {triple: linked("synapse", links)}), seed, triple)


def _ratings(seeds: Path) -> list[tuple[str, str, float]]:
    rows = table(seeds / MOVIELENS / "ml-100k.inter")
    return [(user, film, float(stars)) for user, film, stars, _ in rows]


def _freebase(seeds: Path) -> list[tuple[str, str, str]]:
    rows = table(seeds / MOVIELENS / "ml-100k.kg")
    return [(head, label, tail) for head, label, tail in rows]


def films_case(seeds: Path, seed: int) -> Case:
    """Films with much the same friends, stored once; sets of what Freebase links them to."""
    liked = [(user, film) for user, film, stars in _ratings(seeds) if stars >= 4]
    names = dict(table(seeds / MOVIELENS / "ml-100k.link"))
    counts = Counter(film for _, film in liked)
    films = sorted(film for film, count in counts.items() if count >= 5 and film in names)
    people = sorted({user for user, _ in liked})
    matrix = np.zeros((len(people), len(films)))
    rows, columns = {each: i for i, each in enumerate(people)}, {f: i for i, f in enumerate(films)}
    for user, film in liked:
        if film in columns:
            matrix[rows[user], columns[film]] = 1.0
    matrix /= np.sqrt(matrix.sum(axis=0))
    similar = np.triu(matrix.T @ matrix, 1)
    places = np.argsort(-similar, axis=None)[:6000]
    pairs = [(films[i], films[j]) for i, j in np.transpose(np.unravel_index(places, similar.shape))]
    facts: dict[str, set[str]] = {}
    for head, label, tail in _freebase(seeds):
        if label.startswith("film.film."):
            facts.setdefault(head, set()).add(tail)
    vertex = [
        {"~id": film, "facts": several(facts.get(names[film], ()))}
        for film in sorted({end for pair in pairs for end in pair})
    ]
    film = Kind(vertex, {"facts": "category"}, frozenset({"facts"}))
    triple = ("film", "like", "film")
    edges = {triple: linked("like", either_way(pairs, np.random.default_rng(seed)))}
    return tenth(Graph("films", {"film": film}, edges), seed, triple)


def five_stars_case(seeds: Path, seed: int) -> Case:
    """Films that people gave five stars: a fifth of MovieLens's ratings, no features."""
    links = [(f"user-{u}", f"film-{f}") for u, f, stars in _ratings(seeds) if stars == 5]
    links = links[::2]
    vertices = {
        "user": Kind([{"~id": each} for each in sorted({one for one, _ in links})], {}),
        "film": Kind([{"~id": each} for each in sorted({two for _, two in links})], {}),
    }
    triple = ("user", "loves", "film")
    return tenth(Graph("five-stars", vertices, {triple: linked("loves", links)}), seed, triple)


def fraud_case(seeds: Path, seed: int) -> Case:
    """Whose telephone it is: known from transactions that were made with it."""
    whole = fraud(seeds)
    calls = whole.edges["PhoneNumber", "FEATURE_OF_TRANSACTION", "Transaction"]
    kept = {row["~to"] for row in calls.rows}
    vertices = {
        name: Kind([row for row in kind.rows if name != "Transaction" or row["~id"] in kept], {})
        for name, kind in whole.vertices.items()
        if name in {"Account", "PhoneNumber", "Transaction", "Merchant", "Address"}
    }
    edges = {
        triple: Kind(
            [row for row in kind.rows if triple[0] != "Transaction" or row["~from"] in kept], {}
        )
        for triple, kind in whole.edges.items()
        if triple[0] in vertices and triple[2] in vertices
    }
    triple = ("PhoneNumber", "FEATURE_OF_ACCOUNT", "Account")
    return tenth(Graph("fraud", vertices, edges), seed, triple)


_QUOTED = r"""(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")"""
_POST = re.compile(
    rf"addV\('(\w+)'\)\.property\(T\.id, {_QUOTED}\)(.*?)"
    rf"(?:addE\('(\w+)'\)\.from\(__\.V\({_QUOTED}\)|$)"
)
"""A vertex, which is added if it is not there, and an edge that leads to it."""


def posts_case(seeds: Path, seed: int) -> Case:
    """What posts are about, who wrote them and their tags: a small graph of knowledge."""
    file = seeds / GREMLIN / "knowledge-graph" / "0_knowledge-graph-chatbot.txt"
    things: dict[str, dict[str, str]] = {}
    links: dict[str, list[tuple[str, str]]] = {}
    for line in file.read_text("utf-8").splitlines():
        for label, one, two, _, edge, from_one, from_two in _POST.findall(line):
            name = one or two
            things[name] = {"~id": name, "kind": label}
            if edge and (from_one or from_two):
                links.setdefault(edge, []).append((from_one or from_two, name))
    ends = {end for pairs in links.values() for pair in pairs for end in pair}
    rows = [row for name, row in sorted(things.items()) if name in ends]
    edges = {("thing", label, "thing"): linked(label, pairs) for label, pairs in links.items()}
    vertices = {"thing": Kind(rows, {"kind": "category"})}
    return tenth(Graph("posts", vertices, edges), seed, *edges)


def _relations(name: str, seed: int, triples: Sequence[tuple[str, str, str]], rows: Rows,
               features: Mapping[str, str], least: int = 2) -> Case:  # fmt: skip
    by_label: dict[str, list[tuple[str, str]]] = {}
    for head, label, tail in triples:
        if head != tail:
            by_label.setdefault(label, []).append((head, tail))
    edges = {
        ("entity", label, "entity"): linked(label, pairs)
        for label, pairs in sorted(by_label.items())
    }
    graph = Graph(name, {"entity": Kind(rows, features)}, edges)
    return tenth(graph, seed, *(each for each, kind in edges.items() if len(kind.rows) >= least))


def freebase_case(seeds: Path, seed: int) -> Case:
    """Facts on films: 34,000 entities; without the relations that only turn others round."""
    triples = [each for each in _freebase(seeds) if each[1].startswith("film.film.")]
    entities = sorted({end for head, _, tail in triples for end in (head, tail)})
    return _relations("freebase", seed, triples, [{"~id": each} for each in entities], {}, 10)


NOUN_FILES = frozenset("03 04 06 07 08 09 10 11 12 14 15 16 19 21 22 23 24 25".split())
"""Lexicographer's files: all nouns but animals, plants, food, people, ..."""
NOUN_POINTERS = {
    "@": "hypernym",
    "@i": "instance_hypernym",
    "#m": "member_of",
    "#s": "substance_of",
    "#p": "part_of",
    "!": "antonym",
    "=": "attribute",
    "+": "derived",
    ";c": "topic",
    ";r": "region",
    ";u": "usage",
}


def nouns_case(seeds: Path, seed: int) -> Case:
    """Nouns of WordNet with glosses: 40,000 synsets of half of its files, eleven relations."""
    dictionary = (seeds / WORDNET).with_name("data.noun")
    lines = [line for line in dictionary.read_text("latin-1").splitlines() if line[0] != " "]
    chosen: dict[str, tuple[list[str], str]] = {}
    for line in lines:
        fields, _, gloss = line.partition("|")
        values = fields.split()
        if values[1] in NOUN_FILES:
            chosen[values[0]] = (values, gloss.strip())
    triples = []
    for offset, (values, _) in chosen.items():
        place = 4 + 2 * int(values[3], 16)
        for number in range(int(values[place])):
            symbol, target, kind, _ = values[place + 1 + 4 * number : place + 5 + 4 * number]
            if symbol in NOUN_POINTERS and kind == "n" and target in chosen:
                triples.append((offset, NOUN_POINTERS[symbol], target))
    linked_ = {end for head, _, tail in triples for end in (head, tail)}
    rows = [{"~id": each, "gloss": chosen[each][1]} for each in sorted(linked_)]
    return _relations("nouns", seed, triples, rows, {"gloss": "text_tfidf"}, 10)


# Generated graphs


def _named(places: Indexes) -> list[str]:
    return [f"v{place}" for place in places]


def _vertices(count: int) -> Rows:
    return [{"~id": f"v{number}"} for number in range(count)]


def _plain(name: str, seed: int, rows: Rows, features: Mapping[str, str], links: Links) -> Case:
    triple = ("vertex", "link", "vertex")
    sets = frozenset(key for key, kind in features.items() if kind == "category")
    vertices = {"vertex": Kind(rows, features, sets)}
    return tenth(Graph(name, vertices, {triple: linked("link", links)}), seed, triple)


def blocks_case(_: Path, seed: int) -> Case:
    """Stochastic blocks of unequal size, some of which avoid themselves; stored once."""
    random = np.random.default_rng(seed)
    count, groups, wanted = 1000, 12, 6000
    block = random.choice(groups, count, p=random.dirichlet(np.full(groups, 3.0)))
    between = random.gamma(0.4, 1.0, (groups, groups))
    between = between + between.T + np.diag(random.gamma(2.0, 3.0, groups))
    activity = random.pareto(2.5, count) + 0.3
    rates = between[np.ix_(block, block)] * np.outer(activity, activity)
    links = _drawn(np.triu(rates, 1), wanted, random)
    return _plain("blocks", seed, _vertices(count), {}, either_way(links, random))


def _drawn(rates: Numbers, wanted: int, random: np.random.Generator) -> list[tuple[str, str]]:
    """Links drawn without repetition, in proportion to rates `[vertices, vertices]`."""
    with np.errstate(divide="ignore"):
        keys = np.log(rates.ravel()) + random.gumbel(size=rates.size)
    chosen = np.argpartition(-keys, wanted)[:wanted]
    heads, tails = np.unravel_index(chosen, rates.shape)
    return list(zip(_named(heads), _named(tails), strict=True))


def attachment_case(_: Path, seed: int) -> Case:
    """Preferential attachment, half of the links to a neighbour of the first; stored once."""
    random = np.random.default_rng(seed)
    count, each = 1500, 4
    name = random.permutation(count)
    ends = [0, 1]
    neighbours: dict[int, list[int]] = {0: [1], 1: [0]}
    links = [(0, 1)]
    for new in range(2, count):
        chosen: set[int] = set()
        while len(chosen) < min(each, new):
            near = [far for known in chosen for far in neighbours[known]]
            pool = near if near and random.random() < 0.5 else ends
            chosen.add(int(pool[random.integers(len(pool))]))
        for old in chosen:
            links.append((new, old))
            ends += [new, old]
            neighbours.setdefault(new, []).append(old)
            neighbours[old].append(new)
    pairs = [(f"v{name[one]}", f"v{name[two]}") for one, two in links]
    return _plain("attachment", seed, _vertices(count), {}, either_way(pairs, random))


def _latent(count: int, random: np.random.Generator) -> tuple[Numbers, Rows]:
    """Places in a space of eight dimensions, and words that depend on them: 30 to 200 of 3,000."""
    places = random.standard_normal((count, 8))
    topics = random.standard_normal((3000, 8))
    frequency = -1.1 * np.log(np.arange(1, 3001))
    rows = []
    for number, place in enumerate(places):
        keys = frequency + 2.5 * (topics @ place) / np.sqrt(8) + random.gumbel(size=3000)
        chosen = np.argsort(-keys)[: random.integers(30, 200)]
        rows.append({"~id": f"v{number}", "words": several(f"w{each}" for each in chosen)})
    return places, rows


def _near(places: Numbers, random: np.random.Generator, sharpness: float = 1.2) -> Numbers:
    """Rates of links that fall with the distance, times activities with a long tail."""
    squares = (places**2).sum(axis=1)
    distances = squares[:, None] + squares[None] - 2.0 * places @ places.T
    activity = random.lognormal(0.0, 0.8, len(places))
    rates = np.exp(-sharpness * distances) * activity[:, None]
    np.fill_diagonal(rates, 0.0)
    return np.asarray(rates * random.permutation(activity)[None])


def words_case(_: Path, seed: int) -> Case:
    """A latent space, sets of words that depend on it, and links between near ones, stored once."""
    random = np.random.default_rng(seed)
    places, rows = _latent(1500, random)
    rates = _near(places, random)
    links = _drawn(np.triu(rates + rates.T, 1), 6000, random)
    return _plain("words", seed, rows, {"words": "category"}, either_way(links, random))


def follows(share: float) -> Callable[[Path, int], Case]:
    """A latent space with sets of words; this share of the links goes both ways."""

    def load(_: Path, seed: int) -> Case:
        random = np.random.default_rng(seed)
        places, rows = _latent(1000, random)
        rates = _near(places, random)
        upper = random.random(rates.shape) < 0.5
        once = np.where(np.triu(upper, 1) | np.tril(~upper.T, -1), rates, 0.0)
        wanted = round(6000 / (1.0 + share / (2.0 - share)))
        links = _drawn(once, wanted, random)
        # A share of all links is mutual: of n pairs, n * share / (2 - share) get an opposite.
        answered = random.permutation(wanted)[: round(wanted * share / (2.0 - share))]
        links += [links[number][::-1] for number in answered]
        links = [links[number] for number in random.permutation(len(links))]
        return _plain("follows", seed, rows, {"words": "category"}, links)

    return load


def order_case(_: Path, seed: int) -> Case:
    """A latent space and an order: links go from lower to higher alone."""
    random = np.random.default_rng(seed)
    count = 1200
    places = random.standard_normal((count, 4))
    height = random.permutation(count)
    rates = _near(places, random, 1.0)
    gap = (height[None] - height[:, None]) / count
    rates = np.where(gap > 0, rates * np.exp(-3.0 * gap), 0.0)
    return _plain("order", seed, _vertices(count), {}, _drawn(rates, 6000, random))


def factors_case(_: Path, seed: int) -> Case:
    """People and things with latent factors; popularity of things has a long tail."""
    random = np.random.default_rng(seed)
    people, things = 1000, 800
    tastes = random.gamma(0.08, 1.0, (people, 10))
    kinds = random.gamma(0.08, 1.0, (things, 10))
    popularity = random.pareto(2.0, things) + 0.2
    rates = (tastes @ kinds.T + 0.002) * popularity[None] * random.lognormal(0.0, 0.7, (people, 1))
    links = [(f"p{a[1:]}", f"t{b[1:]}") for a, b in _drawn(rates, 9000, random)]
    vertices = {
        "person": Kind([{"~id": f"p{number}"} for number in range(people)], {}),
        "thing": Kind([{"~id": f"t{number}"} for number in range(things)], {}),
    }
    triple = ("person", "likes", "thing")
    return tenth(Graph("factors", vertices, {triple: linked("likes", links)}), seed, triple)


def composed_case(_: Path, seed: int) -> Case:
    """Relations with a symmetric, an inverse and a composed one, a fifth of each unknown."""
    random = np.random.default_rng(seed)
    count = 600
    parent = np.array([random.integers(0, max(number // 3, 1)) for number in range(count)])
    friends = _drawn(np.triu(_near(random.standard_normal((count, 3)), random), 1), 900, random)
    place = random.integers(0, 40, count)
    works = [(f"v{number}", f"v{parent[number]}") for number in range(1, count)]
    relations = {
        "works_for": works,
        "employs": [(two, one) for one, two in works],
        "boss_of_boss": [
            (f"v{number}", f"v{parent[parent[number]]}") for number in range(3, count)
        ],
        "friend": [*friends, *(pair[::-1] for pair in friends)],
        "lives_in": [(f"v{number}", f"city{place[number]}") for number in range(count)],
        "friend_lives_in": [(one, f"city{place[int(two[1:])]}") for one, two in friends],
    }
    triples = [
        (head, label, tail)
        for label, pairs in relations.items()
        for head, tail in dict.fromkeys(pairs)
        if random.random() < 0.8
    ]
    rows = [*_vertices(count), *({"~id": f"city{number}"} for number in range(40))]
    return _relations("composed", seed, triples, rows, {})


DEVELOPMENT: Mapping[str, Callable[[Path, int], Case]] = {
    "perl": packages("perl", 2),
    "gnu-r": packages("gnu-r"),
    "people": people_case,
    "libraries": libraries_case,
    "tags": tags_case,
    "maintainers": maintainers_case,
    "sources": sources_case,
    "connectome": connectome_case,
    "films": films_case,
    "five-stars": five_stars_case,
    "fraud": fraud_case,
    "posts": posts_case,
    "freebase": freebase_case,
    "nouns": nouns_case,
    "blocks": blocks_case,
    "attachment": attachment_case,
    "words": words_case,
    "follows-0": follows(0.0),
    "follows-half": follows(0.5),
    "follows-1": follows(1.0),
    "order": order_case,
    "factors": factors_case,
    "composed": composed_case,
}
