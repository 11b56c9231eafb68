"""The proxy with its pages in this event loop, in front of a database that answers as told.

async with studio(tmp_path, lambda query: [1, 2]) as site:
    page = await site.get("/studio/ask?endpoint=friends")
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import aiohttp
from gremlin_python.process.traversal import Bytecode, Traversal

from gremlink.grammar import graphson, script
from gremlink.proxy.config import Configuration
from gremlink.proxy.relay.service import serving
from gremlink.proxy.studio import gremlin as questions
from gremlink.proxy.studio.application import managing_with_pages

NOWHERE = "ws://127.0.0.1:9/gremlin"

Answers = Callable[[str], Sequence[Any]]
"""Returns the results of a query, as gremlinpython has them, from its text in Groovy; it may raise
`QueryRefused` and `DatabaseGone`."""


@dataclass(frozen=True)
class Page:
    """A response: status, headers, and its HTML."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def seen(self) -> str:
        """The text that a reader sees, in one line."""
        found = _Seen()
        found.feed(self.text)
        return " ".join(" ".join(found.parts).split())

    @property
    def token(self) -> str:
        """The token of the page's forms."""
        (found,) = re.findall(r'name="gremlink-token" content="([^"]+)"', self.text)
        return str(found)


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self._hidden += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


@dataclass
class Studio:
    """The running pages; `asked` are the queries that the database got, in Groovy."""

    address: str
    session: aiohttp.ClientSession
    asked: list[str] = field(default_factory=list)

    async def get(self, path: str, **headers: str) -> Page:
        return await self.send("GET", path, headers=headers)

    async def fragment(self, path: str) -> Page:
        return await self.send("GET", path, headers={"HX-Request": "true"})

    async def post(self, path: str, fields: Mapping[str, str], *, token: str | None = None) -> Page:
        """Post a form, with the token of a page unless another one is given."""
        if token is None:
            token = (await self.get("/studio/console")).token
        return await self.send("POST", path, data={**fields, "token": token})

    async def send(self, method: str, path: str, **options: Any) -> Page:
        async with self.session.request(
            method, f"{self.address}{path}", allow_redirects=False, **options
        ) as answer:
            text = await answer.text(errors="replace")
            return Page(answer.status, dict(answer.headers), text)


@contextlib.asynccontextmanager
async def studio(
    directory: Path, answers: Answers | None = None, **sections: Any
) -> AsyncIterator[Studio]:
    """Serve; without `answers` the database is not there. `sections` are those of the settings."""
    given: dict[str, Any] = {
        "listen": {"port": 0},
        "upstream": {"url": NOWHERE},
        "store": {"directory": directory / "store"},
        "storage": {"s3_folder": directory / "s3"},
        "training": {"speed": "reference"},
    }
    for name, section in sections.items():
        given[name] = {**given.get(name, {}), **section}
    configuration = Configuration.model_validate(given)
    async with contextlib.AsyncExitStack() as company:
        served = await company.enter_async_context(serving(configuration, managing_with_pages))
        session = await company.enter_async_context(aiohttp.ClientSession())
        address = served.address.replace("ws", "http", 1).removesuffix("/gremlin")
        site = Studio(address, session)
        if answers is not None:
            company.enter_context(_answering(site, answers))
        yield site


@contextlib.contextmanager
def _answering(site: Studio, answers: Answers) -> Any:
    """Let `answers` take the place of the connection that the pages' queries go over."""
    original = questions.GremlinClient.ask

    async def ask(
        self: Any,
        query: Traversal | Bytecode | str,
        *,
        seconds: float,
        most: int | None = None,
        elements: bool = False,
        id: str | None = None,
    ) -> list[Any]:
        text = query if isinstance(query, str) else groovy(query)
        site.asked.append(text)
        return list(answers(text))[:most]

    questions.GremlinClient.ask = ask  # type: ignore[method-assign]
    try:
        yield
    finally:
        questions.GremlinClient.ask = original  # type: ignore[method-assign]


def groovy(query: Traversal | Bytecode) -> str:
    """Write a traversal as a script."""
    import json

    from gremlin_python.structure.io.graphsonV3d0 import GraphSONWriter

    bytecode = query.bytecode if isinstance(query, Traversal) else query
    return script.write(graphson.read_bytecode(json.loads(GraphSONWriter().write_object(bytecode))))
