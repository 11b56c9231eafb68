"""The CSV files of a folder for the loader, and the reasons for leaving out the others.

Names and extensions do not matter, as in Neptune's loader, and folders inside count. A file that
cannot be meant is left out, with a reason for a warning; one that could be meant and cannot be read
is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gremlink.proxy.graph.errors import FileProblem
from gremlink.proxy.graph.files.compressed import Foreign, open_text, plain_name

_SYSTEM = ("~id", "~from")
_HEAD = 64 * 1024
"""Characters of a file that are looked at for the columns that every header has."""
_MARKER = "_"
"""Beginning of the names of files without rows from Spark and Hadoop (`_SUCCESS`)."""
_CSV = (".csv", "")
"""Names of CSV files, and of parts of a file that several machines wrote."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that is not loaded."""

    path: Path
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


def csv_files(path: Path) -> tuple[list[Path], list[LeftOut]]:
    """Return the files of CSV in a folder, and those left out, in the order of their names.

    A file that is named itself is taken. Raises `FileProblem` if there are none, or nothing at all.
    """
    if path.is_file():
        return [path], []
    taken, left = sorted_out(path, _no_csv)
    if not taken:
        listing = "".join(f"\n{each}" for each in left)
        raise FileProblem(path, 0, 0, f"there are no CSV files of the loader here{listing}")
    return taken, left


def sorted_out(path: Path, unfit: Callable[[Path], str | None]) -> tuple[list[Path], list[LeftOut]]:
    """Sort the files of a folder and of those inside: taken, or left out with the reason of `unfit`
    or `_unusable`.

    Raises `FileProblem` if there is no such folder.
    """
    if not path.is_dir():
        raise FileProblem(path, 0, 0, "there is no such file or directory")
    taken: list[Path] = []
    left: list[LeftOut] = []
    for file in sorted(_files(path)):
        reason = _unusable(path, file) or unfit(file)
        if reason is None:
            taken.append(file)
        else:
            left.append(LeftOut(file, reason))
    return taken, left


def warnings_of(left: Sequence[LeftOut]) -> list[str]:
    """Return warnings about files that are not loaded."""
    return [f"{each.path} is left out: {each.reason}" for each in left]


def _files(path: Path) -> Iterator[Path]:
    for found in path.rglob("*"):
        # A folder is followed, a link to one is not: it may lead anywhere, and back.
        if not found.is_dir() or found.is_symlink():
            yield found


def _unusable(folder: Path, file: Path) -> str | None:
    if file.is_dir():
        return "a link to a folder"
    if not file.is_file():
        return "no regular file"
    if any(part.startswith(".") for part in file.relative_to(folder).parts):
        return "hidden"
    if _is_empty(file):
        return "empty"
    return None


def _is_empty(file: Path) -> bool:
    """Return `True` if there is nothing but line ends, as in parts without rows that Spark writes,
    compressed ones, too."""
    try:
        with open_text(file, errors="replace") as text:
            while piece := text.read(_HEAD):
                if piece.strip("\r\n"):
                    return False
    except OSError:
        return False  # reading it will report why it cannot be read
    return True


def begins_as_csv(file: Path) -> bool:
    """Return `True` if the first line names a column of the loader. Raises OSError."""
    with open_text(file, errors="replace") as text:
        head = text.read(_HEAD)
    first = head.lstrip("\r\n").partition("\n")[0]
    if first.lstrip().startswith("{"):
        return False  # JSON, such as the configuration of an export, which names these columns
    return any(name in first for name in _SYSTEM)


def _no_csv(file: Path) -> str | None:
    """Return the reason why a file cannot be meant; `None` if its header, or its name, shows that
    it is."""
    try:
        if begins_as_csv(file):
            return None
    except Foreign as foreign:
        return None if ".csv" in map(str.lower, file.suffixes) else str(foreign)
    except OSError:
        return None  # reading it will report why it cannot be read
    name = plain_name(file)
    if not name.startswith(_MARKER) and Path(name).suffix.lower() in _CSV:
        return None
    return "no CSV of the loader: its first row names no column ~id"
