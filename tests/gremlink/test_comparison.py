"""Two models compared from Python: what is asked wrongly, and names that tell them apart."""

from __future__ import annotations

from pathlib import Path

import pytest

import gremlink
from gremlink.proxy.store.artifacts import Artifact, ArtifactError, write_artifact

ROW = {"method": "auto", "metrics": {"mrr": 0.5}, "intervals": {"mrr": [0.4, 0.6]}}


def model(directory: Path) -> Path:
    manifest = {"task": "link_prediction", "relations": [["P", "knows", "P"]]}
    report = {"rows": [ROW], "protocol": "one"}
    write_artifact(directory, Artifact(manifest, {}, {}), {"report.json": report})
    return directory


def test_models_of_one_name_are_told_apart(tmp_path: Path) -> None:
    first, other = model(tmp_path / "a" / "model"), model(tmp_path / "b" / "model")
    found = gremlink.compare(first, other)
    assert found.methods.to_dicts() == [
        {"method": "auto", "first": 0.5, "other": 0.5, "difference": None, "low": None,
         "high": None, "word": "no clear difference"}
    ]  # fmt: skip
    assert found.to_dict()["runs"] == [str(first), str(other)]
    assert f"{other}: {first} keeps no results of single elements" in repr(found)
    assert "no results of single elements" in found._repr_html_()


def test_wrong_arguments(tmp_path: Path) -> None:
    first = model(tmp_path / "model")
    with pytest.raises(gremlink.WrongArgument, match="does not exist"):
        gremlink.compare(first, tmp_path / "nothing")
    with pytest.raises(ArtifactError, match="no metric 'f1'"):
        gremlink.compare(first, first, "f1")
