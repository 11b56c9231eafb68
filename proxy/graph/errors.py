"""Errors between a graph on a server and a graph in files.

GraphError
├── ConnectionFailed      the server cannot be reached, or went away
│   └── MessageTooBig     ... because of a message that one of both does not take
├── ServerRefused         the server answered a request with an error; has its status code
│   ├── IdsRefused        ... because it does not take the ids of the file
│   └── NoCommonFormat    ... because it knows none of the formats that are known here
├── FileProblem           a file to load is wrong; has path, line and column
├── BadParameters         export parameters that mean nothing; names the field
├── ExportFailed          the graph holds something the export layout cannot carry, or the
│                         target directory is in the way
└── BadExport             an export directory that cannot be read
    └── BadCell           ... because of one place in it; has line and column
"""

from __future__ import annotations

from pathlib import Path

from gremlink.errors import Error
from gremlink.proxy.messages.controls import text_lines


class GraphError(Error):
    """Root of the errors of this package."""


class ConnectionFailed(GraphError):
    """No connection to `url`, or it broke."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"no connection to the Gremlin server at {url}: {reason}")
        self.url = url
        self.reason = reason


class MessageTooBig(ConnectionFailed):
    """The connection broke because of a message that one of both sides does not take."""

    def __init__(self, url: str, reason: str) -> None:
        GraphError.__init__(self, f"the connection to the Gremlin server at {url} ended: {reason}")
        self.url = url
        self.reason = reason


class ServerRefused(GraphError):
    """The server's answer was an error. `status` is its code, `reason` its message."""

    def __init__(self, status: int, reason: str, *, doing: str = "") -> None:
        super().__init__(f"{doing + ': ' if doing else ''}the server answered {status}: {reason}")
        self.status = status
        self.reason = reason

    @property
    def lines(self) -> list[str]:
        """The message for a terminal: Groovy's compiler needs several lines."""
        return text_lines(str(self))


class IdsRefused(ServerRefused):
    """The server makes its own vertex ids and does not take those of the file."""

    def __init__(self, refused: ServerRefused) -> None:
        super().__init__(
            refused.status,
            f"{refused.reason}\nThe server does not accept ids given by the user. Allow them in "
            "its configuration (JanusGraph: graph.set-vertex-id=true and "
            "graph.allow-custom-vid-types=true, when the graph is created)",
            doing="cannot create an element with the id of the file",
        )


class NoCommonFormat(ServerRefused):
    """The server at `url` takes requests in none of the `formats`."""

    def __init__(self, url: str, formats: list[str], status: int, reason: str) -> None:
        super().__init__(
            status, reason, doing=f"{url} takes requests in none of {', '.join(formats)}"
        )
        self.url = url
        self.formats = formats


class FileProblem(GraphError):
    """A place in a file to load; `line` and `column` count from 1, 0 where there is none."""

    def __init__(self, path: Path, line: int, column: int, reason: str) -> None:
        place = ":".join(str(part) for part in (path, line, column) if part)
        super().__init__(f"{place}: {reason}")
        self.path = path
        self.line = line
        self.column = column
        self.reason = reason


class BadParameters(GraphError):
    """Export parameters that mean nothing; `context` names the field."""

    def __init__(self, context: str, reason: str) -> None:
        super().__init__(f"export parameters: {context}: {reason}")
        self.context = context
        self.reason = reason


class ExportFailed(GraphError):
    """The export cannot be written."""


class BadExport(GraphError):
    """An export directory that cannot be read; `path` is the file that is wrong."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class BadCell(BadExport):
    """A place in a file of an export; `line` and `column` count from 1, 0 where there is none."""

    def __init__(self, path: Path, line: int, column: int, reason: str) -> None:
        place = FileProblem(path, line, column, reason)
        GraphError.__init__(self, str(place))
        self.path = path
        self.line = line
        self.column = column
        self.reason = reason


def add_sentence(error: BaseException, what: str) -> None:
    """Add a sentence about the present state of the graph to an error that is about to be raised
    on."""
    if isinstance(error, FileProblem):
        error.reason = f"{error.reason.rstrip('.')}. {what}"
    text = str(error).rstrip(".")
    error.args = (f"{text}. {what}" if text else what,)


def shortened(cell: str, width: int = 60) -> str:
    """Quote a cell for a message, shortened."""
    return repr(cell if len(cell) <= width else cell[: width - 1] + "…")
