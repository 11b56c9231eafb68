"""Limits of this process on reading files and answers, from the settings.

A file or an answer of a server can be made so that it fills the memory, or takes hours, with a few
bytes sent: `gzip` packs a thousand bytes into one.
"""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """The largest cell of a file, in characters; what one file unpacks to, and one message of a
    server's answer, in bytes.

    A cell of the default size makes a message of twice that size, which a Gremlin Server takes if
    its own limit was raised (`maxContentLength`); Neptune's loader ends at 55 MB.
    """

    cell: int = 16 * MEBIBYTE
    unpacked: int = 64 * 1024 * MEBIBYTE
    answer: int = 1024 * MEBIBYTE

    @property
    def line(self) -> int:
        """Bytes of a line: it is read as a whole, and has room for four cells of the largest size,
        or for one in characters of four bytes."""
        return 4 * self.cell

    def cell_is_too_long(self, what: str = "a cell") -> str:
        """Return the message about such a cell."""
        return (
            f"{what} has more than {self.cell:,} characters: shorten it, or raise "
            "limits.max_cell_characters"
        )

    def line_is_too_long(self) -> str:
        """Return the message about such a line."""
        return (
            f"this line has more than {self.line:,} bytes: a cell may have {self.cell:,} characters"
            ", unless limits.max_cell_characters says more, and a line four times as much"
        )

    def unpacks_to_too_much(self) -> str:
        """Return the message about such a file."""
        return (
            f"it unpacks to more than {self.unpacked:,} bytes: divide it, or raise "
            "limits.max_unpacked_bytes"
        )


_in_force = ReadLimits()


def limits() -> ReadLimits:
    """Return the limits in force."""
    return _in_force


def use_limits(found: ReadLimits) -> None:
    """Put bounds in force, in this process."""
    global _in_force  # noqa: PLW0603 -- as `csv.field_size_limit`, which they set
    _in_force = found
