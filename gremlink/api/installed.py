"""Packages that an installation for serving alone leaves out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gremlink.errors import NotInstalled


@contextmanager
def explain_missing() -> Iterator[None]:
    """Turn the error of an import that fails into `NotInstalled`, with what to do."""
    try:
        yield
    except ImportError as error:
        from gremlink.proxy.messages.left_out import sentence_of

        if missing := sentence_of(error):
            raise NotInstalled(missing, name=error.name) from None
        raise
