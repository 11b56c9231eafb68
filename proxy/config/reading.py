"""Reading of the settings from flags, environment, file and defaults, and the errors in them."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
import tomli
from pydantic import ValidationError

from gremlink.errors import Error
from gremlink.proxy.config.sections import Configuration, keys
from gremlink.proxy.config.sections import sections as all_sections
from gremlink.proxy.config.types import shown
from gremlink.proxy.messages.addresses import without_passwords
from gremlink.proxy.messages.system_errors import reason_of

PREFIX = "GREMLINK_"
FILE_VARIABLE = "GREMLINK_CONFIG"
FILE_NAME = "gremlink.toml"

_ORCHESTRATOR = re.compile(r"GREMLINK_(SERVICE|PORT)(_.*)?")
"""Variables that Kubernetes and Docker links set in every container beside a service `gremlink`."""


class ConfigurationError(Error):
    """A setting cannot be used.

    `source` is the file, the variable or the flag; `key` is dotted (`listen.port`), or empty if the
    whole file is meant; `nearest` is the valid key most like an unknown one.
    """

    def __init__(self, source: str, key: str, problem: str, *, nearest: str | None = None) -> None:
        hint = f"; did you mean {nearest}?" if nearest else ""
        problem = without_passwords(problem)
        super().__init__(f"{source}: {f'{key}: ' if key else ''}{problem}{hint}")
        self.source = source
        self.key = key
        self.problem = problem
        self.nearest = nearest


@dataclass(frozen=True, slots=True)
class _Given:
    """A value as it was given, with its source."""

    key: str
    value: Any
    source: str


def load(
    flags: Mapping[str, Any] | None = None,
    *,
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Configuration:
    """Return the settings in force.

    `flags` maps dotted keys (`listen.port`) to values; `None` means that the flag was not given.
    `file`, or the file that GREMLINK_CONFIG names, is read; without either, ./gremlink.toml or the
    one in the user's configuration directory is read if it exists. Raises ConfigurationError.
    """
    environment = os.environ if environment is None else environment
    given: dict[str, _Given] = {}
    chosen = _find_file(file, environment)
    if chosen is not None:
        given |= {item.key: item for item in _from_file(chosen)}
    given |= {item.key: item for item in _from_environment(environment)}
    given |= {
        key: _Given(key, value, "flag") for key, value in (flags or {}).items() if value is not None
    }
    return _validated(given)


def configuration_of(values: Mapping[str, Any], source: str) -> Configuration:
    """Return the settings with these values by dotted key, and no others: no file is read.

    `None` leaves a default. Raises ConfigurationError, which names `source`.
    """
    return _validated(
        {key: _Given(key, value, source) for key, value in values.items() if value is not None}
    )


def glance(key: str, file: Path | None = None) -> Any:
    """Return one key's unvalidated value from environment or file, ignoring all errors; or None.

    For what has to be known before `load` may fail.
    """
    if value := os.environ.get(variable(key)):
        return value
    try:
        chosen = _find_file(file, os.environ)
        found = {item.key: item.value for item in _from_file(chosen)} if chosen else {}
    except ConfigurationError:
        return None
    return found.get(key)


def variable(key: str) -> str:
    """Return the environment variable of a dotted key: `listen.port` is GREMLINK_LISTEN_PORT."""
    return PREFIX + key.replace(".", "_").upper()


def child_environment() -> dict[str, str]:
    """Return the variables of this process without settings, for its children.

    Children receive what they need on standard input or in a file, and no secret is among it; a
    database evaluates scripts, which can read its variables.
    """
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}


def _find_file(file: Path | None, environment: Mapping[str, str]) -> Path | None:
    named = file or (Path(environment[FILE_VARIABLE]) if environment.get(FILE_VARIABLE) else None)
    if named is not None:
        return named
    for candidate in (Path(FILE_NAME), platformdirs.user_config_path("gremlink") / FILE_NAME):
        if candidate.is_file():
            return candidate
    return None


def _from_file(file: Path) -> Iterator[_Given]:
    try:
        document = tomli.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(str(file), "", f"cannot be read: {reason_of(error)}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(str(file), "", "is not UTF-8 text") from error
    except tomli.TOMLDecodeError as error:
        raise ConfigurationError(str(file), "", f"is not TOML: {error}") from error
    sections = all_sections()
    for section, content in document.items():
        if section not in sections:
            raise _unknown(str(file), section, "section", list(sections))
        if not isinstance(content, dict):
            raise ConfigurationError(str(file), section, f"is a section: write [{section}]")
        for key, value in content.items():
            yield _Given(f"{section}.{key}", value, str(file))


def _from_environment(environment: Mapping[str, str]) -> Iterator[_Given]:
    variables = {variable(key): key for key in keys()}
    for name in sorted(environment):
        if name in variables:
            # `GREMLINK_X= gremlink …` is how a shell takes a setting back.
            if environment[name]:
                yield _Given(variables[name], environment[name], name)
        elif (
            name.startswith(PREFIX) and name != FILE_VARIABLE and not _ORCHESTRATOR.fullmatch(name)
        ):
            raise _unknown(name, "", "variable", [*variables, FILE_VARIABLE], asked=name)


def _validated(given: Mapping[str, _Given]) -> Configuration:
    known = keys()
    document: dict[str, dict[str, Any]] = {}
    for item in given.values():
        if item.key not in known:
            raise _unknown(item.source, item.key, "key", known)
        section, _, key = item.key.partition(".")
        document.setdefault(section, {})[key] = item.value
    try:
        return Configuration.model_validate(document)
    except ValidationError as error:
        raise _refused(error, given) from None


def _refused(error: ValidationError, given: Mapping[str, _Given]) -> ConfigurationError:
    """Return the error for the first unusable value; a secret is not quoted."""
    first = error.errors(include_input=False, include_url=False)[0]
    reason = first["msg"].removeprefix("Value error, ")
    section, *rest = (str(part) for part in first["loc"])
    if not rest:  # two keys do not go together
        there = [item.source for item in given.values() if item.key.startswith(f"{section}.")]
        return ConfigurationError(", ".join(dict.fromkeys(there)), section, reason)
    item = given[f"{section}.{rest[0]}"]
    value = shown(all_sections()[section].model_fields[rest[0]], item.value)
    return ConfigurationError(
        item.source, item.key, f"{value} is not allowed: {reason[:1].lower()}{reason[1:]}"
    )


def _unknown(
    source: str, key: str, what: str, valid: list[str], *, asked: str | None = None
) -> ConfigurationError:
    near = difflib.get_close_matches(asked or key, valid, n=1, cutoff=0.5)
    problem = f"no such {what}"
    if not near:
        problem += f"; there are {', '.join(valid)}"
    return ConfigurationError(source, key, problem, nearest=near[0] if near else None)
