"""Verifying AWS Signature Version 4, with one key pair and for any region and service.

Source: AWS Signature Version 4 for API requests, sections "Create a canonical request" and
"Calculate the signature".
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from urllib.parse import quote, unquote

ALGORITHM = "AWS4-HMAC-SHA256"
FRESH = timedelta(minutes=15)
"""How old or how far ahead a signature may be."""

_HEADER = re.compile(
    rf"{ALGORITHM} Credential=(?P<key>[^/,\s]+)/(?P<date>\d{{8}})/(?P<region>[^/,]+)"
    r"/(?P<service>[^/,]+)/aws4_request,\s*SignedHeaders=(?P<signed>[^,\s]+),\s*"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request as it came: `path` and `query` still percent-encoded, header names lower case."""

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
    now: datetime | None = None,
) -> bool:
    """Whether the `Authorization` header signs this request, with this key, and recently."""
    found = _HEADER.fullmatch(authorization.strip())
    moment = request.headers.get("x-amz-date", "")
    if found is None or not hmac.compare_digest(found["key"].encode(), access_key_id.encode()):
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
    digest = hashlib.sha256(canonical_request(request, names).encode()).hexdigest()
    key = f"AWS4{secret_access_key}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    text = "\n".join([ALGORITHM, moment, scope, digest])
    expected = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, found["signature"])


def canonical_request(request: SignedRequest, names: list[str]) -> str:
    """What is signed: method, path, query, the named headers, and the hash of the body."""
    arguments = []
    for argument in filter(None, request.query.split("&")):
        name, _, value = argument.partition("=")
        arguments.append(f"{_encoded(unquote(name))}={_encoded(unquote(value))}")
    headers = [f"{name}:{' '.join(request.headers[name].split())}\n" for name in names]
    return "\n".join(
        [
            request.method,
            # The path is encoded once more than it is sent, for all services but S3.
            quote(request.path, safe="/-_.~"),
            "&".join(sorted(arguments)),
            "".join(headers),
            ";".join(names),
            hashlib.sha256(request.body).hexdigest(),
        ]
    )


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")
