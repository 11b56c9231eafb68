"""Loading Gremlin text: files with one query per line, as graph-notebook's seed files.

Lines are sent as they are, in order. The engine `gremlin-lang` reads them several times faster than
Groovy compiles them, but not every server has it and not every line is in its grammar.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gremlink.proxy.graph.errors import FileProblem, GraphError, ServerRefused, add_sentence
from gremlink.proxy.graph.files.compressed import TooMuch, open_text, plain_name
from gremlink.proxy.graph.files.folder import LeftOut, begins_as_csv, sorted_out, warnings_of
from gremlink.proxy.graph.progress import Progress, silent
from gremlink.proxy.graph.server.connection import GraphConnection, Server
from gremlink.proxy.messages.system_errors import reason_of

_LANGUAGE = "gremlin-lang"
_NOT_PARSED = ("Failed to interpret Gremlin query", "Query parsing failed")
"""The engine's messages about a line that it cannot read, and has therefore not run."""

SUFFIXES = (".gremlin", ".groovy", ".txt")


@dataclass(frozen=True, slots=True)
class QueriesReport:
    """Result of sending queries: their number, and the time in seconds.

    `warnings` name the files that were left out.
    """

    queries: int
    seconds: float
    warnings: tuple[str, ...] = ()


def load_gremlin(
    server: str | Server,
    path: Path,
    *,
    traversal_source: str = "g",
    progress: Progress | None = None,
) -> QueriesReport:
    """Send every line of a file, or of a directory's Gremlin files in the order of their names.

    Blank lines and lines that begin with `//` are left out. Raises `FileProblem` at the first line
    that the server refuses, and `ConnectionFailed`.
    """
    started = time.monotonic()
    tell = progress or silent
    files, left = gremlin_files(path)
    if not files:
        raise FileProblem(path, 0, 0, f"there are no files that end in {', '.join(SUFFIXES)}")
    total = sum(1 for file in files for _ in _queries(file))
    done = 0
    with GraphConnection(server, traversal_source) as connection:
        language = _LANGUAGE if _available(connection) else None
        try:
            for file in files:
                for number, query in _queries(file):
                    try:
                        _run(connection, query, language)
                    except ServerRefused as refused:
                        raise FileProblem(file, number, 0, " ".join(refused.lines)) from None
                    done += 1
                    tell("queries", done, total)
        except (GraphError, KeyboardInterrupt) as error:
            add_sentence(
                error,
                f"The {done:,} queries before it have run, and what they wrote stays; "
                f"{total - done:,} have not",
            )
            raise
    return QueriesReport(done, time.monotonic() - started, tuple(warnings_of(left)))


def _available(connection: GraphConnection) -> bool:
    try:
        return list(connection.submit("g.inject(0)", language=_LANGUAGE)) == [0]
    except ServerRefused:
        return False


def _run(connection: GraphConnection, query: str, language: str | None) -> None:
    try:
        for _ in connection.submit(query, language=language):
            pass
    except ServerRefused as refused:
        if language is None or not any(sign in refused.reason for sign in _NOT_PARSED):
            raise
        _run(connection, query, None)


def gremlin_files(path: Path) -> tuple[list[Path], list[LeftOut]]:
    """Return the file itself, or those of Gremlin text in a folder and the ones inside, and those
    left out."""
    if path.is_file():
        return [path], []
    return sorted_out(path, _no_gremlin)


def is_gremlin_text(path: Path) -> bool:
    """Return `True` if files are Gremlin text, and not CSV of the loader."""
    if path.is_file():
        return _no_gremlin(path) is None and not _is_csv(path)
    files, left = gremlin_files(path)
    return (
        bool(files)
        and not any(map(_is_csv, files))
        and not any(each.path.is_file() and _is_csv(each.path) for each in left)
    )


def _is_csv(file: Path) -> bool:
    try:
        return begins_as_csv(file)
    except OSError:
        return False  # reading it will report why it cannot be read


def _no_gremlin(file: Path) -> str | None:
    if Path(plain_name(file)).suffix in SUFFIXES:
        return None
    return f"its name does not end in {', '.join(SUFFIXES)}"


def _queries(path: Path) -> Iterator[tuple[int, str]]:
    number = 0
    try:
        with open_text(path) as file:
            for number, line in enumerate(file, start=1):
                query = line.strip()
                if query and not query.startswith("//"):
                    yield number, query
    except TooMuch as error:
        raise FileProblem(path, error.line, 0, str(error)) from None
    except OSError as error:
        raise FileProblem(path, 0, 0, reason_of(error)) from None
    except UnicodeDecodeError as error:
        raise FileProblem(path, number + 1, 0, f"not UTF-8: {error.reason}") from None
