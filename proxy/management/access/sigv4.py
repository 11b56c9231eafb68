"""Verification of AWS Signature Version 4, with one key pair.

A signature is for one service in one region (its credential scope): one that was made for another
service is refused.

Source: AWS Signature Version 4 for API requests, sections "Create a canonical request" and
"Calculate the signature".
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from urllib.parse import quote, unquote_to_bytes

ALGORITHM = "AWS4-HMAC-SHA256"
FRESH = timedelta(minutes=15)
"""Largest difference between the time of a signature and now."""

_HEADER = re.compile(
    rf"{ALGORITHM} Credential=(?P<key>[^/,\s]+)/(?P<date>\d{{8}})/(?P<region>[^/,]+)"
    r"/(?P<service>[^/,]+)/aws4_request,\s*SignedHeaders=(?P<signed>[^,\s]+),\s*"
    r"Signature=(?P<signature>[0-9a-f]{64})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request as received: `path` and `query` percent-encoded, header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


def verify(
    request: SignedRequest,
    authorization: str,
    access_key_id: str,
    secret_access_key: str,
    *,
    services: Collection[str],
    region: str | None = None,
    now: datetime | None = None,
) -> bool:
    """Return True if the `Authorization` header signs this request, with this key, and recently.

    `services` are those that a signature may name; without `region` it may name any.
    """
    found = _HEADER.fullmatch(authorization.strip())
    moment = request.headers.get("x-amz-date", "")
    if found is None or not hmac.compare_digest(_bytes(found["key"]), _bytes(access_key_id)):
        return False
    if found["service"] not in services or region not in (None, found["region"]):
        return False
    try:
        signed_at = datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        return False
    names = found["signed"].split(";")
    if abs((now or datetime.now(timezone.utc)) - signed_at) > FRESH or "host" not in names:
        return False
    if moment[:8] != found["date"] or any(name not in request.headers for name in names):
        return False
    scope = f"{found['date']}/{found['region']}/{found['service']}/aws4_request"
    digest = hashlib.sha256(_bytes(canonical_request(request, names))).hexdigest()
    key = _bytes(f"AWS4{secret_access_key}")
    for part in scope.split("/"):
        key = hmac.new(key, _bytes(part), hashlib.sha256).digest()
    text = "\n".join([ALGORITHM, moment, scope, digest])
    expected = hmac.new(key, _bytes(text), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, found["signature"])


def canonical_request(request: SignedRequest, names: list[str]) -> str:
    """Return the signed text: method, path, query, the named headers, and the hash of the body."""
    arguments = []
    for argument in filter(None, request.query.split("&")):
        name, _, value = argument.partition("=")
        arguments.append(f"{_again(name)}={_again(value)}")
    headers = [f"{name}:{' '.join(request.headers[name].split())}\n" for name in names]
    return "\n".join(
        [
            request.method,
            # The path is encoded once more than it is sent, for all services but S3.
            quote(_bytes(request.path), safe="/-_.~"),
            "&".join(sorted(arguments)),
            "".join(headers),
            ";".join(names),
            hashlib.sha256(request.body).hexdigest(),
        ]
    )


def _again(text: str) -> str:
    """Return the text with the percent-encoding that is signed."""
    return quote(unquote_to_bytes(_bytes(text)), safe="-_.~")


def _bytes(text: str) -> bytes:
    """Return the original bytes of a text: those that are not UTF-8 arrived as surrogates."""
    return text.encode("utf-8", "surrogateescape")
