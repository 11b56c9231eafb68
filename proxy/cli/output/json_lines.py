"""Filter behind standard error for JSON logs: it makes an object of every line.

Lines of the log are objects already. Other output (of the interpreter, a library in C, a worker
that crashes) becomes one. It is a process of its own because a library that writes while it holds
the interpreter's lock would wait forever for a thread, and because it outlives a crash whose last
words it has to pass on. It runs as a file, so that it loads next to nothing.
"""

from __future__ import annotations

import json
import os
import select
import signal
import time

READ = 65536
PAUSE = 0.05
"""Seconds of silence that end a text of several lines, such as a traceback."""

_BEGINNING = b'{"time": '

_OURS = (("gremlink: warning: ", "warning"), ("gremlink: ", "error"))
"""Prefixes of the commands' own lines, and their severities."""


def main() -> None:
    """Read standard input to its end."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the writers decide when it ends
    rest, foreign = b"", b""
    while True:
        if foreign and not select.select([0], [], [], PAUSE)[0]:
            write(entry(foreign))
            foreign = b""
            continue
        chunk = os.read(0, READ)
        *lines, rest = (rest + chunk).split(b"\n") if chunk else [rest, b""]
        for line in lines:
            begun, logged = split(line)
            if logged:
                write(entry(foreign) + logged + b"\n")
                foreign = begun
            elif line.strip():
                foreign += line + b"\n"
        if not chunk:
            write(entry(foreign))
            return


def split(line: bytes) -> tuple[bytes, bytes]:
    """Return a line's beginning, and the log's line at its end or nothing.

    Other output writes a line by several calls, and the log's may come between them. An entry comes
    by one call, so that it ends its line; its strings have no unescaped quotes, so that the last
    `{"time": ` begins it.
    """
    start = max(line.rfind(_BEGINNING), 0)
    return (line[:start], line[start:]) if is_entry(line[start:]) else (line, b"")


def is_entry(line: bytes) -> bool:
    """Return True if a line is one of the log's."""
    if not line.startswith(b"{"):
        return False
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return {"time", "level", "logger", "message"} <= set(document)


def entry(text: bytes) -> bytes:
    """Return a line of the log for other text; nothing for no text."""
    if not text:
        return b""
    now = time.time()
    message = text.decode("utf-8", "backslashreplace").rstrip("\n")
    logger, level = "stderr", "warning"
    for beginning, severity in _OURS:
        if message.startswith(beginning):
            logger, level, message = "gremlink", severity, message.removeprefix(beginning)
            break
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    document = {
        "time": f"{moment}.{int(now % 1 * 1000):03}Z",
        "level": level,
        "logger": logger,
        "message": message,
    }
    return json.dumps(document).encode() + b"\n"


def write(lines: bytes) -> None:
    """Write all of it to standard output, if it is still open."""
    try:
        while lines:
            lines = lines[os.write(1, lines) :]
    except OSError:
        return


if __name__ == "__main__":
    main()
