"""A worker, from its own side: the relay on a port that it shares, and a socket for its supervisor.

Requests that are not for the database go on to the supervisor, which has the management API.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, UnixConnector, web
from aiohttp.typedefs import Middleware
from yarl import URL

from gremlink.proxy.config import Configuration
from gremlink.proxy.inference.errors import InferenceError
from gremlink.proxy.relay.headers import end_to_end, require_text
from gremlink.proxy.relay.http.invocations import Invoke
from gremlink.proxy.relay.http.other_paths import CLAIMED, path_matcher
from gremlink.proxy.relay.queries import Queries
from gremlink.proxy.relay.service import Extension
from gremlink.proxy.relay.sparql.federation import Federate
from gremlink.proxy.relay.workers.process import WorkerSettings
from gremlink.proxy.wire.operations import is_operation


def attached(settings: WorkerSettings) -> Extension:
    """Return the extension of a worker's relay."""

    @contextlib.asynccontextmanager
    async def extension(
        configuration: Configuration,
        application: web.Application,
        queries: Queries,
        metrics: Callable[[], Awaitable[bytes]],
        invoke: Invoke,
        federate: Federate,
    ) -> AsyncIterator[None]:
        session = ClientSession(
            connector=UnixConnector(settings.management, limit=0),
            cookie_jar=DummyCookieJar(),
            auto_decompress=False,
        )
        hand_on = _handing_on(session)
        application[CLAIMED] = path_matcher(settings.claimed)
        application.middlewares.append(_operations_first(hand_on))
        application.router.add_route("*", "/{path:.*}", hand_on)
        answering = _answering(configuration, queries, metrics, invoke, federate)
        runner = web.AppRunner(answering, access_log=None)
        await runner.setup()
        await web.UnixSite(runner, settings.own).start()
        _end_with_standard_input()
        try:
            yield
        finally:
            await runner.cleanup()
            await session.close()

    return extension


def _operations_first(hand_on: Callable[[web.Request], Awaitable[web.Response]]) -> Middleware:
    """Return a middleware that keeps operations of Amazon's JSON services from the database, which
    has the root, too.
    """

    @web.middleware
    async def first(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if is_operation(request.method, request.path, request.headers):
            return await hand_on(request)
        return await handler(request)

    return first


def _handing_on(session: ClientSession) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return a handler that lets the supervisor answer a request as it came."""

    async def hand_on(request: web.Request) -> web.Response:
        require_text(request.headers)
        headers = end_to_end(request.headers)
        headers.popall("Content-Encoding", None)  # what was read is no longer compressed
        headers["Host"] = request.headers.get("Host", "")
        body = await request.read()
        try:
            async with session.request(
                request.method,
                URL(f"http://management{request.raw_path}", encoded=True),
                headers=headers,
                skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
                data=body or None,
                allow_redirects=False,
                timeout=ClientTimeout(total=None),
            ) as answer:
                content = await answer.read()
                return web.Response(
                    status=answer.status,
                    reason=answer.reason,
                    headers=end_to_end(answer.headers),
                    body=content,
                )
        except ClientError as error:
            raise web.HTTPServiceUnavailable(text="The management API is not there.\n") from error

    return hand_on


def _answering(
    configuration: Configuration,
    queries: Queries,
    metrics: Callable[[], Awaitable[bytes]],
    invoke: Invoke,
    federate: Federate,
) -> web.Application:
    """Build the application for the supervisor, the only one that can reach it."""

    async def figures(request: web.Request) -> web.Response:
        return web.Response(body=await metrics())

    async def open_queries(request: web.Request) -> web.Response:
        found = await queries.open(request.query["language"])
        return web.json_response(
            [{"id": each.id, "started": each.started, "script": each.text()} for each in found]
        )

    async def cancel(request: web.Request) -> web.Response:
        asked = request.query
        silent = asked["silent"] == "True"
        return web.json_response(
            await queries.cancel(asked["id"], asked["language"], silent=silent)
        )

    async def invocation(request: web.Request) -> web.Response:
        try:
            document = await invoke(request.match_info["name"], await request.read())
        except InferenceError as error:
            return web.json_response({"code": error.code, "message": str(error)}, status=500)
        return web.json_response(document)

    async def federated(request: web.Request) -> web.Response:
        asked = await request.json()
        try:
            kind, content = await federate(asked["query"], asked["accept"])
        except InferenceError as error:
            return web.json_response({"code": error.code, "message": str(error)}, status=500)
        return web.json_response({"type": kind, "content": content})

    application = web.Application(client_max_size=configuration.limits.max_message_bytes)
    application.router.add_post("/endpoints/{name}/invocations", invocation)
    application.router.add_post("/federated", federated)
    application.router.add_get("/metrics", figures)
    application.router.add_get("/queries", open_queries)
    application.router.add_delete("/queries", cancel)
    return application


def _end_with_standard_input() -> None:
    """End like after SIGTERM when the supervisor has gone."""
    loop = asyncio.get_running_loop()

    def readable() -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            loop.remove_reader(sys.stdin.fileno())
            os.kill(os.getpid(), signal.SIGTERM)

    loop.add_reader(sys.stdin.fileno(), readable)
