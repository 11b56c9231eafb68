"""Why a request is refused, as Neptune's exception classes with their HTTP status codes.

A reply carries `code`, `detailedMessage` and `requestId`; SDKs raise an exception named `code`.
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
    """A field that there is not."""

    code = "IllegalArgumentException"
    http_status = 400


class InvalidArgument(ManagementError):
    """A query argument has a value that it may not have."""

    code = "InvalidArgumentException"
    http_status = 400


class ConstraintViolation(ManagementError):
    """An id that is taken."""

    code = "ConstraintViolationException"
    http_status = 400


class PreconditionsFailed(ManagementError):
    """What the request builds on is not ready."""

    code = "PreconditionsFailedException"
    http_status = 400


class AccessDenied(ManagementError):
    """The request carries no credentials that are accepted."""

    code = "AccessDeniedException"
    http_status = 403


class MLResourceNotFound(ManagementError):
    """There is no job or endpoint of this id."""

    code = "MLResourceNotFoundException"
    http_status = 404


class MethodNotAllowed(ManagementError):
    """A method that the path does not take."""

    code = "MethodNotAllowedException"
    http_status = 405


class SageMakerError(ManagementError):
    """Root of the errors that only SageMaker's clients know."""


class ModelError(SageMakerError):
    """What was sent to an endpoint its model does not answer; `original` is the model's status."""

    code = "ModelError"
    http_status = 424

    def __init__(self, message: str, original: int) -> None:
        super().__init__(message)
        self.original = original


class ModelNotReady(SageMakerError):
    """So many payloads wait for models that no more may."""

    code = "ModelNotReadyException"
    http_status = 429


class UnknownOperation(SageMakerError):
    """An operation of SageMaker that gremlink has not."""

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
    """The object store cannot be reached, or there is nothing."""

    code = "S3Exception"
    http_status = 400


class StatisticsNotAvailable(ManagementError):
    """There are no statistics at this moment."""

    code = "StatisticsNotAvailableException"
    http_status = 400
