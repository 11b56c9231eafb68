"""Addresses and what they mean; folders that links lead out of; a real S3 server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import boto3
import pytest
import s3fs
from s3_server import FAILURE, bad_store, s3_server
from unsteady_store import unsteady_store

from gremlink.proxy.store import locations
from gremlink.proxy.store.errors import BadLocation, LocationRefused, LocationUnreachable
from gremlink.proxy.store.locations import Locations


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


@pytest.fixture
def places(root: Path, tmp_path: Path) -> Locations:
    return Locations((root,), tmp_path / "s3")


def folder(path: Path, **files: str) -> Path:
    for name, text in files.items():
        file = path / name.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return path


def test_addresses(places: Locations, root: Path, tmp_path: Path) -> None:
    assert places.at(f"{root}/a").path == root / "a"
    assert places.at(f"file://{root}/a%20b").path == root / "a b"
    assert places.at("s3://bucket/a//b/").path == tmp_path / "s3" / "bucket" / "a" / "b"
    assert places.at("s3://bucket/a//b/").address == "s3://bucket/a/b"
    assert Locations(()).at("s3://bucket/a/").path is None
    assert places.below(places.at("s3://b/x"), "y", "z").address == "s3://b/x/y/z"


@pytest.mark.parametrize(
    "address",
    [
        *(
            "relative",
            "http://h/x",
            "file://host/x",
            "s3://",
            "s3://b/../c",
            "s3:///x",
            "/a\0b",
            "",
        ),
        *("/a" * 2001, f"/{'ä' * 128}", f"s3://b/{'x' * 256}"),
    ],
)
def test_addresses_that_mean_nothing(places: Locations, address: str) -> None:
    with pytest.raises(BadLocation):
        places.at(address)


@pytest.mark.parametrize(
    "address", ["/etc/passwd", "{root}/../x", "file:///", "{root}2/x", "{root}/out/x"]
)
def test_paths_outside_are_refused(places: Locations, root: Path, address: str) -> None:
    (root / "out").symlink_to("/etc")
    with pytest.raises(LocationRefused, match=r"storage\.roots"):
        places.at(address.format(root=root))


def test_links_inside_a_bucket_folder_are_followed_before_judging(
    places: Locations, tmp_path: Path
) -> None:
    (tmp_path / "s3").mkdir()
    (tmp_path / "s3" / "bucket").symlink_to("/etc")
    with pytest.raises(LocationRefused):
        places.at("s3://bucket/passwd")


def test_a_link_among_the_files_is_refused(places: Locations, root: Path, tmp_path: Path) -> None:
    data = folder(root / "data", **{"a.csv": "1"})
    (data / "b.csv").symlink_to("a.csv")
    assert places.fetch(places.at(str(data)), tmp_path / "copy") == data
    (data / "c.csv").symlink_to("/etc/passwd")
    with pytest.raises(LocationRefused, match=r"c\.csv"):
        places.fetch(places.at(str(data)), tmp_path / "copy")


def test_files_are_found_at_any_depth_but_hidden_ones(root: Path) -> None:
    data = folder(root / "d", **{"b": "", "a__c": "", ".h": "", ".x__y": ""})
    names = [file.relative_to(data).as_posix() for file in locations.files(data)]
    assert names == ["a/c", "b"]
    assert list(locations.files(data / "b")) == [data / "b"]
    with pytest.raises(LocationUnreachable, match="no such file"):
        list(locations.files(root / "nothing"))


def test_a_local_publication_appears_whole(places: Locations, root: Path, tmp_path: Path) -> None:
    target = places.at(f"{root}/deep/er/out")
    places.publish(folder(tmp_path / "made", x="1", y__z="2"), target)
    assert [path.name for path in (root / "deep" / "er").iterdir()] == ["out"]
    assert (root / "deep/er/out/y/z").read_text() == "2"
    (root / "deep/er/.out.partial").mkdir()
    places.remove(target)
    assert not list((root / "deep" / "er").iterdir())
    places.remove(target)


# A real S3 server ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    with s3_server() as address:
        yield address


@pytest.fixture
def bucket(s3: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with closing(boto3.client("s3", endpoint_url=s3)) as client:
        client.create_bucket(Bucket="bucket")
    return "s3://bucket"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that fails is asked once, not again and again for seconds."""
    monkeypatch.setitem(locations._PATIENCE, "retries", {"max_attempts": 0})
    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)


def test_trying_out_a_place(s3: str, bucket: str, root: Path) -> None:
    places = Locations((root, Path("/proc")), s3_endpoint=s3)
    places.try_out(places.at(f"{root}/a/b"))
    assert list(root.iterdir()) == []
    with pytest.raises(LocationUnreachable, match=r"^/proc/x/a: "):
        places.try_out(places.at("/proc/x/a"))
    places.try_out(places.at(f"{bucket}/tried"))
    assert not places.exists(places.at(f"{bucket}/tried"))
    with pytest.raises(LocationUnreachable, match="s3://nowhere/x: "):
        places.try_out(places.at("s3://nowhere/x"))


def test_an_object_store(s3: str, bucket: str, tmp_path: Path) -> None:
    places = Locations((), s3_endpoint=s3)
    target = places.at(f"{bucket}/a/out")
    assert not places.exists(target)
    large = os.urandom(8) * (5 << 20)  # 40 MiB, in several parts
    made = folder(tmp_path / "made", x="1", y__z="2")
    (made / "large").write_bytes(large)
    places.publish(made, target)
    assert places.exists(target)
    with closing(boto3.client("s3", endpoint_url=s3)) as client:
        tag = client.head_object(Bucket="bucket", Key="a/out/large")["ETag"]
    assert tag.endswith('-3"')  # three parts
    copy = places.fetch(target, tmp_path / "copy")
    assert sorted(
        path.relative_to(copy).as_posix() for path in copy.rglob("*") if path.is_file()
    ) == [
        "large",
        "x",
        "y/z",
    ]
    assert (copy / "large").read_bytes() == large
    one = places.fetch(places.at(f"{bucket}/a/out/x"), tmp_path / "one")
    assert one.read_text() == "1"
    places.remove(target)
    assert not places.exists(target)
    places.remove(target)
    with pytest.raises(LocationUnreachable, match="nothing at this address"):
        places.fetch(target, tmp_path / "again")


def uploads(address: str) -> list[str]:
    """Keys of uploads in parts that are not complete."""
    with closing(boto3.client("s3", endpoint_url=address)) as client:
        found = client.list_multipart_uploads(Bucket="bucket").get("Uploads", [])
    return [upload["Key"] for upload in found]


@pytest.mark.usefixtures("impatient")
def test_an_upload_that_breaks_between_its_parts_leaves_none(
    s3: str, bucket: str, tmp_path: Path
) -> None:
    made = folder(tmp_path / "made", x="1")
    (made / "large").write_bytes(bytes(40 << 20))
    with unsteady_store(s3, takes=1) as address:
        places = Locations((), s3_endpoint=address)
        target = places.at(f"{bucket}/broken/out")
        with pytest.raises(LocationUnreachable, match=r"s3://bucket/broken/out: .*an error"):
            places.publish(made, target)
    assert uploads(s3) == []
    assert not Locations((), s3_endpoint=s3).exists(target)


def test_what_a_killed_upload_has_sent_is_removed(s3: str, bucket: str) -> None:
    """And nothing of others."""
    with closing(boto3.client("s3", endpoint_url=s3)) as client:
        for key in ("killed/out/large", "killed/out", "killed/output/other"):
            made = client.create_multipart_upload(Bucket="bucket", Key=key)
            client.upload_part(
                Bucket="bucket", Key=key, UploadId=made["UploadId"], PartNumber=1, Body=b"part"
            )
    assert len(uploads(s3)) == 3
    places = Locations((), s3_endpoint=s3)
    places.remove(places.at(f"{bucket}/killed/out"))
    assert uploads(s3) == ["killed/output/other"]


def test_the_endpoint_of_the_environment_is_used(
    s3: str, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3)
    assert not Locations(()).exists(Locations(()).at(f"{bucket}/none"))


@pytest.mark.usefixtures("impatient")
def test_a_store_that_is_not_there(bucket: str) -> None:
    places = Locations((), s3_endpoint="http://127.0.0.1:9")
    with pytest.raises(LocationUnreachable, match="s3://bucket/x: EndpointConnectionError"):
        places.exists(places.at(f"{bucket}/x"))


@pytest.mark.usefixtures("impatient")
def test_a_store_that_does_not_answer_and_one_that_fails(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(locations._PATIENCE, "read_timeout", 0.3)
    for answer, said in ((b"", "ReadTimeoutError"), (FAILURE, "Internal Server Error")):
        with bad_store(answer) as address:
            places = Locations((), s3_endpoint=address)
            with pytest.raises(LocationUnreachable, match="s3://bucket/x") as caught:
                places.fetch(places.at(f"{bucket}/x"), tmp_path / "copy")
            assert said in str(caught.value)
