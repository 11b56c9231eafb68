"""Who is let in: by address, token, password, signature; and who is not."""

from __future__ import annotations

import base64
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from running_api import RunningApi

from gremlink.proxy.config import Listen
from gremlink.proxy.management.access.sigv4 import SignedRequest, verify

TOKEN = "a token of the tests"
KEY = "secret/with+signs"
DATA = {"neptune-db"}
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


def signed(
    method: str,
    url: str,
    body: bytes = b"",
    service: str = "neptune-db",
    region: str = "eu-west-1",
) -> tuple[SignedRequest, str]:
    request = AWSRequest(method, url, data=body, headers={"Host": "localhost"})
    SigV4Auth(Credentials("AKID", "secret"), service, region).add_auth(request)
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
    assert verify(request, header, "AKID", "secret", services=DATA)
    assert not verify(request, header, "AKID", "Secret", services=DATA)
    assert not verify(request, header, "AKIE", "secret", services=DATA)


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
        assert not verify(other, header, "AKID", "secret", services=DATA)
    assert not verify(request, "AWS4-HMAC-SHA256 nonsense", "AKID", "secret", services=DATA)
    later = datetime.now(timezone.utc) + timedelta(minutes=20)
    assert not verify(request, header, "AKID", "secret", services=DATA, now=later)


def test_a_signature_is_for_one_service_and_where_it_is_asked_for_one_region() -> None:
    for service, region, good in (
        ("neptune-db", "eu-west-1", True),
        ("neptune-db", "us-east-1", False),
        ("s3", "eu-west-1", False),
        ("neptune-graph", "eu-west-1", False),
        ("Neptune-DB", "eu-west-1", False),
    ):
        request, header = signed("GET", "http://localhost/status", b"", service, region)
        found = verify(request, header, "AKID", "secret", services=DATA, region="eu-west-1")
        assert found is good, (service, region)
        anywhere = verify(request, header, "AKID", "secret", services=DATA)
        assert anywhere is (service == "neptune-db")


@pytest.mark.parametrize(
    ("path", "service", "admitted"),
    [
        ("/ml/endpoints", "neptune-db", True),
        ("/ml/endpoints", "sagemaker", False),
        ("/ml/endpoints", "execute-api", False),
        ("/ml/endpoints", "s3", False),
        ("/status", "neptune-db", True),
        ("/loader", "s3", False),
        ("/metrics", "neptune-db", True),
        ("/metrics", "monitoring", False),
        ("/v1/neptune-export/x", "execute-api", True),
        ("/v1/neptune-export/x", "neptune-db", True),
        ("/v1/neptune-export/x", "sagemaker", False),
        ("/neptune-export/x", "execute-api", True),
    ],
)
def test_what_signatures_are_for_is_judged_by_the_path(
    keyed: RunningApi, path: str, service: str, admitted: bool
) -> None:
    request = AWSRequest("GET", keyed.address + path)
    SigV4Auth(Credentials("AKID", KEY), service, "eu-west-1").add_auth(request)
    assert (status(keyed, path, **dict(request.headers.items())) != 403) is admitted


def test_boto3_signs_sagemaker_s_calls_for_sagemaker(keyed: RunningApi) -> None:
    sagemaker = keyed.client("AKID", KEY, "sagemaker")
    assert sagemaker.list_endpoints()["Endpoints"] == []
    runtime = keyed.client("AKID", KEY, "sagemaker-runtime")
    with pytest.raises(runtime.exceptions.ValidationError, match="none"):
        runtime.invoke_endpoint(EndpointName="none", Body=b"{}", ContentType="application/json")
    with pytest.raises(Exception, match="AccessDenied"):
        keyed.client("AKID", "another", "sagemaker").list_endpoints()
    for path in ("/", "/endpoints/none/invocations"):
        request = AWSRequest(
            "POST",
            keyed.address + path,
            data=b"{}",
            headers={
                "X-Amz-Target": "SageMaker.ListEndpoints",
                "Content-Type": "application/x-amz-json-1.1",
            },
        )
        SigV4Auth(Credentials("AKID", KEY), "neptune-db", "eu-west-1").add_auth(request)
        sent = urllib.request.Request(
            keyed.address + path, b"{}", dict(request.headers.items()), method="POST"
        )
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(sent)
        with refused.value as error:
            assert error.code == 403


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    access = {
        "token": TOKEN,
        "user": "ann",
        "password": "secret",
        "aws_access_key_id": "AKID",
        "aws_secret_access_key": KEY,
    }
    with RunningApi(tmp_path_factory.mktemp("keyed"), access=access) as api:
        yield api


SIGNED_FOR = b"AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/neptune-db/aws4_request, "


@pytest.mark.parametrize(
    "header",
    [
        b"Bearer \xff\xfe",
        b"Bearer \xc3\x28" + TOKEN.encode(),
        b"B\xe9arer " + TOKEN.encode(),
        b"Basic \xff\xff",
        b"Basic " + base64.b64encode(b"ann:\xff\xfe"),
        b"Basic " + base64.b64encode(b"\xff:secret"),
        b"Basic " + base64.b64encode(b"ann"),
        b"Basic =",
        b"Basic Zm9v\xe2\x82",
        "Basic ÄÖÜ=".encode(),
        b"Basic",
        b"\xff",
        SIGNED_FOR + b"SignedHeaders=host;x-\xff, Signature=" + b"0" * 64,
        SIGNED_FOR.replace(b"AKID", b"\xff\xff") + b"SignedHeaders=host, Signature=" + b"0" * 64,
        SIGNED_FOR.replace(b"eu-west-1", b"\xfe") + b"SignedHeaders=host, Signature=" + b"0" * 64,
        "AWS4-HMAC-SHA256 Credential=AKID/٢٠٢٦٠١٠١/r/neptune-db/aws4_request, ".encode(),
    ],
)
def test_bytes_that_are_no_text_are_no_credentials(keyed: RunningApi, header: bytes) -> None:
    moment = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ").encode()
    others = b"X-Amz-Date: " + moment + b"\r\nX-Odd: \xff\r\n"
    for path in (b"/ml/endpoints", b"/ml/endpoints?a=%ff&b=%", b"/status?%ff", b"/ml/%ff"):
        assert asked(keyed, path, b"Authorization: " + header + b"\r\n" + others) == 403
    assert status(keyed, "/status", **bearer(TOKEN)) == 200


def test_odd_headers_beside_good_credentials_do_no_harm(keyed: RunningApi) -> None:
    good = b"Authorization: Bearer " + TOKEN.encode() + b"\r\n"
    for odd in (
        b"Content-Type: \xff\xfe\r\n",
        b"User-Agent: \xff\r\n",
        b"Accept: \xe4\r\n",
        b"Cookie: a=\xff; b\r\n",
        b"X-Odd: \xff\xff\r\n",
        b"Range: \xff\r\n",
        b"If-None-Match: \xff\r\n",
        b"Accept-Language: \xc3\r\n",
    ):
        for path in (b"/ml/endpoints", b"/status", b"/ml/endpoints/%ff%fe", b"/loader?loadId=%ff"):
            assert asked(keyed, path, good + odd) in (200, 404)


def asked(api: RunningApi, path: bytes, headers: bytes) -> int:
    """The status that a request gets which no library would send."""
    parts = urlsplit(api.address)
    assert parts.hostname is not None
    place = f"{parts.hostname}:{parts.port}".encode()
    with socket.create_connection((parts.hostname, parts.port or 80), timeout=20) as sender:
        sender.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: " + place + b"\r\n" + headers)
        sender.sendall(b"Connection: close\r\n\r\n")
        return int(sender.makefile("rb").readline().split()[1])


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
