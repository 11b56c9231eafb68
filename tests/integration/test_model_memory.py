"""More models than there is memory for: all of them answer, and the figures tell which is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.request import urlopen

import pytest
from gremlin_python.driver.client import Client
from managed_proxy import Proxy, serving
from served import export_friends

from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.store.records import Store

METHODS = {"common": "common-neighbours", "popular": "popularity"}
LARGE = 600 * 1024
"""Bytes, of which a mebibyte has room for once."""


@pytest.fixture(scope="module")
def artifacts(graph_url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    directory = tmp_path_factory.mktemp("models")
    export_friends(graph_url, directory / "export")
    found = {}
    for name, method in METHODS.items():
        found[name] = directory / name
        settings = TrainingSettings(epochs=2, folds=2, networks=1)
        train(directory / "export", found[name], model=method, settings=settings)
        # A model is taken to be as large as the files of its artifact.
        (found[name] / "notes").write_bytes(bytes(LARGE))
    return found


@pytest.fixture
def proxy(graph_url: str, artifacts: dict[str, Path], tmp_path: Path) -> Iterator[Proxy]:
    """A proxy with room for one of the two."""
    store = Store(tmp_path / "store")
    for name, artifact in artifacts.items():
        store.create_endpoint(name, artifact)
    with serving(graph_url, tmp_path, {"GREMLINK_INFERENCE_MODEL_MEMORY": "1"}) as proxy:
        yield proxy


def in_memory(proxy: Proxy) -> list[str]:
    with urlopen(f"{proxy.address}/metrics", timeout=20) as answer:
        figures = answer.read().decode()
    return re.findall(r'^gremlink_model_info\{endpoint="(\w+)",.*\} 1', figures, re.MULTILINE)


def ask(proxy: Proxy, endpoint: str) -> list[str]:
    client = Client(proxy.gremlin, "g")
    try:
        return list(
            client.submit(
                f"g.with('Neptune#ml.endpoint', '{endpoint}').with('Neptune#ml.limit', 4)"
                ".V().has('User', 'name', 'Henry').out('FRIEND').with('Neptune#ml.prediction')"
                ".hasLabel('User').values('name')"
            )
            .all()
            .result()
        )
    finally:
        client.close()


def test_the_model_that_was_asked_last_is_there_and_the_other_comes_back(proxy: Proxy) -> None:
    answers: dict[str, list[str]] = {}
    for name in ("popular", "common", "common", "popular"):
        found = ask(proxy, name)
        assert in_memory(proxy) == [name]
        assert len(found) == 4
        assert answers.setdefault(name, found) == found
    assert answers["popular"] != answers["common"]


def test_both_answer_when_asked_at_the_same_time(proxy: Proxy) -> None:
    alone = {name: ask(proxy, name) for name in METHODS}
    names = [*METHODS] * 20
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda name: ask(proxy, name), names))
    assert found == [alone[name] for name in names]
    assert len(in_memory(proxy)) == 1
