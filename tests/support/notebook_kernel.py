"""A notebook kernel that blocking tests talk to, in an environment where graph-notebook is."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).parents[1] / "notebook" / "kernel.py"
PYTHON = os.environ.get("NOTEBOOK_PYTHON")


class Kernel:
    """A running notebook in the folder `at`, or in its home; `settings` are for its environment."""

    def __init__(
        self, home: Path, at: Path | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        home.mkdir(exist_ok=True)
        environment = {**os.environ, "HOME": str(home), "IPYTHONDIR": str(home / "ipython")}
        environment.update(settings or {})
        environment.pop("GRAPH_NOTEBOOK_CONFIG", None)
        assert PYTHON
        self._process = subprocess.Popen(
            [PYTHON, str(PROGRAM)],
            cwd=at or home,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def run(self, cell: str, *names: str, error: str = "") -> Any:
        """Run a cell; the values of the expressions (the one, if there is one) and the text.

        The cell has to fail with `error` in its message if that is given, and not to fail if not.
        """
        assert self._process.stdin
        assert self._process.stdout
        request = {"cell": cell, "values": {name: name for name in names}}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if error:
            assert error in answer["error"] + answer["text"], answer
        else:
            assert answer["error"] == "", answer
        if not names:
            return answer["text"]
        values = [answer["values"][name] for name in names]
        return values[0] if len(values) == 1 else values

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.stdin = None
        try:
            self._process.wait(timeout=60)
        finally:
            self._process.kill()
            self._process.communicate()
