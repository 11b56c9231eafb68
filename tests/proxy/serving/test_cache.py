"""Which models are in memory: room for some, those asked last stay, new artifacts are seen."""

from __future__ import annotations

from pathlib import Path

import pytest
from teams import write_teams

from gremlink.proxy.inference.errors import BadRequest, InternalFailure
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.serving.cache import MEBIBYTE, ModelCache
from gremlink.proxy.store.artifacts import MANIFEST
from gremlink.proxy.store.records import Store

QUICK = TrainingSettings(epochs=2, width=4, folds=2, networks=1, threads=1)


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("models")
    write_teams(directory / "export")
    train(directory / "export", directory / "artifact", model="popularity", settings=QUICK)
    return directory / "artifact"


@pytest.fixture
def store(artifact: Path, tmp_path: Path) -> Store:
    store = Store(tmp_path)
    for name in "abc":
        store.create_endpoint(name, artifact)
    return store


def size(artifact: Path) -> int:
    return sum(file.stat().st_size for file in artifact.iterdir())


def test_all_stay_while_there_is_room(store: Store) -> None:
    models = ModelCache(store, 100)
    models.load_all()
    assert models.names == ["a", "b", "c"]
    before = models.model("a")[1]
    assert models.model("a")[1] is before
    assert models.names == ["b", "c", "a"]


def test_beyond_it_the_least_recently_asked_go_and_come_back(
    store: Store, artifact: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = ModelCache(store, 0)
    monkeypatch.setattr(models, "_room", 2 * size(artifact))
    models.load_all()
    assert models.names == ["a", "b"]
    models.model("a")
    models.model("c")
    assert models.names == ["a", "c"]
    assert models.model("b")[0].name == "b"
    assert models.names == ["c", "b"]


def test_the_one_that_is_asked_stays_however_large(store: Store, artifact: Path) -> None:
    assert size(artifact) < MEBIBYTE
    models = ModelCache(store, 0)
    models.load_all()
    assert models.names == []
    for name in "ab":
        models.model(name)
        assert models.names == [name]


def test_a_replaced_artifact_is_loaded_anew(store: Store, artifact: Path) -> None:
    models = ModelCache(store, 100)
    before = models.model("a")[1]
    store.create_endpoint("a", artifact, replace=True)
    assert models.model("a")[1] is not before
    store.delete_endpoint("a")
    with pytest.raises(BadRequest, match="Endpoint a not found"):
        models.model("a")


def test_a_damaged_artifact_is_told_and_holds_up_no_other(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    damaged = store.endpoint("a")
    assert damaged is not None
    (damaged.artifact / MANIFEST).unlink()
    models = ModelCache(store, 100)
    models.load_all()
    assert models.names == ["b", "c"]
    assert "The model of endpoint a cannot be loaded" in caplog.text
    with pytest.raises(InternalFailure):
        models.model("a")
