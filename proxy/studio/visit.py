"""One request of a browser, and what a page needs to answer it."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web
from gremlin_python.process.traversal import Bytecode, Traversal
from jinja2 import Environment

from gremlink.proxy.config import Configuration
from gremlink.proxy.messages.system_errors import reason_of
from gremlink.proxy.store.records import Store
from gremlink.proxy.studio.errors import ApiRefused, DatabaseGone
from gremlink.proxy.studio.gremlin import GremlinClient

HERE = "http://localhost"
"""The proxy's address at its own socket."""


class Visit:
    """One request of a browser.

    Queries and requests to the API that a page makes for it carry the browser's own credentials.
    """

    def __init__(self, site: Site, request: web.Request) -> None:
        self.request = request
        self._site = site
        self._gremlin: GremlinClient | None = None
        self._session: aiohttp.ClientSession | None = None

    @property
    def configuration(self) -> Configuration:
        """The settings of the proxy."""
        return self._site.configuration

    @property
    def store(self) -> Store:
        """The endpoints and artifacts, to read. Changes go through `api`."""
        return self._site.store

    @property
    def authorization(self) -> str:
        """The header `Authorization` for the proxy's own API.

        A browser asks for a user and a password. Where a token alone is set, it is the password.
        """
        header = self.request.headers.get("Authorization", "")
        access = self.configuration.access
        if access.token is None or access.password is not None:
            return header
        _, password = _basic(header)
        return f"Bearer {password}" if password else header

    @property
    def address(self) -> str:
        """The address at which the browser sees the proxy, as `http://localhost:8182`."""
        headers = self.request.headers
        # A server in front of the proxy may speak TLS in its place, and says so.
        secure = self.configuration.listen.tls_certificate is not None or (
            headers.get("X-Forwarded-Proto", "").strip().lower() == "https"
        )
        host = headers.get("Host", f"localhost:{self.configuration.listen.port}")
        return f"{'https' if secure else 'http'}://{host}"

    @property
    def is_fragment(self) -> bool:
        """True if a script asks for a part of a page."""
        return "HX-Request" in self.request.headers and (
            "HX-History-Restore-Request" not in self.request.headers
        )

    def query(self, name: str, default: str = "") -> str:
        """Return a value of the address."""
        return self.request.query.get(name, default)

    async def form(self) -> Mapping[str, Any]:
        """Return the fields of a posted form."""
        return await self.request.post()

    def page(self, template: str, *, status: int = 200, **values: Any) -> web.Response:
        """Return a whole page; `values` are those of the template."""
        return self.fragment(template, status=status, **values)

    def fragment(self, template: str, *, status: int = 200, **values: Any) -> web.Response:
        """Return a part of a page."""
        text = self._site.templates.get_template(template).render(
            visit=self, token=self._site.token, **values
        )
        return web.Response(text=text, status=status, content_type="text/html")

    async def ask(
        self,
        query: Traversal | Bytecode | str,
        *,
        seconds: float = 10.0,
        most: int | None = 1000,
        elements: bool = False,
        id: str | None = None,
    ) -> list[Any]:
        """Return the results of a traversal or a script, `most` of them, as plain values.

        With `elements` they are gremlinpython's objects: vertices, edges and paths, too. The
        database stops after so many `seconds`; `id` is the one by which the query can be
        cancelled, a UUID. Raises `QueryRefused`, `DatabaseGone`.
        """
        if self.configuration.upstream.url is None:
            raise DatabaseGone("There is no Gremlin database: the setting upstream.url names one.")
        if self._gremlin is None:
            user, password = _basic(self.request.headers.get("Authorization", ""))
            url = f"{HERE}{self.configuration.listen.path}"
            self._gremlin = GremlinClient(self._http(), url, user, password)
        return await self._gremlin.ask(query, seconds=seconds, most=most, elements=elements, id=id)

    async def api(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the reply of the management API. Raises `ApiRefused`."""
        status, content, _ = await self.fetch(
            method, path, None if body is None else json.dumps(body).encode()
        )
        try:
            document = json.loads(content)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise ApiRefused(status, "", f"{path} answered {status} without a JSON object.")
        if status >= 400:
            message = (
                document.get("detailedMessage") or document.get("message") or f"It is {status}"
            )
            raise ApiRefused(status, str(document.get("code", "")), str(message))
        return document

    async def fetch(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes, str]:
        """Return status, body and content type of the proxy's response. Raises `ApiRefused`."""
        sent = {"Content-Type": "application/json", **(headers or {})}
        if self.authorization:
            sent["Authorization"] = self.authorization
        try:
            async with self._http().request(
                method, f"{HERE}{path}", data=body, headers=sent, allow_redirects=False
            ) as answer:
                return answer.status, await answer.read(), answer.content_type
        except (aiohttp.ClientError, OSError) as error:
            why = f"The proxy's own API is not there: {reason_of(error)}."
            raise ApiRefused(503, "", why) from error

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.UnixConnector(self._site.door()),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    async def end(self) -> None:
        """Close the connections of this visit."""
        if self._gremlin is not None:
            await self._gremlin.close()
        if self._session is not None:
            await self._session.close()


@dataclass(frozen=True, slots=True)
class Site:
    """The things that all visits share; `door` names the proxy's own socket.

    `token` is in every form: a page of another origin cannot read it.
    """

    configuration: Configuration
    store: Store
    templates: Environment
    token: str
    door: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Route:
    """A route of a page: a method, an aiohttp path and its handler."""

    method: str
    path: str
    handler: Callable[[Visit], Awaitable[web.StreamResponse]]


def _basic(header: str) -> tuple[str, str]:
    """Return user and password of a header `Authorization`, empty without them."""
    scheme, _, credentials = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return user, password
