"""All settings of gremlink: one TOML file, environment variables and flags, in one model.

Flags win over the environment, the environment over the file, the file over the defaults. An
unknown key is refused wherever it stands. `docs/configuration.md` holds the table of
`python -m proxy.config`.
"""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from urllib.parse import urlsplit

import platformdirs
import tomli
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

PREFIX = "GREMLINK_"
FILE_VARIABLE = "GREMLINK_CONFIG"
FILE_NAME = "gremlink.toml"

_ORCHESTRATOR = re.compile(r"GREMLINK_(SERVICE|PORT)(_.*)?")
"""What Kubernetes and Docker links put into every container beside a service named `gremlink`."""

MEBIBYTE = 1024 * 1024
MIME_PREFIX_BYTES = 256
"""A binary message opens with one byte of length and up to 255 bytes of mime type."""


def _path(value: str) -> str:
    if not value.startswith("/") or "?" in value or "#" in value:
        raise ValueError("must begin with / and hold neither ? nor #")
    return value


def websocket_url(value: str) -> str:
    """The value, if it is the address of a WebSocket endpoint; else raises ValueError."""
    parts = urlsplit(value)
    if parts.scheme not in ("ws", "wss") or not parts.hostname:
        raise ValueError("must look like ws://host:port/gremlin or wss://host:port/gremlin")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("its port must be a number from 0 to 65535") from None
    return value


def _heap(value: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]*[mMgG]", value):
        raise ValueError("must be a number followed by m or g, as in 512m or 2g")
    return value


def _table(value: object) -> object:
    """Tables come from the environment as JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError('must be JSON, as in {"key": ["value"]}') from None


def _words(value: object) -> object:
    """Lists of names come from the environment as words."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


Port = Annotated[int, Field(ge=1, le=65535)]
UrlPath = Annotated[str, AfterValidator(_path)]
WebSocketUrl = Annotated[str, AfterValidator(websocket_url)]
Lists = Annotated[dict[str, list[str]], BeforeValidator(_table)]
Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Listen(_Section):
    """Where clients connect."""

    host: str = Field(
        default="127.0.0.1", description="address to listen on; 0.0.0.0 is every interface"
    )
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=8182, description="port to listen on; 0 takes a free one"
    )
    path: UrlPath = Field(default="/gremlin", description="path of the Gremlin endpoint")
    tls_certificate: Path | None = Field(
        default=None, description="certificate chain in PEM; with it, clients connect with wss"
    )
    tls_key: Path | None = Field(default=None, description="the certificate's key, in PEM")
    tls_client_authorities: Path | None = Field(
        default=None, description="PEM of the authorities that clients need a certificate of"
    )


class Upstream(_Section):
    """The database behind the proxy."""

    url: WebSocketUrl | None = Field(
        default=None, description="its Gremlin endpoint, as in ws://localhost:8183/gremlin"
    )
    tls_authorities: Path | None = Field(
        default=None,
        description="PEM of the authorities to trust instead of the machine's, for wss",
    )
    tls_verify: bool = Field(
        default=True, description="whether the database's certificate is checked, for wss"
    )
    tls_certificate: Path | None = Field(
        default=None, description="certificate to show the database, in PEM"
    )
    tls_key: Path | None = Field(
        default=None, description="that certificate's key, if it is in a file of its own"
    )


class Limits(_Section):
    """What the proxy refuses to carry or to wait for."""

    max_message_bytes: Annotated[int, Field(ge=1024)] = Field(
        default=10 * MEBIBYTE + MIME_PREFIX_BYTES,
        description="largest message of either side, in bytes",
    )
    connect_timeout: Seconds = Field(
        default=10.0, description="time for a connection upstream, in seconds"
    )
    handshake_timeout: Seconds = Field(
        default=10.0, description="time for a client's TLS handshake and first request, in seconds"
    )
    idle_timeout: Seconds | None = Field(
        default=None, description="time after which a silent connection is closed, in seconds"
    )
    write_timeout: Seconds = Field(
        default=60.0,
        description="time for which a client may take nothing of what is sent to it, in seconds",
    )
    drain_timeout: Seconds = Field(
        default=20.0, description="time for open requests to end after SIGTERM, in seconds"
    )
    max_connections: Annotated[int, Field(ge=1)] = Field(
        default=20_000, description="connections of clients at one time"
    )
    max_requests_per_connection: Annotated[int, Field(ge=1)] = Field(
        default=8192, description="open requests of one connection"
    )
    max_predictions: Annotated[int, Field(ge=1)] = Field(
        default=1024, description="predictions under way or waiting, of all connections"
    )


class Inference(_Section):
    """How ML steps are answered."""

    default_endpoint: str | None = Field(
        default=None, description="endpoint of queries without Neptune#ml.endpoint"
    )
    limit_cap: Annotated[int, Field(ge=1)] = Field(
        default=100, description="largest Neptune#ml.limit, per input vertex"
    )
    model_memory: Annotated[int, Field(ge=1)] = Field(
        default=4096,
        description="memory for loaded models, in MiB; beyond it those not asked for longest go",
    )
    one_inference: bool = Field(
        default=False, description="refuse a second inference in one query, as Neptune does"
    )
    default_iam_role: str | None = Field(
        default=None, description="IAM role of queries without Neptune#ml.iamRoleArn"
    )
    iam_roles: Lists | None = Field(
        default=None,
        description="IAM roles that queries may name, each with patterns of the endpoints it may "
        'ask, as in {"arn:aws:iam::123456789012:role/ml" = ["*"]}; none asks for no role',
    )
    unoptimized_steps: Words = Field(
        default=(),
        description="steps that queries with Neptune#ml.inductiveInference may not have, to try "
        "out Neptune's error about steps that it does not optimise",
    )


class StoreSettings(_Section):
    """Where endpoints and their artifacts are kept."""

    directory: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("gremlink"),
        description="directory of the records and artifacts",
    )


def _folders(value: object) -> object:
    """A list of paths; in the environment they are separated as in PATH."""
    return [part for part in value.split(os.pathsep) if part] if isinstance(value, str) else value


class Storage(_Section):
    """Where jobs may read and write, besides the folder `files` in the store's directory."""

    roots: Annotated[tuple[Path, ...], BeforeValidator(_folders)] = Field(
        default=(), description="folders that jobs may use; in the environment separated by `:`"
    )
    s3_folder: Path | None = Field(
        default=None,
        description="folder that stands for S3: s3://bucket/key is its file bucket/key",
    )
    s3_endpoint: str | None = Field(
        default=None,
        description="address of an S3-compatible service, if neither AWS nor AWS_ENDPOINT_URL_S3",
    )


class Jobs(_Section):
    """What the jobs of the management API may take."""

    running: Annotated[int, Field(ge=1)] = Field(
        default=2, description="jobs at the same time; others wait in a queue"
    )
    queue: Annotated[int, Field(ge=1)] = Field(default=64, description="jobs that may wait")
    memory_limit: Annotated[int, Field(ge=64)] | None = Field(
        default=None, description="most memory of one job, in MiB"
    )
    time_limit: Seconds = Field(
        default=86400.0, description="longest time of one job, in seconds; a request may lower it"
    )
    status_wait: Annotated[float, Field(ge=0, le=600)] = Field(
        default=0.0,
        description="seconds that a request for a job's status waits for its end; notebooks that "
        "ask once a minute are faster with 30",
    )


class Access(_Section):
    """Who may use the management API. With none of these it answers this machine alone."""

    token: Annotated[str, Field(min_length=16)] | None = Field(
        default=None, description="as in `Authorization: Bearer TOKEN`"
    )
    user: str | None = Field(default=None, description="name for basic authentication")
    password: str | None = Field(default=None, description="password for basic authentication")
    aws_access_key_id: str | None = Field(
        default=None, description="key whose AWS signatures (SigV4) are verified"
    )
    aws_secret_access_key: str | None = Field(default=None, description="secret of that key")


class Embedded(_Section):
    """The Gremlin Server that `gremlink gremlin-server` and `gremlink quickstart` run."""

    java: Path | None = Field(
        default=None,
        description="Java 11 to 24 (its program or its home) instead of the one from PyPI",
    )
    memory: Annotated[str, AfterValidator(_heap)] = Field(
        default="1g", description="largest heap of the server, as in 512m or 2g"
    )
    port: Port = Field(default=8183, description="port of the server, on 127.0.0.1")
    directory: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("gremlink") / "gremlin-server",
        description="directory of the server's graph and logs",
    )


class Log(_Section):
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least severe messages that are written"
    )


class Configuration(_Section):
    """All settings. Immutable; made by `load`, or by hand in tests."""

    listen: Listen = Listen()
    upstream: Upstream = Upstream()
    limits: Limits = Limits()
    inference: Inference = Inference()
    store: StoreSettings = Field(default_factory=StoreSettings)
    storage: Storage = Storage()
    jobs: Jobs = Jobs()
    access: Access = Access()
    embedded: Embedded = Field(default_factory=Embedded)
    log: Log = Log()


class ConfigurationError(Exception):
    """A setting cannot be used.

    `source` is the file, the variable or the flag; `key` is dotted (`listen.port`), empty where
    the whole file is meant; `nearest` is the valid key most like an unknown one.
    """

    def __init__(self, source: str, key: str, problem: str, *, nearest: str | None = None) -> None:
        hint = f"; did you mean {nearest}?" if nearest else ""
        super().__init__(f"{source}: {f'{key}: ' if key else ''}{problem}{hint}")
        self.source = source
        self.key = key
        self.problem = problem
        self.nearest = nearest


@dataclass(frozen=True, slots=True)
class _Given:
    """A value somebody gave, as it came, and where."""

    key: str
    value: Any
    source: str


def load(
    flags: Mapping[str, Any] | None = None,
    *,
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Configuration:
    """The settings in force.

    `flags` maps dotted keys (`listen.port`) to values; `None` means that the flag was not given.
    `file` is read if named (here or by GREMLINK_CONFIG); otherwise ./gremlink.toml, or the one in
    the user's configuration directory, is read if it exists. Raises ConfigurationError.
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


def keys() -> list[str]:
    """Every dotted key, in the order of the documentation."""
    return [
        f"{section}.{key}" for section, model in _sections().items() for key in model.model_fields
    ]


def variable(key: str) -> str:
    """The environment variable of a dotted key: `listen.port` is GREMLINK_LISTEN_PORT."""
    return PREFIX + key.replace(".", "_").upper()


def _sections() -> dict[str, type[_Section]]:
    return {
        name: field.annotation
        for name, field in Configuration.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, _Section)
    }


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
        raise ConfigurationError(str(file), "", f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(str(file), "", "is not UTF-8 text") from error
    except tomli.TOMLDecodeError as error:
        raise ConfigurationError(str(file), "", f"is not TOML: {error}") from error
    sections = _sections()
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
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"][:2])
        item = given[key]
        reason = first["msg"].removeprefix("Value error, ")
        raise ConfigurationError(
            item.source, key, f"{item.value!r} is not allowed: {reason[:1].lower()}{reason[1:]}"
        ) from error


def _unknown(
    source: str, key: str, what: str, valid: list[str], *, asked: str | None = None
) -> ConfigurationError:
    near = difflib.get_close_matches(asked or key, valid, n=1, cutoff=0.5)
    problem = f"no such {what}"
    if not near:
        problem += f"; there are {', '.join(valid)}"
    return ConfigurationError(source, key, problem, nearest=near[0] if near else None)


def _type_name(annotation: Any) -> str:
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, UnionType):
        return " or ".join(_type_name(part) for part in get_args(annotation))
    if get_origin(annotation) is Literal:
        return ", ".join(str(choice) for choice in get_args(annotation))
    names = {
        str: "text",
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
    """The table of all settings, in Markdown."""
    defaults = Configuration()
    lines = []
    for section, model in _sections().items():
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


if __name__ == "__main__":
    print(reference())
