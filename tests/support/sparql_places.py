"""Generated SPARQL requests with inferences in every place where one may stand.

Each is a text with marks for its inferences; `as_inference` and `as_federation` put blocks in
their place. The graph and the models are those of `told_rdf`.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field

from told_rdf import EX, LIMITS, PREFIXES, THRESHOLDS, XSD, Asked

ML = "http://aws.amazon.com/neptune/vocab/v01/services/ml#"


@dataclass(frozen=True)
class Block:
    """An inference: what is asked, of which input (a variable or an IRI), into which variables."""

    asked: Asked
    input: str
    output: str
    score: str | None

    def federated(self, address: str) -> str:
        """The block as a federated query."""
        name = self.asked.name
        parts = [f"<{name}in> {self.input}", f"<{name}out> {self.output}"]
        parts += [f"<{name}score> {self.score}"] if self.score else []
        return f"SERVICE <{address}> {{ [] {' ; '.join(parts)} }}"

    def inference(self, rng: random.Random) -> str:
        """The block as Neptune has it, in one of its spellings."""
        asked = self.asked
        model, predicate, target = {
            "liked": ("OBJECT_PREDICTION", "likes", "Film"),
            "likers": ("SUBJECT_PREDICTION", "likes", "User"),
            "genre": ("OBJECT_CLASSIFICATION", "genre", None),
            "year": ("OBJECT_REGRESSION", "year", None),
        }[asked.endpoint]
        endpoint = "liked" if asked.endpoint == "likers" else asked.endpoint
        prefix, quote = rng.choice(["ml:", "neptune-ml:", ""]), rng.choice("\"'")

        def name(local: str) -> str:
            return f"{prefix}{local}" if prefix else f"<{ML}{local}>"

        parts = [
            ("endpoint", f"{quote}{endpoint}{quote}"),
            ("modelType", f"{quote}{model}{quote}"),
            ("input", self.input),
            ("predicate", rng.choice([f"ex:{predicate}", f"<{EX}{predicate}>"])),
            ("output", self.output),
        ]
        if target:
            parts.append(("outputClass", rng.choice([f"ex:{target}", f"<{EX}{target}>"])))
        if self.score:
            parts.append(("outputScore", self.score))
        if asked.limit > 1:
            forms = [f"{asked.limit}", f'"{asked.limit}"', f"'{asked.limit}'^^xsd:integer"]
            parts.append(("limit", rng.choice(forms)))
        if asked.threshold is not None:
            forms = ["0.3", "'0.3D'", f'"0.30"^^<{XSD}double>', "3e-1"]
            parts.append(("threshold", rng.choice(forms)))
        rng.shuffle(parts)
        between = rng.choice([" ;\n    ", " ; # and }\n    ", ";"])
        written = between.join(f"{name(key)} {value}" for key, value in parts)
        end = rng.choice(["", " ;", " .", " ; ."])
        service = rng.choice(["SERVICE", "service", "Service"])
        return f"{service} {name('inference')} {{ {name('config')} {written}{end} }}"


@dataclass
class Request:
    """A request with the marks `@0@`, `@1@`, … for its blocks."""

    text: str
    is_update: bool
    blocks: list[Block]
    seed: int
    parameters: dict[str, str] = field(default_factory=dict)

    def as_federation(self, address: str) -> str:
        return PREFIXES + self._with([block.federated(address) for block in self.blocks])

    def as_inference(self) -> str:
        rng = random.Random(self.seed)
        more = f"PREFIX ml: <{ML}>\nPREFIX neptune-ml: <{ML}>\n"
        return PREFIXES + more + self._with([block.inference(rng) for block in self.blocks])

    def _with(self, blocks: list[str]) -> str:
        return re.sub(r"@(\d+)@", lambda match: blocks[int(match[1])], self.text)


USERS = (
    "?u a ex:User .",
    "?u ex:name ?name .",
    "?u ex:knows ?other .",
    "?other ex:knows ?u .",
    "?u ex:age ?age . FILTER(?age > 30)",
    "VALUES ?u { ex:u1 ex:u3 ex:nobody ex:missing }",
    "VALUES (?u ?x) { (ex:u2 1) (ex:u5 UNDEF) (UNDEF 3) } ?u a ex:User .",
    "{ ?u ex:admin true } UNION { ?u ex:likes ex:f2 }",
    "{ SELECT ?u WHERE { ?u a ex:User ; ex:age ?years FILTER(?years < 50) } }",
    "{ SELECT ?u (COUNT(?l) AS ?count) WHERE { ?u ex:likes ?l } GROUP BY ?u }",
    "{ SELECT DISTINCT ?u { ?u ex:likes ?l } ORDER BY DESC(?u) LIMIT 3 }",
    "GRAPH ex:people { ?u a ex:User }",
    "GRAPH ?g { ?u a ex:User }",
    "?u (ex:knows/ex:knows) ?far .",
    "ex:u1 ex:knows+ ?u .",
    "ex:u1 ex:knows [ ex:knows ?u ] .",
    "{ ?u a ex:User } { ?u ex:age ?age }",
    "?u a ex:User ; ex:name ?name ; ex:age ?age .",
    "[] ex:knows ?u .",
)
"""Patterns that bind `?u`; one that begins with BIND stands first in a group."""

BOUND_FIRST = ("BIND(ex:u1 AS ?u)", "BIND(IRI(CONCAT(STR(ex:u), '3')) AS ?u)")

MORE = (
    "",
    "",
    "OPTIONAL { ?u ex:age ?maybe }",
    "MINUS { ?u ex:likes ex:f1 }",
    "FILTER EXISTS { ?u ex:age ?some }",
    "FILTER NOT EXISTS { ?u ex:admin true }",
    "OPTIONAL { ?u ex:likes ?has . ?has ex:title ?called }",
    "FILTER(?u != ex:u6)",
)
"""What stands beside them."""

AFTER = {
    "film": (
        "",
        "?f ex:title ?title .",
        "OPTIONAL { ?f ex:year ?year }",
        "FILTER(?f != ex:f1)",
        "FILTER NOT EXISTS { ?f ex:genre 'War' }",
        "BIND(STRAFTER(STR(?f), 'org/') AS ?local)",
        "MINUS { ?f ex:genre 'Drama' }",
        "?f ex:madeBy ?maker .",
        "{ ?f ex:year ?year } UNION { ?f ex:genre ?kind }",
    ),
    "value": (
        "",
        "FILTER(?v = 'Drama')",
        "FILTER(isLiteral(?v))",
        "BIND(STR(?v) AS ?text)",
        "?same ex:genre ?v .",
        "OPTIONAL { ?same ex:genre ?v }",
    ),
}
"""What uses the output."""

BEFORE = {
    "film": ("", "", "?f a ex:Film .", "?f ex:title ?title .", "OPTIONAL { ?u ex:likes ?f }"),
    "value": ("", "", "?any ex:genre ?v .", "OPTIONAL { ?f ex:genre ?v }"),
}


class Maker:
    """A maker of requests: the same seed, the same request."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.seed = seed
        self.blocks: list[Block] = []
        self.trailing = ""

    def block(
        self, endpoint: str, input: str, output: str, score: str | None = None, **asked: object
    ) -> str:
        """A mark for a block."""
        limit, threshold = self.rng.choice(LIMITS), self.rng.choice((None, *THRESHOLDS))
        if endpoint == "year":
            limit, threshold = 1, None
        self.blocks.append(Block(Asked(endpoint, limit, threshold), input, output, score))
        return f"@{len(self.blocks) - 1}@"

    def score(self, name: str = "?s") -> str | None:
        return name if self.rng.random() < 0.6 else None

    def users(self) -> str:
        """A group's patterns that bind `?u`."""
        rng = self.rng
        if rng.random() < 0.12:
            return f"{rng.choice(BOUND_FIRST)} {rng.choice(['?u a ex:User .', ''])}"
        return f"{rng.choice(USERS)} {rng.choice(MORE)}"

    def request(self) -> Request:
        place = self.rng.choice(PLACES)
        body = place(self)
        if self.trailing:
            text, is_update = f"SELECT * {{ {body} }} {self.trailing}", False
        else:
            text, is_update = self._form(body)
        if not is_update and self.rng.random() < 0.08:
            # A dataset of the query's own.
            sources = self.rng.choice(
                ["FROM ex:people FROM ex:films", "FROM ex:people FROM NAMED ex:films"]
            )
            head, brace, rest = text.partition("WHERE {")
            if brace and "{" not in head:
                text = f"{head} {sources} {brace}{rest}"
        return Request(text, is_update, self.blocks, self.seed)

    def _form(self, body: str) -> tuple[str, bool]:
        rng = self.rng
        outputs = [block.output for block in self.blocks]
        shown = " ".join(dict.fromkeys(["?u", *outputs]))
        if "?u" not in body.replace("?us", ""):
            shown = " ".join(dict.fromkeys(outputs))
        (first, *_) = outputs
        choice = rng.random()
        if choice < 0.4:
            return f"SELECT * WHERE {{ {body} }}", False
        if choice < 0.47:
            return f"SELECT DISTINCT {first} {{ {body} }} ORDER BY {first} LIMIT 3", False
        if choice < 0.54:
            return f"SELECT {first} (COUNT(*) AS ?number) {{ {body} }} GROUP BY {first}", False
        if choice < 0.58:
            return f"SELECT {shown} {{ {body} }} ORDER BY {shown} OFFSET 1", False
        if choice < 0.66:
            head = f"CONSTRUCT {{ ex:x ex:told {first} . [] ex:saw {first} }}"
            return f"{head} WHERE {{ {body} }}", False
        if choice < 0.72:
            return f"ASK {{ {body} }}", False
        if choice < 0.76:
            return f"DESCRIBE {first} WHERE {{ {body} }}", False
        if choice < 0.82:
            return f"INSERT {{ ex:x ex:told {first} }} WHERE {{ {body} }}", True
        if choice < 0.88:
            return (
                f"DELETE {{ ?a ex:title ?b }} INSERT {{ GRAPH ex:new {{ ex:x ex:told {first} }} }}"
                f" WHERE {{ {body} OPTIONAL {{ ?a ex:title ?b }} }}"
            ), True
        if choice < 0.92:
            return f"WITH ex:people INSERT {{ ex:x ex:told {first} }} WHERE {{ {body} }}", True
        if choice < 0.96:
            return (
                f"INSERT {{ ex:x ex:told {first} }} USING ex:people USING NAMED ex:films "
                f"WHERE {{ {body} }}"
            ), True
        return (
            "INSERT DATA { ex:new ex:note 'SERVICE <x> {' } ;\n"
            f"INSERT {{ ex:x ex:told {first} }} WHERE {{ {body} }} ;\n"
            f"DELETE WHERE {{ ex:new ex:note ?n }}"
        ), True


def plain(m: Maker) -> str:
    block = m.block("liked", "?u", "?f", m.score())
    parts = [m.users(), m.rng.choice(BEFORE["film"]), block, m.rng.choice(AFTER["film"])]
    return " ".join(parts)


def value(m: Maker) -> str:
    block = m.block("genre", "?f", "?v", m.score())
    binder = m.rng.choice(["?f a ex:Film .", "?f ex:title ?title .", "VALUES ?f {ex:f1 ex:f3}"])
    return " ".join([binder, m.rng.choice(BEFORE["value"]), block, m.rng.choice(AFTER["value"])])


def number(m: Maker) -> str:
    block = m.block("year", "?f", "?v")
    after = m.rng.choice(["", "FILTER(?v > 1990)", "OPTIONAL { ?f ex:year ?real }"])
    return f"?f a ex:Film . {block} {after}"


def subjects(m: Maker) -> str:
    block = m.block("likers", "?f", "?u", m.score())
    return f"?f ex:title ?title . {block} {m.rng.choice(['', '?u ex:name ?name .'])}"


def bound_later(m: Maker) -> str:
    block = m.block("liked", "?u", "?f", m.score())
    return f"{block} {m.rng.choice(AFTER['film'])} {m.rng.choice(USERS)}"


def nested_group(m: Maker) -> str:
    block = m.block("liked", "?u", "?f", m.score())
    inside = m.rng.choice(
        ["{ %s }", "{ { %s } }", "{ ?u ex:name ?n2 . %s }", "{ %s ?f ex:title ?t }"]
    )
    return f"{m.users()} {inside % block} {m.rng.choice(AFTER['film'])}"


def optional(m: Maker) -> str:
    block = m.block("liked", "?u", "?f", m.score())
    inside = m.rng.choice(
        ["%s", "%s ?f ex:year ?year", "?u ex:admin true . %s", "%s FILTER(?f != ex:f3)"]
    )
    return f"{m.users()} OPTIONAL {{ {inside % block} }}"


def union(m: Maker) -> str:
    one = m.block("liked", "?u", "?f", m.score())
    other = m.rng.choice(
        ["?u ex:likes ?f", m.block("liked", "?u", "?f", m.score("?s2")), "BIND(ex:f1 AS ?f)"]
        if m.rng.random() < 0.5
        else ["?u ex:likes ?f", "?u ex:likes ?f . ?f ex:title ?t2"]
    )
    m.blocks = m.blocks if "@1@" in other else m.blocks[:1]
    where = m.rng.random() < 0.5
    if where:
        return f"{m.users()} {{ {one} }} UNION {{ {other} }}"
    return f"{{ {m.users()} {one} }} UNION {{ ?u a ex:User . {other} }}"


def minus(m: Maker) -> str:
    block = m.block("liked", "?u", "?f")
    kept = m.rng.choice(["?f a ex:Film .", "?u ex:likes ?f ."])
    inside = m.rng.choice(["%s", "?u a ex:User . %s", "%s ?f ex:title ?t"])
    return f"{m.users()} {kept} MINUS {{ {inside % block} }}"


def exists(m: Maker) -> str:
    block = m.block("liked", "?u", "?f")
    word = m.rng.choice(["EXISTS", "NOT EXISTS"])
    inside = m.rng.choice(["%s", "%s ?f ex:genre 'War'", "?u a ex:User . %s"])
    kept = m.rng.choice(["", "?f ex:title ?t ."])
    return f"{m.users()} {kept} FILTER {word} {{ {inside % block} }}"


def sub_select(m: Maker) -> str:
    block = m.block("liked", "?u", "?f", "?s")
    head, tail = m.rng.choice(
        [
            ("SELECT ?u ?f", ""),
            ("SELECT DISTINCT ?f", ""),
            ("SELECT ?u (MAX(?s) AS ?best)", "GROUP BY ?u"),
            ("SELECT ?u (COUNT(?f) AS ?n)", "GROUP BY ?u HAVING(COUNT(?f) > 1)"),
            ("SELECT ?u ?f", "ORDER BY ?u ?f LIMIT 4"),
            ("SELECT (COUNT(DISTINCT ?f) AS ?n)", ""),
        ]
    )
    outside = m.rng.choice(["", "?u ex:name ?name .", "?u ex:knows ?v ."])
    return f"{outside} {{ {head} WHERE {{ {m.users()} {block} }} {tail} }}"


def graph(m: Maker) -> str:
    block = m.block("liked", "?u", "?f", m.score())
    name = m.rng.choice(["ex:people", "?g"])
    form = m.rng.choice(
        [
            "GRAPH %s { ?u a ex:User . %s }",
            "GRAPH %s { ?u ex:age ?age . { %s } }",
            "GRAPH %s { ?u a ex:User OPTIONAL { %s } }",
            "?u a ex:User . GRAPH %s { ?u ex:name ?n . %s }",
        ]
    )
    return f"{form % (name, block)} {m.rng.choice(AFTER['film'])}"


def constant(m: Maker) -> str:
    block = m.block("liked", m.rng.choice(["ex:u1", "ex:u3", f"<{EX}u5>", "ex:nobody"]), "?f")
    around = m.rng.choice(["", "?f ex:title ?title .", "?u a ex:User ."])
    return f"{around} {block}"


def chained(m: Maker) -> str:
    first = m.block("liked", "?u", "?f", m.score())
    second = m.block("genre", "?f", "?v", m.score("?s2"))
    between = m.rng.choice(["", "?f ex:title ?title ."])
    both = [f"{first} {between} {second}", f"{second} {first}"]
    return f"{m.users()} {m.rng.choice(both)}"


def chained_apart(m: Maker) -> str:
    first = m.block("liked", "?u", "?f", m.score())
    second = m.block("year", "?f", "?v")
    form = m.rng.choice(["%s OPTIONAL { %s }", "%s { %s }", "%s { ?f ex:title ?title . %s }"])
    return f"{m.users()} {form % (first, second)}"


def side_by_side(m: Maker) -> str:
    first = m.block("liked", "?u", "?f")
    second = m.block("liked", "?other", "?f2")
    return f"?u ex:knows ?other . {first} {second} {m.rng.choice(['', 'FILTER(?f = ?f2)'])}"


def one_output(m: Maker) -> str:
    first = m.block("liked", "?u", "?f")
    second = m.block("liked", "?other", "?f")
    return f"?u ex:knows ?other . {first} {second}"


def in_filter_of_optional(m: Maker) -> str:
    block = m.block("liked", "?u", "?f")
    condition = f"NOT EXISTS {{ {block} ?f ex:year ?y }}"
    return f"{m.users()} OPTIONAL {{ ?u ex:likes ?l FILTER {condition} }}"


def trailing_values(m: Maker) -> str:
    """Inputs that only the block behind the query binds, where the form allows one."""
    block = m.block("liked", "?u", "?f", m.score())
    m.trailing = "VALUES ?u { ex:u1 ex:u2 ex:missing }"
    return f"{m.rng.choice(['', '?u ex:name ?name .'])} {block} {m.rng.choice(AFTER['film'])}"


def in_expression(m: Maker) -> str:
    block = m.block("liked", "?u", "?f")
    inside = m.rng.choice([f"{{ {block} }}", f"{{ {block} ?f ex:genre ?k }}"])
    form = m.rng.choice(
        [
            "BIND(EXISTS %s AS ?told)",
            "BIND(IF(NOT EXISTS %s, 'no', 'yes') AS ?told)",
            "FILTER(?u = ex:u6 || EXISTS %s)",
            "FILTER(!EXISTS %s)",
            "OPTIONAL { ?u ex:age ?maybe FILTER EXISTS %s }",
        ]
    )
    return f"{m.users()} {form % inside}"


def sub_select_in_exists(m: Maker) -> str:
    block = m.block("liked", "?u", "?f")
    return f"?f a ex:Film . FILTER EXISTS {{ SELECT ?f WHERE {{ ?u a ex:User . {block} }} }}"


def nested_sub_selects(m: Maker) -> str:
    block = m.block("liked", "?u", "?f", "?s")
    inner = f"SELECT ?u ?f ?s {{ {m.users()} {block} }}"
    outer = m.rng.choice(
        [
            f"SELECT ?u (MAX(?s) AS ?best) {{ {{ {inner} }} }} GROUP BY ?u",
            f"SELECT ?u ?f {{ {{ {inner} }} ?f ex:title ?title }}",
            f"SELECT * {{ {{ {inner} }} UNION {{ ?u ex:likes ?f }} }}",
            f"SELECT (COUNT(*) AS ?n) {{ {{ {inner} }} }} HAVING(COUNT(*) > 1)",
        ]
    )
    return f"{{ {outer} }} {m.rng.choice(['', '?u ex:age ?age .'])}"


def select_expression(m: Maker) -> str:
    block = m.block("liked", "?u", "?f", "?s")
    head = m.rng.choice(
        [
            "SELECT ?u (CONCAT(STR(?f), '#') AS ?v)",
            "SELECT ?u (?s * 2 AS ?double) ?f",
            "SELECT (GROUP_CONCAT(DISTINCT ?u) AS ?us)",
            "SELECT REDUCED ?u ?f",
        ]
    )
    tail = "GROUP BY ?f" if "GROUP_CONCAT" in head else ""
    where = m.rng.choice(USERS[:1] + USERS[4:7])
    kept = "?f" if "GROUP_CONCAT" not in head else "(COUNT(?u) AS ?n)"
    if "GROUP_CONCAT" in head:
        head = f"SELECT ?f {kept}"
    return f"{{ {head} WHERE {{ {where} {block} }} {tail} }}"


def after_optional(m: Maker) -> str:
    """An input that an OPTIONAL may leave unbound for some solutions, bound by another pattern."""
    block = m.block("liked", "?u", "?f", m.score())
    return f"?o ex:age ?a OPTIONAL {{ ?o ex:knows ?u }} {block} ?u a ex:User ."


def output_bound_elsewhere(m: Maker) -> str:
    block = m.block("liked", "?u", "?f", m.score())
    form = m.rng.choice(
        [
            "VALUES ?f { ex:f1 ex:f2 ex:f3 } %s %s",
            "%s %s VALUES (?f ?w) { (ex:f3 1) (ex:f1 2) (UNDEF 3) }",
            "BIND(ex:f3 AS ?f) %s %s",
            "%s { ?f ex:year ?y } %s",
            "%s %s { SELECT ?f { ?f ex:genre ?k } }",
            "%s %s GRAPH ex:films { ?f ex:title ?t }",
        ]
    )
    return form % (m.rng.choice(USERS), block)


def score_joined(m: Maker) -> str:
    block = m.block("liked", "?u", "?f", "?s")
    form = m.rng.choice(
        [
            "VALUES ?s { 1.0e0 5.0e-1 }",
            "FILTER(?s >= 0.5)",
            "BIND(?s * 100 AS ?percent)",
            "BIND(?s > 0.4 AS ?good) FILTER(?good)",
        ]
    )
    return f"{m.rng.choice(USERS)} {block} {form}"


def union_of_blocks(m: Maker) -> str:
    one = m.block("liked", "?u", "?f", "?s")
    two = m.block("likers", "?f", "?u", "?s")
    three = m.block("genre", "?f", "?v", "?s")
    return (
        f"{{ ?u a ex:User . {one} }} UNION {{ ?f a ex:Film {two} }} "
        f"UNION {{ ?f a ex:Film OPTIONAL {{ {three} }} }}"
    )


def optional_of_optional(m: Maker) -> str:
    one = m.block("liked", "?u", "?f")
    two = m.block("genre", "?f", "?v")
    form = m.rng.choice(
        [
            "OPTIONAL { %s OPTIONAL { %s } }",
            "OPTIONAL { %s } OPTIONAL { %s }",
            "OPTIONAL { { %s } { %s } }",
            "OPTIONAL { %s FILTER EXISTS { %s } }",
            "OPTIONAL { %s MINUS { %s } }",
        ]
    )
    return f"{m.rng.choice(USERS)} {form % (one, two)}"


def several_constants(m: Maker) -> str:
    block = m.block("liked", "ex:u1", "?f", m.score())
    other = m.block("liked", f"<{EX}u3>", "?f")
    return m.rng.choice([f"{block} {other}", f"{block} MINUS {{ {other} }}"])


def odd_text(m: Maker) -> str:
    block = m.block("liked", "?u", "?f", m.score())
    return (
        "?u a ex:User ; # a comment with } and SERVICE <x> { 'and a quote\n"
        f' <{EX}name> ?n FILTER(?n != """}} " SERVICE {{""" && 1<2 && ?u>ex:a)\n{block}'
        f" FILTER(REGEX(STR(?f), '[{{}}]|f[0-9]$')) ."
    )


def blank_nodes(m: Maker) -> str:
    """Blank nodes that patterns of one group share, and such inputs."""
    block = m.block("liked", "?u", "?f")
    form = m.rng.choice(
        [
            "_:x ex:knows ?u ; ex:age ?age . %s",
            "ex:u1 ex:knows [ ex:knows ?u ; ex:age ?a ] . %s",
            "?film ex:madeBy ?u . %s",
            "{ ?film ex:madeBy ?u } UNION { ?u a ex:User } %s",
            "(1 2) ex:missing ?u . %s",
        ]
    )
    return form % block


PLACES = (
    *(trailing_values, in_expression, in_expression, sub_select_in_exists, nested_sub_selects),
    *(select_expression, after_optional, output_bound_elsewhere, score_joined, union_of_blocks),
    *(optional_of_optional, several_constants, odd_text, blank_nodes),
    *(plain, plain, value, number, subjects, bound_later, nested_group, optional, union, minus),
    *(exists, sub_select, sub_select, graph, graph, constant, chained, chained_apart),
    *(side_by_side, one_output, in_filter_of_optional),
)


def request(seed: int) -> Request:
    """The request of that number."""
    return Maker(seed).request()
