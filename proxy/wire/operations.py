"""Operations of Amazon's JSON services, which are named in a header: all are `POST /`.

Source: botocore, protocol `json` (AWS JSON 1.1), as in its model of `sagemaker`.
"""

from __future__ import annotations

from collections.abc import Mapping

TARGET = "X-Amz-Target"
"""The header that names service and operation, as in `SageMaker.DescribeEndpoint`."""

CONTENT_TYPE = "application/x-amz-json-1.1"


def is_operation(method: str, path: str, headers: Mapping[str, str]) -> bool:
    """Return `True` if a request is one, and no query sent to the root; `headers` ignore case."""
    return method == "POST" and path == "/" and TARGET in headers
