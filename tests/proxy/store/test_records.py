"""Endpoints: named copies of artifacts, shared by several processes."""

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from gremlink.proxy.store import records
from gremlink.proxy.store.artifacts import Artifact, DamagedArtifact, read_artifact, write_artifact
from gremlink.proxy.store.errors import (
    EndpointExists,
    InvalidName,
    NoSuchEndpoint,
    StoreNotUsable,
)
from gremlink.proxy.store.records import Endpoint, Store


def make_artifact(directory: Path, content: str = "weights") -> Path:
    weights = {"weights": np.zeros(3, dtype=np.float32)}
    write_artifact(
        directory,
        Artifact({"task": "link_prediction"}, {"config": content}, {"model": weights}),
    )
    return directory


def content_of(endpoint: Endpoint) -> str:
    """The content that the endpoint's artifact was made with; checksums are compared."""
    content = read_artifact(endpoint.artifact).documents["config"]
    assert isinstance(content, str)
    return content


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    return make_artifact(tmp_path / "artifact")


def kept(store: Store) -> list[str]:
    return sorted(entry.name for entry in (store.root / "artifacts").iterdir())


def test_unwritten_store_is_empty_and_leaves_no_trace(store: Store) -> None:
    assert store.endpoints() == []
    assert store.endpoint("friends") is None
    assert not store.root.exists()


def test_created_endpoint_is_found_again(store: Store, artifact: Path) -> None:
    created = store.create_endpoint("friends", artifact)
    assert Store(store.root).endpoint("friends") == created
    assert created.task == "link_prediction"
    assert created.created.endswith("+00:00")
    manifest = (artifact / "artifact.json").read_bytes()
    assert created.checksum == hashlib.sha256(manifest).hexdigest()


def test_an_endpoint_that_was_deleted_is_not_updated(store: Store, artifact: Path) -> None:
    store.create_endpoint("other", artifact)
    with pytest.raises(NoSuchEndpoint, match="no endpoint friends: there are other"):
        store.create_endpoint("friends", artifact, replace=True, must_exist=True)
    assert len(kept(store)) == 1
    store.create_endpoint("other", artifact, replace=True, must_exist=True)


def test_endpoint_keeps_its_artifact_when_the_directory_goes(store: Store, artifact: Path) -> None:
    endpoint = store.create_endpoint("friends", artifact)
    shutil.rmtree(artifact)
    assert content_of(endpoint) == "weights"


def test_endpoints_are_listed_by_name(store: Store, artifact: Path) -> None:
    for name in ("b", "a", "C"):
        store.create_endpoint(name, artifact)
    assert [endpoint.name for endpoint in store.endpoints()] == ["C", "a", "b"]


def test_taken_name_is_refused_and_leaves_nothing_behind(store: Store, artifact: Path) -> None:
    first = store.create_endpoint("friends", artifact)
    with pytest.raises(EndpointExists, match="delete it first, or replace it"):
        store.create_endpoint("friends", artifact)
    assert store.endpoints() == [first]
    assert kept(store) == [first.artifact.name]


def test_replaced_artifact_stays_readable_for_a_while(
    store: Store, artifact: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = store.create_endpoint("friends", artifact)
    new = store.create_endpoint("friends", make_artifact(tmp_path / "2", "new"), replace=True)
    assert store.endpoint("friends") == new
    assert old.checksum != new.checksum
    assert content_of(old) == "weights"
    monkeypatch.setattr(records, "GRACE", -1.0)
    store.create_endpoint("other", artifact)
    assert not old.artifact.exists()
    assert new.artifact.exists()


def test_replacing_nothing_creates(store: Store, artifact: Path) -> None:
    created = store.create_endpoint("friends", artifact, replace=True)
    assert store.endpoints() == [created]


def test_copy_that_was_cut_off_is_swept(
    store: Store, artifact: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (store.root / "artifacts" / "0123.partial").mkdir(parents=True)
    first = store.create_endpoint("a", artifact)
    assert len(kept(store)) == 2
    monkeypatch.setattr(records, "GRACE", -1.0)
    second = store.create_endpoint("b", artifact)
    assert kept(store) == sorted([first.artifact.name, second.artifact.name])


def test_deleted_endpoint_is_gone_with_its_artifact(store: Store, artifact: Path) -> None:
    endpoint = store.create_endpoint("friends", artifact)
    store.delete_endpoint("friends")
    assert store.endpoint("friends") is None
    assert not endpoint.artifact.exists()


def test_artifact_from_a_read_only_directory_can_be_deleted(store: Store, artifact: Path) -> None:
    artifact.chmod(0o555)
    endpoint = store.create_endpoint("friends", artifact)
    assert os.stat(endpoint.artifact).st_mode & 0o700 == 0o700  # noqa: PTH116
    artifact.chmod(0o755)


def test_deleting_what_is_not_there_says_what_is(store: Store, artifact: Path) -> None:
    with pytest.raises(NoSuchEndpoint, match="there are none"):
        store.delete_endpoint("friends")
    store.create_endpoint("friends", artifact)
    with pytest.raises(NoSuchEndpoint) as caught:
        store.delete_endpoint("freinds")
    assert caught.value.names == ("friends",)


@pytest.mark.parametrize("name", ["a", "A-1_b.c", "9", "x" * 63])
def test_valid_names(store: Store, artifact: Path, name: str) -> None:
    assert store.create_endpoint(name, artifact).name == name


@pytest.mark.parametrize("name", ["", "-a", ".a", "a/b", "a b", "../a", "x" * 64, "é", "a\n"])
def test_invalid_names(store: Store, artifact: Path, name: str) -> None:
    with pytest.raises(InvalidName):
        store.create_endpoint(name, artifact)


def test_directory_without_an_artifact_is_refused(store: Store, tmp_path: Path) -> None:
    for directory in (tmp_path, tmp_path / "absent"):
        with pytest.raises(DamagedArtifact, match=r"there is no artifact\.json in it"):
            store.create_endpoint("friends", directory)
    assert not store.root.exists()


def test_changed_artifact_is_refused_and_not_kept(store: Store, artifact: Path) -> None:
    (artifact / "config.json").write_text('"forged"')
    with pytest.raises(DamagedArtifact, match="checksum differs") as caught:
        store.create_endpoint("friends", artifact)
    assert caught.value.path == artifact
    assert kept(store) == []
    assert store.endpoints() == []


def test_store_of_a_later_version_is_left_alone(store: Store, artifact: Path) -> None:
    store.create_endpoint("friends", artifact)
    with sqlite3.connect(store.root / "records.sqlite3") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(StoreNotUsable, match="it has version 99"):
        store.endpoints()


def test_file_that_is_no_database_is_an_error_that_names_it(store: Store) -> None:
    store.root.mkdir()
    (store.root / "records.sqlite3").write_bytes(b"not a database, but long enough" * 10)
    with pytest.raises(StoreNotUsable, match=r"records\.sqlite3 cannot be used"):
        store.endpoints()


def test_root_that_cannot_be_made_is_an_error(tmp_path: Path, artifact: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreNotUsable):
        Store(tmp_path / "file" / "store").create_endpoint("friends", artifact)


CREATE_MANY = """
import sys
from pathlib import Path
from gremlink.proxy.store.artifacts import Artifact, DamagedArtifact, read_artifact, write_artifact
from gremlink.proxy.store.errors import EndpointExists
from gremlink.proxy.store.records import Endpoint, Store

store, worker = Store(Path(sys.argv[1])), sys.argv[3]
won = 0
for number in range(10):
    store.create_endpoint(f"own-{worker}-{number}", Path(sys.argv[2]))
    store.create_endpoint("shared", Path(sys.argv[2]), replace=True)
    try:
        store.create_endpoint(f"contested-{number}", Path(sys.argv[2]))
        won += 1
    except EndpointExists:
        pass
print(won)
"""


def test_several_processes_create_at_once(store: Store, artifact: Path) -> None:
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", CREATE_MANY, str(store.root), str(artifact), str(number)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    outcomes = [worker.communicate(timeout=120) for worker in workers]
    assert [stderr for _, stderr in outcomes] == [""] * 3
    # Each contested name has exactly one owner, whoever it is.
    assert sum(int(stdout) for stdout, _ in outcomes) == 10
    endpoints = store.endpoints()
    assert len(endpoints) == 3 * 10 + 10 + 1
    assert all((endpoint.artifact / "artifact.json").exists() for endpoint in endpoints)


def test_reader_always_finds_an_artifact_while_it_is_replaced(
    store: Store, artifact: Path, tmp_path: Path
) -> None:
    other = make_artifact(tmp_path / "other", "other")
    store.create_endpoint("friends", artifact)
    done = threading.Event()

    def read() -> set[str]:
        seen = set()
        while not done.is_set():
            endpoint = store.endpoint("friends")
            assert endpoint is not None
            seen.add(content_of(endpoint))
        return seen

    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(read)
        for number in range(40):
            store.create_endpoint("friends", (artifact, other)[number % 2], replace=True)
        done.set()
        assert reader.result(timeout=60) == {"weights", "other"}
