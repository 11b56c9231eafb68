"""From an HTTP request to a handler and back: access, body, errors, JSON in Neptune's form."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import uuid4

from aiohttp import web
from pydantic import ValidationError

from gremlink.proxy.graph.errors import BadParameters
from gremlink.proxy.management.access.credentials import Access
from gremlink.proxy.management.errors import (
    BadRequest,
    ClientTimeout,
    ConstraintViolation,
    InvalidArgument,
    InvalidParameter,
    ManagementError,
    S3Error,
    TooManyRequests,
    UnsupportedOperation,
)
from gremlink.proxy.management.jobs.recovery import RunnerElsewhere
from gremlink.proxy.management.jobs.runner import QueueFull
from gremlink.proxy.management.requests import Document, why
from gremlink.proxy.messages.addresses import without_passwords
from gremlink.proxy.messages.controls import cut
from gremlink.proxy.messages.system_errors import sentence_of
from gremlink.proxy.store.errors import (
    BadLocation,
    EndpointExists,
    InvalidName,
    JobExists,
    LocationRefused,
    LocationUnreachable,
)

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable["dict[str, Any] | web.Response"]]
_Body = TypeVar("_Body", bound=Document)

BODY_TIMEOUT = 30.0
"""Seconds that the body of a request has to arrive."""

LONGEST_NUMBER = 18
"""Digits of a number in a query string."""

_TRUE, _FALSE = ("true", "1", "yes"), ("false", "0", "no", "")
_CLIENT_ERRORS: dict[type[Exception], type[ManagementError]] = {
    JobExists: ConstraintViolation,
    EndpointExists: ConstraintViolation,
    InvalidName: InvalidParameter,
    BadLocation: InvalidParameter,
    LocationRefused: InvalidParameter,
    LocationUnreachable: S3Error,
    BadParameters: InvalidParameter,
    QueueFull: TooManyRequests,
    RunnerElsewhere: UnsupportedOperation,
}
"""What the parts below raise, and what it is to a client."""


def message_of(error: ManagementError) -> str:
    """What clients are told: within bounds, and without the passwords of addresses."""
    return cut(without_passwords(str(error)))


def refusal(error: ManagementError, request_id: str) -> web.Response:
    """An error in Neptune's form."""
    message = message_of(error)
    return web.json_response(
        {
            "requestId": request_id,
            "code": error.code,
            "detailedMessage": message,
            "message": message,  # what SDKs print
        },
        status=error.http_status,
        headers={"x-amzn-RequestId": request_id, "x-amzn-ErrorType": error.code},
    )


def answering(
    access: Access,
    handler: Handler,
    refuse: Callable[[ManagementError, str], web.Response] = refusal,
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """A handler for aiohttp around one that returns a JSON document or raises ManagementError.

    `refuse` makes the reply to a request that has got an id.
    """

    async def answer(request: web.Request) -> web.Response:
        request_id = str(uuid4())
        try:
            access.check(request, await read(request))
            found = await handler(request)
        except ManagementError as error:
            return refuse(error, request_id)
        except tuple(_CLIENT_ERRORS) as error:
            return refuse(_CLIENT_ERRORS[type(error)](_sentence(str(error))), request_id)
        except web.HTTPException:
            raise
        except OSError as error:
            log.exception("%s %s failed, request %s", request.method, request.path, request_id)
            return refuse(ManagementError(f"The request failed: {sentence_of(error)}."), request_id)
        except Exception:
            log.exception("%s %s failed, request %s", request.method, request.path, request_id)
            return refuse(
                ManagementError("The request failed; the proxy's log says why."), request_id
            )
        if isinstance(found, web.Response):
            found.headers.setdefault("x-amzn-RequestId", request_id)
            return found
        return web.json_response(found, headers={"x-amzn-RequestId": request_id})

    return answer


async def body_of(request: web.Request, model: type[_Body], *, wrapper: str = "") -> _Body:
    """The validated body; `wrapper` is a key that may hold all of it. Raises ManagementError."""
    content = await read(request)
    try:
        document = json.loads(content or b"{}")
        _refuse_half_characters(document)
    except ValueError as error:
        raise BadRequest(f"The body is not JSON: {error}.") from None
    except RecursionError:
        raise BadRequest("The body is nested too deeply.") from None
    if not isinstance(document, dict):
        raise BadRequest("The body must be a JSON object.")
    if wrapper and list(document) == [wrapper] and isinstance(document[wrapper], dict):
        document = document[wrapper]
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise why(error) from None


def flag(request: web.Request, name: str, default: bool = False) -> bool:
    """A yes or no in the query string, in any spelling. Raises InvalidArgument."""
    value = request.query.get(name)
    return default if value is None else yes(value, name)


def yes(value: str, name: str) -> bool:
    """Whether the value of the argument `name` says so. Raises InvalidArgument."""
    if value.lower() in _TRUE:
        return True
    if value.lower() in _FALSE:
        return False
    raise InvalidArgument(f"{name} is {value[:50]!r}: it must be TRUE or FALSE.")


def number(request: web.Request, name: str, default: int, *, most: int | None = None) -> int:
    """A number from 1 in the query string. Raises InvalidArgument."""
    value = request.query.get(name)
    if value is None:
        return default
    given = int(value) if value.isdecimal() and len(value) <= LONGEST_NUMBER else 0
    if given < 1 or (most is not None and given > most):
        limits = "1 or more" if most is None else f"from 1 to {most}"
        raise InvalidArgument(f"{name} is {value[:50]!r}: it must be a number {limits}.")
    return given


def _refuse_half_characters(document: Any) -> None:
    """JSON can name halves of characters alone, which nothing can be called and nobody can store.

    Raises UnicodeEncodeError, a ValueError.
    """
    json.dumps(document, ensure_ascii=False).encode()


def _sentence(message: str) -> str:
    """With its end, and a capital letter if it begins with a word and not with an address."""
    first, _, _ = message.partition(" ")
    begin = message[:1].upper() if first.isalpha() else message[:1]
    end = "" if message.endswith("?") else "."
    return f"{begin}{message[1:]}{end}"


async def read(request: web.Request) -> bytes:
    """The body. Raises `ClientTimeout`."""
    try:
        return await asyncio.wait_for(request.read(), BODY_TIMEOUT)
    except asyncio.TimeoutError:
        raise ClientTimeout(
            f"The body of the request did not arrive within {BODY_TIMEOUT:.0f} s."
        ) from None
