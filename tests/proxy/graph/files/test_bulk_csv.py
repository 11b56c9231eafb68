"""Neptune's bulk-loader CSV: types, cardinalities, arrays, and the place of every mistake."""

from __future__ import annotations

import math
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from gremlin_python.statics import SingleByte, long, short

from gremlink.proxy.graph.errors import FileProblem
from gremlink.proxy.graph.files.bulk_csv import BulkFile, open_bulk_file
from gremlink.proxy.graph.files.folder import csv_files
from gremlink.proxy.graph.server.formats import Float32


def bulk(tmp_path: Path, text: str, **options: Any) -> BulkFile:
    path = tmp_path / "f.csv"
    path.write_text(text)
    return open_bulk_file(path, **options)


def value(tmp_path: Path, kind: str, cell: str, **options: Any) -> Any:
    file = bulk(tmp_path, f"~id,p:{kind}\nv,{cell}\n", **options)
    (row,) = file.rows()
    return row.sets.get("p", row.single.get("p"))


def problem(tmp_path: Path, text: str) -> str:
    with pytest.raises(FileProblem) as caught:
        list(bulk(tmp_path, text).rows())
    return str(caught.value).partition("f.csv:")[2]


@pytest.mark.parametrize(
    ("kind", "cell", "expected"),
    [
        ("Bool", "true", True),
        ("boolean", "yes", False),
        ("byte", "-128", SingleByte(-128)),
        ("Short", "32767", short(32767)),
        ("INT", "+7", 7),
        ("Long", "9223372036854775807", long(2**63 - 1)),
        ("Float", "1.5e3", Float32(1500.0)),
        ("Double", ".5", 0.5),
        ("double", "-Infinity", -math.inf),
        ("Double", "INF", math.inf),
        ("Float", "-INF", Float32(-math.inf)),
        ("Date", "1999-12-31T23:59:59-0500", datetime(2000, 1, 1, 4, 59, 59)),
        ("DateTime", "1999-12-31T23:59:59.5+02:00", datetime(1999, 12, 31, 21, 59, 59, 500_000)),
        ("Integer", "7", 7),
        ("String", "5", "5"),
        ("Date", "2001-12-31", datetime(2001, 12, 31)),
        ("DateTime", "2001-12-31T23:59", datetime(2001, 12, 31, 23, 59)),
        ("datetime", "2001-12-31T23:59:58Z", datetime(2001, 12, 31, 23, 59, 58)),
    ],
)
def test_types(tmp_path: Path, kind: str, cell: str, expected: Any) -> None:
    (found,) = value(tmp_path, kind, cell)
    assert found == expected
    assert type(found) is type(expected)


def test_not_a_number_is_a_double(tmp_path: Path) -> None:
    assert math.isnan(value(tmp_path, "Double", "NaN")[0])


@pytest.mark.parametrize(
    ("kind", "cell", "reason"),
    [
        ("Int", "1.0", "'1.0' is not a whole number"),
        ("Int", "1_000", "not a whole number"),
        ("Int", "٣", "not a whole number"),
        ("Byte", "128", "'128' is out of the range of Byte, -128 to 127"),
        ("Long", "9223372036854775808", "out of the range"),
        ("Double", "INFI", "'INFI' is not a number"),
        ("Double", "1e999", "out of the range of Double"),
        ("Float", "1e39", "out of the range of Float"),
        ("Date", "31.12.2001", "is not a date"),
        ("Date", "2001-02-30", "p: "),
    ],
)
def test_values_that_do_not_fit(tmp_path: Path, kind: str, cell: str, reason: str) -> None:
    text = f"~id,p:{kind}\nv,{cell}\n"
    found = problem(tmp_path, text)
    assert found.startswith("2:3: p: ")
    assert reason in found


def test_no_type_is_a_string_and_vertices_have_sets(tmp_path: Path) -> None:
    (row,) = bulk(tmp_path, "~id,a,b:Int(single),c:Int(set)\nv,x,1,2\n").rows()
    assert row.sets == {"a": ["x"], "c": [2]}
    assert row.single == {"b": 1}


@pytest.mark.parametrize("kind", ["Int[]", "Int(set)[]"])
def test_arrays(tmp_path: Path, kind: str) -> None:
    assert value(tmp_path, kind, "1;2;;3") == [1, 2, 3]


def test_semicolons_inside_array_elements(tmp_path: Path) -> None:
    assert value(tmp_path, "String[]", r'"a\;b;c,d"') == ["a;b", "c,d"]
    assert value(tmp_path, "String", "a;b") == ["a;b"]


def test_blank_cells_and_empty_strings(tmp_path: Path) -> None:
    assert value(tmp_path, "String", "") is None
    assert value(tmp_path, "String", '""') is None
    assert value(tmp_path, "String", '""', allow_empty_strings=True) == [""]
    assert value(tmp_path, "Int", '""', allow_empty_strings=True) is None


def test_colon_in_a_name(tmp_path: Path) -> None:
    (row,) = bulk(tmp_path, "~id,a\\:b:Int,c\\:d\nv,1,2\n").rows()
    assert row.sets == {"a:b": [1], "c:d": ["2"]}


def test_labels(tmp_path: Path) -> None:
    file = bulk(tmp_path, "name,~label,~id\nx,A;B,v\n")
    (row,) = file.rows()
    assert (row.id, row.label) == ("v", "A::B")
    (row,) = bulk(tmp_path, "~id\nv\n").rows()
    assert row.label is None


def test_edges(tmp_path: Path) -> None:
    file = bulk(tmp_path, "~id,~from,~to,w:Double,~label\ne,a,b,.5,knows\nf,a,b,,knows\n")
    assert file.is_edges
    first, second = file.rows()
    assert (first.id, first.label, first.source, first.dest) == ("e", "knows", "a", "b")
    assert first.properties == {"w": 0.5}
    assert second.properties == {}
    (row,) = bulk(tmp_path, "~id,~from,~to\ne,a,b\n").rows()
    assert row.label == "edge"


def test_empty_id_is_an_id(tmp_path: Path) -> None:
    (row,) = bulk(tmp_path, '~id,p\n"",x\n').rows()
    assert row.id == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1: the file is empty"),
        ("~label,p\nA,x\n", "1: a vertex file needs the column ~id"),
        ("~id,~from\ne,a\n", "1: an edge file needs the column ~to"),
        ("~id,~id\n", "1:5: the column ~id appears twice"),
        ("~id,p,p:Int\n", "1:7: the property 'p' appears twice"),
        ("~id,~from,~to,~fromLabel\n", "1:15: no such system column: '~fromLabel'"),
        ("~id,p:Blob\n", "1:5: no such type: Blob"),
        ("~id,p:Int(list)\n", "1:5: no such cardinality: list"),
        ("~id,p:Int(single)[]\n", "1:5: p: a single value cannot be an array"),
        ("~id,a b\n", "1:5: the column name 'a b' has a blank in it"),
        ("~id,,p\n", "1:5: a column has no name"),
        ("~id,p:Int:Int\n", "1:5: cannot read the column"),
        ("~id,~from,~to,p:Int[]\n", "1:15: p: an edge property has a single value"),
        ("~id,~from,~to,p:Int(set)\n", "1:15: p: an edge property has a single value"),
        ("~id,p\nv,x,y\n", "2:5: 3 cells where the header has 2"),
        ("~id,p\nv,x\n,x\n", "3:1: ~id must not be blank"),
        ("~id,~label\nv,\n", "2:3: ~label must not be blank"),
        ("~id,~label\nv,A;\n", "2:3: a label must not be empty"),
        ("~id,~from,~to,~label\ne,a,b,A;B\n", "2:7: an edge has exactly one label"),
    ],
)
def test_mistakes(tmp_path: Path, text: str, expected: str) -> None:
    assert problem(tmp_path, text).startswith(expected)


def test_a_folder_with_the_configuration_of_an_export(tmp_path: Path) -> None:
    (tmp_path / "v.csv").write_text("~id,~label\n1,N\n")
    (tmp_path / "training-data-configuration.json").write_text('{"nodes": [["~id", "N"]]}')
    taken, left = csv_files(tmp_path)
    assert [file.name for file in taken] == ["v.csv"]
    assert [each.path.suffix for each in left] == [".json"]
