"""Error responses, with which the proxy itself ends requests."""

from __future__ import annotations

from uuid import UUID

from gremlink.proxy.inference.errors import InferenceError
from gremlink.proxy.relay.websocket.commands import ToClient
from gremlink.proxy.relay.websocket.open_requests import RequestTable
from gremlink.proxy.wire.frames import encode_frame
from gremlink.proxy.wire.mime import Format
from gremlink.proxy.wire.response import write_error


def error_response(
    table: RequestTable, format: Format, request_id: UUID, status: int, reason: str
) -> ToClient:
    """End a request for a reason other than its inference."""
    return _ending(table, format, request_id, status, reason, [], reason)


def inference_error(
    table: RequestTable, format: Format, request_id: UUID, error: InferenceError
) -> ToClient:
    """End a request whose inference is refused, with an error in Neptune's form."""
    trace = f"{error.code}: {error}"
    detail = error.detail(request_id)
    return _ending(table, format, request_id, error.status, detail, [error.code], trace)


def _ending(
    table: RequestTable,
    format: Format,
    request_id: UUID,
    status: int,
    message: str,
    exceptions: list[str],
    trace: str,
) -> ToClient:
    table.ended(request_id.bytes, status)
    attributes: dict[str, str | list[str]] = {"exceptions": exceptions, "stackTrace": trace}
    opcode, payload = write_error(format, request_id, status, message, attributes)
    return ToClient(encode_frame(opcode, payload, masked=False))
