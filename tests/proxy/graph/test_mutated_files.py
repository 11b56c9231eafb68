"""Whatever is in a file or a configuration: an answer, or an error of ours that names the place."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gremlink.proxy.graph import ExportParameters
from gremlink.proxy.graph.files.bulk_csv import open_bulk_file
from gremlink.proxy.graph.load.precheck import contradictions, read_all
from gremlink.proxy.graph.progress import silent
from gremlink.proxy.learning.processing.load import load_processed
from gremlink.proxy.learning.search.configuration import configuration_of
from tests.proxy.graph.test_published import V1, V2, written

ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 2**70, "", "x", "\ud83d", "~id", [], {}, [[]], [None], {"x": 1}),
    *("5", ["a", "b"], "nan", float("nan"), float("inf"), "a" * 300, "../x", "\0", "nodes"),
)
BYTES = (
    *(b'"', b",", b"\n", b"\0", b"\xff", b"", b";", b"\r", b"\\", b":", b"(set)", b"[]", b"~"),
    *(b"\xed\xa0\x80", b"9" * 30, b"1e999", b"\xe2\x80\xa8", b"\xef\xbb\xbf"),
)
REQUEST: Any = {
    "params": {"nodeLabels": ["a"], "gremlinFilter": "has('x', 1)", "concurrency": 4},
    "additionalParams": {
        "neptune_ml": {
            "version": "v2.0",
            "split_rate": [0.7, 0.1, 0.2],
            "jobs": [
                {
                    "name": "a",
                    "targets": [
                        {"node": "a", "property": "p", "type": "classification"},
                        {"edge": ["a", "r", ["b"]], "type": "link_prediction"},
                    ],
                    "features": [
                        {
                            **{"node": "a", "property": "p", "type": "bucket_numerical"},
                            **{"range": [1, 2], "bucket_cnt": 3},
                        },
                        {"node": "a", "properties": ["p", "q"], "type": "auto"},
                        {
                            **{"edge": ["a", "r", "b"], "property": "d", "type": "datetime"},
                            "datetime_parts": ["year"],
                        },
                    ],
                }
            ],
        }
    },
}
SEARCH: Any = {
    "models": [
        {
            **{"model": "rgcn", "task_type": "node_class", "eval_metric": {"metric": "acc"}},
            "eval_frequency": {"type": "evaluate_every_epoch", "value": "3"},
            "1-tier-param": [
                {"param": "lr", "range": [0.001, 0.1], "type": "float", "inc_strategy": "log"}
            ],
            "2-tier-param": [{"param": "layer-norm", "type": "bool", "default": True}],
            "3-tier-param": [
                {"param": "fanout", "type": "int", "options": [[10, 30]], "default": [10, 15]}
            ],
            "fixed-param": [{"param": "l2norm", "type": "float", "default": "0"}],
        }
    ]
}
SCHEMA: Any = {
    "nodes": [
        {
            **{"label": "Person", "idType": "String", "files": ["Person.consolidated.csv"]},
            "properties": [{"property": "age", "dataType": "Integer", "isMultiValue": False}],
        }
    ],
    "edges": [{"label": {"~label": "knows", "~fromLabels": ["Person"], "~toLabels": ["Person"]}}],
}
BULK = (
    b'~id,~label,name:String,age:Int,d:Date,x:Double[]\n1,A,"a,""b",5,2020-01-01,1;2\n2,B;C,x\n'
    b"2,A,y,,,\n",
    b"~id,~label,~from,~to,w:Float(single)\ne,r,1,2,0.5\ne,r,2,1,\n",
)


def places(document: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    inner: Any = ()
    if isinstance(document, dict):
        inner = document.items()
    elif isinstance(document, list):
        inner = enumerate(document)
    for key, value in inner:
        yield from places(value, (*at, key))


def mutated(document: Any, chance: random.Random) -> Any:
    document = copy.deepcopy(document)
    at = chance.choice([place for place in places(document) if place])
    owner = document
    for key in at[:-1]:
        owner = owner[key]
    if chance.random() < 0.2:
        del owner[at[-1]]
    else:
        owner[at[-1]] = copy.deepcopy(chance.choice(ODD))
    return document


def scratched(content: bytes, chance: random.Random) -> bytes:
    found = bytearray(content)
    for _ in range(chance.randint(1, 5)):
        place = chance.randrange(len(found))
        found[place : place + chance.randint(0, 3)] = chance.choice(BYTES)
    return bytes(found)


def is_ours(error: Exception) -> bool:
    return type(error).__module__.startswith("gremlink.") or isinstance(error, OSError)


def attempted(work: Callable[[], Any], what: object) -> None:
    try:
        work()
    except Exception as error:
        if not is_ours(error):
            raise AssertionError(f"{error!r} for {what!r}") from error


@pytest.mark.parametrize("seed", range(4))
def test_requests_and_searches(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(250):
        request, search = mutated(REQUEST, chance), mutated(SEARCH, chance)
        attempted(lambda: ExportParameters.parse(request), request)  # noqa: B023
        attempted(lambda: configuration_of(search), search)  # noqa: B023


@pytest.mark.parametrize("seed", range(4))
def test_bulk_files(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    path = tmp_path / "x.csv"

    def read(go_on: bool) -> None:
        on_problem = (lambda problem: None) if go_on else None
        file = open_bulk_file(path, on_problem=on_problem)
        _, suspicion = read_all([file], silent)
        list(contradictions([file], suspicion))

    for _ in range(150):
        content = scratched(chance.choice(BULK), chance)
        path.write_bytes(content)
        for go_on in (False, True):
            attempted(lambda: read(go_on), content)  # noqa: B023


@pytest.mark.parametrize("seed", range(4))
def test_exports(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    for number in range(30):
        configuration, schema = chance.choice((V1, V2)), SCHEMA
        if chance.random() < 0.5:
            configuration = mutated(configuration, chance)
        else:
            schema = mutated(schema, chance)
        directory = written(tmp_path / str(number), configuration, schema)
        if chance.random() < 0.4:
            path = chance.choice(sorted(directory.rglob("*.csv")))
            path.write_bytes(scratched(path.read_bytes(), chance))
        what = json.dumps([configuration, schema])
        attempted(lambda: load_processed(directory), what)  # noqa: B023
        for path in directory.rglob("*.csv"):
            attempted(lambda: list(open_bulk_file(path).rows()), what)  # noqa: B023


def test_json_that_is_too_deep(tmp_path: Path) -> None:
    deep = "[" * 200_000
    directory = written(tmp_path / "e", V2)
    for name in ("training-data-configuration.json", "config.json", "params.json"):
        (directory / name).write_text(deep)
    attempted(lambda: ExportParameters.read(directory / "params.json"), "params")
    attempted(lambda: load_processed(directory), "configuration")
    attempted(lambda: list(open_bulk_file(next(directory.glob("nodes/*"))).rows()), "schema")
