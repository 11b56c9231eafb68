"""Endpoints that are looked up again and again, while others change the store."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gremlink.proxy.store.artifacts import Artifact, write_artifact
from gremlink.proxy.store.endpoint_cache import EndpointCache
from gremlink.proxy.store.records import Store


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    write_artifact(tmp_path / "artifact", Artifact({"task": "link_prediction"}, {}, {}))
    return tmp_path / "artifact"


def test_it_follows_what_others_do(tmp_path: Path, artifact: Path) -> None:
    cache = EndpointCache(Store(tmp_path / "store"))
    other = Store(tmp_path / "store")
    assert cache.endpoint("friends") is None
    first = other.create_endpoint("friends", artifact)
    assert cache.endpoint("friends") == first
    assert cache.endpoint("friends") == first
    second = other.create_endpoint("friends", artifact, replace=True)
    assert second != first
    assert cache.endpoint("friends") == second
    other.create_endpoint("others", artifact)
    assert cache.endpoint("others") is not None
    other.delete_endpoint("friends")
    assert cache.endpoint("friends") is None
    cache.close()


def test_the_records_are_not_read_while_nothing_changes(
    tmp_path: Path, artifact: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "store")
    made = store.create_endpoint("friends", artifact)
    cache = EndpointCache(store)
    assert cache.endpoint("friends") == made
    monkeypatch.setattr(store, "endpoint", lambda name: pytest.fail("read again"))
    assert cache.endpoint("friends") == made
    cache.close()


def test_only_unchanged_endpoints_are_cached(tmp_path: Path, artifact: Path) -> None:
    cache = EndpointCache(Store(tmp_path / "store"))
    assert cache.cached("friends") is None
    other = Store(tmp_path / "store")
    made = other.create_endpoint("friends", artifact)
    assert cache.cached("friends") is None
    assert cache.endpoint("friends") == made
    assert cache.cached("friends") == made
    replaced = other.create_endpoint("friends", artifact, replace=True)
    assert cache.cached("friends") is None
    assert cache.endpoint("friends") == replaced
    cache.close()


def test_another_store_in_the_same_place(tmp_path: Path, artifact: Path) -> None:
    cache = EndpointCache(Store(tmp_path / "store"))
    Store(tmp_path / "store").create_endpoint("friends", artifact)
    assert cache.endpoint("friends") is not None
    shutil.rmtree(tmp_path / "store")
    assert cache.endpoint("friends") is None
    Store(tmp_path / "store").create_endpoint("others", artifact)
    assert cache.endpoint("friends") is None
    assert cache.endpoint("others") is not None
    cache.close()
