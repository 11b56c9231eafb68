"""Results of a query of the proxy's own, which come in several responses."""

from __future__ import annotations

from gremlink.proxy.inference.errors import InternalFailure
from gremlink.proxy.relay.own_queries import require_results_fit
from gremlink.proxy.relay.websocket.id_cache import RecentIds
from gremlink.proxy.relay.websocket.pending import Pending
from gremlink.proxy.wire.errors import MessageError
from gremlink.proxy.wire.response import has_results


def collect(pending: Pending, payload: bytes, recent: RecentIds) -> None:
    """Add the results in a response. Raises `InferenceError`."""
    pending.received += len(payload)
    require_results_fit(pending.received)
    try:
        pending.results += recent.results(payload)
    except MessageError as error:
        raise _unreadable(error) from error


def holds_any(payload: bytes) -> bool:
    """Tell whether there are results in a response. Raises `InternalFailure`."""
    try:
        return has_results(payload)
    except MessageError as error:
        raise _unreadable(error) from error


def _unreadable(error: MessageError) -> InternalFailure:
    return InternalFailure(f"The database's answer cannot be read: {error}")
