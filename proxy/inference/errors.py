"""Errors of inference queries, in Neptune's words where Neptune has them.

    InferenceError
    ├── BadRequest             the endpoint does not exist
    ├── InvalidParameter       something in the query has a value it may not have
    ├── MissingParameter       something is missing in the query
    ├── UnsupportedOperation   the query asks for what cannot be done (yet)
    ├── TooManyRequests        too much is asked for at one time
    ├── MalformedQuery         a query in SPARQL cannot be read
    ├── InternalFailure        the model could not answer
    ├── TimeLimitExceeded      the query has taken longer than its client allows
    └── CancelledByUser        the query was ended through the API

Messages marked "Neptune" are those of the user guide, "Exceptions for Neptune ML Gremlin inference
queries", to the letter. The root and the first five are those of `wire.neptune_errors`.
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
from gremlink.proxy.wire.status import Status

__all__ = [
    "BadRequest",
    "InferenceError",
    "InvalidParameter",
    "MissingParameter",
    "TooManyRequests",
    "UnsupportedOperation",
]

InferenceError = NeptuneError


class MalformedQuery(InferenceError):
    """Neptune's MalformedQueryException."""

    code = "MalformedQueryException"
    status = Status.INVALID_REQUEST_ARGUMENTS
    http_status = 400


class InternalFailure(InferenceError):
    """Neptune's InternalFailureException."""


class TimeLimitExceeded(InferenceError):
    """Neptune's TimeLimitExceededException, with the status and the words of a Gremlin Server."""

    code = "TimeLimitExceededException"
    status = Status.SERVER_TIMEOUT

    def __init__(self, milliseconds: int, query: str) -> None:
        super().__init__(
            f"Evaluation exceeded the configured 'evaluationTimeout' threshold of {milliseconds} ms"
            f" or evaluation was otherwise cancelled directly for request [{query}]"
        )


class CancelledByUser(InferenceError):
    """Neptune's CancelledByUserException."""

    code = "CancelledByUserException"


def error_of(code: str, message: str) -> InferenceError:
    """Return the error that another process has raised, by its class and its words."""
    kinds = {kind.code: kind for kind in InferenceError.__subclasses__()}
    kind = kinds.get(code, InternalFailure)
    return kind.__new__(kind, message)


ROLE_UNKNOWN = "Unable to load credentials for role: {}."
ROLE_NOT_AUTHORISED = (
    "User: {} is not authorized to perform: sagemaker:InvokeEndpoint on resource: {}."
)
ROLE_INVALID = "Invalid IAM role ARN provided for external service query."
ROLE_MISSING = "No IAM role ARN provided for external service query."
ENDPOINT_NOT_FOUND = "Endpoint {} not found."
ENDPOINT_INVALID = "Invalid endpoint provided for external service query."
ENDPOINT_MISSING = "No endpoint provided for external service query."
EDGE_LABEL_MISSING = (
    "Edge label needs to be specified while using in() or out() step for ML inference queries."
)
ONE_EDGE_LABEL = "ML inference are currently supported only with one edge label."
ONE_VERTEX_LABEL = "ML inference are currently supported only with one vertex label constraint."
VERTEX_LABEL_MISSING = (
    "Predicted vertex label needs to be specified using has() step for ML inference queries."
)
TWO_TASKS = "Both regression and classification ML predicates cannot be specified in the query."
PROPERTY_KEY_MISSING = (
    "Property key needs to be specified using properties() step for ML inference queries."
)
PROPERTY_KEY_MISSING_BESIDE_SCORE = (
    "Property key needs to be specified along with Neptune#ml.score property key while using the"
    " properties() step for Neptune ML inference queries."
)
ONE_PROPERTY_KEY = "ML inference queries are currently supported for one property key."
ONE_PROPERTY_KEY_BESIDE_SCORE = (
    "Neptune ML inference queries are currently supported for one property key and one"
    " Neptune#ml.score property key."
)
NOT_WITH_BOTH = "ML inference queries are currently not supported with both() step."
NOT_IN_REPEAT = "Neptune ML inference queries are currently not supported inside a repeat step."
ONE_INFERENCE = (
    "Neptune ML inference queries are currently supported only with one ML inference query per"
    " gremlin query."
)
INDUCTIVE_UNOPTIMISED = (
    "Neptune ML - Real-Time Inductive Inference queries are currently not supported with Gremlin"
    " steps which are not optimized for Neptune. Check the Neptune User Guide for a list of"
    " Neptune-optimized steps."
)
INDUCTIVE_METADATA_UNREADABLE = (
    "Unable to fetch Neptune ML - Real-Time Inductive Inference metadata from S3. Check the"
    " permissions of the S3 bucket or if the Neptune instance can connect to S3."
)
INDUCTIVE_METADATA_MISSING = (
    "Neptune ML cannot find the metadata file for Real-Time Inductive Inference in S3."
)
