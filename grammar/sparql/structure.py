"""Tokens → the operations of a request, their groups, and the elements of each group.

A group is what braces hold: `{ ?x a :Movie . OPTIONAL { ?x :title ?t } FILTER(?t != "") }` has
three elements. Places are indexes of tokens. Expressions, templates and data are not read, only
passed over, with the groups of their `EXISTS`; what SPARQL does not have at a place is an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NoReturn

from gremlink.grammar.errors import LimitExceeded
from gremlink.grammar.places import error_at
from gremlink.grammar.sparql.iris import resolve
from gremlink.grammar.sparql.tokens import (
    IRI,
    NAME,
    STRING,
    VARIABLE,
    WORD,
    Token,
    scan,
)

MAX_DEPTH = 100
"""Groups in each other."""

TRIPLES, GROUP, OPTIONAL, MINUS, GRAPH = "triples", "group", "OPTIONAL", "MINUS", "GRAPH"
SERVICE, FILTER, BIND, VALUES, LATERAL = "SERVICE", "FILTER", "BIND", "VALUES", "LATERAL"
_ELEMENTS = frozenset((OPTIONAL, MINUS, GRAPH, SERVICE, FILTER, BIND, VALUES, LATERAL))
_AGGREGATES = frozenset("COUNT SUM MIN MAX AVG SAMPLE GROUP_CONCAT".split())
_IN_TRIPLES = frozenset(("a", "true", "false", "TRUE", "FALSE", "True", "False"))


@dataclass(slots=True)
class Prologue:
    """The prefixes and the base that hold for an operation."""

    prefixes: dict[str, str] = field(default_factory=dict)
    base: str = ""

    def iri(self, token: Token) -> str | None:
        """Return the IRI that a token names; `None` if its prefix is not declared.

        Without a base a relative one remains so.
        """
        if token.kind == IRI:
            return self.absolute(token.text[1:-1])
        prefix, _, local = token.text.partition(":")
        namespace = self.prefixes.get(prefix)
        if namespace is None:
            return None
        return namespace + (local if "\\" not in local else local.replace("\\", ""))

    def absolute(self, reference: str) -> str:
        """Return an IRI against the base."""
        return resolve(self.base, reference) if self.base else reference

    def declarations(self) -> str:
        """Return the text that declares all of it, in one line."""
        base = [f"BASE <{self.base}>"] if self.base else []
        names = [f"PREFIX {name}: <{iri}>" for name, iri in self.prefixes.items()]
        return " ".join([*base, *names])


@dataclass(slots=True, eq=False)
class Element:
    """A part of a group, of one of the kinds above: tokens from `first` to before `last`.

    `groups` are those it consists of (several for UNION, of kind `group`), or those of `EXISTS` in
    its expression. `name` is the graph or the service.
    """

    kind: str
    first: int
    last: int
    groups: list[Group] = field(default_factory=list)
    name: Token | None = None
    silent: bool = False


@dataclass(slots=True, eq=False)
class Group:
    """A group with elements, or a sub-select: its braces are the tokens `first` and `last - 1`."""

    first: int
    last: int = 0
    elements: list[Element] = field(default_factory=list)
    select: Select | None = None


@dataclass(slots=True, eq=False)
class Select:
    """A query or a sub-query: from a `WHERE` group to its solutions.

    `projected` are the variables that are visible outside, `None` for all, `computed` those of them
    that expressions have made. `grouped` tells that
    solutions are aggregated, `limited` that only some are kept. `values` is the block behind it,
    `conditions` are the groups of `EXISTS` outside of `where`.
    """

    where: Group
    projected: list[str] | None = None
    computed: frozenset[str] = frozenset()
    grouped: bool = False
    limited: bool = False
    values: Element | None = None
    conditions: list[Group] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Operation:
    """A query, or an update of a request: tokens from `first` to before `last`.

    `form` is its keyword, `MODIFY` for an update with a `WHERE` group. `dataset` are the graphs of
    `FROM` or `USING`, with a mark for the named ones; `graph` is that of `WITH`. `changes` are the
    templates or data of an update: tokens from brace to brace.
    """

    form: str
    first: int
    last: int
    prologue: Prologue
    select: Select | None = None
    dataset: list[tuple[bool, Token]] = field(default_factory=list)
    graph: Token | None = None
    changes: list[tuple[int, int]] = field(default_factory=list)

    @property
    def is_update(self) -> bool:
        """`True` if it changes the graph."""
        return self.form not in ("SELECT", "CONSTRUCT", "DESCRIBE", "ASK")


@dataclass(frozen=True, slots=True)
class Request:
    """A request that was read."""

    text: str
    tokens: Sequence[Token]
    operations: Sequence[Operation]

    def slice(self, first: int, last: int) -> str:
        """Return the text of tokens from `first` to before `last`, with what is between them."""
        if first >= last:
            return ""
        return self.text[self.tokens[first].start : self.tokens[last - 1].end]

    def variables(self, first: int, last: int) -> set[str]:
        """Return the names of the variables among some tokens."""
        return {it.text[1:] for it in self.tokens[first:last] if it.kind == VARIABLE}


def read_request(text: str) -> Request:
    """Read a query, or a sequence of updates. Raises `ScriptError` and `LimitExceeded`."""
    reader = _Reader(text, scan(text))
    return Request(text, reader.tokens, reader.operations())


def groups_below(select: Select) -> Iterator[Group]:
    """Return all groups of a query, in the order of their text."""
    yield from _with_groups_in(select.where)
    for group in select.conditions:
        yield from _with_groups_in(group)


def _with_groups_in(group: Group) -> Iterator[Group]:
    yield group
    if group.select is not None:
        yield from groups_below(group.select)
    for element in group.elements:
        for inner in element.groups:
            yield from _with_groups_in(inner)


class _Reader:
    """Reads tokens one after the other; `at` is the next one."""

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self.text = text
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    # -- tokens

    def peek(self, *kinds: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at].kind in kinds

    def peek_word(self, *words: str) -> str:
        """Return the next keyword if it is one of some, else nothing."""
        if self.at < len(self.tokens) and self.tokens[self.at].kind == WORD:
            word = self.tokens[self.at].text.upper()
            return word if word in words else ""
        return ""

    def take_word(self, *words: str) -> str:
        word = self.peek_word(*words)
        self.at += bool(word)
        return word

    def take(self, *kinds: str) -> Token:
        if not self.peek(*kinds):
            names = [kind if kind.isalpha() or " " in kind else repr(kind) for kind in kinds]
            self.fail(f"expected {' or '.join(names)}")
        self.at += 1
        return self.tokens[self.at - 1]

    def fail(self, wanted: str, at: int | None = None) -> NoReturn:
        at = self.at if at is None else at
        if at >= len(self.tokens):
            raise error_at(self.text, len(self.text.rstrip()), f"the query ends here: {wanted}")
        token = self.tokens[at]
        shown = token.text if len(token.text) <= 40 else token.text[:39] + "…"
        raise error_at(self.text, token.start, f"{shown} is not expected here: {wanted}")

    # -- operations

    def operations(self) -> list[Operation]:
        prologue = Prologue()
        found: list[Operation] = []
        while self.at < len(self.tokens):
            prologue = self.prologue(prologue)
            if self.at == len(self.tokens):
                break
            found.append(self.operation(prologue))
            if self.at < len(self.tokens):
                if not found[-1].is_update:
                    self.fail("the query ends before it")
                self.take(";")
        return found

    def prologue(self, above: Prologue) -> Prologue:
        found = replace(above, prefixes=dict(above.prefixes))
        while word := self.take_word("PREFIX", "BASE", "VERSION"):
            if word == "PREFIX":
                name = self.take(NAME)
                if not name.text.endswith(":") or name.text.count(":") > 1:
                    self.fail("expected a prefix with its colon", self.at - 1)
                found.prefixes[name.text[:-1]] = found.absolute(self.take(IRI).text[1:-1])
            elif word == "BASE":
                found.base = found.absolute(self.take(IRI).text[1:-1])
            else:
                self.take(STRING)
        return found

    def operation(self, prologue: Prologue) -> Operation:
        first = self.at
        word = self.take_word(*_FORMS)
        if not word:
            self.fail(f"expected {', '.join(_FORMS[:4])} or an update")
        found = Operation(word, first, first, prologue)
        _FORMS_READ[word](self, found)
        found.last = self.at
        return found

    def select_query(self, found: Operation) -> None:
        found.select = self.select_body(found)

    def construct_query(self, found: Operation) -> None:
        if self.peek("{"):
            self.braces("CONSTRUCT")
            self.dataset(found, "FROM")
            self.take_word("WHERE")
            found.select = self.solutions(Select(self.group()))
            return
        self.dataset(found, "FROM")
        self.take_word("WHERE")
        self.braces("CONSTRUCT WHERE")
        self.solutions(Select(Group(self.at)))

    def describe_query(self, found: Operation) -> None:
        while self.peek(VARIABLE, IRI, NAME, "*"):
            self.at += 1
        self.dataset(found, "FROM")
        if self.take_word("WHERE") or self.peek("{"):
            found.select = self.solutions(Select(self.group()))
        else:
            self.solutions(Select(Group(self.at)))

    def ask_query(self, found: Operation) -> None:
        self.dataset(found, "FROM")
        self.take_word("WHERE")
        found.select = self.solutions(Select(self.group()))

    def graph_update(self, found: Operation) -> None:
        """Pass over an update of whole graphs."""
        while self.at < len(self.tokens) and not self.peek(";"):
            if not self.peek(WORD, IRI, NAME):
                self.fail("expected a graph")
            self.at += 1

    def modify(self, found: Operation) -> None:
        word = found.form
        found.form = "MODIFY"
        if word == "WITH":
            found.graph = self.take(IRI, NAME)
            word = self.take_word("DELETE", "INSERT")
            if not word:
                self.fail("expected DELETE or INSERT")
        elif second := self.take_word("DATA", "WHERE"):
            if (word, second) == ("INSERT", "WHERE"):
                self.fail("expected DATA or a template", self.at - 1)
            found.form = f"{word} {second}"
            found.changes.append(self.braces(found.form))
            return
        found.changes.append(self.braces(word))
        if word == "DELETE" and self.take_word("INSERT"):
            found.changes.append(self.braces("INSERT"))
        self.dataset(found, "USING")
        if not self.take_word("WHERE"):
            self.fail("expected WHERE")
        found.select = Select(self.group())

    def dataset(self, found: Operation, word: str) -> None:
        while self.take_word(word):
            named = bool(self.take_word("NAMED"))
            found.dataset.append((named, self.take(IRI, NAME)))

    def braces(self, whose: str) -> tuple[int, int]:
        """Pass over a template or data, which have triples only."""
        first = self.at
        self.take("{")
        depth = 1
        while depth:
            if self.at == len(self.tokens):
                self.fail("expected }")
            if self.peek_word(*_ELEMENTS) and not self.peek_word(GRAPH):
                short = "CONSTRUCT { … } WHERE" if "CONSTRUCT" in whose else "DELETE { … } WHERE"
                better = f": write {short} {{ … }}" if "WHERE" in whose else ""
                self.fail(f"the braces of {whose} hold triples only{better}")
            depth += self.peek("{", "{|") - self.peek("}", "|}")
            self.at += 1
        return first, self.at

    # -- queries and groups

    def select_body(self, found: Operation | None = None) -> Select:
        """Read a query, or a sub-query, behind `SELECT`."""
        self.take_word("DISTINCT", "REDUCED")
        projected: list[str] | None = []
        computed: set[str] = set()
        grouped = False
        conditions: list[Group] = []
        while True:
            if self.peek("*"):
                projected = None
                self.at += 1
            elif self.peek(VARIABLE):
                if projected is not None:
                    projected.append(self.tokens[self.at].text[1:])
                self.at += 1
            elif self.peek("("):
                first = self.at
                conditions += self.brackets()
                grouped |= self.aggregates(first, self.at)
                if projected is not None and self.tokens[self.at - 2].kind == VARIABLE:
                    projected.append(self.tokens[self.at - 2].text[1:])
                    computed.add(projected[-1])
            else:
                break
        if found is not None:
            self.dataset(found, "FROM")
        self.take_word("WHERE")
        return self.solutions(
            Select(self.group(), projected, frozenset(computed), grouped, conditions=conditions)
        )

    def aggregates(self, first: int, last: int) -> bool:
        return any(
            it.kind == WORD and it.text.upper() in _AGGREGATES for it in self.tokens[first:last]
        )

    def solutions(self, select: Select) -> Select:
        """Read what is behind the group of a query: how its solutions are taken together."""
        while self.at < len(self.tokens) and not self.peek("}"):
            word = self.peek_word(*_MODIFIERS)
            if word == VALUES:
                select.values = self.values()
                continue
            if word in ("GROUP", "HAVING"):
                select.grouped = True
            elif word in ("LIMIT", "OFFSET"):
                select.limited = True
            elif word == "EXISTS":
                self.at += 1
                select.conditions.append(self.group())
                continue
            elif self.peek("("):
                select.conditions += self.brackets()
                continue
            elif self.peek("{", ";"):
                break
            self.at += 1
        return select

    def group(self) -> Group:
        """Read a group, from brace to brace."""
        if self.depth == MAX_DEPTH:
            raise LimitExceeded("MAX_DEPTH", MAX_DEPTH, self.depth + 1)
        self.depth += 1
        group = Group(self.at)
        self.take("{")
        if self.take_word("SELECT"):
            group.select = self.select_body()
        else:
            while not self.peek("}"):
                if self.at == len(self.tokens):
                    self.fail("expected }")
                if not (group.elements and self.peek(".")):
                    group.elements.append(self.element())
                else:
                    self.at += 1
        self.take("}")
        group.last = self.at
        self.depth -= 1
        return group

    def element(self) -> Element:
        first = self.at
        if self.peek("{"):
            groups = [self.group()]
            while self.take_word("UNION"):
                groups.append(self.group())
            return Element(GROUP, first, self.at, groups)
        word = self.peek_word(*_ELEMENTS)
        if not word:
            self.triples()
            return Element(TRIPLES, first, self.at)
        if word == VALUES:
            return self.values()
        self.at += 1
        found = Element(word, first, first)
        match word:
            case "FILTER":
                found.groups = self.constraint()
            case "BIND":
                found.groups = self.brackets()
            case "GRAPH" | "SERVICE":
                found.silent = word == SERVICE and bool(self.take_word("SILENT"))
                found.name = self.take(VARIABLE, IRI, NAME)
                found.groups = [self.group()]
            case _:
                found.groups = [self.group()]
        found.last = self.at
        return found

    def triples(self) -> None:
        """Pass over triples, up to what is none."""
        first = self.at
        while self.at < len(self.tokens):
            if self.peek("(", "[", "{|"):
                self.nested_triples()
                continue
            if self.peek("}", "{", ")", "]", "|}") or self.peek_word(*_ELEMENTS):
                break
            self.word_in_triples()
            self.at += 1
        if self.at == first:
            self.fail("expected a triple, or a part of a group such as OPTIONAL")

    def nested_triples(self) -> None:
        opened = [self.take("(", "[", "{|")]
        while opened:
            if self.at == len(self.tokens):
                self.fail(f"expected {_CLOSING[opened[-1].kind]}")
            if self.peek("(", "[", "{|"):
                opened.append(self.tokens[self.at])
            elif self.peek(")", "]", "|}", "}", "{"):
                wanted = _CLOSING[opened.pop().kind]
                if not self.peek(wanted):
                    self.fail(f"expected {wanted}")
            else:
                self.word_in_triples()
            self.at += 1

    def word_in_triples(self) -> None:
        token = self.tokens[self.at]
        if token.kind == WORD and token.text not in _IN_TRIPLES:
            self.fail("expected a triple, or a part of a group such as OPTIONAL")

    def constraint(self) -> list[Group]:
        self.take_word("NOT")
        if self.take_word("EXISTS"):
            return [self.group()]
        if not self.peek("("):
            self.take(WORD, IRI, NAME)
        return self.brackets()

    def brackets(self) -> list[Group]:
        """Pass over what is in brackets; the groups in it are those of `EXISTS`."""
        opened = [self.take("(").kind]
        groups = []
        while opened:
            if self.at == len(self.tokens):
                self.fail("expected )")
            if self.peek("{"):
                if not self.tokens[self.at - 1].is_word("EXISTS"):
                    self.fail("expected an expression")
                groups.append(self.group())
                continue
            if self.peek("(", "["):
                opened.append(self.tokens[self.at].kind)
            elif self.peek(")", "]", "}", "|}"):
                wanted = _CLOSING[opened.pop()]
                if not self.peek(wanted):
                    self.fail(f"expected {wanted}")
            self.at += 1
        return groups

    def values(self) -> Element:
        first = self.at
        self.at += 1
        if self.peek("("):
            self.brackets()
        else:
            self.take(VARIABLE)
        self.take("{")
        while not self.peek("}"):
            if self.at == len(self.tokens):
                self.fail("expected }")
            if self.peek("{"):
                self.fail("expected a value")
            self.at += 1
        self.at += 1
        return Element(VALUES, first, self.at)


_CLOSING = {"(": ")", "[": "]", "{|": "|}"}
_MODIFIERS = ("VALUES", "GROUP", "HAVING", "LIMIT", "OFFSET", "EXISTS")
_FORMS_READ = {
    "SELECT": _Reader.select_query,
    "CONSTRUCT": _Reader.construct_query,
    "DESCRIBE": _Reader.describe_query,
    "ASK": _Reader.ask_query,
    "WITH": _Reader.modify,
    "INSERT": _Reader.modify,
    "DELETE": _Reader.modify,
    **dict.fromkeys(
        ("LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY"), _Reader.graph_update
    ),
}
_FORMS = tuple(_FORMS_READ)
