"""Values as the feature files write them: `v[marko].id`, `d[1].i`, `l[a,null]`, `m[{...}]`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from gremlin_python.process.traversal import Direction, Merge, P, T
from gremlin_python.statics import SingleByte, bigint, long, short

_NUMBERS: dict[str, Callable[[str], Any]] = {
    "b": lambda text: SingleByte(int(text)),
    "s": lambda text: short(int(text)),
    "i": int,
    "l": lambda text: long(int(text)),
    "f": float,
    "d": float,
    "n": lambda text: bigint(int(text)),
}
_TRAVERSAL_ENUMS = {"t": T, "D": Direction, "M": Merge}

_NAMES = {"id": "id_", "from": "OUT", "to": "IN", "in": "in_"}
"""gremlinpython's names where they are not TinkerPop's."""

Find = Callable[[str, str], Any]


class Unsayable(Exception):
    """A value that cannot be sent as a parameter; says why."""


def value(text: str, find: Find) -> Any:
    """What a text stands for; `find` gives an element by its kind (`v` or `e`) and its name.

    Raises `Unsayable`.
    """
    if text in ("null", "true", "false"):
        return json.loads(text)
    if found := re.fullmatch(r"P\.(\w+) (.*)", text, re.DOTALL):
        inner = value(found[2], find)
        return getattr(P, found[1])(*inner if isinstance(inner, list) else (inner,))
    if found := re.fullmatch(r"d\[(.*)\](?:\.(\w))?", text):
        return _number(found[1], found[2])
    if found := re.fullmatch(r"([ve])\[(.*)\](?:\.(id|sid))?", text):
        element = find(found[1], found[2])
        return {"id": element.id, "sid": str(element.id)}.get(found[3], element)
    if found := re.fullmatch(r"([tDM])\[(.*)\]", text):
        name = re.sub(r"([A-Z])", lambda capital: "_" + capital[1].lower(), found[2])
        name = found[2] if found[2].isupper() else name
        return getattr(_TRAVERSAL_ENUMS[found[1]], _NAMES.get(name, name))
    if found := re.fullmatch(r"([ls])\[(.*)\]", text):
        items = [value(item, find) for item in found[2].split(",")] if found[2] else []
        return set(items) if found[1] == "s" else items
    if found := re.fullmatch(r"m\[(.*)\]", text, re.DOTALL):
        return _from_json(json.loads(found[1]), find)
    if found := re.fullmatch(r"dt\[(.*)\]", text):
        return datetime.fromisoformat(found[1].replace("Z", "+00:00"))
    if re.match(r"\w+\[", text):
        kind = {"c": "a lambda as a parameter", "p": "a path as a parameter"}.get(text[0], text)
        raise Unsayable(kind)
    return text


def _number(text: str, suffix: str | None) -> Any:
    if text in ("NaN", "Infinity", "-Infinity"):
        return float(text.replace("Infinity", "inf"))
    if suffix == "m":
        raise Unsayable("a BigDecimal as a parameter, which gremlinpython does not write")
    return _NUMBERS[suffix or "d"](text)


def _from_json(document: Any, find: Find) -> Any:
    if isinstance(document, dict):
        return {value(key, find): _from_json(each, find) for key, each in document.items()}
    if isinstance(document, list):
        return [_from_json(each, find) for each in document]
    return value(document, find) if isinstance(document, str) else document
