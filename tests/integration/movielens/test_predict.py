"""All predictions of MovieLens at once: rows as of queries, into the graph twice, out again."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet
from click.testing import CliRunner
from movielens_graph import USERS, Deployment
from neptune_queries import ENDPOINT, LIMIT, LINKS
from oracle import Oracle
from ways import Speakers

from gremlink.proxy.cli import main

NAME = "MAY_RATE"
WRITTEN = (
    f"g.E().hasLabel('{NAME}').project('u','f','p').by(outV().id()).by(inV().id()).by(valueMap())"
)


def test_links_of_all_users(
    deployment: Deployment, speakers: dict[str, Speakers], oracle: Oracle, tmp_path: Path
) -> None:
    def said(*words: str) -> str:
        options = ["--store", str(deployment.store.root)]
        done = CliRunner().invoke(main, ["predict", *words, *options])
        assert done.exit_code == 0, done.output
        return done.stdout

    everyone = ("rated", "--all", "--limit", "3")
    said(*everyone, "--output", str(tmp_path / "rated.parquet"))
    rows = pyarrow.parquet.read_table(tmp_path / "rated.parquet").to_pylist()
    found: dict[Any, list[Any]] = {}
    for row in rows:
        found.setdefault(row["source"], []).append(row["target"])
    asked = speakers["plain"].ask(
        "script, graphbinary",
        f'g.with("{ENDPOINT}","rated").with("{LIMIT}",3).V().hasLabel("user").project("u","f")'
        f'.by(id).by(out("rated").with("{LINKS}").hasLabel("movie").id().fold())',
    )
    assert len(asked) == USERS
    assert found == {each["u"]: each["f"] for each in asked}

    def edges() -> Counter[str]:
        return Counter(map(str, oracle.ask(WRITTEN)))

    count = oracle.ask("g.E().count()")
    back = (*everyone, "--write-back", NAME, "--url", deployment.database)
    try:
        once = said(*back)
        assert once == f"{len(rows)} predictions are in the graph as {NAME}\n"
        first = edges()
        assert first.total() == len(rows)
        assert said(*back) == once
        assert edges() == first
    finally:
        removed = said("--remove", NAME, "--url", deployment.database)
    assert f"{len(rows)} predicted edges" in removed
    assert oracle.ask("g.E().count()") == count
