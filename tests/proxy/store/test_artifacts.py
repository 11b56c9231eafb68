from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gremlink.proxy.store import artifacts
from gremlink.proxy.store.artifacts import (
    Artifact,
    ArtifactError,
    DamagedArtifact,
    OutputInTheWay,
    UnsupportedArtifact,
    read_artifact,
    read_document,
    write_artifact,
)

MODEL = Artifact(
    {"task": "test", "seed": 3},
    {"ids": {"kinds": "String", "values": ["ä", "b"]}},
    {"weights": {"a": np.arange(6, dtype=np.float32).reshape(2, 3)}},
)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    write_artifact(tmp_path / "model", MODEL, {"report.json": {"seconds": 1.5}})
    return tmp_path / "model"


def test_what_is_written_is_read(written: Path) -> None:
    found = read_artifact(written)
    assert found.manifest["seed"] == 3
    assert found.documents == MODEL.documents
    assert np.array_equal(found.tensors["weights"]["a"], MODEL.tensors["weights"]["a"])


def test_one_document_is_read_alone(written: Path) -> None:
    assert read_document(written, "ids") == MODEL.documents["ids"]
    assert read_document(written, "weights") is None
    (written / "weights.safetensors").unlink()
    assert read_document(written, "ids") == MODEL.documents["ids"]
    (written / "ids.json").write_text("{}")
    with pytest.raises(DamagedArtifact, match="not as it was written"):
        read_document(written, "ids")


def test_equal_models_have_equal_manifests_whatever_their_reports(tmp_path: Path) -> None:
    for number in range(2):
        write_artifact(tmp_path / str(number), MODEL, {"report.json": {"seconds": number}})
    first, second = ((tmp_path / str(n) / "artifact.json").read_bytes() for n in range(2))
    assert first == second


@pytest.mark.parametrize("name", ["weights.safetensors", "ids.json"])
def test_a_changed_file_is_refused(written: Path, name: str) -> None:
    content = bytearray((written / name).read_bytes())
    content[-3] ^= 1
    (written / name).write_bytes(content)
    with pytest.raises(DamagedArtifact, match="checksum differs"):
        read_artifact(written)


def test_a_missing_file_is_refused(written: Path) -> None:
    (written / "weights.safetensors").unlink()
    with pytest.raises(DamagedArtifact, match=r"weights\.safetensors cannot be read"):
        read_artifact(written)


def test_a_later_format_is_refused(written: Path) -> None:
    manifest = json.loads((written / "artifact.json").read_text())
    (written / "artifact.json").write_text(json.dumps({**manifest, "format": 99}))
    with pytest.raises(UnsupportedArtifact, match="format 99"):
        read_artifact(written)


def test_a_manifest_cannot_name_files_elsewhere(written: Path) -> None:
    manifest = json.loads((written / "artifact.json").read_text())
    manifest["files"]["../secret.json"] = "0" * 64
    (written / "artifact.json").write_text(json.dumps(manifest))
    with pytest.raises(DamagedArtifact, match="no file of it"):
        read_artifact(written)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"format": 1}', b"\xff\xfe"])
def test_a_broken_manifest_is_refused(written: Path, content: bytes) -> None:
    (written / "artifact.json").write_bytes(content)
    with pytest.raises(ArtifactError):
        read_artifact(written)


def test_an_artifact_takes_the_place_of_another(written: Path) -> None:
    write_artifact(written, Artifact({"task": "other"}, {}, {}))
    assert read_artifact(written).manifest["task"] == "other"
    assert sorted(path.name for path in written.iterdir()) == ["artifact.json"]
    assert [path.name for path in written.parent.iterdir()] == ["model"]


def test_other_directories_are_not_touched(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("long work")
    with pytest.raises(OutputInTheWay):
        write_artifact(tmp_path / "mine", MODEL)
    assert (tmp_path / "mine" / "thesis.txt").exists()


def test_an_interrupted_write_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(path: Path, content: bytes) -> str:
        path.write_bytes(content[:10])
        raise KeyboardInterrupt

    monkeypatch.setattr(artifacts, "_write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_artifact(tmp_path / "model", MODEL)
    assert list(tmp_path.iterdir()) == []
