"""Database, breaking network, proxy, witness, clients: put together, run, and counted."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import sys
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import ClientSession, ClientTimeout
from gremlin_python.driver.client import Client

from faults.clients import Inquiry, gremlinpython, http, javascript, raw
from faults.network import FaultyNetwork
from faults.questions import GRAPH, QUESTIONS, TOKEN, untyped
from faults.witness import Witness
from gremlink.proxy.embedded.sample import FRIENDS
from gremlink.proxy.graph import export_graph, load_csv
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.store.records import Store

SERVED = Path(__file__).parent / "served.py"
_MIME = b"application/vnd.gremlin-v3.0+json"


def prepare(database: str, directory: Path) -> Path:
    """Fill the database, train on it, and give back the store with the endpoint `friends`."""
    client = Client(database, "g")
    try:
        client.submit("g.V().drop().iterate()").all().result()
        load_csv(database, FRIENDS)
        client.submit(GRAPH).all().result()
    finally:
        client.close()
    export_graph(database, directory / "export")
    settings = TrainingSettings(threads=1)
    train(directory / "export", directory / "artifact", model="popularity", settings=settings)
    Store(directory / "store").create_endpoint("friends", directory / "artifact")
    return directory / "store"


@dataclass
class Trial:
    """What is running: ask `inquiry`'s questions at `url`."""

    database: str
    network: FaultyNetwork
    witness: Witness
    inquiry: Inquiry
    url: str
    address: str
    driver: Path | None

    async def ask(self, number: int) -> None:
        """So many questions, in equal parts by all kinds of clients at the same time."""
        kinds: list[Callable[[int], Awaitable[None]]] = [
            lambda part: raw(self.url, self.inquiry, part),
            lambda part: http(self.url, self.inquiry, part),
            lambda part: gremlinpython(self.url, self.inquiry, part),
        ]
        if (driver := self.driver) is not None:
            kinds.append(lambda part: javascript(self.url, self.inquiry, part, driver))
        parts = [
            number // len(kinds) + (place < number % len(kinds)) for place in range(len(kinds))
        ]
        await asyncio.gather(*(kind(part) for kind, part in zip(kinds, parts, strict=True)))

    async def holdings(self) -> dict[str, int]:
        """What the proxy holds once nobody is connected any more."""
        async with ClientSession() as session:
            for _ in range(300):
                async with session.get(f"{self.address}/holdings") as response:
                    found: dict[str, int] = await response.json()
                if not found["connections"]:
                    break
                await asyncio.sleep(0.1)
        return found

    def complaints(self) -> list[str]:
        """All that may not be."""
        found = list(self.witness.complaints)
        for kind, outcomes in self.inquiry.outcomes.items():
            found += [f"{kind}: {complaint}" for complaint in outcomes.complaints]
        return found

    def seen_writes(self) -> tuple[int, int]:
        """Writes that were confirmed and are lost, and writes that were done twice."""
        client = Client(self.database, "g")
        try:
            tokens = client.submit("g.V().hasLabel('Seen').values('token')").all().result()
        finally:
            client.close()
        confirmed = set().union(*(each.written for each in self.inquiry.outcomes.values()))
        done = Counter(token for token in tokens if token != TOKEN)
        return len(confirmed - set(done)), sum(count > 1 for count in done.values())


@contextlib.asynccontextmanager
async def running(
    database: str, store: Path, *, seed: int, share: float = 0.6, driver: Path | None = None
) -> AsyncIterator[Trial]:
    """A proxy between a witness and a network that is still in order; `share` comes with `ask`."""
    port = urlsplit(database).port
    assert port is not None
    async with contextlib.AsyncExitStack() as stack:
        network = await stack.enter_async_context(
            FaultyNetwork(port, seed=seed, share=0.0).listening()
        )
        process, address, log = await _serve(network.port, store)
        try:
            proxy = urlsplit(address).port
            assert proxy is not None
            witness = Witness(proxy)
            async with witness.listening():
                url = f"ws://127.0.0.1:{witness.port}/gremlin"
                right = await right_answers(database, address.replace("http", "ws") + "/gremlin")
                inquiry = Inquiry(right, seed=seed)
                trial = Trial(database, network, witness, inquiry, url, address, driver)
                network.share = share
                yield trial
        finally:
            process.terminate()
            await process.wait()
            log.cancel()
            await asyncio.gather(log, return_exceptions=True)


async def _serve(
    port: int, store: Path
) -> tuple[asyncio.subprocess.Process, str, asyncio.Task[None]]:
    """The proxy's process, its HTTP address, and who keeps its log in `store / "proxy.log"`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(SERVED),
        f"ws://127.0.0.1:{port}/gremlin",
        str(store),
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(SERVED.parents[1])},
    )
    errors = process.stderr
    assert errors is not None
    said = b""
    while not (found := re.search(rb"gremlink listens at ws(://\S+)/gremlin", said)):
        line = await asyncio.wait_for(errors.readline(), 60)
        said += line
        if not line:
            raise RuntimeError(said.decode())

    async def keep() -> None:
        with (store / "proxy.log").open("wb") as file:
            file.write(said)
            while chunk := await errors.read(1 << 16):
                file.write(chunk)
                file.flush()

    return process, "http" + found[1].decode(), asyncio.ensure_future(keep())


async def right_answers(database: str, proxy: str) -> Mapping[str, Any]:
    """What each question gets where nothing breaks: ordinary ones of the database itself."""
    found: dict[str, Any] = {}
    async with ClientSession(timeout=ClientTimeout(total=60)) as session:
        for question in QUESTIONS:
            url = proxy if "Neptune#ml." in question.script else database
            async with session.ws_connect(url, max_msg_size=1 << 26) as socket:
                args = {"gremlin": question.script.replace(str(TOKEN), str(TOKEN))}
                body = {"requestId": str(uuid.uuid4()), "op": "eval", "processor": "", "args": args}
                message = json.dumps(body).encode()
                await socket.send_bytes(bytes((len(_MIME),)) + _MIME + message)
                results: list[Any] = []
                while True:
                    said = json.loads((await socket.receive()).data)
                    results += untyped(said["result"]["data"]) or []
                    if (code := said["status"]["code"]) != 206:
                        break
            found[question.name] = results if code in (200, 204) else code
    return found
