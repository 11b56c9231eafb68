"""Requests of the SPARQL 1.1 protocol as bytes, and all that a server says to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

FORM = "application/x-www-form-urlencoded"
JSON = "application/sparql-results+json"
QUERY_FORMS = ("get", "form", "direct")
UPDATE_FORMS = ("form", "direct")


@dataclass(frozen=True)
class Reply:
    """Status, type and body of a response."""

    status: int
    type: str
    body: bytes


class Sparql:
    """A connection that is kept; `query` and `update` are the addresses of a store or a proxy."""

    def __init__(self, query: str, update: str) -> None:
        self.paths = {False: urlsplit(query).path, True: urlsplit(update).path}
        parts = urlsplit(query)
        self._connection = HTTPConnection(parts.netloc, timeout=60)

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Sparql:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(
        self,
        text: str,
        form: str = "form",
        *,
        is_update: bool = False,
        accept: str = JSON,
        parameters: Mapping[str, str] | None = None,
    ) -> Reply:
        """The reply to a query or an update in one of the forms, or `curl`: not encoded at all."""
        operation = "update" if is_update else "query"
        path, more = self.paths[is_update], urlencode(parameters or {})
        given = text.encode("utf-8", "surrogateescape")
        headers = {"Accept": accept}
        match form:
            case "get":
                query = urlencode({operation: given, **(parameters or {})})
                return self.send("GET", f"{path}?{query}", headers)
            case "direct":
                headers["Content-Type"] = f"application/sparql-{operation}"
                return self.send("POST", f"{path}?{more}" if more else path, headers, given)
            case "curl":
                body = f"{operation}=".encode() + given + (f"&{more}".encode() if more else b"")
            case _:
                body = urlencode({operation: given, **(parameters or {})}).encode()
        return self.send("POST", path, {**headers, "Content-Type": FORM}, body)

    def send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Reply:
        """The reply to a request as it is given."""
        self._connection.request(method, path, body, dict(headers))
        response = self._connection.getresponse()
        return Reply(response.status, response.getheader("Content-Type", ""), response.read())
