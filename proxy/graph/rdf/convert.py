"""An RDF graph as typed files for training: classes are types, literals properties, IRIs edges.

| RDF | here |
| --- | --- |
| classes of a resource | the type of a vertex; several are joined by a blank, which no IRI has |
| no class | the type `rdfs:Resource` |
| a blank node | a vertex of a type of its own, `_:` before the class: it can be no answer |
| a literal | a property, with one column for each language |
| an IRI or a blank node as object | an edge |

Names are whole IRIs. The files live in a scratch folder, as long as the export that names them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import numpy as np

from gremlink.grammar.sparql.terms import Iri, RdfLiteral, to_ntriples
from gremlink.proxy.graph.errors import BadExport, shortened
from gremlink.proxy.graph.files.export_files import (
    EdgeFile,
    Export,
    Feature,
    NodeFile,
    Target,
    left_out,
)
from gremlink.proxy.graph.files.export_rows import FROM, ID, TO
from gremlink.proxy.graph.labels import IRIS_BETWEEN, split_classes
from gremlink.proxy.graph.rdf.configuration import (
    LINKS,
    LinkTarget,
    PropertyTarget,
    RdfConfiguration,
)
from gremlink.proxy.graph.rdf.copies import Copies
from gremlink.proxy.graph.rdf.literals import ValueKind, cell_of, kind_of
from gremlink.proxy.graph.rdf.scratch import Scratch
from gremlink.proxy.graph.rdf.statements import (
    BLANK,
    RDF_TYPE,
    SUFFIXES,
    Datatype,
    Links,
    Numbers,
    Statements,
)
from gremlink.proxy.graph.spelling import suggestion

RESOURCE = "http://www.w3.org/2000/01/rdf-schema#Resource"
"""The class of everything: the type of resources that have no other."""

SEPARATOR = "\x1f"
"""Between several values of a property; ASCII's own, so that no text has it."""

TERMS_BETWEEN = "\n"
"""Between several values of a target, which are terms in N-Triples: those have no line ends."""

_PARTS = ["year", "month", "weekday", "hour"]
_ROWS = 100_000
_CLASS, _DATATYPE = "classification", "datatype"

Key = tuple[int, str]
"""A column: the number of a predicate, and a language, which is empty for most."""


def typed_export(configuration: RdfConfiguration) -> Export:
    """Read the files of a configuration; the typed files vanish with the export.

    Raises `BadExport`, `BadCell`.
    """
    scratch = Scratch("gremlink-rdf-")
    folder = scratch.path
    statements = Statements(folder)
    try:
        for path in configuration.files:
            statements.read(path)
        found = _Conversion(configuration, statements, folder)
        nodes, edges = found.write()
    except BaseException:
        scratch.remove()
        raise
    finally:
        statements.close()
        (folder / "literals.sqlite").unlink(missing_ok=True)
    directory = configuration.path.parent
    unnamed = left_out(directory, configuration.files, SUFFIXES)
    return Export(
        directory,
        tuple(nodes),
        tuple(edges),
        (*configuration.warnings, *unnamed, *found.warnings),
        rdf=True,
        scratch=scratch,
    )


@dataclass(slots=True)
class _Column:
    """Statistics of a property of one type."""

    kinds: set[ValueKind] = field(default_factory=set)
    is_several: bool = False
    unfit: int = 0
    example: str = ""

    @property
    def kind(self) -> ValueKind:
        """The kind of all values; text where they differ."""
        return next(iter(self.kinds)) if len(self.kinds) == 1 else ValueKind.TEXT


@dataclass(frozen=True, slots=True)
class _Asked:
    """A property target with its type, the number of its predicate, and its column."""

    target: PropertyTarget
    type: int
    predicate: int


class _Conversion:
    """Writes the typed files of some statements."""

    def __init__(
        self, configuration: RdfConfiguration, statements: Statements, folder: Path
    ) -> None:
        self.warnings: list[str] = []
        self._configuration = configuration
        self._statements = statements
        self._folder = folder
        self._names = statements.resources
        self._predicates = statements.predicates
        self._datatypes = statements.datatypes
        self._kinds = [kind_of(each.iri) for each in self._datatypes]
        self._links = statements.links()
        self._find_types()
        statements.put_in_order(self._types)
        self._asked = [self._property(target) for target in configuration.properties]

    def write(self) -> tuple[list[NodeFile], list[EdgeFile]]:
        """Write all files."""
        if not len(self._names):
            raise self._problem("the files hold no statement about a resource")
        self._tell()
        nodes = [self._write_nodes(place) for place in self._order if self._members(place).size]
        return nodes, self._write_edges()

    # Types.

    def _find_types(self) -> None:
        """Give every resource a type. The resources of a target's class have it as their type."""
        classes = self._statements.classes
        sets, found = self._statements.class_sets()
        for target in self._configuration.properties:
            if target.node not in classes:
                raise self._problem(
                    f"no resource has the class {target.node!r}, which the target names"
                    f"{suggestion(target.node, classes)}"
                )
        owners = {target.node for target in self._configuration.properties}
        self.type_names: list[str] = []
        self._also: dict[int, tuple[str, ...]] = {}
        """Of a set of classes, those that are not in the type, and so are a property."""
        places: dict[str, int] = {}
        is_blank = np.array([name.startswith(BLANK) for name in self._names], np.bool_)
        type_of = np.zeros((len(sets), 2), np.int64)
        self._set_of = found
        for number, each in enumerate(sets):
            named = sorted(classes[class_] for class_ in each) or [RESOURCE]
            owned = [name for name in named if name in owners]
            if owned:
                self._also[number] = tuple(name for name in named if name not in owned)
            for blank in (False, True):
                own = named if blank or not owned else owned
                name = (BLANK if blank else "") + IRIS_BETWEEN.join(own)
                type_of[number, int(blank)] = places.setdefault(name, len(places))
        self.type_names = list(places)
        self._types: Numbers = type_of[found, is_blank.astype(np.int64)]
        self._order = sorted(range(len(places)), key=self.type_names.__getitem__)
        by_type = np.argsort(self._types, kind="stable")
        ends = np.cumsum(np.bincount(self._types, minlength=len(places)))
        self._by_type = np.split(by_type, ends[:-1])
        untyped = int((found == 0).sum())
        if untyped and untyped < len(found):
            self.warnings.append(
                f"{untyped:,} of {len(found):,} resources have no rdf:type: their type is "
                f"{RESOURCE}"
            )

    def _members(self, type_: int) -> Numbers:
        """Return the resources of a type, ascending."""
        return self._by_type[type_]

    # Targets.

    def _property(self, target: PropertyTarget) -> _Asked:
        place = self.type_names.index(target.node) if target.node in self.type_names else -1
        if place < 0:
            # Some resource of the class is a blank node, or has the class of another target, too.
            raise self._problem(f"no resource has the class {target.node!r} as its type")
        along = self._predicates_of(place)
        if target.predicate:
            if target.predicate not in along:
                raise self._problem(
                    f"no resource of the class {target.node!r} has the predicate "
                    f"{target.predicate!r}, which the target names"
                    f"{suggestion(target.predicate, along)}"
                )
            return _Asked(target, place, along[target.predicate])
        with_values = {name: number for name, number in along.items()
                       if number in {key[0] for key in self._columns(place)}}  # fmt: skip
        if len(with_values) != 1:
            listing = ", ".join(map(repr, sorted(with_values))) or "none"
            raise self._problem(
                f"the target of {target.node!r} names no predicate, and its resources have values "
                f'of {listing}: name one as "predicate"'
            )
        return _Asked(target, place, *with_values.values())

    def _predicates_of(self, type_: int) -> dict[str, int]:
        """Return the predicates that the resources of a type have, with their numbers."""
        found = {key[0] for key in self._columns(type_)}
        found |= set(np.unique(self._links.predicates[self._types[self._links.subjects] == type_]))
        names = self._predicates
        return {names[number]: int(number) for number in sorted(found) if names[number] != RDF_TYPE}

    def _columns(self, type_: int) -> dict[Key, _Column]:
        """Return the columns of a type, in the order of their names."""
        found: dict[Key, _Column] = {}
        for resource, rows in groupby(self._statements.literals(type_), key=_resource):
            seen: set[Key] = set()
            for _, predicate, datatype, value in rows:
                key = self._key(predicate, datatype)
                column = found.get(key)
                if column is None:
                    column = found[key] = _Column()
                kind = self._kinds[datatype]
                if cell_of(value, kind):
                    column.kinds.add(kind)
                    column.is_several |= key in seen
                    seen.add(key)
                elif value:
                    column.unfit += 1
                    literal = to_ntriples(_literal(self._datatypes[datatype], value))
                    column.example = column.example or f"{literal} of {self._names[resource]}"
        return dict(sorted(found.items(), key=lambda each: self._name(each[0])))

    def _key(self, predicate: int, datatype: int) -> Key:
        return predicate, self._datatypes[datatype].language

    def _name(self, key: Key) -> str:
        """Return the header of a column: the predicate, and the language if there is one."""
        predicate, language = key
        return (
            f"{self._predicates[predicate]}@{language}" if language else self._predicates[predicate]
        )

    # Vertices.

    def _write_nodes(self, type_: int) -> NodeFile:
        name = self.type_names[type_]
        asked = next((each for each in self._asked if each.type == type_), None)
        columns = self._columns(type_)
        for key, column in columns.items():
            if column.unfit:
                self.warnings.append(
                    f"{name}: {column.unfit:,} values of {self._name(key)} do not fit their "
                    f"datatypes, {shortened(column.example, 200)} for one: they count as missing"
                )
        columns = {
            key: column
            for key, column in columns.items()
            if column.kinds and (asked is None or key[0] != asked.predicate)
        }
        targets: tuple[Target, ...] = ()
        answers: dict[int, str] = {}
        if asked is not None:
            answers, target = self._answers(asked)
            targets = (target,)
            columns = self._without_copies(asked, columns, answers)
        also = bool(asked and any(self._also.get(number) for number in np.unique(
            self._set_of[self._members(type_)]).tolist()))  # fmt: skip
        header = [ID, *map(self._name, columns)]
        features = [self._feature(self._name(key), column) for key, column in columns.items()]
        if also:
            header.append(RDF_TYPE)
            features.append(Feature(RDF_TYPE, RDF_TYPE, "auto", {"separator": SEPARATOR}))
        if asked is not None:
            header.append(self._predicates[asked.predicate])
        path = self._folder / f"vertices-{type_}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            for resource, cells in self._rows(type_, columns):
                row = [self._names[resource], *cells]
                if also:
                    row.append(SEPARATOR.join(self._also[int(self._set_of[resource])]))
                if asked is not None:
                    row.append(answers.get(resource, ""))
                writer.writerow(row)
        return NodeFile(
            path,
            name,
            tuple(features),
            targets,
            is_complete=False,
            is_nameless=name.startswith(BLANK),
        )

    def _rows(self, type_: int, columns: Iterable[Key]) -> Iterator[tuple[int, list[str]]]:
        """Yield each resource of a type, and its cells."""
        places = {key: place for place, key in enumerate(columns)}
        values = groupby(self._statements.literals(type_), key=_resource)
        pending = next(values, None)
        for resource in self._members(type_).tolist():
            cells = [""] * len(places)
            if pending is not None and pending[0] == resource:
                for _, predicate, datatype, value in pending[1]:
                    place = places.get(self._key(predicate, datatype))
                    cell = "" if place is None else cell_of(value, self._kinds[datatype])
                    if place is not None and cell:
                        cells[place] += (SEPARATOR if cells[place] else "") + cell
                pending = next(values, None)
            yield resource, cells

    def _feature(self, name: str, column: _Column) -> Feature:
        """Return the feature of a property, as an export of a property graph has it."""
        if column.is_several:
            numbers = {"imputer": "median"} if column.kind is ValueKind.NUMBER else {}
            return Feature(name, name, "auto", {"separator": SEPARATOR, **numbers})
        if column.kind is ValueKind.NUMBER:
            return Feature(name, name, "numerical", {"norm": "min-max", "imputer": "median"})
        if column.kind is ValueKind.DATE:
            return Feature(name, name, "datetime", {"datetime_parts": _PARTS})
        return Feature(name, name, "auto")

    # What is to be predicted.

    def _answers(self, asked: _Asked) -> tuple[dict[int, str], Target]:
        """Return the values of a target by resource, as cells, and the target itself."""
        target = asked.target
        predicate = self._predicates[asked.predicate]
        terms: dict[int, list[str]] = {}
        datatypes: set[int] = set()
        unfit = 0
        is_class = target.task == _CLASS
        for resource, along, datatype, value in self._statements.literals(asked.type):
            if along == asked.predicate:
                text = to_ntriples(_literal(self._datatypes[datatype], value))
                if not is_class:
                    text = cell_of(value, ValueKind.NUMBER)
                if text:
                    terms.setdefault(resource, []).append(text)
                    datatypes.add(datatype)
                else:
                    unfit += 1
        mine = self._links.predicates == asked.predicate
        mine &= self._types[self._links.subjects] == asked.type
        objects = 0
        for resource, found in zip(self._links.subjects[mine].tolist(),
                                   self._links.objects[mine].tolist(), strict=True):  # fmt: skip
            name = self._names[found]
            if is_class and not name.startswith(BLANK):
                terms.setdefault(resource, []).append(to_ntriples(Iri(name)))
                objects += 1
            else:
                unfit += 1
        if unfit:
            what = "blank nodes" if is_class else "no numbers"
            self.warnings.append(
                f"{target.node}: {unfit:,} values of the target {predicate} are {what}, and are "
                "left out"
            )
        if not terms:
            raise self._problem(
                f"no resource of the class {target.node!r} has a value of {predicate!r} that a "
                f"{target.task} can predict"
            )
        several = sum(len(each) > 1 for each in terms.values())
        options: dict[str, str] = {}
        if not objects and len(datatypes) == 1:
            (only,) = datatypes
            if not self._datatypes[only].language:
                options[_DATATYPE] = self._datatypes[only].iri
        if is_class:
            if several:
                options["separator"] = TERMS_BETWEEN
            cells = {key: TERMS_BETWEEN.join(sorted(each)) for key, each in terms.items()}
        else:
            if several:
                self.warnings.append(
                    f"{target.node}: {several:,} resources have several values of the target "
                    f"{predicate}: their mean is learned"
                )
            cells = {key: each[0] if len(each) == 1 else repr(float(np.mean([*map(float, each)])))
                     for key, each in terms.items()}  # fmt: skip
        return cells, Target(predicate, target.task, target.split_rate, options)

    def _without_copies(
        self, asked: _Asked, columns: dict[Key, _Column], answers: dict[int, str]
    ) -> dict[Key, _Column]:
        """Leave out properties that are copies of the target, with a warning about each."""
        copies = Copies(len(columns), is_number=asked.target.task != _CLASS)
        for resource, cells in self._rows(asked.type, columns):
            if resource in answers:
                copies.see(answers[resource].split(TERMS_BETWEEN), cells, SEPARATOR)
        kept = {}
        for place, (key, column) in enumerate(columns.items()):
            share = copies.share(place)
            if share is None:
                kept[key] = column
                continue
            self.warnings.append(
                f"{asked.target.node}: the property {self._name(key)} is left out: it tells the "
                f"target {self._predicates[asked.predicate]} for {share:.1%} of the resources that "
                "have both, and the target tells it: with such a copy a model learns nothing else"
            )
        return kept

    # Edges.

    def _write_edges(self) -> list[EdgeFile]:
        links = self._without_targets(self._links)
        heads, tails = self._types[links.subjects], self._types[links.objects]
        count, along = len(self.type_names), len(self._predicates)
        groups = (heads * along + links.predicates) * count + tails
        order = np.argsort(groups, kind="stable")
        keys, starts = np.unique(groups[order], return_index=True)
        named = []
        stops = [*starts.tolist(), len(order)][1:]
        for key, start, stop in zip(keys.tolist(), starts.tolist(), stops, strict=True):
            places = order[start:stop]
            head, rest = divmod(key, along * count)
            predicate, tail = divmod(rest, count)
            triple = self.type_names[head], self._predicates[predicate], self.type_names[tail]
            named.append((triple, places))
        named.sort(key=lambda each: each[0])
        targets = self._link_targets([triple for triple, _ in named])
        files = []
        for number, (triple, places) in enumerate(named):
            path = self._folder / f"edges-{number}.csv"
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow([FROM, TO])
                for start in range(0, len(places), _ROWS):
                    some = places[start : start + _ROWS]
                    ends = links.subjects[some].tolist(), links.objects[some].tolist()
                    writer.writerows(zip(*(map(self._names.__getitem__, end) for end in ends),
                                         strict=True))  # fmt: skip
            files.append(EdgeFile(path, *triple, targets=targets.get(triple, ())))
        return files

    def _without_targets(self, links: Links) -> Links:
        """Return the links without those that are values of a target."""
        keep = np.ones(len(links.subjects), np.bool_)
        for each in self._asked:
            is_value = links.predicates == each.predicate
            keep &= ~(is_value & (self._types[links.subjects] == each.type))
        return Links(links.subjects[keep], links.predicates[keep], links.objects[keep])

    def _link_targets(
        self, triples: Sequence[tuple[str, str, str]]
    ) -> dict[tuple[str, str, str], tuple[Target, ...]]:
        """Return what is asked of each relation. Raises `BadExport` for what nothing has."""
        found: dict[tuple[str, str, str], tuple[Target, ...]] = {}
        for target in self._configuration.links:
            mine = [triple for triple in triples if _is_meant(target, triple)]
            if not mine:
                raise self._no_link(target, triples)
            for triple in mine:
                found.setdefault(triple, (Target("", LINKS, target.split_rate),))
        return found

    def _no_link(self, target: LinkTarget, triples: Sequence[tuple[str, str, str]]) -> BadExport:
        classes = {name for triple in triples for end in (0, 2) for name in _classes(triple[end])}
        predicates = {triple[1] for triple in triples}
        for key, name in (("subject", target.subject), ("object", target.object)):
            if name and name not in classes:
                what = (
                    "has links to or from resources"
                    if name in self._statements.classes
                    else "has any resource"
                )
                return self._problem(
                    f"no class {name!r} {what}, and the target names it as its {key}"
                    f"{suggestion(name, classes)}"
                )
        if target.predicate and target.predicate not in predicates:
            if target.predicate in self._predicates:
                return self._problem(
                    f"{target.predicate!r} has literals only, and the target asks for its links: "
                    'values are predicted with "node", "predicate" and a task_type '
                    '"classification" or "regression"'
                )
            return self._problem(
                f"no link has the predicate {target.predicate!r}, which the target names"
                f"{suggestion(target.predicate, predicates)}"
            )
        asked = " ".join(
            f"<{name}>" if name else "(any)"
            for name in (target.subject, target.predicate, target.object)
        )
        there = [
            f"<{head}> <{predicate}> <{tail}>"
            for head, predicate, tail in triples
            if not target.predicate or predicate == target.predicate
        ]
        return self._problem(f"there is no link {asked}{suggestion(asked, there)}")

    def _tell(self) -> None:
        """Warn about what has no place in a typed graph."""
        if self._statements.about_statements:
            self.warnings.append(
                f"{self._statements.about_statements:,} statements about statements are left out"
            )

    def _problem(self, reason: str) -> BadExport:
        return BadExport(self._configuration.path, reason)


def _resource(row: tuple[int, int, int, str]) -> int:
    return row[0]


def _literal(datatype: Datatype, value: str) -> RdfLiteral:
    return RdfLiteral(value, datatype.iri, datatype.language)


def _classes(type_name: str) -> list[str]:
    """Return the classes in a type's name; none of blank nodes, which no query asks for."""
    return [] if type_name.startswith(BLANK) else list(split_classes(type_name))


def _is_meant(target: LinkTarget, triple: tuple[str, str, str]) -> bool:
    head, predicate, tail = triple
    return (
        target.predicate in ("", predicate)
        and (not target.subject or target.subject in _classes(head))
        and (not target.object or target.object in _classes(tail))
    )
