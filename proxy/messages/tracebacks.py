"""Tracebacks for developers, with the words of exceptions escaped or left out."""

from __future__ import annotations

import traceback
from collections.abc import Iterator

from gremlink.proxy.messages.controls import LINES, escaped, safe_line


def traceback_lines(error: BaseException, *, words: bool) -> Iterator[str]:
    """Yield the frames, innermost last, and the exception's class; causes come first.

    The `words` of an exception may quote private data. A line break in them begins no line.
    """
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from traceback_lines(cause, words=words)
        yield "which led to"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f'  File "{escaped(frame.filename)}", line {frame.lineno}, in {frame.name}'
        if words and frame.line:
            yield f"    {escaped(frame.line, LINES)}"
    name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    message = safe_line(str(error)) if words else ""
    yield f"{name}: {message}" if message else name
