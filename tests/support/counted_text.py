"""Text that counts the characters which are looked at: the work of a reader, without a clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class Count:
    """Characters looked at so far."""

    def __init__(self) -> None:
        self.characters = 0


class CountedText(str):
    """A `str` that adds to a count what each operation on it costs, at least 1.

    Only what is overridden here may be done to it: a reader that takes another way is counted as if
    it had looked at everything.
    """

    count_: Count

    def __new__(cls, text: str, count: Count) -> CountedText:
        made = super().__new__(cls, text)
        made.count_ = count
        return made

    def _spent(self, characters: int) -> None:
        self.count_.characters += max(characters, 1)

    def __getattribute__(self, name: str) -> Any:
        if name not in _COUNTED and not name.startswith("_") and name != "count_":
            self.count_.characters += len(self)
        return super().__getattribute__(name)

    def __len__(self) -> int:
        return super().__len__()

    def find(self, sought: str, *bounds: Any) -> int:
        place = super().find(sought, *bounds)
        start = bounds[0] if bounds else 0
        end = bounds[1] if len(bounds) > 1 else super().__len__()
        self._spent((end if place < 0 else place) - start)
        return place

    def startswith(self, sought: Any, *bounds: Any) -> bool:
        self._spent(len(sought))
        return super().startswith(sought, *bounds)

    def __getitem__(self, key: Any) -> CountedText:
        part = super().__getitem__(key)
        self._spent(len(part))
        return CountedText(part, self.count_)

    def __contains__(self, sought: Any) -> bool:
        self._spent(super().__len__())
        return super().__contains__(sought)

    def __iter__(self) -> Iterator[str]:
        self._spent(super().__len__())
        return super().__iter__()

    def strip(self, characters: Any = None) -> CountedText:
        self._spent(super().__len__())
        return CountedText(super().strip(characters), self.count_)

    def rstrip(self, characters: Any = None) -> CountedText:
        self._spent(super().__len__())
        return CountedText(super().rstrip(characters), self.count_)

    def split(self, separator: Any = None, most: Any = -1) -> list[Any]:
        self._spent(super().__len__())
        return [CountedText(part, self.count_) for part in super().split(separator, most)]


_COUNTED = frozenset(("find", "startswith", "strip", "rstrip", "split"))
