"""Every setting, by section, with its default and its meaning; the documentation lists them."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, model_validator

from gremlink.proxy.config.types import (
    Folders,
    Heap,
    Hosts,
    KeyId,
    Lists,
    Origins,
    Passage,
    Port,
    Region,
    Seconds,
    Secret,
    ServiceUrl,
    Token,
    UrlPath,
    UserName,
    WebSocketUrl,
    Words,
)

MEBIBYTE = 1024 * 1024
MIME_PREFIX_BYTES = 256
"""A binary message opens with one byte of length and up to 255 bytes of mime type."""


class Section(BaseModel):
    """Unknown keys are refused, and nothing changes after loading.

    `needs` are pairs of keys of which the first is nothing without the second.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    needs: ClassVar[tuple[tuple[str, str], ...]] = ()

    @model_validator(mode="after")
    def _whole(self) -> Section:
        for key, other in self.needs:
            if getattr(self, key) is not None and getattr(self, other) is None:
                raise ValueError(f"{key} needs {other}, which is not set")
        return self


class Listen(Section):
    """Where clients connect."""

    host: str = Field(
        default="127.0.0.1", description="address to listen on; 0.0.0.0 is every interface"
    )
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=8182, description="port to listen on; 0 takes a free one"
    )
    path: UrlPath = Field(default="/gremlin", description="path of the Gremlin endpoint")
    workers: Annotated[int, Field(ge=1, le=64)] = Field(
        default=1, description="processes that share the port"
    )
    tls_certificate: Path | None = Field(
        default=None, description="certificate chain in PEM; with it, clients connect with wss"
    )
    tls_key: Path | None = Field(default=None, description="the certificate's key, in PEM")
    tls_client_authorities: Path | None = Field(
        default=None, description="PEM of the authorities that clients need a certificate of"
    )

    needs = (
        ("tls_certificate", "tls_key"),
        ("tls_key", "tls_certificate"),
        ("tls_client_authorities", "tls_certificate"),
    )

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine reaches the address."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


class Upstream(Section):
    """The database behind the proxy."""

    url: WebSocketUrl | None = Field(
        default=None,
        repr=False,
        description="its Gremlin endpoint, as in ws://localhost:8183/gremlin",
    )
    open_cypher: Passage = Field(
        default="auto",
        description="where /openCypher goes: auto is to the database if that is sure to be Neptune,"
        " on to the database, off nowhere; or an http or https address",
    )
    sparql: Passage = Field(default="auto", description="the same for /sparql and /rdf")
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

    needs = (("tls_key", "tls_certificate"),)


class Limits(Section):
    """What the proxy refuses to carry or to wait for."""

    max_message_bytes: Annotated[int, Field(ge=1024)] = Field(
        default=10 * MEBIBYTE + MIME_PREFIX_BYTES,
        description="largest message of either side, in bytes",
    )
    max_cell_characters: Annotated[int, Field(ge=1024)] = Field(
        default=16 * MEBIBYTE,
        description="largest cell of a file that is loaded or learned from, in characters",
    )
    max_unpacked_bytes: Annotated[int, Field(ge=1024)] = Field(
        default=64 * 1024 * MEBIBYTE,
        description="what one packed file of data (gzip, bzip2) may unpack to, in bytes",
    )
    max_answer_bytes: Annotated[int, Field(ge=64 * 1024)] = Field(
        default=1024 * MEBIBYTE,
        description="largest message of the database's answers to loads and exports, in bytes",
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
    message_timeout: Seconds = Field(
        default=60.0,
        description="time for which a message that a client has begun may not go on, in seconds",
    )
    evaluation_timeout: Seconds = Field(
        default=30.0,
        description="time for an inference query without an `evaluationTimeout` of its own, in "
        "seconds",
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


class Inference(Section):
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


class StoreSettings(Section):
    """Where endpoints and their artifacts are kept."""

    directory: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("gremlink"),
        description="directory of the records and artifacts",
    )


class Storage(Section):
    """Where jobs may read and write, besides the folder `files` in the store's directory."""

    roots: Folders = Field(
        default=(), description="folders that jobs may use; in the environment separated by `:`"
    )
    s3_folder: Path | None = Field(
        default=None,
        description="folder that stands for S3: s3://bucket/key is its file bucket/key",
    )
    s3_endpoint: ServiceUrl | None = Field(
        default=None,
        description="address of an S3-compatible service, if neither AWS nor AWS_ENDPOINT_URL_S3",
    )


class Jobs(Section):
    """What the jobs of the management API may take."""

    running: Annotated[int, Field(ge=1)] = Field(
        default=2, description="jobs at the same time; others wait in a queue"
    )
    queue: Annotated[int, Field(ge=1)] = Field(default=64, description="jobs that may wait")
    memory_limit: Annotated[int, Field(ge=64)] | None = Field(
        default=None,
        description="most memory of one job, in MiB; without it all jobs together may take three "
        "quarters of the machine's memory, or of the container's if that has less",
    )
    time_limit: Seconds = Field(
        default=86400.0, description="longest time of one job, in seconds; a request may lower it"
    )
    retention_days: Annotated[float, Field(gt=0)] | None = Field(
        default=None,
        description="days after its end that a job's record and log are kept; without it for ever. "
        "What the job has written stays",
    )
    status_wait: Annotated[float, Field(ge=0, le=600)] = Field(
        default=0.0,
        description="seconds that a request for a job's status waits for its end; notebooks that "
        "ask once a minute are faster with 30",
    )


class Access(Section):
    """Who may use the proxy. Without credentials the management API answers this machine alone."""

    hosts: Hosts = Field(
        default=(),
        description="names by which clients address the proxy, besides localhost and addresses, as "
        "in proxy.example.org or *.example.org; * is any name, and lets web pages in by DNS "
        "rebinding",
    )
    origins: Origins = Field(
        default=(),
        description="origins of web pages that may use the proxy, as in https://app.example.org",
    )

    token: Token | None = Field(
        default=None, description="as in `Authorization: Bearer TOKEN`; 16 characters or more"
    )
    user: UserName | None = Field(default=None, description="name for basic authentication")
    password: Secret | None = Field(default=None, description="password for basic authentication")
    aws_access_key_id: KeyId | None = Field(
        default=None, description="key whose AWS signatures (SigV4) are verified"
    )
    aws_secret_access_key: Secret | None = Field(default=None, description="secret of that key")
    aws_region: Region | None = Field(
        default=None,
        description="region that signatures have to be for; without it any region is accepted",
    )

    needs = (
        ("user", "password"),
        ("password", "user"),
        ("aws_access_key_id", "aws_secret_access_key"),
        ("aws_secret_access_key", "aws_access_key_id"),
        ("aws_region", "aws_access_key_id"),
    )

    def public(self) -> Access:
        """What a process may know that asks nobody for credentials."""
        fields = ("token", "user", "password", "aws_access_key_id", "aws_secret_access_key")
        return self.model_copy(update=dict.fromkeys((*fields, "aws_region")))


class Embedded(Section):
    """The Gremlin Server that `gremlink gremlin-server` and `gremlink quickstart` run."""

    java: Path | None = Field(
        default=None,
        description="Java 11 to 24 (its program or its home) instead of the one from PyPI",
    )
    memory: Heap = Field(default="1g", description="largest heap of the server, as in 512m or 2g")
    port: Port = Field(
        default=8183,
        description="port of the server, on 127.0.0.1; `quickstart` takes a free one unless this "
        "is set",
    )
    directory: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("gremlink") / "gremlin-server",
        description="directory of the server's graph and logs",
    )
    mutual_tls: bool = Field(
        default=False,
        description="whether `gremlink gremlin-server` answers only clients with the certificate "
        "in the folder tls of its directory, and no web page; the quick start's server always does",
    )


class Log(Section):
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least severe messages that are written"
    )
    format: Literal["text", "json"] = Field(
        default="text", description="lines for people, or one JSON object a line"
    )
    literals: bool = Field(
        default=False,
        description="whether the words of unexpected errors are written, which may quote a query",
    )


class Configuration(Section):
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


def sections() -> dict[str, type[Section]]:
    """The sections by name, in the order of the documentation."""
    return {
        name: field.annotation
        for name, field in Configuration.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
    }


def keys() -> list[str]:
    """Every dotted key, in the order of the documentation."""
    return [
        f"{section}.{key}" for section, model in sections().items() for key in model.model_fields
    ]
