"""Who may use the management API: this machine, or whoever has a token, a password or a key."""

from __future__ import annotations

import base64
import binascii
import hmac

from aiohttp import web

from proxy.config import Configuration
from proxy.management.errors import AccessDenied
from proxy.management.sigv4 import ALGORITHM, SignedRequest, verify


class Access:
    """Judges requests by the settings `access` and `listen`.

    Pages of other sites do not come so far: `proxy.relay.cross_origin` refuses them.
    """

    def __init__(self, configuration: Configuration) -> None:
        self._settings = configuration.access
        self._local = configuration.listen.on_loopback

    def check(self, request: web.Request, body: bytes) -> None:
        """Let a request pass. Raises AccessDenied."""
        if not self._demanded():
            if not self._local:
                raise AccessDenied(
                    "The proxy listens on more than this machine, and so its management API needs "
                    "credentials: set access.token, access.user and access.password, or a key pair."
                )
            return
        header = request.headers.get("Authorization", "")
        scheme, _, credentials = header.partition(" ")
        match scheme.lower():
            case "bearer":
                admitted = _same(credentials.strip(), self._settings.token)
            case "basic":
                admitted = self._knows_password(credentials)
            case _ if scheme == ALGORITHM:
                admitted = self._knows_signature(request, header, body)
            case _:
                admitted = False
        if not admitted:
            raise AccessDenied(
                "The request has no valid credentials: send the token (Authorization: Bearer …), "
                "the user and password, or a signature (SigV4) with the configured key."
            )

    def _demanded(self) -> bool:
        settings = self._settings
        return any((settings.token, settings.password, settings.aws_secret_access_key))

    def _knows_password(self, credentials: str) -> bool:
        try:
            given = base64.b64decode(credentials.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return False
        user, _, password = given.partition(":")
        settings = self._settings
        return bool(_same(user, settings.user or "") & _same(password, settings.password))

    def _knows_signature(self, request: web.Request, header: str, body: bytes) -> bool:
        key, secret = self._settings.aws_access_key_id, self._settings.aws_secret_access_key
        if not key or not secret:
            return False
        headers = {name.lower(): ",".join(request.headers.getall(name)) for name in request.headers}
        path, _, query = request.raw_path.partition("?")
        return verify(
            SignedRequest(request.method, path, query, headers, body), header, key, secret
        )


def _same(given: str, expected: str | None) -> bool:
    """Compare in a time that tells nothing; what is not configured is never right."""
    return expected is not None and hmac.compare_digest(given.encode(), expected.encode())
