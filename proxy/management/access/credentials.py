"""Access to the management API: from this machine, or with a token, a password or a key.

Credentials are compared as bytes: header bytes that are not UTF-8 arrive as surrogates.
"""

from __future__ import annotations

import base64
import binascii
import hmac

from aiohttp import web
from pydantic import SecretStr

from gremlink.proxy.config import Configuration
from gremlink.proxy.management.access.sigv4 import ALGORITHM, SignedRequest, verify
from gremlink.proxy.management.errors import AccessDenied

DATA_SERVICE = "neptune-db"
"""Service in the signatures of clients of Neptune's data API: `neptunedata`, the notebooks."""

OTHER_SERVICES = {
    "/v1/neptune-export": {"execute-api", DATA_SERVICE},
    "/neptune-export": {"execute-api", DATA_SERVICE},
    "/endpoints": {"sagemaker"},
}
"""Services in signatures by prefix of the path; Neptune's export is behind an API Gateway."""

ROOT_SERVICES = {"sagemaker"}
"""Services in signatures for `/`, the path of SageMaker's operations."""


def services_of(path: str) -> set[str]:
    """Return the services that a signature for this path may name."""
    if path == "/":
        return ROOT_SERVICES
    for start, services in OTHER_SERVICES.items():
        if f"{path}/".startswith(f"{start}/"):
            return services
    return {DATA_SERVICE}


class Access:
    """Checks of requests against the settings `access` and `listen`.

    Pages of other sites are refused before, by `gremlink.proxy.relay.http.cross_origin`.
    """

    def __init__(self, configuration: Configuration) -> None:
        self._settings = configuration.access
        self._local = configuration.listen.on_loopback

    def check(self, request: web.Request, body: bytes, header: str | None = None) -> None:
        """Check the credentials of a request, or those of another header. Raises AccessDenied."""
        if not self._demanded():
            if not self._local:
                raise AccessDenied(
                    "The proxy listens on more than this machine, and so its management API needs "
                    "credentials: set access.token, access.user and access.password, or a key pair."
                )
            return
        if header is None:
            header = request.headers.get("Authorization", "")
        scheme, _, credentials = header.partition(" ")
        match scheme.lower():
            case "bearer":
                admitted = _same(_bytes(credentials.strip()), self._settings.token)
            case "basic":
                admitted = self._knows_password(credentials)
            case _ if scheme == ALGORITHM:
                admitted = self._knows_signature(request, header, body)
            case _:
                admitted = False
        if not admitted:
            raise AccessDenied(
                "The request has no valid credentials: send the token (Authorization: Bearer …), "
                "the user and password, or a signature (SigV4) with the configured key, for "
                f"{' or '.join(sorted(services_of(request.path)))}"
                f"{self._in_region()}."
            )

    def _in_region(self) -> str:
        region = self._settings.aws_region
        return "" if region is None else f" in {region}"

    def _demanded(self) -> bool:
        settings = self._settings
        secrets = (settings.token, settings.password, settings.aws_secret_access_key)
        return any(secret is not None for secret in secrets)

    def _knows_password(self, credentials: str) -> bool:
        try:
            given = base64.b64decode(_bytes(credentials.strip()), validate=True)
        except binascii.Error:
            return False
        user, _, password = given.partition(b":")
        settings = self._settings
        name = None if settings.user is None else SecretStr(settings.user)
        return bool(_same(user, name) & _same(password, settings.password))

    def _knows_signature(self, request: web.Request, header: str, body: bytes) -> bool:
        settings = self._settings
        key, secret = settings.aws_access_key_id, settings.aws_secret_access_key
        if key is None or secret is None:
            return False
        headers = {name.lower(): ",".join(request.headers.getall(name)) for name in request.headers}
        path, _, query = request.raw_path.partition("?")
        return verify(
            SignedRequest(request.method, path, query, headers, body),
            header,
            key,
            secret.get_secret_value(),
            services=services_of(request.path),
            region=settings.aws_region,
        )


def _same(given: bytes, expected: SecretStr | None) -> bool:
    """Compare in constant time; a credential that is not configured never matches."""
    if expected is None:
        return False
    return hmac.compare_digest(given, expected.get_secret_value().encode())


def _bytes(text: str) -> bytes:
    """Return a header's original bytes."""
    return text.encode("utf-8", "surrogateescape")
