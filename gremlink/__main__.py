"""`python -m gremlink` and `gremlink`: the command, interruptions of its start included."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command of the arguments."""
    _open_streams()
    try:
        from gremlink.proxy.cli import main as run
    except KeyboardInterrupt:
        sys.stderr.write("\ngremlink: interrupted. Nothing had begun\n")
        sys.exit(130)
    run(prog_name="gremlink")


def _open_streams() -> None:
    """Open closed standard streams (`>&-`) on the null device.

    The next file or connection would get the number, and what is meant for the stream.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            lowest = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, open(lowest, mode, encoding="utf-8"))  # noqa: PTH123, SIM115


if __name__ == "__main__":
    main()
