"""`gremlink endpoint` on a store in a temporary directory."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gremlink.proxy.cli import main
from gremlink.proxy.store.artifacts import Artifact, write_artifact


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    write_artifact(tmp_path / "artifact", Artifact({"task": "link_prediction"}, {}, {}))
    return tmp_path / "artifact"


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GREMLINK_STORE_DIRECTORY", str(tmp_path / "store"))
    return tmp_path / "store"


def endpoint(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["endpoint", *arguments])


def test_create_list_delete(artifact: Path) -> None:
    assert endpoint("list").stdout == ""
    assert endpoint("create", "friends", "--artifact", str(artifact)).exit_code == 0
    (line,) = endpoint("list").stdout.splitlines()
    assert line.split("\t")[:2] == ["friends", "link_prediction"]
    assert endpoint("delete", "friends").exit_code == 0
    assert endpoint("list").stdout == ""


def test_create_refuses_a_taken_name_without_replace(artifact: Path) -> None:
    create = ("create", "friends", "--artifact", str(artifact))
    assert endpoint(*create).exit_code == 0
    result = endpoint(*create)
    assert result.exit_code == 1
    assert "there is an endpoint friends already" in result.stderr
    assert endpoint(*create, "--replace").exit_code == 0


def test_create_refuses_a_directory_without_an_artifact(tmp_path: Path) -> None:
    result = endpoint("create", "friends", "--artifact", str(tmp_path))
    assert result.exit_code == 1
    assert "there is no artifact.json in it" in result.stderr


def test_create_of_an_absent_directory_is_wrong_usage(tmp_path: Path) -> None:
    assert endpoint("create", "friends", "--artifact", str(tmp_path / "absent")).exit_code == 2


def test_delete_of_an_unknown_name_fails(artifact: Path) -> None:
    result = endpoint("delete", "friends")
    assert result.exit_code == 1
    assert "there is no endpoint friends" in result.stderr


def test_flag_chooses_another_store(artifact: Path, tmp_path: Path) -> None:
    other = ("--store", str(tmp_path / "other"))
    assert endpoint("create", "a", "--artifact", str(artifact), *other).exit_code == 0
    assert endpoint("list").stdout == ""
    assert endpoint("list", *other).stdout.startswith("a\t")


def trained(directory: Path, name: str, mrr: float) -> Path:
    """A model with a report, without results of single elements."""
    row = {"method": "auto", "metrics": {"mrr": mrr, "mr": 1.0}, "intervals": {"mrr": [mrr, mrr]}}
    report = {"rows": [row], "protocol": "one"}
    manifest = {"task": "link_prediction", "relations": [["P", "knows", "P"]]}
    write_artifact(directory / name, Artifact(manifest, {}, {}), {"report.json": report})
    return directory / name


def test_compare_of_an_endpoint_and_a_directory(tmp_path: Path) -> None:
    one, two = trained(tmp_path, "one", 0.5), trained(tmp_path, "two", 0.25)
    assert endpoint("create", "friends", "--artifact", str(one)).exit_code == 0
    result = endpoint("compare", "friends", str(two))
    assert result.stdout.splitlines() == ["auto\t0.5\t0.25\t\t\t\tworse"]
    found = json.loads(endpoint("compare", "friends", "./two", "--metric", "mr", "--json").stdout)
    assert (found["runs"], found["metric"]) == (["friends", "./two"], "mr")
    assert found["methods"][0]["word"] == "no clear difference"
    assert "keeps no results of single elements" in found["how"][0]


def test_compare_of_what_cannot_be(artifact: Path, tmp_path: Path) -> None:
    one = trained(tmp_path, "one", 0.5)
    for arguments, code, told in (
        ([str(one), str(artifact)], 1, "has no report of a training"),
        ([str(one), str(tmp_path)], 1, "is no artifact"),
        ([str(one), "nobody"], 2, "no endpoint and no directory 'nobody'"),
        ([str(one), str(one), "--metric", "auc"], 1, "no metric 'auc': choose one of mrr, mr"),
    ):
        result = endpoint("compare", *arguments)
        assert (result.exit_code, told in result.stderr) == (code, True), result.stderr
