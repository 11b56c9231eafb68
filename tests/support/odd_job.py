"""A job for tests of the runner: does what its description says, a step at a time.

`python odd_job.py DIRECTORY`; the description's `do` is a list of [word, argument].
"""

import json
import os
import signal
import sys
import time
from pathlib import Path


def main(directory: Path) -> int:
    description = json.loads((directory / "job.json").read_text())
    work = directory / "work"
    work.mkdir()
    held = []
    for word, argument in description["do"]:
        if word == "sleep":
            time.sleep(argument)
        elif word == "say":
            print(argument, flush=True)
        elif word == "allocate":
            held.append(bytearray(os.urandom(1024) * (argument * 1024)))
        elif word == "write":
            path = Path(argument)
            path.mkdir(parents=True)
            (path / "half").write_text("half")
        elif word == "stubborn":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            print("stubborn", flush=True)
        elif word == "fail":
            (directory / "failure.json").write_text(json.dumps({"reason": argument}))
            return 1
        elif word == "exit":
            return int(argument)
        elif word == "die":
            os.kill(os.getpid(), argument)
        elif word == "mark":
            with Path(argument).open("a") as file:
                file.write(f"{description['name']}\n")
    (directory / "result.json").write_text(json.dumps({"done": True}))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
