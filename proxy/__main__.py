"""`python -m proxy` and `gremlink`; an interruption while it starts is told as later ones are."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command of the arguments."""
    try:
        from proxy.cli import main as run
    except KeyboardInterrupt:
        sys.stderr.write("\ngremlink: interrupted. Nothing had begun\n")
        sys.exit(130)
    run(prog_name="gremlink")


if __name__ == "__main__":
    main()
