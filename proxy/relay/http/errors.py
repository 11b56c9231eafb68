"""Errors over HTTP in Neptune's form: JSON with `requestId`, `code` and `detailedMessage`."""

from __future__ import annotations

import json
from typing import TypedDict
from uuid import UUID, uuid4

from aiohttp import web

from gremlink.proxy.inference.errors import InferenceError


class ErrorBody(TypedDict):
    """The body of an `aiohttp.web.HTTPException`, as its keywords."""

    text: str
    content_type: str


def error_response(error: InferenceError, request_id: UUID) -> web.Response:
    """Build the response to a request that was read and is refused."""
    # The last one is what SDKs print.
    document = {**error.document(request_id), "message": str(error)}
    return web.json_response(document, status=error.http_status)


def error_body(code: str, message: str) -> ErrorBody:
    """Build the body of an error for a request that was not read; `code` is Neptune's exception
    class.
    """
    document = {
        "requestId": str(uuid4()),
        "code": code,
        "detailedMessage": message,
        "message": message,
    }
    return ErrorBody(text=json.dumps(document), content_type="application/json")
