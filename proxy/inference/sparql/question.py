"""The questions of a block: its inputs, and what they are linked to.

For `?movie a :Movie . SERVICE neptune-ml:inference { … input ?movie ; output ?genre } …`::

    SELECT DISTINCT ?movie WHERE { ?movie a :Movie . } LIMIT 10001

The question is the part of the surrounding groups that leads to the input. It may give more than
the query comes to, never less: the query joins the answers again. So it goes without all that
mentions the output or the score, and without what is not connected with the input.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gremlink.grammar.sparql.structure import (
    BIND,
    FILTER,
    GRAPH,
    LATERAL,
    MINUS,
    OPTIONAL,
    SERVICE,
    TRIPLES,
    Element,
    Group,
    Operation,
    Request,
    Select,
    groups_below,
    read_request,
)
from gremlink.grammar.sparql.terms import Iri, to_ntriples
from gremlink.grammar.sparql.tokens import IRI, NAME, VARIABLE, WORD, Token
from gremlink.grammar.sparql.triples import read_triples
from gremlink.proxy.inference.commands import PrepareLinks
from gremlink.proxy.inference.queries.inputs import INPUT_LIMIT
from gremlink.proxy.inference.sparql.pieces import (
    BINDING,
    OPTIONALLY,
    REMOVING,
    Piece,
    Pieces,
)
from gremlink.proxy.inference.sparql.plan import AnalysedSparql, Block, path_to

KNOWN = "gremlink_known"
"""The variable of what an input is linked to."""

ACCESS_QUESTION = "SELECT (1 AS ?access) WHERE { }"
"""A question that each store can answer at once: does it let the client in?"""

_HIDING = (FILTER, MINUS)
"""Elements with groups whose variables are not seen outside."""

_ONE_SIDED = frozenset((OPTIONAL, MINUS, LATERAL, BIND))
"""Elements whose groups see only what is before them."""


@dataclass(slots=True, eq=False)
class _Level:
    """A group on the way down to a block, and the element in it that leads on.

    `values` is the block of values behind the query whose group it is; `projected` are the
    variables of a sub-select, whose group it is, that are visible outside.
    """

    group: Group
    way: Element | None
    values: Element | None = None
    projected: frozenset[str] | None = None
    pieces: list[Piece] = field(default_factory=list)

    def follows(self, piece: Piece) -> bool:
        """Return whether a piece comes behind the way down."""
        return self.way is None or piece.element.first > self.way.first


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern whose solutions have all inputs of a block in its variable.

    `certain` tells that each solution has one, `late` that they come from outside of an `OPTIONAL`
    or the like which holds the block, and from nothing before it.
    """

    text: str
    certain: bool
    late: bool = False


def pattern_of_inputs(
    analysed: AnalysedSparql, block: Block, answered: Mapping[Element, str]
) -> Pattern | None:
    """Return the pattern for the inputs of a block.

    `answered` has the text in the place of each block that has answers. Returns `None` if nothing
    binds the variable, or nothing but blocks without answers.
    """
    operation = analysed.request.operations[block.number]
    assert operation.select is not None
    assert block.input is not None
    blocks = {
        each.element: each.variables for each in analysed.blocks if each.number == block.number
    }
    here = {element: text for element, text in answered.items() if element in blocks}
    path = path_to(operation.select, block.element)
    waits = any(
        block.input in names and each not in answered and each is not block.element
        for each, names in blocks.items()
    )
    for one_sided in (True, False):
        for start in _starts(path, block.input):
            pieces = Pieces(analysed.request, blocks, here)
            levels = _levels(path[start:], pieces, one_sided)
            found = _pattern(levels, block, waits)
            if found is not None:
                return found
    return None


def question(analysed: AnalysedSparql, block: Block, pattern: Pattern) -> str:
    """Return the question for the inputs of a block; where links are predicted, for these too."""
    request = analysed.request
    operation = request.operations[block.number]
    head, tail = _frame(request, operation)
    select = f"SELECT DISTINCT ?{block.input}"
    where = f"WHERE {{ {pattern.text} }} LIMIT {INPUT_LIMIT + 1}"
    if operation.graph is not None and not operation.dataset:
        graph = request.text[operation.graph.start : operation.graph.end]
        where = f"WHERE {{ GRAPH {graph} {{ {pattern.text} }} }} LIMIT {INPUT_LIMIT + 1}"
    if not isinstance(block.model, PrepareLinks):
        return f"{head}{select}{tail} {where}"
    input, copied = f"?{block.input}", ""
    if not pattern.certain:  # an unbound one would get all links there are
        input = "?gremlink_input"
        copied = f" BIND(COALESCE(?{block.input}, <urn:gremlink:unbound>) AS {input})"
    linked = _linked(request, operation, block, input)
    return (
        f"{head}SELECT ?{block.input} ?{KNOWN}{tail}"
        f" WHERE {{ {{ {select} {where} }}{copied} OPTIONAL {{ {linked} }} }}"
    )


def question_of_constants(analysed: AnalysedSparql, block: Block) -> str | None:
    """Return the question for the links of constant inputs; `None` if there is nothing to ask."""
    if not isinstance(block.model, PrepareLinks):
        return None
    request = analysed.request
    operation = request.operations[block.number]
    head, tail = _frame(request, operation)
    inputs = " ".join(to_ntriples(Iri(each)) for each in block.constants)
    linked = _linked(request, operation, block, "?gremlink_input")
    given = f"VALUES ?gremlink_input {{ {inputs} }}"
    return f"{head}SELECT ?gremlink_input ?{KNOWN}{tail} WHERE {{ {given} {linked} }}"


def _linked(request: Request, operation: Operation, block: Block, input: str) -> str:
    """Return the pattern for the links of inputs, in the default graph and, where the query looks
    into named ones, in these."""
    assert isinstance(block.model, PrepareLinks)
    predicate = to_ntriples(Iri(block.model.edge_label))
    triple = f"{input} {predicate} ?{KNOWN}"
    if block.model.direction == "in":
        triple = f"?{KNOWN} {predicate} {input}"
    named = any(
        token.is_word(GRAPH) or token.is_word("NAMED") or token.is_word("WITH")
        for token in request.tokens[operation.first : operation.last]
    )
    if not named:
        return triple
    return f"{{ {triple} }} UNION {{ GRAPH ?gremlink_graph {{ {triple} }} }}"


def _frame(request: Request, operation: Operation) -> tuple[str, str]:
    """Return the head of a question, and its clauses of graphs."""
    declared = operation.prologue.declarations()
    dataset = "".join(
        f" FROM {'NAMED ' if named else ''}{request.text[graph.start : graph.end]}"
        for named, graph in operation.dataset
    )
    return (f"{declared}\n" if declared else ""), dataset


# -- the pattern


def _starts(path: Sequence[Select | Group | Element], input: str) -> Iterator[int]:
    """Return the places in a path where the pattern may begin: at the nearest sub-select, or
    further out, where the input of a single solution is still that outside."""
    for place in range(len(path) - 1, -1, -1):
        part = path[place]
        if isinstance(part, Select):
            yield place
            is_visible = part.projected is None or input in part.projected
            if part.grouped or part.limited or not is_visible:
                return


def _levels(
    path: Sequence[Select | Group | Element], pieces: Pieces, one_sided: bool
) -> list[_Level]:
    levels: list[_Level] = []
    values: Element | None = None
    projected: frozenset[str] | None = None
    for place, part in enumerate(path):
        if isinstance(part, Select):
            values = None if part.grouped else part.values
            if place and part.projected is not None:
                projected = frozenset(part.projected)
            if path[place + 1] is not part.where:
                levels.append(_Level(part.where, None, values, projected))
                values = projected = None
        elif isinstance(part, Group) and part.select is None:
            way = path[place + 1]
            assert isinstance(way, Element)
            levels.append(_Level(part, way, values, projected))
            values = projected = None
    for level in levels:
        last = level is levels[-1]
        for element in [*level.group.elements, *([level.values] if level.values else [])]:
            if element is level.way:
                continue
            for piece in pieces.of(element):
                behind = level.way is not None and piece.element.first > level.way.first
                sees = last or level.way is None or level.way.kind not in _ONE_SIDED
                relaxed = not one_sided and level.way is not None and level.way.kind == OPTIONAL
                if sees or not behind or relaxed or piece.role == REMOVING:
                    level.pieces.append(piece)
    return levels


def _pattern(levels: Sequence[_Level], block: Block, waits: bool) -> Pattern | None:
    """Return the pattern, as small as it can be; `None` if it does not bind the input."""
    hidden = frozenset((block.output, *((block.score,) if block.score else ())))
    assert block.input is not None
    possible: Pattern | None = None
    for answered, outputs in ((False, False), (True, False), (True, True)):
        choice = _Choice(levels, block, hidden, answered, outputs)
        certain = block.input in choice.certain(0)
        if not certain and not choice.may_bind(block.input):
            continue
        blind = choice.blind(block.input)
        if not blind <= {OPTIONAL}:
            continue
        found = Pattern(choice.text(0), certain, late=bool(blind))
        if certain:
            return found
        possible = possible or found
    return None if waits else possible


def _may_bind(input: str, pieces: Iterable[Piece]) -> bool:
    return any(input in piece.variables and piece.role != REMOVING for piece in pieces)


class _Choice:
    """The pieces that are kept.

    With `answered` the answers of other blocks, and other services, are among them; with `outputs`
    also what mentions the output or the score of this one.
    """

    def __init__(
        self,
        levels: Sequence[_Level],
        block: Block,
        hidden: frozenset[str],
        answered: bool,
        outputs: bool,
    ) -> None:
        assert block.input is not None
        self.levels = levels
        self.kept = [
            [piece for piece in level.pieces if self._may_stay(piece, hidden, answered, outputs)]
            for level in levels
        ]
        self._part_scopes(block.input)
        self._connect(block.input)
        self._drop_what_is_bound_otherwise(hidden | {block.input})
        self._drop_useless(block.input)

    @staticmethod
    def _may_stay(piece: Piece, hidden: frozenset[str], answered: bool, outputs: bool) -> bool:
        if piece.is_open or (piece.element.kind == SERVICE and not answered):
            return False
        return outputs or piece.role == REMOVING or not piece.variables & hidden

    def _graphs(self, place: int) -> frozenset[str]:
        """Return the variables of the graphs, or services, that a level is in."""
        names = [level.way.name for level in self.levels[:place] if level.way is not None]
        return frozenset(name.text[1:] for name in names if name and name.kind == VARIABLE)

    def _part_scopes(self, input: str) -> None:
        """Drop what only seems to be about the variables of a group further in.

        Those of an `EXISTS` or a `MINUS` are the same as those of the group that it is in, and
        those of a sub-select that it gives; others outside of it have only the same names. And what
        an `OPTIONAL` finds does not depend on what its group is joined with.
        """
        inner: frozenset[str] = frozenset()
        for place in range(len(self.levels) - 1, -1, -1):
            level = self.levels[place]
            own = frozenset().union(*(piece.variables for piece in level.pieces))
            kind = "" if level.way is None else level.way.kind
            if kind in (*_HIDING, OPTIONAL):
                seen = [
                    piece.variables
                    for piece in level.pieces
                    if piece.role != REMOVING and (kind == FILTER or not level.follows(piece))
                ]
                late = {input} if kind == OPTIONAL else set()
                self._drop_with(inner.difference(late, *seen), place)
            inner |= own
            if level.projected is not None:
                self._drop_with(inner - level.projected, place)

    def _drop_with(self, names: frozenset[str], before: int) -> None:
        for place in range(before):
            self.kept[place] = [piece for piece in self.kept[place] if not piece.variables & names]

    def _connect(self, input: str) -> None:
        """Keep only what is connected with the input by variables."""
        around = [self._graphs(place) for place in range(len(self.kept))]
        links: dict[str, list[frozenset[str]]] = {}
        for place, pieces in enumerate(self.kept):
            for piece in pieces:
                if piece.role != REMOVING:
                    names = piece.variables | around[place]
                    for name in names:
                        links.setdefault(name, []).append(names)
        reached = {input}
        waiting = [input]
        while waiting:
            for names in links.pop(waiting.pop(), ()):
                waiting += names - reached
                reached |= names
        self.kept = [
            [
                piece
                for piece in pieces
                if piece.role == REMOVING or reached & (piece.variables | around[place])
            ]
            for place, pieces in enumerate(self.kept)
        ]

    def certain(self, place: int, last: int | None = None) -> frozenset[str]:
        """Return the variables that are surely bound in a level and those below it, to before the
        last."""
        pieces = [piece for kept in self.kept[place:last] for piece in kept]
        found = set().union(*(piece.certain for piece in pieces if not piece.follows))
        for depth, kept in enumerate(self.kept[place:last], place):
            if kept:
                found |= self._graphs(depth)
        followers: dict[str, list[Piece]] = {}
        for piece in pieces:
            for name in piece.follows:
                followers.setdefault(name, []).append(piece)
        waiting = list(found)
        while waiting:
            for piece in followers.get(waiting.pop(), ()):
                if piece.follows <= found and not piece.certain <= found:
                    found |= piece.certain
                    waiting += piece.certain
        return frozenset(found)

    def blind(self, input: str) -> frozenset[str]:
        """Return the kinds of elements on the way to the block that do not see its input: they are
        joined with what binds it later."""
        found: set[str] = set()
        for place, level in enumerate(self.levels[:-1]):
            kind = "" if level.way is None else level.way.kind
            if kind == FILTER or kind in _ONE_SIDED:
                seen = [
                    piece
                    for piece in self.kept[place]
                    if kind == FILTER or not level.follows(piece)
                ]
                if not _may_bind(input, itertools.chain(seen, *self.kept[place + 1 :])):
                    found.add(kind)
        return frozenset(found)

    def may_bind(self, input: str) -> bool:
        """Return whether some piece binds the input in some solution."""
        return _may_bind(input, itertools.chain(*self.kept))

    def _drop_what_is_bound_otherwise(self, of_block: frozenset[str]) -> None:
        """Drop filters and the like whose variables may be bound otherwise than in the query.

        `of_block` are those that the block may bind.
        """
        dropping = True
        while dropping:
            dropping = False
            tainted: set[str] = set()
            for level, pieces in zip(self.levels, self.kept, strict=True):
                for piece in set(level.pieces).difference(pieces):
                    if piece.role != REMOVING:
                        tainted |= piece.variables
            for place, level in enumerate(self.levels):
                kept = self._bound_as_in_the_query(place, tainted, of_block)
                dropping |= len(kept) < len(self.kept[place])
                self.kept[place] = kept
                for piece in level.pieces:
                    tainted |= piece.variables  # those of outer groups are not seen further in

    def _bound_as_in_the_query(
        self, place: int, tainted: set[str], of_block: frozenset[str]
    ) -> list[Piece]:
        """Return the pieces of a level that may stay; `tainted` gets what the others bind."""
        level, pieces = self.levels[place], self.kept[place]
        one_sided = level.way is not None and level.way.kind in _ONE_SIDED
        everything, below = self.certain(place), self._below(place)
        unseen = self._unseen(place)
        before_way: set[str] = set()
        for piece in pieces:
            if not (one_sided and level.follows(piece)) and piece.follows <= before_way:
                before_way |= piece.certain
        kept = []
        before: set[str] = set()
        for piece in pieces:
            follows = level.follows(piece)
            seen: Collection[str] = before
            if piece.element.kind == FILTER:  # sees the whole group
                seen = before_way if follows and one_sided else everything
            meets_block = follows or piece.element.kind == FILTER
            if piece.role != BINDING and (
                (follows and piece.assigned & below)
                or (meets_block and piece.needed & unseen)
                or any(
                    name not in seen and (name in tainted or (meets_block and name in of_block))
                    for name in piece.needed
                )
            ):
                if piece.role != REMOVING:
                    tainted |= piece.variables
                continue
            kept.append(piece)
            if not (one_sided and follows) and piece.follows <= before:
                before |= piece.certain
        return kept

    def _unseen(self, place: int) -> frozenset[str]:
        """Return the variables that only a group further in binds, unseen in the query itself."""
        for depth, level in enumerate(self.levels[place:], place):
            if level.way is not None and level.way.kind in _HIDING:
                return self._below(depth) - self.certain(place, depth + 1)
        return frozenset()

    def _below(self, place: int) -> frozenset[str]:
        """Return the variables of the levels below one: in the query, those of an `EXISTS` or a
        `MINUS` are not in the scope of the groups around it."""
        pieces = itertools.chain(*self.kept[place + 1 :])
        return frozenset().union(*(piece.variables for piece in pieces))

    def _drop_useless(self, input: str) -> None:
        """Drop options that only bind what nothing else looks at."""
        mentions = Counter(
            name for pieces in self.kept for piece in pieces for name in piece.variables
        )
        dropping = True
        while dropping:
            dropping = False
            certain = self.certain(0)
            for pieces in self.kept:
                for piece in [piece for piece in pieces if piece.role == OPTIONALLY]:
                    names = piece.variables - certain
                    if input not in names and all(mentions[name] == 1 for name in names):
                        pieces.remove(piece)
                        mentions.subtract(piece.variables)
                        dropping = True

    def text(self, place: int) -> str:
        """Return the pattern of a level and those below it."""
        level, pieces = self.levels[place], self.kept[place]
        below = self.text(place + 1) if place + 1 < len(self.levels) else ""
        if below:
            way = level.way
            if way is not None and way.kind in (GRAPH, SERVICE) and way.name is not None:
                silent = "SILENT " if way.silent else ""
                below = f"{way.kind} {silent}{way.name.text} {{ {below} }}"
            else:
                below = f"{{ {below} }}"
        last = level.way is None or level.way.kind == FILTER
        before = [piece.text for piece in pieces if last or not level.follows(piece)]
        after = [piece.text for piece in pieces if not last and level.follows(piece)]
        return "\n".join(text for text in (*before, below, *after) if text)


# -- what earlier updates change


def depends_on_earlier(analysed: AnalysedSparql, block: Block, asked: str) -> bool:
    """Return whether a question is about triples that an earlier update of the request changes."""
    request = analysed.request
    earlier = request.operations[: block.number]
    if not earlier:
        return False
    read = _predicates_read(asked)
    for operation in earlier:
        changed = _predicates_changed(request, operation)
        if changed and read and (None in changed or None in read or changed & read):
            return True
    return False


_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_WHOLE_GRAPHS = frozenset(("LOAD", "CLEAR", "DROP", "ADD", "MOVE", "COPY"))
_Changes = set[str | None]
"""Predicates, and classes behind `rdf:type`; `None` is any."""


def _predicates_read(asked: str) -> _Changes:
    request = read_request(asked)
    (operation,) = request.operations
    assert operation.select is not None
    found: _Changes = set()
    for group in groups_below(operation.select):
        for element in group.elements:
            if element.kind == TRIPLES:
                found |= _used(request.tokens, element.first, element.last, operation)
    return found


def _predicates_changed(request: Request, operation: Operation) -> _Changes:
    if operation.form in _WHOLE_GRAPHS:
        return {None}
    found: _Changes = set()
    for first, last in operation.changes:
        tokens = []
        skip = 0
        for token in request.tokens[first + 1 : last - 1]:
            if token.is_word(GRAPH):
                skip = 3  # the word, the graph, its brace
            if token.kind == "}":
                token = Token(".", ".", token.start, token.end)
            if skip:
                skip -= 1
            else:
                tokens.append(token)
        found |= _used(tokens, 0, len(tokens), operation)
    return found


def _used(tokens: Sequence[Token], first: int, last: int, operation: Operation) -> _Changes:
    found: _Changes = set()
    for sentence in read_triples(tokens, first, last):
        for triple in sentence:
            nested = any(
                token.kind in ("[", "{|")
                for token in tokens[triple.subject[0] : max(triple.object[1], triple.subject[1])]
            )
            verb = tokens[slice(*triple.verb)]
            if nested or any(token.kind in ("!", VARIABLE) for token in verb):
                return {None}
            for token in verb:
                if token.kind in (IRI, NAME):
                    iri = operation.prologue.iri(token)
                elif token.kind == WORD and token.text == "a":
                    iri = _TYPE
                else:
                    continue
                if iri == _TYPE and len(verb) == 1:
                    value = tokens[triple.object[0]]
                    iri = None
                    if value.kind in (IRI, NAME):
                        iri = f"{_TYPE} {operation.prologue.iri(value)}"
                found.add(iri)
    return found
