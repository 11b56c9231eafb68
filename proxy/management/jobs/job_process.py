"""Process of one job: `python -m gremlink.proxy.management.jobs.job_process DIRECTORY`.

It reads the description in the directory, does the task, and writes its result or the reason of its
failure there. It ends at once when its standard input ends, also if its parent is killed.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from gremlink.proxy.management.jobs.events import EventFile, Tell
from gremlink.proxy.messages import left_out
from gremlink.proxy.messages.addresses import without_passwords
from gremlink.proxy.messages.controls import cut
from gremlink.proxy.messages.streams import escaping
from gremlink.proxy.messages.system_errors import sentence_of
from gremlink.proxy.messages.tracebacks import traceback_lines
from gremlink.proxy.store.documents import json_bytes
from gremlink.proxy.store.jobs import DESCRIPTION

RESULT = "result.json"
FAILURE = "failure.json"
NICENESS = 5
"""Priority of jobs, below queries."""

TASKS = {
    "dataprocessing": "gremlink.proxy.management.tasks.dataprocessing",
    "modeltraining": "gremlink.proxy.management.tasks.modeltraining",
    "modeltransform": "gremlink.proxy.management.tasks.modeltransform",
    "predict": "gremlink.proxy.management.tasks.predict",
    "endpoint": "gremlink.proxy.management.tasks.endpoint",
    "export": "gremlink.proxy.management.tasks.export",
    "load": "gremlink.proxy.management.tasks.load",
}
"""Modules with a function `run(description, work, tell)`, which returns the result."""


def main(directory: Path) -> int:
    """Do the job and return its exit code, 0 for success."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.nice(NICENESS)
    tell = EventFile(directory).tell
    try:
        description = json.loads((directory / DESCRIPTION).read_text(encoding="utf-8"))
        result = perform(description, directory, tell)
    except Exception as error:
        print("\n".join(traceback_lines(error, words=True)), file=sys.stderr)
        _write(directory / FAILURE, {"reason": reason_of(error), **details_of(error)})
        return 1
    _write(directory / RESULT, result)
    return 0


def perform(description: dict[str, Any], directory: Path, tell: Tell) -> dict[str, Any]:
    """Run the task that a description names, in a folder of its own."""
    from gremlink.proxy.management.tasks.description import apply_bounds, try_output

    task = importlib.import_module(TASKS[description["task"]])
    apply_bounds(description)
    work = directory / "work"
    work.mkdir()
    # What a job that is ended leaves behind is removed with its folder.
    tempfile.tempdir = str(work)
    try_output(description, tell)
    result: dict[str, Any] = task.run(description, work, tell)
    return result


def reason_of(error: Exception) -> str:
    """Return the reason of a failure; messages of our own errors are used as they are."""
    if isinstance(error, MemoryError):
        return "there was not enough memory"
    if type(error).__module__.partition(".")[0] == "gremlink":
        return cut(without_passwords(str(error))) or type(error).__name__
    if isinstance(error, ImportError) and (missing := left_out.sentence_of(error)):
        return missing
    if isinstance(error, OSError):
        return cut(without_passwords(sentence_of(error)))
    message = cut(without_passwords(str(error)))
    return f"unexpected {type(error).__name__}: {message}; the job's log says where it happened"


def details_of(error: Exception) -> dict[str, Any]:
    """Return additional details of a failure."""
    details = getattr(error, "details", None)
    return {"details": details} if isinstance(details, dict) else {}


def _end_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os.killpg(0, signal.SIGKILL)


def _write(path: Path, document: dict[str, Any]) -> None:
    partial = path.with_suffix(".partial")
    partial.write_bytes(json_bytes(document))
    partial.rename(path)


if __name__ == "__main__":
    with escaping():
        sys.exit(main(Path(sys.argv[1])))
