"""Neptune's exception classes that queries and the management API share.

    NeptuneError
    ├── BadRequest
    ├── InvalidParameter
    ├── MissingParameter
    ├── UnsupportedOperation
    └── TooManyRequests

Those of queries alone are in `inference.errors`, those of the API alone in `management.errors`.
"""

from __future__ import annotations

import json
from uuid import UUID

from gremlink.proxy.wire.status import Status


class NeptuneError(Exception):
    """Root of the errors that clients get; `code` is Neptune's exception class.

    `status` is the status code of a response over WebSocket, `http_status` that over HTTP.
    """

    code = "InternalFailureException"
    status = Status.SERVER_ERROR
    http_status = 500

    def document(self, request_id: UUID) -> dict[str, str]:
        """Return the fields that Neptune gives of an error."""
        return {"requestId": str(request_id), "code": self.code, "detailedMessage": str(self)}

    def detail(self, request_id: UUID) -> str:
        """Return the JSON that Neptune puts into the status message."""
        return json.dumps(self.document(request_id))


class BadRequest(NeptuneError):
    """A request that cannot be read or processed, or an endpoint that does not exist."""

    code = "BadRequestException"
    status = Status.INVALID_REQUEST_ARGUMENTS
    http_status = 400


class InvalidParameter(NeptuneError):
    """A parameter or an option with a value that it may not have."""

    code = "InvalidParameterException"
    status = Status.INVALID_REQUEST_ARGUMENTS
    http_status = 400


class MissingParameter(NeptuneError):
    """A parameter or an option that is required and missing."""

    code = "MissingParameterException"
    status = Status.INVALID_REQUEST_ARGUMENTS
    http_status = 400


class UnsupportedOperation(NeptuneError):
    """A request for something that gremlink does not do."""

    code = "UnsupportedOperationException"
    status = Status.INVALID_REQUEST_ARGUMENTS
    http_status = 400


class TooManyRequests(NeptuneError):
    """A full queue of jobs, or too many predictions at one time."""

    code = "TooManyRequestsException"
    status = Status.TOO_MANY_REQUESTS
    http_status = 429
