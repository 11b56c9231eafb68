"""HTTP requests and responses around a handler: access, body, errors, JSON in Neptune's form."""

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
from gremlink.proxy.graph.rdf.parameters import IllegalTarget
from gremlink.proxy.management.access.credentials import Access
from gremlink.proxy.management.errors import (
    BadRequest,
    ClientTimeout,
    ConstraintViolation,
    IllegalArgument,
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
"""Seconds for the body of a request to arrive."""

LONGEST_NUMBER = 18
"""Most digits of a number in a query string."""

_TRUE, _FALSE = ("true", "1", "yes"), ("false", "0", "no", "")
_CLIENT_ERRORS: dict[type[Exception], type[ManagementError]] = {
    JobExists: ConstraintViolation,
    EndpointExists: ConstraintViolation,
    InvalidName: InvalidParameter,
    BadLocation: InvalidParameter,
    LocationRefused: InvalidParameter,
    LocationUnreachable: S3Error,
    BadParameters: InvalidParameter,
    IllegalTarget: IllegalArgument,
    QueueFull: TooManyRequests,
    RunnerElsewhere: UnsupportedOperation,
}
"""Errors of the packages below, and the errors that clients get for them."""


def message_of(error: ManagementError) -> str:
    """Return the error's message for clients: cut, and without the passwords of addresses."""
    return cut(without_passwords(str(error)))


def refusal(error: ManagementError, request_id: str) -> web.Response:
    """Return the response to an error, in Neptune's form."""
    message = message_of(error)
    return web.json_response(
        {
            "requestId": request_id,
            "code": error.code,
            "detailedMessage": message,
            "message": message,  # printed by SDKs
        },
        status=error.http_status,
        headers={"x-amzn-RequestId": request_id, "x-amzn-ErrorType": error.code},
    )


def answering(
    access: Access,
    handler: Handler,
    refuse: Callable[[ManagementError, str], web.Response] = refusal,
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return aiohttp's handler around one that returns a JSON document or raises ManagementError.

    `refuse` makes the error response from the error and the request id.
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
    """Return the validated body. Raises ManagementError.

    `wrapper` is a key that may hold all of it.
    """
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
    """Return a boolean of the query string, in any spelling. Raises InvalidArgument."""
    value = request.query.get(name)
    return default if value is None else yes(value, name)


def yes(value: str, name: str) -> bool:
    """Return the boolean value of the argument `name`. Raises InvalidArgument."""
    if value.lower() in _TRUE:
        return True
    if value.lower() in _FALSE:
        return False
    raise InvalidArgument(f"{name} is {value[:50]!r}: it must be TRUE or FALSE.")


def number(request: web.Request, name: str, default: int, *, most: int | None = None) -> int:
    """Return a number from 1 in the query string. Raises InvalidArgument."""
    value = request.query.get(name)
    if value is None:
        return default
    given = int(value) if value.isdecimal() and len(value) <= LONGEST_NUMBER else 0
    if given < 1 or (most is not None and given > most):
        limits = "1 or more" if most is None else f"from 1 to {most}"
        raise InvalidArgument(f"{name} is {value[:50]!r}: it must be a number {limits}.")
    return given


def _refuse_half_characters(document: Any) -> None:
    """Refuse lone surrogates, which JSON can write but no file name or database can hold.

    Raises UnicodeEncodeError, a ValueError.
    """
    json.dumps(document, ensure_ascii=False).encode()


def _sentence(message: str) -> str:
    """Return the message with a full stop, and a capital letter unless an address comes first."""
    first, _, _ = message.partition(" ")
    begin = message[:1].upper() if first.isalpha() else message[:1]
    end = "" if message.endswith(("?", ".")) else "."
    return f"{begin}{message[1:]}{end}"


async def read(request: web.Request) -> bytes:
    """Return the body. Raises `ClientTimeout`."""
    try:
        return await asyncio.wait_for(request.read(), BODY_TIMEOUT)
    except asyncio.TimeoutError:
        raise ClientTimeout(
            f"The body of the request did not arrive within {BODY_TIMEOUT:.0f} s."
        ) from None
