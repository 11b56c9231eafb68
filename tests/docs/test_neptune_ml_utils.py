"""The stand-in for the helper of AWS's sample notebooks, without notebooks."""

from __future__ import annotations

import csv
from contextlib import closing
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pytest
from api_requests import done
from managed_proxy import KEYS
from notebook_helper import configure, imported
from running_api import RunningApi
from s3_server import s3_server

from gremlink.proxy.store.jobs import JobRecords, State

TARGET = "s3://b/x/neptune-formatted/movielens-100k"
FLAGS = "0|1" + "|0" * 17


@pytest.fixture
def helper() -> Any:
    return imported()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(home)
    return home


def write_raw(home: Path) -> None:
    raw = home / "data" / "raw" / "ml-100k"
    raw.mkdir(parents=True)
    films = f"1|A, film (1995)|01-Jan-1995||http://x/1|{FLAGS}\n2|Fjärr|||||1{'|0' * 18}\n"
    (raw / "u.item").write_bytes(films.replace("|||||", "||||").encode("ISO-8859-1"))
    (raw / "u.user").write_text("7|24|M|technician|85711\n")
    (raw / "u.data").write_text("7\t1\t4\t881250949\n")


def rows(folder: Path, name: str) -> list[list[str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_movielens_as_the_notebooks_load_it(
    helper: Any, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_raw(home)
    monkeypatch.setenv("GREMLINK_STORAGE_S3_FOLDER", str(tmp_path / "s3"))
    assert helper.prepare_movielens_data("s3://b/x") == TARGET
    folder = tmp_path / "s3" / "b" / "x" / "neptune-formatted" / "movielens-100k"
    assert len(list(folder.iterdir())) == 7
    assert rows(folder, "movie_vertex.csv") == [
        ["~id", "title", "imdb_url", "~label", "genre:String[]", "release_date:Date"],
        ["movie_1", "A, film (1995)", "http://x/1", "movie", "Action", "1995-01-01T00:00:00"],
        ["movie_2", "Fjärr", "", "movie", "unknown", ""],
    ]
    assert rows(folder, "genre_edges.csv")[1] == [
        *("movie_1-included_in-Action", "movie_1", "Action", "included_in")
    ]
    assert rows(folder, "user_vertex.csv")[1] == [
        "user_7",
        "24",
        "M",
        "technician",
        "85711",
        "user",
    ]
    assert rows(folder, "ratings_vertices.csv")[1] == ["4", "881250949", "user_7:movie_1", "rating"]
    assert rows(folder, "ratings_vertex_edges.csv")[1:] == [
        ["user_7-wrote-user_7:movie_1", "wrote", "user_7", "user_7:movie_1"],
        ["user_7:movie_1-about-movie_1", "about", "user_7:movie_1", "movie_1"],
    ]
    assert rows(folder, "rated_edges.csv")[1][-2:] == ["4", "Like"]
    assert len(rows(folder, "genre_vertex.csv")) == 20


def test_movielens_in_an_object_store(
    helper: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_raw(home)
    with s3_server() as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", address)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        for name, value in KEYS.items():
            monkeypatch.setenv(name.upper(), value)
        with closing(boto3.client("s3")) as s3:
            s3.create_bucket(Bucket="bucket")
            helper.prepare_movielens_data("s3://bucket/x")
            keys = [each["Key"] for each in s3.list_objects_v2(Bucket="bucket")["Contents"]]
        assert len(keys) == 7
        assert "x/neptune-formatted/movielens-100k/rated_edges.csv" in keys


@pytest.mark.parametrize(
    ("ssl", "said"), [(True, "localhost:1/v1"), (False, "localhost:1/v1 --export-no-ssl")]
)
def test_where_the_export_service_is(helper: Any, home: Path, ssl: bool, said: str) -> None:
    configure(home, ssl=ssl)
    assert helper.get_export_service_host() == said
    assert (helper.get_host(), helper.get_iam()) == ("localhost", False)


def test_what_a_training_has_left(
    helper: Any, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    with RunningApi(tmp_path) as api:
        configure(home, api.address)
        folder = tmp_path / "s3"
        monkeypatch.setenv("GREMLINK_STORAGE_S3_FOLDER", str(folder))
        records = JobRecords(api.configuration.store.directory)
        done(records, "modeltraining", "job")
        done(records, "modeltransform", "later")
        done(records, "dataprocessing", "data", State.FAILED)
        output = folder / "b" / "job" / "output"
        (output / "predictions").mkdir(parents=True)
        scores = np.array([[0.2, 0.8], [0.9, 0.1]], np.float32)
        np.savez(output / "predictions" / "result.npz", infer_scores=scores)
        (output / "mapping.json").write_text('{"node2id": {"User": {"a": 0, "b": 1}}}')
        (output / "eval_metrics_info.json").write_text('{"metrics": {"accuracy": 0.5}}')

        helper.check_ml_enabled()
        assert "is configured" in capsys.readouterr().out
        assert helper.get_predictions("job") == pytest.approx(scores)
        assert helper.get_predictions("job", class_preds=True).tolist() == [1, 0]
        assert helper.get_node_to_idx_mapping("job") == {"User": {"a": 0, "b": 1}}
        assert helper.get_node_to_idx_mapping("job", vertex_label="User") == {"a": 0, "b": 1}
        assert helper.get_performance_metrics("job")["metrics"]["accuracy"] == 0.5
        location = helper.get_neptune_ml_job_output_location("later", "modeltransform")
        assert location == "s3://b/later/output"
        with pytest.raises(FileNotFoundError, match="without a network has no embeddings"):
            helper.get_embeddings("job")
        with pytest.raises(RuntimeError, match="Failed, not Completed"):
            helper.get_node_to_idx_mapping(dataprocessing_job_name="data")
        with pytest.raises(RuntimeError, match="There is no endpoint no"):
            helper.delete_endpoint("no")


def test_signed_requests(
    helper: Any, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name, value in KEYS.items():
        monkeypatch.setenv(name.upper(), value)
    with RunningApi(tmp_path, access=KEYS) as api:
        configure(home, api.address, auth_mode="IAM")
        helper.check_ml_enabled()
        assert "is configured" in capsys.readouterr().out
        configure(home, api.address)
        helper.check_ml_enabled()
        assert "AccessDenied" in capsys.readouterr().out
