"""Gremlin over HTTP: requests go on to the database's own HTTP side, answers come back as they are.

Inference queries are answered over WebSocket only, so far; over HTTP they are refused.
"""

from __future__ import annotations

import logging
from urllib.parse import unquote_plus
from uuid import uuid4

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from multidict import CIMultiDict

from proxy.inference.errors import UnsupportedOperation
from proxy.relay.headers import end_to_end, http_url
from proxy.relay.marker import holds_marker

log = logging.getLogger(__name__)

_AUTOMATIC = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


async def pass_on(
    request: web.Request, session: ClientSession, upstream: str, *, connect_timeout: float
) -> web.StreamResponse:
    """Answer a request with the database's own answer; `upstream` is its WebSocket address."""
    body = await request.read()
    if holds_marker(body) or holds_marker(unquote_plus(request.query_string).encode()):
        return _refusal()
    url = http_url(upstream)
    if request.query_string:
        url = f"{url}?{request.rel_url.raw_query_string}"
    try:
        async with session.request(
            request.method,
            url,
            data=body or None,
            headers=end_to_end(request.headers),
            skip_auto_headers=_AUTOMATIC,
            allow_redirects=False,
            timeout=ClientTimeout(total=None, sock_connect=connect_timeout),
        ) as answer:
            response = web.StreamResponse(
                status=answer.status,
                reason=answer.reason,
                headers=end_to_end(CIMultiDict(answer.headers)),
            )
            if answer.content_length is not None:
                response.content_length = answer.content_length
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            await response.write_eof()
            return response
    except (ClientError, OSError) as error:
        log.warning("HTTP request to %s failed: %s", upstream, error)
        message = f"The database at {upstream} cannot be reached: {error}"
        return web.json_response({"message": message}, status=500)


def _refusal() -> web.Response:
    refusal = UnsupportedOperation(
        "Inference queries over HTTP are not supported yet: send them over WebSocket."
    )
    return web.Response(
        status=refusal.http_status, text=refusal.detail(uuid4()), content_type="application/json"
    )
