"""Predicted properties and their values as steps, in the language and format of the query.

A query goes on with the properties of each element, which are looked up by its id (`map_lookup`);
or, where it cannot tell the difference, it begins with all of them.
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
from gremlink.proxy.inference.queries.dialect import BYTECODE, GREMLIN_LANG, Dialect
from gremlink.proxy.inference.queries.inputs import ITS_ID, is_own
from gremlink.proxy.inference.rewrite.choose_tree import FAN_OUT, NOTHING, choose_tree
from gremlink.proxy.inference.rewrite.forms import Row, choose
from gremlink.proxy.inference.rewrite.map_lookup import TABLES, look_up
from gremlink.proxy.inference.rewrite.vertices import Written, bound_tree, literals_in
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

Pairs = Sequence[tuple[str, Argument]]
"""Keys and values; what explains a value is a map."""


def _fresh_ids() -> Iterator[Literal]:
    """Make ids for predicted properties: those of two properties differ, as in every graph."""
    own = uuid4()
    return (Literal.string(f"predicted:{own}:{number}") for number in count())


@dataclass(frozen=True, slots=True)
class Properties:
    """The form of properties of elements, `"node"` or `"edge"`, in a query.

    `binding` is a name that is free for them in a script; `by` leads from an element to its id.
    """

    element: str
    dialect: Dialect
    binding: str
    by: Traversal = ITS_ID
    _ids: Iterator[Literal] = field(default_factory=_fresh_ids)

    def of_each(self, predicted: Mapping[Literal, Pairs]) -> Written:
        """Return the steps from each element to the properties predicted for it, best first.

        All elements that may come are among the keys, also those without any.
        """
        case = PerElement(self, predicted)
        return choose(PER_ELEMENT, case).write(case)

    def can_look_up(self, elements: Collection[Literal], values: Collection[Argument]) -> bool:
        """Return whether there is so much that `values_of_each` pays, and nothing changes in its
        maps."""
        format = self.dialect.format
        typed = format.encoding is Encoding.GRAPHBINARY or (format.typed and format.version == 3)
        if any(map(is_own, elements)):
            return False
        return len(elements) > FAN_OUT and (
            typed
            or all(
                each.kind is Kind.STRING
                for each in literals_in(Items("list", (*elements, *values)))
            )
        )

    def values_of_each(self, predicted: Mapping[Literal, Sequence[Literal]]) -> Written:
        """Return the steps from each element to the values predicted for it, best first.

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
        return Written(look_up(list(predicted), table, most, self.by), bindings)

    def from_start(self, found: Pairs) -> Written:
        """Return the beginning of a traversal that has just these properties."""
        if not found:
            return Written(NOTHING_AT_ALL, {})
        # A list, because a server looks for the edge of a property that is injected itself.
        if _prefers_binding(self.dialect, [value for _, value in found], PROPERTY_LIMIT):
            text = f"{self.binding}.collect {{ {self.made} }}"
            start = step("inject", Opaque("script", text, "answers"))
            return Written([start, step("unfold")], {self.binding: self.plain(found)})
        every = Items("list", tuple(self.every(found)))
        if self.dialect.binds_properties:
            start = step("inject", Variable(self.binding))
            return Written([start, step("unfold")], {self.binding: every})
        return Written([step("inject", every), step("unfold")], {})

    def values_from_start(self, found: Sequence[Argument]) -> Written:
        """Return the beginning of a traversal that has these values of properties."""
        if not found:
            return Written(NOTHING_AT_ALL, {})
        values = tuple(found)
        if _prefers_binding(self.dialect, values, PROPERTY_LIMIT):
            steps = [
                Instruction("inject", (Opaque("script", f"{self.binding} as Object[]", "answers"),))
            ]
            return Written(steps, {self.binding: Items("list", values)})
        return Written([Instruction("inject", values)], {})

    def every(self, pairs: Pairs) -> list[Argument]:
        """Return all of these properties as arguments."""
        return [self._property(key, value) for key, value in pairs]

    def _property(self, key: str, value: Argument) -> Argument:
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
    def made(self) -> str:
        """The Groovy expression that makes a property from what `plain` writes, as `it`."""
        if self.element == "edge":
            return groovy_edge_property("it[1]", "it[2]")
        return groovy_property("it[0]", "it[1]", "it[2]")

    def plain(self, pairs: Pairs) -> Items:
        """Return properties as lists of id, key and value."""
        return Items(
            "list",
            tuple(
                Items("list", (next(self._ids), Literal.string(key), value)) for key, value in pairs
            ),
        )


class PerElement:
    """The properties predicted for each element, where a query goes on with the elements.

    Its properties are the columns of `PER_ELEMENT`, its other methods write the forms.
    """

    def __init__(self, writing: Properties, predicted: Mapping[Literal, Pairs]) -> None:
        self._writing = writing
        self._predicted = predicted
        self._found = {element: pairs for element, pairs in predicted.items() if pairs}

    @property
    def nothing_found(self) -> bool:
        """True if no element has any."""
        return not self._found

    @property
    def own_ids(self) -> bool:
        """True if ids are objects of the database's own."""
        return any(map(is_own, self._found))

    @property
    def language(self) -> str:
        """The language of the query."""
        return self._writing.dialect.written_in

    @property
    def many(self) -> bool:
        """True for more elements than one `choose` has options."""
        return len(self._predicted) > FAN_OUT

    @property
    def survives_a_map(self) -> bool:
        """True if ids and values are the same for the server when they come in a map."""
        values = [value for pairs in self._found.values() for _, value in pairs]
        return _survives(self._writing.dialect, list(self._predicted), values)

    def nothing(self) -> Written:
        """Write that no element leads anywhere."""
        return Written(NOTHING.steps, {})

    def found_by_id(self) -> Written:
        """Write a branch for each element that begins with its `hasId`."""
        return Written(choose_tree(self._leaves()), {})

    def bound_maps(self) -> Written:
        """Write look-ups in maps that come in a binding each."""
        bindings: dict[str, Argument] = {}

        def table(ids: Sequence[Literal]) -> Argument:
            name = f"{self._writing.binding}_{len(bindings)}"
            bindings[name] = self._map(ids)
            return Variable(name)

        steps = look_up(list(self._predicted), table, BINDINGS, self._writing.by)
        return Written(steps, bindings)

    def branches(self) -> Written:
        """Write a branch for each element: slow for many, but neither ids nor values go through a
        map, and the server may merge equal traversers on the way."""
        writing = self._writing
        values = [*self._found, *(value for pairs in self._found.values() for _, value in pairs)]
        if _prefers_binding(writing.dialect, values, 2 * PROPERTY_LIMIT):
            rows = [(element, writing.plain(pairs)) for element, pairs in self._found.items()]
            leaf = f"__.flatMap(__.constant(entry[1].collect {{ {writing.made} }}).unfold())"
            return bound_tree(rows, leaf, writing.binding, script.write(writing.by))
        return Written(choose_tree(self._leaves(), writing.by), {})

    def maps(self) -> Written:
        """Write look-ups in maps that the bytecode holds."""
        return Written(look_up(list(self._predicted), self._map, by=self._writing.by), {})

    def built_maps(self) -> Written:
        """Write look-ups in maps that a Groovy server builds from a binding."""
        writing = self._writing
        tables: list[Argument] = []

        def table(ids: Sequence[Literal]) -> Argument:
            pairs = (Items("list", (id, writing.plain(self._predicted[id]))) for id in ids)
            tables.append(Items("list", tuple(pairs)))
            made = f"{{ [it[0], it[1].collect {{ {writing.made} }}] }}"
            text = f"{writing.binding}[{len(tables) - 1}].collectEntries {made}"
            return Opaque("script", text, "answers")

        steps = look_up(list(self._predicted), table, by=writing.by)
        return Written(steps, {writing.binding: Items("list", tuple(tables))})

    def _leaves(self) -> dict[Literal, list[Instruction]]:
        every = self._writing.every
        return {element: _constants(every(pairs)) for element, pairs in self._found.items()}

    def _map(self, ids: Sequence[Literal]) -> Entries:
        every = self._writing.every
        return Entries(tuple((id, Items("list", tuple(every(self._predicted[id])))) for id in ids))


PER_ELEMENT: tuple[Row[PerElement, Written], ...] = (
    Row("nothing", PerElement.nothing, {"nothing_found": True}),
    Row("a branch with `hasId(id)` for each", PerElement.found_by_id, {"own_ids": True}),
    Row("look-up in maps, each in a binding", PerElement.bound_maps, {"language": GREMLIN_LANG}),
    Row("a branch of `choose` for each", PerElement.branches, {"many": False}),
    Row("a branch of `choose` for each", PerElement.branches, {"survives_a_map": False}),
    Row("look-up in maps, as they are", PerElement.maps, {"language": BYTECODE}),
    Row("look-up in maps that Groovy builds from a binding", PerElement.built_maps, {}),
)
"""The forms of properties that are written for each element."""


NOTHING_AT_ALL = (step("inject", 0), step("limit", 0))
"""The beginning of a traversal that has nothing."""


def _constants(found: Sequence[Argument]) -> list[Instruction]:
    if len(found) == 1:
        return [step("constant", found[0])]
    # `constant(list).unfold()` would leave the list in the path.
    return [step("union", *(anonymous(step("constant", value)) for value in found))]


def _survives(dialect: Dialect, keys: Sequence[Literal], values: Sequence[Argument]) -> bool:
    """Return whether literals are the same for the server when they come in a map or a binding."""
    if dialect.keeps(literals_in(Items("list", (*keys, *values)))):
        return True
    # GraphSON 2 has only strings for keys of a map
    typed = dialect.format.typed and not dialect.is_groovy
    return typed and all(key.kind is Kind.STRING for key in keys)


def _prefers_binding(dialect: Dialect, values: Sequence[Argument], limit: int) -> bool:
    """Return whether a Groovy script should get values in a binding; all in a map count."""
    if not dialect.is_groovy:
        return False
    return dialect.prefers_binding(list(literals_in(Items("list", tuple(values)))), limit)
