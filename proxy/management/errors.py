"""Errors of the management API: Neptune's exception classes with their HTTP status codes.

A response carries `code`, `detailedMessage` and `requestId`; SDKs raise an exception named `code`.
"""

from __future__ import annotations

from gremlink.proxy.wire.neptune_errors import (
    BadRequest,
    InvalidParameter,
    MissingParameter,
    NeptuneError,
    TooManyRequests,
    UnsupportedOperation,
)

__all__ = [
    "BadRequest",
    "InvalidParameter",
    "ManagementError",
    "MissingParameter",
    "TooManyRequests",
    "UnsupportedOperation",
]

ManagementError = NeptuneError


class IllegalArgument(ManagementError):
    """An unknown field."""

    code = "IllegalArgumentException"
    http_status = 400


class InvalidArgument(ManagementError):
    """A query argument has a value that is not allowed."""

    code = "InvalidArgumentException"
    http_status = 400


class ConstraintViolation(ManagementError):
    """An id that is taken."""

    code = "ConstraintViolationException"
    http_status = 400


class PreconditionsFailed(ManagementError):
    """A prerequisite of the request is not ready."""

    code = "PreconditionsFailedException"
    http_status = 400


class AccessDenied(ManagementError):
    """The request carries no accepted credentials."""

    code = "AccessDeniedException"
    http_status = 403


class MLResourceNotFound(ManagementError):
    """There is no job or endpoint of this id."""

    code = "MLResourceNotFoundException"
    http_status = 404


class MethodNotAllowed(ManagementError):
    """A method that the path does not support."""

    code = "MethodNotAllowedException"
    http_status = 405


class SageMakerError(ManagementError):
    """Root of the errors that only SageMaker's clients know."""


class ModelError(SageMakerError):
    """The model rejects a payload; `original` is the model's status."""

    code = "ModelError"
    http_status = 424

    def __init__(self, message: str, original: int) -> None:
        super().__init__(message)
        self.original = original


class ModelNotReady(SageMakerError):
    """Too many payloads are waiting for models."""

    code = "ModelNotReadyException"
    http_status = 429


class UnknownOperation(SageMakerError):
    """An operation of SageMaker that gremlink does not support."""

    code = "UnknownOperationException"
    http_status = 400


class ClientTimeout(ManagementError):
    """The body of the request did not arrive."""

    code = "ClientTimeoutException"
    http_status = 408


class BulkLoadIdNotFound(ManagementError):
    """There is no load of this id."""

    code = "BulkLoadIdNotFoundException"
    http_status = 404


class LoadUrlAccessDenied(ManagementError):
    """The source of a load may not be read."""

    code = "LoadUrlAccessDeniedException"
    http_status = 400


class S3Error(ManagementError):
    """The object store cannot be reached, or has nothing there."""

    code = "S3Exception"
    http_status = 400


class StatisticsNotAvailable(ManagementError):
    """There are no statistics at this moment."""

    code = "StatisticsNotAvailableException"
    http_status = 400
