"""Predicted properties in the encoding of the query that they go into.

A query goes on with the properties of each element, which are looked up by its id (`lookup`); or,
where it cannot tell the difference, it begins with all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from uuid import uuid4

from gremlink.grammar import script
from gremlink.grammar.traversal import (
    Argument,
    Entries,
    Instruction,
    Items,
    Kind,
    Literal,
    Opaque,
    Traversal,
    Variable,
    anonymous,
    step,
)
from gremlink.proxy.inference.errors import UnsupportedOperation
from gremlink.proxy.inference.queries.dialect import Dialect
from gremlink.proxy.inference.queries.inputs import ITS_ID, is_own
from gremlink.proxy.inference.rewrite.choose_tree import FAN_OUT, NOTHING, choose_tree
from gremlink.proxy.inference.rewrite.map_lookup import TABLES, looked_up
from gremlink.proxy.inference.rewrite.vertices import Written, bound_tree
from gremlink.proxy.wire.elements import (
    graphbinary_edge_property,
    graphbinary_property,
    graphson_edge_property,
    graphson_property,
    groovy_edge_property,
    groovy_property,
)
from gremlink.proxy.wire.mime import Encoding

PROPERTY_LIMIT = 50
"""Predicted properties that are written into the text of a Groovy script."""

BINDINGS = 8
"""Maps that come in a binding each: a server takes 16 bindings, and the query may have its own."""

Pairs = Sequence[tuple[str, Literal]]
"""Keys and values."""


def _fresh_ids() -> Iterator[Literal]:
    """Ids for predicted properties: those of two properties differ, as in every graph."""
    own = uuid4()
    return (Literal.string(f"predicted:{own}:{number}") for number in count())


@dataclass(frozen=True, slots=True)
class Properties:
    """How properties of elements, `"node"` or `"edge"`, are written into a query.

    `binding` is a name that is free for them in a script; `by` leads from an element to its id.
    """

    element: str
    dialect: Dialect
    binding: str
    by: Traversal = ITS_ID
    _ids: Iterator[Literal] = field(default_factory=_fresh_ids)

    def of_each(self, predicted: Mapping[Literal, Pairs]) -> Written:
        """From each element to the properties predicted for it, best first.

        All elements that may come are among the keys, also those without any.
        """
        found = {element: pairs for element, pairs in predicted.items() if pairs}
        if not found:
            return Written(NOTHING.steps, {})
        values = [value for pairs in found.values() for _, value in pairs]
        if any(map(is_own, found)):
            leaves = {element: _constants(self._all(pairs)) for element, pairs in found.items()}
            return Written(choose_tree(leaves), {})
        if self.dialect.binds_properties:
            return self._in_bindings(predicted)
        if len(predicted) <= FAN_OUT or not _survives(self.dialect, list(predicted), values):
            return self._in_branches(found)
        if not self.dialect.is_groovy:
            every = list(predicted)
            steps = looked_up(every, lambda ids: self._map(ids, predicted), by=self.by)
            return Written(steps, {})
        tables: list[Argument] = []

        def table(ids: Sequence[Literal]) -> Argument:
            tables.append(
                Items(
                    "list",
                    tuple(Items("list", (id, self._plain(predicted[id]))) for id in ids),
                )
            )
            made = f"{{ [it[0], it[1].collect {{ {self._made} }}] }}"
            text = f"{self.binding}[{len(tables) - 1}].collectEntries {made}"
            return Opaque("script", text, "answers")

        steps = looked_up(list(predicted), table, by=self.by)
        return Written(steps, {self.binding: Items("list", tuple(tables))})

    def can_look_up(self, elements: Collection[Literal], values: Collection[Literal]) -> bool:
        """Whether there is so much that `values_of_each` pays, and nothing changes in its maps."""
        format = self.dialect.format
        typed = format.encoding is Encoding.GRAPHBINARY or (format.typed and format.version == 3)
        if any(map(is_own, elements)):
            return False
        return len(elements) > FAN_OUT and (
            typed or all(each.kind is Kind.STRING for each in (*elements, *values))
        )

    def values_of_each(self, predicted: Mapping[Literal, Sequence[Literal]]) -> Written:
        """From each element to the values predicted for it, best first.

        All elements that may come are among the keys, also those without any.
        """
        bindings: dict[str, Argument] = {}
        tables: list[Argument] = []
        alike: dict[tuple[Literal, ...], Items] = {}

        def table(ids: Sequence[Literal]) -> Argument:
            pairs = []
            for id in ids:
                values = tuple(predicted[id])
                shared = alike.get(values)
                if shared is None:
                    shared = alike[values] = Items("list", values)
                pairs.append((id, shared))
            entries = Entries(tuple(pairs))
            if self.dialect.language is None:
                return entries
            if self.dialect.is_groovy:
                tables.append(entries)
                bindings[self.binding] = Items("list", tuple(tables))
                return Opaque("script", f"{self.binding}[{len(tables) - 1}]", "answers")
            name = f"{self.binding}_{len(bindings)}"
            bindings[name] = entries
            return Variable(name)

        most = BINDINGS if self.dialect.binds_properties else TABLES
        return Written(looked_up(list(predicted), table, most, self.by), bindings)

    def from_start(self, found: Pairs) -> Written:
        """The beginning of a traversal that has just these properties."""
        if not found:
            return Written(NOTHING_AT_ALL, {})
        # A list, because a server looks for the edge of a property that is injected itself.
        if self.dialect.prefers_binding([value for _, value in found], PROPERTY_LIMIT):
            text = f"{self.binding}.collect {{ {self._made} }}"
            start = step("inject", Opaque("script", text, "answers"))
            return Written([start, step("unfold")], {self.binding: self._plain(found)})
        every = Items("list", tuple(self._all(found)))
        if self.dialect.binds_properties:
            start = step("inject", Variable(self.binding))
            return Written([start, step("unfold")], {self.binding: every})
        return Written([step("inject", every), step("unfold")], {})

    def values_from_start(self, found: Sequence[Literal]) -> Written:
        """The beginning of a traversal that has these values of properties."""
        if not found:
            return Written(NOTHING_AT_ALL, {})
        values = tuple(found)
        if self.dialect.prefers_binding(values, PROPERTY_LIMIT):
            steps = [
                Instruction("inject", (Opaque("script", f"{self.binding} as Object[]", "answers"),))
            ]
            return Written(steps, {self.binding: Items("list", values)})
        return Written([Instruction("inject", values)], {})

    def _in_bindings(self, predicted: Mapping[Literal, Pairs]) -> Written:
        """Maps that come in a binding each."""
        bindings: dict[str, Argument] = {}

        def table(ids: Sequence[Literal]) -> Argument:
            name = f"{self.binding}_{len(bindings)}"
            bindings[name] = self._map(ids, predicted)
            return Variable(name)

        return Written(looked_up(list(predicted), table, BINDINGS, self.by), bindings)

    def _in_branches(self, found: Mapping[Literal, Pairs]) -> Written:
        """A branch for each element: slow for many, but neither ids nor values go through a map,
        and the server may merge equal traversers on the way."""
        values = [*found, *(value for pairs in found.values() for _, value in pairs)]
        if self.dialect.prefers_binding(values, 2 * PROPERTY_LIMIT):
            rows = [(element, self._plain(pairs)) for element, pairs in found.items()]
            leaf = f"__.flatMap(__.constant(entry[1].collect {{ {self._made} }}).unfold())"
            return bound_tree(rows, leaf, self.binding, script.write(self.by))
        leaves = {element: _constants(self._all(pairs)) for element, pairs in found.items()}
        return Written(choose_tree(leaves, self.by), {})

    def _map(self, ids: Sequence[Literal], predicted: Mapping[Literal, Pairs]) -> Entries:
        return Entries(tuple((id, Items("list", tuple(self._all(predicted[id])))) for id in ids))

    def _all(self, pairs: Pairs) -> list[Argument]:
        return [self._property(key, value) for key, value in pairs]

    def _property(self, key: str, value: Literal) -> Argument:
        dialect = self.dialect
        version = 2 if dialect.format.version == 2 else 3
        if dialect.is_groovy:
            texts = [script.write_value(each) for each in (Literal.string(key), value)]
            if self.element == "edge":
                return Opaque("script", groovy_edge_property(*texts), "answers")
            id = script.write_value(next(self._ids))
            return Opaque("script", groovy_property(id, *texts), "answers")
        if dialect.binds_properties and not dialect.format.keeps_types:
            raise UnsupportedOperation(
                f"Predicted properties in {dialect.language} scripts are not supported with the"
                f" mime type {dialect.format.name}: use one with types, send bytecode, or write"
                " gremlin-groovy."
            )
        binary = dialect.format.encoding is Encoding.GRAPHBINARY
        if self.element == "edge":
            if binary:
                return graphbinary_edge_property(key, value)
            return graphson_edge_property(key, value, version)
        if binary:
            return graphbinary_property(next(self._ids), key, value)
        return graphson_property(next(self._ids), key, value, version)

    @property
    def _made(self) -> str:
        """The Groovy expression that makes a property from what `_plain` writes, as `it`."""
        if self.element == "edge":
            return groovy_edge_property("it[1]", "it[2]")
        return groovy_property("it[0]", "it[1]", "it[2]")

    def _plain(self, pairs: Pairs) -> Items:
        """Properties as lists of id, key and value."""
        return Items(
            "list",
            tuple(
                Items("list", (next(self._ids), Literal.string(key), value)) for key, value in pairs
            ),
        )


NOTHING_AT_ALL = (step("inject", 0), step("limit", 0))
"""The beginning of a traversal that has nothing."""


def _constants(found: Sequence[Argument]) -> list[Instruction]:
    if len(found) == 1:
        return [step("constant", found[0])]
    # `constant(list).unfold()` would leave the list in the path.
    return [step("union", *(anonymous(step("constant", value)) for value in found))]


def _survives(dialect: Dialect, keys: Sequence[Literal], values: Sequence[Literal]) -> bool:
    """Whether literals are the same for the server when they come in a map or a binding."""
    if dialect.keeps((*keys, *values)):
        return True
    # GraphSON 2 has only strings for keys of a map
    typed = dialect.format.typed and not dialect.is_groovy
    return typed and all(key.kind is Kind.STRING for key in keys)
