"""The management API in a thread of its own, without a database behind it, and boto3 in front."""

from __future__ import annotations

import asyncio
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from aiohttp import web
from botocore.config import Config

from gremlink.proxy.config import Configuration
from gremlink.proxy.inference.errors import BadRequest
from gremlink.proxy.management.federation import Federate
from gremlink.proxy.management.routes import managing
from gremlink.proxy.management.sagemaker.operations import Invoke

NOWHERE = "ws://127.0.0.1:9/gremlin"


@dataclass
class Query:
    """A query in flight that the tests made up."""

    id: str
    started: float = 0.0
    script: str = "g.V()"

    def text(self) -> str:
        return self.script


class Queries:
    """Those queries."""

    def __init__(self, *queries: Query) -> None:
        self.queries = list(queries)

    async def open(self, language: str) -> list[Query]:
        return self.queries if language == "gremlin" else []

    async def cancel(self, id: str, language: str, *, silent: bool = False) -> bool:
        before = len(self.queries)
        self.queries = [query for query in self.queries if query.id != id]
        return len(self.queries) < before


async def _no_figures() -> bytes:
    return b""


async def _no_blocks(query: str, accept: str) -> tuple[str, str]:
    raise BadRequest("Endpoint x not found.")


async def _no_models(endpoint: str, body: bytes) -> dict[str, Any]:
    raise BadRequest(f"Endpoint {endpoint} not found.")


class RunningApi:
    """`with RunningApi(directory) as api: api.client()`; settings are whole sections.

    `invoke` answers payloads for endpoints, `federate` blocks of SPARQL.
    """

    def __init__(
        self,
        directory: Path,
        *queries: Query,
        invoke: Invoke = _no_models,
        federate: Federate = _no_blocks,
        **settings: Any,
    ) -> None:
        self._invoke = invoke
        self._federate = federate
        settings.setdefault("storage", {"s3_folder": directory / "s3"})
        self.configuration = Configuration.model_validate(
            {
                "upstream": {"url": NOWHERE},
                "store": {"directory": directory / "store"},
                "training": {"speed": "reference"},
                **settings,
            }
        )
        self.queries = Queries(*queries)
        self.address = ""
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._at_end = ExitStack()

    def __enter__(self) -> RunningApi:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._at_end.close()
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)
        assert not self._thread.is_alive()

    def client(
        self, key: str = "AKID", secret: str = "secret", service: str = "neptunedata"
    ) -> Any:
        """boto3's client of Neptune's data API or another, closed with the API."""
        client = boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=self.address,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=Config(retries={"max_attempts": 0}),
        )
        self._at_end.callback(client.close)
        return client

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        application = web.Application()
        async with managing(
            self.configuration,
            application,
            self.queries,
            _no_figures,
            self._invoke,
            self._federate,
        ):
            runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
            self._ready.set()
            await self._stop.wait()
            await runner.cleanup()
