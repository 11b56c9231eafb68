"""A process that runs trials for another one, which starts it by `python -m`.

It reads lines of JSON from standard input and writes lines of JSON to standard output. The first
line names the data and the network, each further one is a trial. Each validation of a trial is
written, and the answer decides whether it goes on. The process ends with its input.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from gremlink.proxy.learning.search.search import Job, run_trial
from gremlink.proxy.learning.settings import TrainingSettings


class _Gone(Exception):
    """The standard input has ended."""


def serve(source: TextIO, sink: TextIO) -> None:
    """Run trials until `source` ends."""
    from gremlink.proxy.learning.workflows.train import objective

    def write(document: dict[str, Any]) -> None:
        sink.write(json.dumps(document) + "\n")
        sink.flush()

    first = json.loads(source.readline())
    run = objective(
        Path(first["directory"]),
        first["configuration"],
        first["model"],
        first["metric"],
        TrainingSettings(**first["settings"]),
        first["seed"],
    )

    def keep(number: int, step: int, value: float) -> bool:
        write({"number": number, "step": step, "value": value})
        answer = source.readline()
        if not answer:
            raise _Gone
        return bool(json.loads(answer))

    write({"ready": True})
    for line in source:
        asked = json.loads(line)
        try:
            row = run_trial(run, Job(asked["number"], asked["parameters"]), keep)
        except _Gone:
            return
        write({"row": asdict(row)})


if __name__ == "__main__":
    # Output of libraries must not come between the lines.
    out, sys.stdout = sys.stdout, sys.stderr
    serve(sys.stdin, out)
