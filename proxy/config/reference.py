"""The table of all settings for `docs/configuration.md`."""

from __future__ import annotations

from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import SecretStr

from gremlink.proxy.config.reading import variable
from gremlink.proxy.config.sections import Configuration, sections


def _type_name(annotation: Any) -> str:
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, UnionType):
        return " or ".join(_type_name(part) for part in get_args(annotation))
    if get_origin(annotation) is Literal:
        return ", ".join(str(choice) for choice in get_args(annotation))
    names = {
        str: "text",
        SecretStr: "secret text",
        bool: "true or false",
        int: "integer",
        float: "number",
        Path: "path",
        type(None): "none",
        dict[str, list[str]]: "table of lists",
        tuple[str, ...]: "names",
        tuple[Path, ...]: "list of paths",
    }
    return names[annotation]


def _default_text(key: str, value: Any) -> str:
    fixed = {
        "store.directory": "the user's data directory + `/gremlink`",
        "embedded.directory": "the user's data directory + `/gremlink/gremlin-server`",
    }
    if key in fixed:
        return fixed[key]
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    return "none" if value is None or value == () else f"`{value}`"


def reference() -> str:
    """Return the table of all settings, in Markdown."""
    defaults = Configuration()
    lines = []
    for section, model in sections().items():
        lines += [
            f"### `[{section}]`",
            "",
            (model.__doc__ or "").strip(),
            "",
            "| Key | Environment | Type | Default | Meaning |",
            "|---|---|---|---|---|",
        ]
        for key, field in model.model_fields.items():
            name = f"{section}.{key}"
            default = _default_text(name, getattr(getattr(defaults, section), key))
            lines.append(
                f"| `{key}` | `{variable(name)}` | {_type_name(field.annotation)} "
                f"| {default} | {field.description} |"
            )
        lines.append("")
    return "\n".join(lines)
