"""All settings by section, with default and meaning; the documentation lists them."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import platformdirs
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    field_serializer,
    model_validator,
)

from gremlink.proxy.config.sparql_addresses import Addresses, guessed
from gremlink.proxy.config.types import (
    Folders,
    Heap,
    Hosts,
    HttpUrl,
    KeyId,
    Lists,
    Origins,
    Passage,
    Port,
    Region,
    Seconds,
    Secret,
    ServiceUrl,
    Switch,
    Token,
    UrlPath,
    UserName,
    WebSocketUrl,
    Words,
)

MEBIBYTE = 1024 * 1024
MIME_PREFIX_BYTES = 256
"""Largest prefix of a binary message: one byte of length and up to 255 bytes of mime type."""


class Section(BaseModel):
    """A section: unknown keys are refused, and values are immutable.

    `needs` holds pairs of keys; the first is useless without the second.
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
    """Address, port and TLS for clients."""

    host: str = Field(
        default="127.0.0.1", description="address to listen on; 0.0.0.0 listens on every interface"
    )
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=8182, description="port to listen on; 0 picks a free one"
    )
    path: UrlPath = Field(default="/gremlin", description="path of the Gremlin endpoint")
    workers: Annotated[int, Field(ge=1, le=64)] = Field(
        default=1, description="number of processes that share the port"
    )
    tls_certificate: Path | None = Field(
        default=None, description="certificate chain (PEM); clients then connect with wss"
    )
    tls_key: Path | None = Field(default=None, description="private key of the certificate (PEM)")
    tls_client_authorities: Path | None = Field(
        default=None, description="CA bundle (PEM) used to verify client certificates"
    )

    needs = (
        ("tls_certificate", "tls_key"),
        ("tls_key", "tls_certificate"),
        ("tls_client_authorities", "tls_certificate"),
    )

    @property
    def on_loopback(self) -> bool:
        """True if only this machine reaches the address."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


class Upstream(Section):
    """The database behind the proxy."""

    url: WebSocketUrl | None = Field(
        default=None,
        repr=False,
        description="Gremlin endpoint of the database, as in ws://localhost:8183/gremlin",
    )
    open_cypher: Passage = Field(
        default="auto",
        description="where /openCypher goes: auto forwards to the database if it is certainly "
        "Neptune, on always forwards, off never does; or an http or https address to "
        "forward to",
    )
    sparql: Switch = Field(
        default="auto",
        description="the same for /sparql and /rdf, if [sparql] names no store; an address is "
        "written there",
    )
    tls_authorities: Path | None = Field(
        default=None,
        description="CA bundle (PEM) used to verify the database's certificate instead of the "
        "system's, for wss, and for https below [sparql]",
    )
    tls_verify: bool = Field(
        default=True,
        description="verify the database's certificate, for wss, and for https below [sparql]",
    )
    tls_certificate: Path | None = Field(
        default=None, description="client certificate for the database (PEM)"
    )
    tls_key: Path | None = Field(
        default=None,
        description="private key of that certificate (PEM), if it is in a file of its own",
    )

    needs = (("tls_key", "tls_certificate"),)


class Sparql(Section):
    """The RDF store behind the proxy, which answers SPARQL at `/sparql`."""

    url: HttpUrl | None = Field(
        default=None,
        repr=False,
        description="address of the store, as in http://localhost:7878; "
        "[the path tells its kind](#rdf-stores)",
    )
    query: HttpUrl | None = Field(
        default=None, repr=False, description="address for queries, if url does not tell it"
    )
    update: HttpUrl | None = Field(
        default=None, repr=False, description="address for updates, if url does not tell it"
    )
    store: HttpUrl | None = Field(
        default=None,
        repr=False,
        description="address for whole graphs (graph store protocol), if url does not tell it",
    )
    token: Token | None = Field(
        default=None,
        description="bearer token that the store wants of the proxy, which lets in those whom the "
        "proxy lets in; 16 characters or more",
    )

    @field_serializer("token", when_used="json-unless-none")
    def _written(self, token: SecretStr) -> str:
        """Write the token for the proxy's own processes, which get it on their standard input."""
        return token.get_secret_value()

    @model_validator(mode="after")
    def _token_has_store(self) -> Sparql:
        if self.token is not None and not self.is_set:
            raise ValueError("token needs url, which is not set")
        return self

    @property
    def is_set(self) -> bool:
        """True if there is a store."""
        return self._named is not None

    @property
    def _named(self) -> str | None:
        return self.url or self.query or self.update or self.store

    def addresses(self) -> Addresses:
        """Return the store's addresses: those that are set, the others as `url` tells them.

        Raises ValueError if there is no store.
        """
        if self._named is None:
            raise ValueError("sparql.url is not set")
        found = guessed(self._named)
        return Addresses(
            self.query or found.query, self.update or found.update, self.store or found.store
        )


class Limits(Section):
    """Limits on sizes, times and numbers."""

    max_message_bytes: Annotated[int, Field(ge=1024)] = Field(
        default=10 * MEBIBYTE + MIME_PREFIX_BYTES,
        description="largest message in either direction, in bytes",
    )
    max_cell_characters: Annotated[int, Field(ge=1024)] = Field(
        default=16 * MEBIBYTE,
        description="largest cell in a file to load, process or train on, in characters",
    )
    max_unpacked_bytes: Annotated[int, Field(ge=1024)] = Field(
        default=64 * 1024 * MEBIBYTE,
        description="largest unpacked size of one compressed data file (gzip, bzip2), in bytes",
    )
    max_answer_bytes: Annotated[int, Field(ge=64 * 1024)] = Field(
        default=1024 * MEBIBYTE,
        description="largest response message of the database during loads and exports, in bytes",
    )
    connect_timeout: Seconds = Field(
        default=10.0, description="seconds to wait for a connection to the database"
    )
    handshake_timeout: Seconds = Field(
        default=10.0, description="seconds a client has for its TLS handshake and first request"
    )
    idle_timeout: Seconds | None = Field(
        default=None, description="seconds without traffic after which a connection is closed"
    )
    write_timeout: Seconds = Field(
        default=60.0,
        description="seconds a client may stop reading before it is disconnected",
    )
    message_timeout: Seconds = Field(
        default=60.0,
        description="seconds without new data after which an unfinished client message is refused",
    )
    evaluation_timeout: Seconds = Field(
        default=30.0,
        description="seconds an inference query may take if it sets no `evaluationTimeout`",
    )
    drain_timeout: Seconds = Field(
        default=20.0, description="seconds that open requests have to finish after SIGTERM"
    )
    max_connections: Annotated[int, Field(ge=1)] = Field(
        default=20_000, description="simultaneous client connections"
    )
    max_requests_per_connection: Annotated[int, Field(ge=1)] = Field(
        default=8192, description="open requests per connection"
    )
    max_predictions: Annotated[int, Field(ge=1)] = Field(
        default=1024, description="predictions running or waiting, over all connections"
    )


class Inference(Section):
    """Answers to ML steps: defaults, limits and permissions."""

    default_endpoint: str | None = Field(
        default=None, description="endpoint for queries without Neptune#ml.endpoint"
    )
    limit_cap: Annotated[int, Field(ge=1)] = Field(
        default=100, description="largest Neptune#ml.limit allowed, per input vertex"
    )
    model_memory: Annotated[int, Field(ge=1)] = Field(
        default=4096,
        description="MiB for loaded models; least recently used ones are unloaded first",
    )
    one_inference: bool = Field(
        default=False, description="refuse a second inference in one query, as Neptune does"
    )
    default_iam_role: str | None = Field(
        default=None, description="IAM role for queries without Neptune#ml.iamRoleArn"
    )
    iam_roles: Lists | None = Field(
        default=None,
        description="IAM roles that queries may name, each with patterns of the endpoints it may "
        'use, as in {"arn:aws:iam::123456789012:role/ml" = ["*"]}; if unset, no role '
        "is required",
    )
    unoptimized_steps: Words = Field(
        default=(),
        description="steps refused in queries with Neptune#ml.inductiveInference; reproduces "
        "Neptune's error about steps that it does not optimise",
    )


class StoreSettings(Section):
    """Directory of endpoints and their artifacts."""

    directory: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("gremlink"),
        description="directory of records and artifacts",
    )


class Storage(Section):
    """Files that jobs may read and write, besides the folder `files` in the store's directory."""

    roots: Folders = Field(
        default=(),
        description="folders that jobs may read and write; in the environment separated by `:`",
    )
    s3_folder: Path | None = Field(
        default=None,
        description="local folder used as S3: s3://bucket/key is its file bucket/key",
    )
    s3_endpoint: ServiceUrl | None = Field(
        default=None,
        description="address of an S3-compatible service, if neither AWS nor AWS_ENDPOINT_URL_S3",
    )


class Training(Section):
    """Training of models."""

    speed: Annotated[str, Field(min_length=1)] = Field(
        default="measured",
        description="the speed of a machine that a training plans for: measured (this machine's, "
        "measured once and kept in the user's cache directory), reference (two ordinary cores), or "
        "the path of an artifact, for that of its training",
    )


class Jobs(Section):
    """Resources for the jobs of the management API."""

    running: Annotated[int, Field(ge=1)] = Field(
        default=2, description="jobs that run at the same time; others wait in the queue"
    )
    queue: Annotated[int, Field(ge=1)] = Field(
        default=64, description="jobs that may wait in the queue"
    )
    memory_limit: Annotated[int, Field(ge=64)] | None = Field(
        default=None,
        description="most memory of one job, in MiB; if unset, all jobs together may use three "
        "quarters of the memory of the machine or, if smaller, of the container",
    )
    time_limit: Seconds = Field(
        default=86400.0,
        description="longest run time of one job, in seconds; a request may lower it",
    )
    retention_days: Annotated[float, Field(gt=0)] | None = Field(
        default=None,
        description="days to keep a job's record and log after it ends; if unset, forever. Its "
        "outputs are kept",
    )
    status_wait: Annotated[float, Field(ge=0, le=600)] = Field(
        default=0.0,
        description="seconds a status request waits for the job to end; 30 helps notebooks that "
        "ask once a minute",
    )


class Access(Section):
    """Access to the proxy. Without credentials, the management API answers only this machine."""

    hosts: Hosts = Field(
        default=(),
        description="host names by which clients reach the proxy, besides localhost and IP "
        "addresses, as in proxy.example.org or *.example.org; * allows any name, and "
        "web pages by DNS rebinding",
    )
    origins: Origins = Field(
        default=(),
        description="origins of web pages that may use the proxy, as in https://app.example.org",
    )

    token: Token | None = Field(
        default=None,
        description="bearer token, as in `Authorization: Bearer TOKEN`; 16 characters or more",
    )
    user: UserName | None = Field(default=None, description="user name for basic authentication")
    password: Secret | None = Field(default=None, description="password for basic authentication")
    aws_access_key_id: KeyId | None = Field(
        default=None, description="access key ID whose AWS signatures (SigV4) are accepted"
    )
    aws_secret_access_key: Secret | None = Field(
        default=None, description="secret access key of that ID"
    )
    aws_region: Region | None = Field(
        default=None,
        description="region that signatures must name; if unset, any region",
    )

    needs = (
        ("user", "password"),
        ("password", "user"),
        ("aws_access_key_id", "aws_secret_access_key"),
        ("aws_secret_access_key", "aws_access_key_id"),
        ("aws_region", "aws_access_key_id"),
    )

    def public(self) -> Access:
        """Return a copy without credentials, for processes that never check them."""
        fields = ("token", "user", "password", "aws_access_key_id", "aws_secret_access_key")
        return self.model_copy(update=dict.fromkeys((*fields, "aws_region")))


class Studio(Section):
    """Pages in the browser, at the address of the proxy."""

    enabled: bool = Field(
        default=True, description="show the pages; false answers as if there were none"
    )


class Embedded(Section):
    """The servers that `gremlink gremlin-server`, `sparql-server` and `quickstart` run."""

    java: Path | None = Field(
        default=None,
        description="Java 11 to 24 (the program or its home directory) to use instead of the one "
        "from PyPI",
    )
    memory: Heap = Field(default="1g", description="largest heap of the server, as in 512m or 2g")
    port: Port = Field(
        default=8183,
        description="port of the server, on 127.0.0.1; `quickstart` picks a free one unless this "
        "is set",
    )
    directory: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("gremlink") / "gremlin-server",
        description="directory of the server's graph and logs",
    )
    mutual_tls: bool = Field(
        default=False,
        description="let `gremlink gremlin-server` accept only clients with the certificate in "
        "the folder tls of its directory, and no web pages; the quick start's server "
        "always does",
    )
    sparql_port: Port = Field(
        default=8184,
        description="port of the RDF store, on 127.0.0.1; `quickstart --rdf` picks a free one "
        "unless this is set",
    )
    sparql_directory: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("gremlink") / "sparql-server",
        description="directory of the RDF store's data, log and token",
    )
    sparql_time_limit: Seconds = Field(
        default=300.0,
        description="seconds that a query of the RDF store may give nothing, and an update may "
        "take",
    )


class Log(Section):
    """The log on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="lowest severity that is logged"
    )
    format: Literal["text", "json"] = Field(
        default="text", description="lines for people, or one JSON object per line"
    )
    literals: bool = Field(
        default=False,
        description="log the messages of unexpected errors, which may quote queries",
    )


class Configuration(Section):
    """All settings. Immutable; made by `load`, or by hand in tests."""

    listen: Listen = Listen()
    upstream: Upstream = Upstream()
    sparql: Sparql = Sparql()
    limits: Limits = Limits()
    inference: Inference = Inference()
    store: StoreSettings = Field(default_factory=StoreSettings)
    storage: Storage = Storage()
    training: Training = Training()
    jobs: Jobs = Jobs()
    access: Access = Access()
    studio: Studio = Studio()
    embedded: Embedded = Field(default_factory=Embedded)
    log: Log = Log()


def sections() -> dict[str, type[Section]]:
    """Return the sections by name, in the order of the documentation."""
    return {
        name: field.annotation
        for name, field in Configuration.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
    }


def keys() -> list[str]:
    """Return every dotted key, in the order of the documentation."""
    return [
        f"{section}.{key}" for section, model in sections().items() for key in model.model_fields
    ]
