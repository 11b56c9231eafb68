"""Query results as people read them: JSON's types, one line, rows of a table.

Values are those of gremlinpython. Control characters in text from the graph are escaped, so that no
stored value can move the cursor of a terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gremlin_python.process.traversal import Traverser
from gremlin_python.structure.graph import Edge, Path, Property, Vertex, VertexProperty

from gremlink.proxy.messages.controls import escaped


def plain(value: Any) -> Any:
    """Return the value in JSON's types; other values (UUID, date, number type) as text."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Traverser():
            return plain(value.object)
        case Vertex():
            return {"id": plain(value.id), "label": value.label, **_properties(value)}
        case Edge():
            ends = {"outV": plain(value.outV.id), "inV": plain(value.inV.id)}
            return {"id": plain(value.id), "label": value.label, **ends, **_properties(value)}
        case VertexProperty() | Property():
            return {"key": value.key, "value": plain(value.value)}
        case Path():
            return [plain(item) for item in value.objects]
        case {"@type": str(), "@value": str(carried)} if len(value) == 2:
            return carried  # of a type that the driver does not know
        case Mapping():
            return {_key(key): plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(item) for item in value]
    return str(value)


def _key(key: Any) -> str:
    # T.id and T.label of elementMap() arrive as enumeration members.
    name = getattr(key, "name", None)
    if isinstance(name, str):
        return name.rstrip("_")
    return key if isinstance(key, str) else text(plain(key))


def _properties(element: Vertex | Edge) -> dict[str, Any]:
    """Return properties by key; a key with several values has a list."""
    found: dict[str, list[Any]] = {}
    for item in element.properties or []:
        found.setdefault(item.key, []).append(plain(item.value))
    return {"properties": {key: some[0] if len(some) == 1 else some for key, some in found.items()}}


def text(value: Any) -> str:
    """Return a plain value in one line: lists in brackets, maps in braces, as in the Console."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case dict():
            return "{" + ", ".join(f"{text(k)}: {text(v)}" for k, v in value.items()) + "}"
        case list():
            return "[" + ", ".join(text(item) for item in value) + "]"
    return escaped(str(value))


BLOCK_WIDTH = 60
"""Widest text of a value that is kept in one line."""


def block(value: Any) -> str:
    """Return a plain value for a cell of a table: a wide map or list has a line for each part."""
    line = text(value)
    if len(line) <= BLOCK_WIDTH or not isinstance(value, dict | list):
        return line
    if isinstance(value, list):
        return "\n".join(f"- {block(item)}".replace("\n", "\n  ") for item in value)
    return "\n".join(_entry(text(key), block(item)) for key, item in value.items())


def _entry(key: str, item: str) -> str:
    if "\n" not in item:
        return f"{key}: {item}"
    return f"{key}:\n{item}".replace("\n", "\n  ")


def rows(
    results: Sequence[Any], cell: Callable[[Any], str] = text
) -> tuple[list[str], list[list[str]]]:
    """Return column names and cells; one nameless column unless all are maps or elements."""
    values = [plain(result) for result in results]
    if not values or not all(isinstance(value, dict) for value in values):
        return [], [[cell(value)] for value in values]
    flat = [_flattened(value) for value in values]
    columns = list(dict.fromkeys(key for value in flat for key in value))
    cells = [[cell(value[key]) if key in value else "" for key in columns] for value in flat]
    return [text(column) for column in columns], cells


def _flattened(value: dict[str, Any]) -> dict[str, Any]:
    """Return an element's properties beside its id and label, unless their names are taken."""
    properties = value.get("properties")
    if not isinstance(properties, dict) or "id" not in value or "label" not in value:
        return value
    rest = {key: item for key, item in value.items() if key != "properties"}
    return value if rest.keys() & properties.keys() else {**rest, **properties}


def finite(value: Any) -> Any:
    """Return a plain value whose infinite and undefined numbers are text."""
    match value:
        case float() if value != value or value in (float("inf"), float("-inf")):
            return {"inf": "Infinity", "-inf": "-Infinity"}.get(str(value), "NaN")
        case dict():
            return {key: finite(item) for key, item in value.items()}
        case list():
            return [finite(item) for item in value]
    return value
