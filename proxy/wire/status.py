"""Status codes of responses (TinkerPop `ResponseStatusCode`)."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """The codes that the proxy reads or sends."""

    SUCCESS = 200
    NO_CONTENT = 204
    PARTIAL_CONTENT = 206
    UNAUTHORIZED = 401
    AUTHENTICATE = 407
    TOO_MANY_REQUESTS = 429
    INVALID_REQUEST_ARGUMENTS = 499
    SERVER_ERROR = 500
    SERVER_TIMEOUT = 598


def is_final(code: int) -> bool:
    """Return `True` if no further response follows for the same request."""
    return code not in (Status.PARTIAL_CONTENT, Status.AUTHENTICATE)


def is_success(code: int) -> bool:
    """Return `True` if the response carries results."""
    return code in (Status.SUCCESS, Status.NO_CONTENT, Status.PARTIAL_CONTENT)
