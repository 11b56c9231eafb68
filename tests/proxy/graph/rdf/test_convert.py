"""RDF graphs as typed files."""

from __future__ import annotations

import csv
import gc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from rdf_export import EX, TYPE, XSD, classify, iri, line, link, literal, write_rdf_export

from gremlink.proxy.graph import BadCell, BadExport, Export, NodeFile, read_export
from gremlink.proxy.graph.rdf.convert import RESOURCE

MOVIES = [
    line(f"m{number}", "a", iri("Movie")) for number in range(20)
] + [
    line(f"m{number}", "genre", literal("Drama" if number % 2 else "Comedy"))
    for number in range(1, 20)
]  # fmt: skip


def read(directory: Path, lines: Sequence[str], label: Any = None, **options: Any) -> Export:
    return read_export(write_rdf_export(directory, lines, label, **options))


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return sorted(csv.DictReader(file), key=lambda row: list(row.values()))


def node(export: Export, name: str) -> NodeFile:
    return next(file for file in export.nodes if file.type == name)


def column(export: Export, type_: str, key: str) -> dict[str, str]:
    """The cells of a property that are not empty, by the name of the resource below `EX`."""
    rows = rows_of(node(export, type_).path)
    return {row["~id"].removeprefix(EX): row[key] for row in rows if row.get(key)}


def features(export: Export, type_: str) -> dict[str, str]:
    return {each.column: each.type for each in node(export, type_).features}


def edges(export: Export) -> dict[tuple[str, str, str], list[tuple[str, str]]]:
    return {
        (file.source, file.relation, file.dest): [
            (row["~from"], row["~to"]) for row in rows_of(file.path)
        ]
        for file in export.edges
    }


def test_classes_literals_and_iris(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        [
            line("u", "a", iri("User")),
            line("u", "age", literal("30", "integer")),
            line("u", "likes", iri("m")),
            line("u", "likes", iri("m")),
            line("m", "a", iri("Movie")),
            line("m", "title", literal('Say "hi",\nTwice; or not')),
        ],
    )
    assert found.rdf
    assert [file.type for file in found.nodes] == [EX + "Movie", EX + "User"]
    assert column(found, EX + "User", EX + "age") == {"u": "30"}
    assert column(found, EX + "Movie", EX + "title") == {"m": 'Say "hi",\nTwice; or not'}
    triple = EX + "User", EX + "likes", EX + "Movie"
    assert edges(found) == {triple: [(EX + "u", EX + "m")]}, "a statement is there once"
    assert not found.warnings


@pytest.mark.parametrize(
    ("values", "expected", "cells"),
    [
        ([literal("1", "integer"), literal("2.5", "decimal"), literal("1e3", "double")],
         "numerical", ["1", "2.5", "1e3"]),
        ([literal("nan", "dateTime"), literal("1995-01-01T00:00:00", "dateTime"),
          literal("1996-02-02", "date")],
         "datetime", ["1995-01-01T00:00:00", "1996-02-02"]),
        ([literal("1995", "gYear"), literal("1996-05Z", "gYearMonth"), literal("x", "gYear")],
         "datetime", ["1995-01-01", "1996-05-01"]),
        ([literal("1", "boolean"), literal("false", "boolean"), literal("ja", "boolean")],
         "auto", ["true", "false"]),
        ([literal("NaN", "double"), literal("1_000", "integer"), literal("INF", "float"),
          literal(" 7 ", "int")], "numerical", ["7"]),
        ([literal("http://x", "anyURI"), literal("y")], "auto", ["http://x", "y"]),
        ([literal("1", "integer"), literal("many")], "auto", ["1", "many"]),
    ],
)  # fmt: skip
def test_datatypes(tmp_path: Path, values: list[str], expected: str, cells: list[str]) -> None:
    lines = [line(f"r{number}", "a", iri("C")) for number in range(len(values))]
    lines += [line(f"r{number}", "p", value) for number, value in enumerate(values)]
    found = read(tmp_path, lines)
    assert features(found, EX + "C") == {EX + "p": expected}
    assert sorted(column(found, EX + "C", EX + "p").values()) == sorted(cells)
    unfit = len(values) - len(cells)
    told = [text for text in found.warnings if "count as missing" in text]
    assert len(told) == bool(unfit)
    assert not unfit or f"{unfit} values of {EX}p do not fit" in told[0]


def test_several_values_and_languages(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        [
            line("m", "a", iri("Movie")),
            line("m", "genre", literal("Drama")),
            line("m", "genre", literal("War; peace")),
            line("m", "year", literal("1995", "integer")),
            line("m", "year", literal("1996", "integer")),
            line("m", "title", literal("Heat", language="en")),
            line("m", "title", literal("Hitze", language="de")),
            line("m", "title", literal("HEAT")),
        ],
    )
    kinds = {each.column: (each.type, each.options) for each in node(found, EX + "Movie").features}
    assert kinds[EX + "genre"] == ("auto", {"separator": "\x1f"})
    assert kinds[EX + "year"] == ("auto", {"separator": "\x1f", "imputer": "median"})
    assert column(found, EX + "Movie", EX + "genre") == {"m": "Drama\x1fWar; peace"}
    assert {key for key in kinds if "title" in key} == {
        f"{EX}title",
        f"{EX}title@en",
        f"{EX}title@de",
    }


def test_several_classes_none_and_blank_nodes(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        [
            line("a", "a", iri("http://example.org/x;y")),
            line("a", "a", iri("urn:one::two")),
            line("a", "a", iri("urn:one::two")),
            line("b", "knows", iri("a")),
            line("_:c", "a", iri("Address")),
            line("b", "at", "_:c"),
            line("b", "knows", "_:d"),
            line("Address", "a", iri("http://www.w3.org/2002/07/owl#Class")),
        ],
    )
    assert [file.type for file in found.nodes] == [
        f"_:{EX}Address",
        f"_:{RESOURCE}",
        "http://example.org/x;y urn:one::two",
        RESOURCE,
        "http://www.w3.org/2002/07/owl#Class",
    ]
    assert edges(found) == {
        (RESOURCE, EX + "at", f"_:{EX}Address"): [(EX + "b", "_:c")],
        (RESOURCE, EX + "knows", f"_:{RESOURCE}"): [(EX + "b", "_:d")],
        (RESOURCE, EX + "knows", "http://example.org/x;y urn:one::two"): [(EX + "b", EX + "a")],
    }
    assert "2 of 5 resources have no rdf:type" in found.warnings[0]


def test_a_predicate_with_literals_and_iris(tmp_path: Path) -> None:
    lines = [line("a", "by", literal("Mann")), line("b", "by", iri("mann"))]
    found = read(tmp_path, lines)
    assert column(found, RESOURCE, EX + "by") == {"a": "Mann"}
    assert edges(found) == {(RESOURCE, EX + "by", RESOURCE): [(EX + "b", EX + "mann")]}


def test_statements_about_statements_are_left_out(tmp_path: Path) -> None:
    about = f"{iri('a')} {iri('says')} <<( {iri('a')} {iri('p')} {iri('b')} )>> ."
    found = read(tmp_path, [line("a", "p", iri("b")), about])
    assert "1 statements about statements are left out" in found.warnings
    assert len(found.edges) == 1


@pytest.mark.parametrize("name", ["statements/s.nt.gz", "statements/s.nq", "s.ttl"])
def test_packed_and_other_files(tmp_path: Path, name: str) -> None:
    lines = [line("a", "p", iri("b"))]
    if name.endswith(".nq"):
        lines = [lines[0][:-1] + f"{iri(graph)} ." for graph in ("g1", "g2")]
    found = read(tmp_path, lines, name=name, named=name.removesuffix(".gz"))
    assert len(edges(found)[RESOURCE, EX + "p", RESOURCE]) == 1, "once, in however many graphs"


def test_classification(tmp_path: Path) -> None:
    found = read(tmp_path, MOVIES, classify("Movie", "genre"))
    movies = node(found, EX + "Movie")
    (target,) = movies.targets
    assert (target.column, target.task) == (EX + "genre", "classification")
    assert target.options == {"datatype": XSD + "string"}
    assert not movies.features, "what is to be predicted describes nothing"
    assert column(found, EX + "Movie", EX + "genre")["m1"] == '"Drama"', "a term"


def test_classes_of_every_kind_are_terms(tmp_path: Path) -> None:
    values = [literal("a\nb"), literal("a", language="en"), literal("1", "integer"), iri("a")]
    lines = MOVIES[:20] + [line("m1", "genre", value) for value in [*values, "_:blank"]]
    found = read(tmp_path, lines, classify("Movie", "genre"))
    (target,) = node(found, EX + "Movie").targets
    assert target.options == {"separator": "\n"}, "their datatypes differ"
    cell = column(found, EX + "Movie", EX + "genre")["m1"]
    assert sorted(cell.split("\n")) == sorted(values)
    assert not found.edges, "an IRI that is the answer is no edge"
    assert any("1 values of the target" in text for text in found.warnings), "a blank node"


def test_a_regression_reads_numbers(tmp_path: Path) -> None:
    values = [literal("3", "integer"), literal("4.5", "decimal"), literal("bad", "integer")]
    lines = MOVIES[:20] + [line("m1", "score", value) for value in values]
    lines.append(line("m2", "score", literal("7", "integer")))
    found = read(tmp_path, lines, classify("Movie", "score", "regression"))
    assert column(found, EX + "Movie", EX + "score") == {"m1": "3.75", "m2": "7"}
    told = "\n".join(found.warnings)
    assert "1 values of the target" in told
    assert "1 resources have several values of the target" in told


def test_resources_of_the_target_s_class_have_it_as_type(tmp_path: Path) -> None:
    lines = [*MOVIES, line("m3", "a", iri("Film")), line("m4", "a", iri("Old"))]
    found = read(tmp_path, lines, classify("Movie", "genre"))
    assert [file.type for file in found.nodes] == [EX + "Movie"]
    assert column(found, EX + "Movie", TYPE) == {"m3": EX + "Film", "m4": EX + "Old"}
    assert features(found, EX + "Movie") == {TYPE: "auto"}


@pytest.mark.parametrize("copy", ["same", "renamed", "number"])
def test_copies_of_the_target_are_no_features(tmp_path: Path, copy: str) -> None:
    names = {"Drama": "D", "Comedy": "K"} if copy == "renamed" else {}
    lines = list(MOVIES)
    task = "classification"
    if copy == "number":
        task = "regression"
        lines = MOVIES[:20]
        for number in range(20):
            lines.append(line(f"m{number}", "genre", literal(str(number), "integer")))
            lines.append(line(f"m{number}", "copy", literal(f"{number}.0", "decimal")))
    else:
        for number in range(20):
            genre = "Drama" if number % 2 else "Comedy"
            lines.append(line(f"m{number}", "copy", literal(names.get(genre, genre))))
    lines += [line(f"m{number}", "half", literal(f"{number // 3}")) for number in range(20)]
    lines += [line(f"m{number}", "title", literal(f"T {number}")) for number in range(20)]
    found = read(tmp_path, lines, classify("Movie", "genre", task))
    assert features(found, EX + "Movie").keys() == {EX + "half", EX + "title"}
    assert [text for text in found.warnings if f"{EX}copy is left out" in text]


def test_what_only_tells_the_target_stays(tmp_path: Path) -> None:
    lines = [line(f"m{number}", "shelf", literal(str(number % 6))) for number in range(20)]
    found = read(tmp_path, MOVIES + lines, classify("Movie", "genre"))
    assert EX + "shelf" in features(found, EX + "Movie")


@pytest.mark.parametrize(
    ("label", "targets"),
    [
        (None, 0),
        ({"task_type": "link_prediction", "targets": []}, 0),
        ({"task_type": "link_prediction", "targets": [{"split_rate": [0.9, 0.1, 0.0]}]}, 3),
        (link(predicate="likes"), 2),
        (link(subject="User"), 2),
        (link(object="Movie"), 1),
        (link(subject="User", predicate="likes", object="Movie"), 1),
    ],
)
def test_link_targets(tmp_path: Path, label: Any, targets: int) -> None:
    lines = [
        line("u", "a", iri("User")),
        line("m", "a", iri("Movie")),
        line("u", "likes", iri("m")),
        line("u", "likes", iri("x")),
        line("x", "of", iri("u")),
    ]
    found = read(tmp_path, lines, label)
    asked = [file.targets[0].task for file in found.edges if file.targets]
    assert asked == ["link_prediction"] * targets


ALIKE = [*MOVIES, line("u", "a", iri("User")), line("u", "likes", iri("m1"))]


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (classify("Movies", "genre"), f"did you mean '{EX}Movie'?"),
        (classify("Movie", "genres"), f"did you mean '{EX}genre'?"),
        (classify("Movie", "genre", "regression"), "that a regression can predict"),
        (classify("Movie", "genre", "clasification"), "did you mean 'classification'?"),
        (link(subject="Usr", predicate="likes", object="Movie"), f"did you mean '{EX}User'?"),
        (link(subject="User", predicate="like", object="Movie"), f"did you mean '{EX}likes'?"),
        (link(subject="Movie", predicate="likes", object="User"), "there is no link"),
        (link(subject="Movie", predicate="genre"), "has literals only"),
        ({"task_type": "classification", "targets": [{"predicate": "x"}]}, 'has no "node"'),
        ({"task_type": "classification", "targets": [{"nod": "x"}]}, "did you mean 'node'?"),
        ({"task_typ": "classification"}, "did you mean 'task_type'?"),
        ({"task_type": "regression", "targets": [{"node": EX + "Movie", "split_rate": [1]}]},
         "three shares"),
        ({"task_type": "classification", "targets": [{"node": EX + "User"}]}, "names no predicate"),
    ],
)  # fmt: skip
def test_targets_that_nothing_has(tmp_path: Path, label: Any, message: str) -> None:
    with pytest.raises(BadExport) as caught:
        read(tmp_path, ALIKE, label)
    assert message in str(caught.value)
    assert caught.value.path == tmp_path / "training-data-configuration.json"


def test_the_only_predicate_need_not_be_named(tmp_path: Path) -> None:
    label = {"task_type": "classification", "targets": [{"node": EX + "Movie"}]}
    found = read(tmp_path, MOVIES, label)
    assert node(found, EX + "Movie").targets[0].column == EX + "genre"


def test_errors_have_the_line(tmp_path: Path) -> None:
    lines = [*MOVIES, f"{iri('a')} oops"]
    with pytest.raises(BadCell) as caught:
        read(tmp_path, lines)
    assert caught.value.path.name == "statements.nt"
    assert caught.value.line == len(lines)


def test_missing_and_unnamed_files(tmp_path: Path) -> None:
    write_rdf_export(tmp_path, MOVIES, named="statements/other.nt")
    with pytest.raises(BadExport, match=r"other\.nt"):
        read_export(tmp_path)
    write_rdf_export(tmp_path, MOVIES)
    (tmp_path / "statements/more.nt").write_text(MOVIES[0])
    assert any("statements/more.nt" in text for text in read_export(tmp_path).warnings)


def test_the_scratch_folder_vanishes_with_the_export(tmp_path: Path) -> None:
    found = read(tmp_path, MOVIES)
    folder = found.nodes[0].path.parent
    assert folder.is_dir()
    assert tmp_path not in folder.parents
    del found
    gc.collect()
    assert not folder.exists()


def test_the_order_of_statements_makes_no_difference(tmp_path: Path) -> None:
    one = read(tmp_path / "1", ALIKE, classify("Movie", "genre"))
    other = read(tmp_path / "2", ALIKE[::-1], classify("Movie", "genre"))
    assert [file.type for file in one.nodes] == [file.type for file in other.nodes]
    for mine, theirs in zip(one.nodes, other.nodes, strict=True):
        assert rows_of(mine.path) == rows_of(theirs.path)
        assert mine.features == theirs.features
