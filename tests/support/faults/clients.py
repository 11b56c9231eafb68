"""Four kinds of clients, each asking so many questions through whatever happens to the network.

What can come of a question: `right`, the known answer; `told`, an error that says that the database
was lost; `broken`, the connection ended; and, which may not be, `wrong` or `stuck`.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import itertools
import json
import logging
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector, WSMsgType
from gremlin_python.driver.client import Client
from gremlin_python.driver.protocol import GremlinServerError
from gremlin_python.process.anonymous_traversal import traversal

from faults.questions import QUESTIONS, TOKEN, Question, plain, untyped

PATIENCE = 60.0
"""Seconds after which a question is stuck."""
_TOLD = ("The database at ", "The connection to the database at ", "The connection is closed")
_MIME = b"application/vnd.gremlin-v3.0+json"
_WEIGHTS = [question.weight for question in QUESTIONS]


@dataclass
class Outcomes:
    """What came of all questions; `written` are the tokens whose writing was confirmed."""

    counts: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)
    written: set[int] = field(default_factory=set)
    seconds: list[float] = field(default_factory=list)


class Inquiry:
    """Draws questions and judges answers; `right` are the answers by name."""

    def __init__(self, right: Mapping[str, Any], *, seed: int) -> None:
        self._right = right
        self._seed = seed
        self._tokens = itertools.count(TOKEN + 1)
        self.outcomes: dict[str, Outcomes] = {}

    def of(self, kind: str) -> tuple[Outcomes, Random]:
        """Where a kind of clients notes its outcomes, and what it draws from."""
        return self.outcomes.setdefault(kind, Outcomes()), Random(f"{self._seed} {kind}")

    def draw(self, random: Random) -> tuple[Question, int]:
        """A question, and its token."""
        (question,) = random.choices(QUESTIONS, _WEIGHTS)
        return question, next(self._tokens)

    def answered(self, outcomes: Outcomes, question: Question, token: int, answer: Any) -> None:
        """A list of results came."""
        if answer == self._right[question.name]:
            outcomes.counts["right"] += 1
            if question.writes:
                outcomes.written.add(token)
        else:
            outcomes.counts["wrong"] += 1
            outcomes.complaints.append(f"{question.name}: {str(answer)[:300]}")

    def refused(self, outcomes: Outcomes, question: Question, status: int, reason: str) -> None:
        """An error came."""
        if self._right[question.name] == status:
            outcomes.counts["right"] += 1
        elif status == 500 and any(words in reason for words in _TOLD):
            outcomes.counts["told"] += 1
        else:
            outcomes.counts["wrong"] += 1
            outcomes.complaints.append(f"{question.name}: {status} {reason[:300]}")

    def stuck(self, outcomes: Outcomes, question: Question) -> None:
        """Nothing came."""
        outcomes.counts["stuck"] += 1
        outcomes.complaints.append(f"{question.name}: no answer and no end")


class Asked:
    """How many questions are left to one kind of clients."""

    def __init__(self, number: int) -> None:
        self.left = number

    def take(self, most: int = 1) -> int:
        """Some of them."""
        taken = min(most, self.left)
        self.left -= taken
        return taken


# Raw WebSocket, GraphSON 3, several requests at a time -------------------------------------------


async def raw(url: str, inquiry: Inquiry, number: int, *, connections: int = 4) -> None:
    """Scripts in GraphSON over plain WebSocket connections, up to eight in flight on each."""
    outcomes, random = inquiry.of("WebSocket, GraphSON")
    asked = Asked(number)
    async with ClientSession(timeout=ClientTimeout(total=PATIENCE)) as session:

        async def work() -> None:
            while asked.left:
                with contextlib.suppress(ClientError, OSError):
                    async with session.ws_connect(url, max_msg_size=1 << 26) as socket:
                        await _talk(socket, inquiry, outcomes, random, asked)

        await asyncio.gather(*(work() for _ in range(connections)))


async def _talk(
    socket: Any, inquiry: Inquiry, outcomes: Outcomes, random: Random, asked: Asked
) -> None:
    """Ask until the connection breaks, or has had its share."""
    loop = asyncio.get_running_loop()
    for _ in range(random.randint(1, 4)):
        open_: dict[str, tuple[Question, int]] = {}
        results: dict[str, list[Any]] = {}
        for _ in range(asked.take(random.randint(1, 8))):
            question, token = inquiry.draw(random)
            request_id = str(uuid.uuid4())
            open_[request_id] = question, token
            results[request_id] = []
            await _send(socket, request_id, question, token)
        if not open_:
            return
        begun = loop.time()
        while open_:
            try:
                message = await asyncio.wait_for(socket.receive(), PATIENCE)
            except asyncio.TimeoutError:
                for question, _ in open_.values():
                    inquiry.stuck(outcomes, question)
                return
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                outcomes.counts["broken"] += len(open_)
                return
            if (said := _read(message.data)) is None or said["requestId"] not in open_:
                continue  # garbage of the network that happens to be a frame
            code, data = said["status"]["code"], said["result"]["data"]
            results[said["requestId"]] += untyped(data) or []
            if code == 206:
                continue
            question, token = open_.pop(said["requestId"])
            outcomes.seconds.append(loop.time() - begun)
            if code in (200, 204):
                inquiry.answered(outcomes, question, token, results[said["requestId"]])
            else:
                inquiry.refused(outcomes, question, code, said["status"]["message"])


async def _send(socket: Any, request_id: str, question: Question, token: int) -> None:
    body = {
        "requestId": {"@type": "g:UUID", "@value": request_id},
        "op": "eval",
        "processor": "",
        "args": {"gremlin": question.script.replace(str(TOKEN), str(token))},
    }
    with contextlib.suppress(ClientError, OSError):
        await socket.send_bytes(bytes((len(_MIME),)) + _MIME + json.dumps(body).encode())


def _read(data: Any) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return None


# HTTP --------------------------------------------------------------------------------------------


async def http(url: str, inquiry: Inquiry, number: int, *, connections: int = 6) -> None:
    """Scripts by HTTP POST, some over kept connections."""
    outcomes, random = inquiry.of("HTTP POST")
    asked = Asked(number)
    address = url.replace("ws", "http", 1)
    loop = asyncio.get_running_loop()
    timeout = ClientTimeout(total=PATIENCE)
    async with ClientSession(timeout=timeout, connector=TCPConnector(limit=0)) as session:

        async def work() -> None:
            while asked.take():
                question, token = inquiry.draw(random)
                body = {"gremlin": question.script.replace(str(TOKEN), str(token))}
                headers = {"Accept": _MIME.decode()}
                if random.random() < 0.2:
                    headers["Connection"] = "close"
                begun = loop.time()
                try:
                    async with session.post(address, json=body, headers=headers) as response:
                        said = _read(await response.read())
                except (asyncio.TimeoutError, ClientError, OSError) as error:
                    if isinstance(error, asyncio.TimeoutError):
                        inquiry.stuck(outcomes, question)
                    else:
                        outcomes.counts["broken"] += 1
                    continue
                outcomes.seconds.append(loop.time() - begun)
                if response.status == 200 and said is not None:
                    data = untyped(said["result"]["data"])
                    inquiry.answered(outcomes, question, token, data)
                else:
                    reason = str(said.get("message", said) if isinstance(said, dict) else said)
                    status = _http_status(response.status, question, reason)
                    inquiry.refused(outcomes, question, status, reason)

        await asyncio.gather(*(work() for _ in range(connections)))


def _http_status(status: int, question: Question, reason: str) -> int:
    """The status that a WebSocket client gets for the same error."""
    if question.name == "error" and status == 500 and "asked" in reason:
        return 595
    if question.name == "nobody" and status == 400 and "not found" in reason:
        return 499
    return status


# gremlinpython -----------------------------------------------------------------------------------


async def gremlinpython(url: str, inquiry: Inquiry, number: int, *, connections: int = 4) -> None:
    """Bytecode in GraphBinary with TinkerPop's driver, which connects anew when it was broken."""
    logging.getLogger("gremlinpython").disabled = True
    outcomes, random = inquiry.of("gremlinpython, GraphBinary")
    asked = Asked(number)
    with concurrent.futures.ThreadPoolExecutor(connections) as pool:
        loop = asyncio.get_running_loop()
        workers = [
            loop.run_in_executor(pool, _drive, url, inquiry, outcomes, random, asked)
            for _ in range(connections)
        ]
        await asyncio.gather(*workers)


def _drive(url: str, inquiry: Inquiry, outcomes: Outcomes, random: Random, asked: Asked) -> None:
    g = traversal().with_remote(None)  # only for its bytecode
    while asked.left:
        client = Client(url, "g", pool_size=1, max_workers=1, max_content_length=1 << 26)
        try:
            for _ in range(random.randint(1, 12)):
                if not asked.take():
                    return
                question, token = inquiry.draw(random)
                if not _ask(client, g, inquiry, outcomes, question, token):
                    break
        finally:
            with contextlib.suppress(Exception):
                client.close()


def _ask(
    client: Client, g: Any, inquiry: Inquiry, outcomes: Outcomes, question: Question, token: int
) -> bool:
    """Ask one question; whether the connection lives."""
    try:
        submitted = client.submit_async(question.ask(g, token).bytecode)
        traversers = submitted.result(PATIENCE).all().result(PATIENCE)
    except concurrent.futures.TimeoutError:
        inquiry.stuck(outcomes, question)
        return False
    except GremlinServerError as error:
        if "Server disconnected" in error.status_message:
            outcomes.counts["broken"] += 1
            return False
        inquiry.refused(outcomes, question, error.status_code, error.status_message)
        return error.status_code != 500
    except Exception:
        outcomes.counts["broken"] += 1  # the driver's many words for a closed connection
        return False
    found = [plain(each.object) for each in traversers for _ in range(each.bulk)]
    inquiry.answered(outcomes, question, token, found)
    return True


# JavaScript --------------------------------------------------------------------------------------


async def javascript(
    url: str, inquiry: Inquiry, number: int, driver: Path, *, connections: int = 4
) -> None:
    """The same questions as bytecode from Node; `driver` is where gremlin-javascript is."""
    outcomes, random = inquiry.of("JavaScript, GraphSON")
    program = (Path(__file__).parent / "questions.js").read_text()
    drawn = [inquiry.draw(random) for _ in range(number)]
    process = await asyncio.create_subprocess_exec(
        "node",
        "-",
        url,
        str(connections),
        str(PATIENCE),
        json.dumps([[question.name, token] for question, token in drawn]),
        cwd=driver,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=1 << 24,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(program.encode())
    process.stdin.close()
    heard = 0
    async for line in process.stdout:
        place, outcome, said = json.loads(line)
        question, token = drawn[place]
        heard += 1
        match outcome:
            case "answer":
                inquiry.answered(outcomes, question, token, said)
            case "error":
                inquiry.refused(outcomes, question, said[0], said[1])
            case "stuck":
                inquiry.stuck(outcomes, question)
            case _:
                outcomes.counts["broken"] += 1
    _, errors = await process.communicate()
    if process.returncode or heard != number:
        outcomes.complaints.append(f"node: {heard} of {number}, {errors.decode()[-500:]}")
