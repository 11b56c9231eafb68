"""Who is let in: by address, token, password, signature; and who is not."""

from __future__ import annotations

import base64
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from running_api import RunningApi

from proxy.config import Listen
from proxy.management.sigv4 import SignedRequest, verify

TOKEN = "a token of the tests"
OPEN = {"listen": {"host": "0.0.0.0"}}


def status(api: RunningApi, path: str = "/ml/endpoints", **headers: str) -> int:
    request = urllib.request.Request(api.address + path, headers=headers)
    try:
        with urllib.request.urlopen(request) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def basic(user: str, password: str) -> dict[str, str]:
    credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {credentials}"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_on_this_machine_nothing_is_demanded_and_signatures_are_accepted(tmp_path: Path) -> None:
    with RunningApi(tmp_path) as api:
        assert status(api) == 200
        assert api.client("any key", "any secret").list_ml_endpoints()["ids"] == []


def test_elsewhere_without_credentials_everything_is_refused(tmp_path: Path) -> None:
    with RunningApi(tmp_path, **OPEN) as api:
        assert status(api) == 403
        assert status(api, "/status") == 403
        neptune = api.client()
        with pytest.raises(Exception, match=r"set access\.token"):
            neptune.list_ml_endpoints()
        with urllib.request.urlopen(f"{api.address}/health/live") as answer:
            assert answer.status == 200


def test_token_and_password(tmp_path: Path) -> None:
    access = {"token": TOKEN, "user": "ann", "password": "secret"}
    with RunningApi(tmp_path, **OPEN, access=access) as api:
        assert status(api, **bearer(TOKEN)) == 200
        assert status(api, **basic("ann", "secret")) == 200
        for headers in (
            {},
            bearer(TOKEN + "x"),
            bearer(""),
            basic("ann", "wrong"),
            basic("bob", "secret"),
            {"Authorization": "Basic ???"},
            {"Authorization": "Other x"},
        ):
            assert status(api, **headers) == 403
        with pytest.raises(Exception, match="AccessDenied"):
            api.client("AKID", "secret").list_ml_endpoints()


def test_boto3_gets_in_with_the_configured_keys_only(tmp_path: Path) -> None:
    access = {"aws_access_key_id": "AKID", "aws_secret_access_key": "secret/with+signs"}
    with RunningApi(tmp_path, **OPEN, access=access) as api:
        neptune = api.client("AKID", "secret/with+signs")
        assert neptune.list_ml_endpoints(maxItems=3, neptuneIamRoleArn="a b/ä&=+~")["ids"] == []
        with pytest.raises(neptune.exceptions.MLResourceNotFoundException):
            neptune.get_ml_endpoint(id="name with spaces & ü")
        with pytest.raises(neptune.exceptions.MissingParameterException):
            neptune.create_ml_endpoint(id="x")  # a signed body
        for key, secret in (("AKID", "secret"), ("OTHER", "secret/with+signs")):
            with pytest.raises(Exception, match="AccessDenied"):
                api.client(key, secret).list_ml_endpoints()


def signed(method: str, url: str, body: bytes = b"") -> tuple[SignedRequest, str]:
    request = AWSRequest(method, url, data=body, headers={"Host": "localhost"})
    SigV4Auth(Credentials("AKID", "secret"), "neptune-db", "eu-west-1").add_auth(request)
    headers = {name.lower(): value for name, value in request.headers.items()}
    path, _, query = url.removeprefix("http://localhost").partition("?")
    return SignedRequest(method, path, query, headers, body), headers["authorization"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/ml/endpoints", b""),
        ("GET", "/ml/endpoints?maxItems=10&a=&b", b""),
        ("GET", "/ml/endpoints/a%20b%2Fc", b""),
        ("POST", "/loader", b'{"source": "s3://b/x"}'),
        ("DELETE", "/ml/endpoints/x?clean=TRUE", b""),
    ],
)
def test_signatures_of_botocore_are_verified(method: str, path: str, body: bytes) -> None:
    request, header = signed(method, f"http://localhost{path}", body)
    assert verify(request, header, "AKID", "secret")
    assert not verify(request, header, "AKID", "Secret")
    assert not verify(request, header, "AKIE", "secret")


def test_what_was_changed_or_is_old_is_refused() -> None:
    request, header = signed("POST", "http://localhost/loader?x=1", b"{}")

    def changed(**fields: Any) -> SignedRequest:
        kept = {name: getattr(request, name) for name in ("method", "path", "query", "headers")}
        return SignedRequest(**{**kept, "body": request.body, **fields})

    for other in (
        changed(body=b"{ }"),
        changed(path="/ml/endpoints"),
        changed(query="x=2"),
        changed(method="DELETE"),
        changed(headers=dict(request.headers) | {"host": "elsewhere"}),
        changed(headers=dict(request.headers) | {"x-amz-date": "yesterday"}),
        changed(headers={}),
    ):
        assert not verify(other, header, "AKID", "secret")
    assert not verify(request, "AWS4-HMAC-SHA256 nonsense", "AKID", "secret")
    later = datetime.now(timezone.utc) + timedelta(minutes=20)
    assert not verify(request, header, "AKID", "secret", now=later)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("example.org", False),
    ],
)
def test_loopback(host: str, expected: bool) -> None:
    assert Listen(host=host).on_loopback is expected
