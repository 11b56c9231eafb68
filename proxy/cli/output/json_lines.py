"""The program behind standard error where the log is JSON: each line that comes out is an object.

What the log writes is one already. What else a process writes there (the interpreter, a library in
C, a worker that crashes) becomes one. It is a process of its own because a library that writes
while it holds the interpreter's lock would wait for ever for a thread, and because it outlives a
crash whose last words it has to pass on. Run as a file, so that it loads next to nothing.
"""

from __future__ import annotations

import json
import os
import select
import signal
import time

READ = 65536
PAUSE = 0.05
"""Seconds of silence that end a text in several lines, as a traceback."""

_OURS = (("gremlink: warning: ", "warning"), ("gremlink: ", "error"))
"""How lines of commands begin, and how severe they are."""


def main() -> None:
    """Read standard input to its end."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the end is that of those who write
    rest, foreign = b"", b""
    while True:
        if foreign and not select.select([0], [], [], PAUSE)[0]:
            write(entry(foreign))
            foreign = b""
            continue
        chunk = os.read(0, READ)
        *lines, rest = (rest + chunk).split(b"\n") if chunk else [rest, b""]
        for line in lines:
            if is_entry(line):
                write(entry(foreign) + line + b"\n")
                foreign = b""
            elif line.strip():
                foreign += line + b"\n"
        if not chunk:
            write(entry(foreign))
            return


def is_entry(line: bytes) -> bool:
    """Whether a line is one of the log's."""
    if not line.startswith(b"{"):
        return False
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return {"time", "level", "logger", "message"} <= set(document)


def entry(text: bytes) -> bytes:
    """A line of the log with a text that is none; nothing for nothing."""
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
    """Write all of it to standard output, if there is still somebody."""
    try:
        while lines:
            lines = lines[os.write(1, lines) :]
    except OSError:
        return


if __name__ == "__main__":
    main()
