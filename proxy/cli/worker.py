"""Program of one worker; only `gremlink serve --workers N` starts it."""

from __future__ import annotations

import sys
from pathlib import Path

from gremlink.proxy.cli.output import log
from gremlink.proxy.config import Configuration
from gremlink.proxy.messages.system_errors import sentence_of
from gremlink.proxy.relay.service import in_event_loop, run
from gremlink.proxy.relay.workers.process import READY, WorkerSettings
from gremlink.proxy.relay.workers.worker import attached


def main() -> None:
    """Serve until stopped; report on standard output the start, or the reason of a failure."""
    handed = WorkerSettings.read(sys.stdin.buffer.readline())
    configuration = Configuration.model_validate_json(handed.configuration)
    log.to_standard_error(configuration.log)

    def say(line: bytes) -> None:
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()

    try:
        in_event_loop(
            run(
                configuration,
                extension=attached(handed),
                ready=lambda _: say(READY),
                door=Path(handed.door),
            )
        )
    except Exception as error:
        say(f"{sentence_of(error)}\n".encode())
        raise SystemExit(1) from error


if __name__ == "__main__":
    main()
