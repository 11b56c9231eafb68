"""`serve` and `gremlin_server`: the proxy, and a database to try it with."""

from __future__ import annotations

import logging
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from gremlink.api import progress as listening
from gremlink.api.arguments import PathLike, directory_of, path_of, sparql_of, upstream_of
from gremlink.api.installed import explain_missing
from gremlink.api.progress import Progress
from gremlink.api.running import running
from gremlink.errors import WrongArgument
from gremlink.proxy.config import Sparql, StoreSettings, Upstream
from gremlink.proxy.config.reading import configuration_of

_SILENT = logging.NullHandler()
_REMOVALS = 100
"""Attempts to remove a folder, with 50 ms between them."""


@running
def serve(
    upstream: str | Upstream | None = None,
    endpoints: Mapping[str, PathLike] | None = None,
    *,
    sparql: str | Sparql | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    default_endpoint: str | None = None,
    store: PathLike | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Iterator[str]:
    """Run the proxy in front of a database while a `with` block lasts, as `gremlink serve` does.

    It works in a thread of this process; at the end its connections are closed. In a notebook
    `start()` returns the address, and `stop()` ends it.

    Args:
        upstream: Address of the database, as in `ws://localhost:8183/gremlin`, or an `Upstream`;
            none where there is an RDF store alone.
        sparql: Address of an RDF store, as in `http://localhost:7878`, or a `Sparql`.
        endpoints: Directories of models by the names that queries use; they are copied.
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        default_endpoint: Endpoint of queries that name none.
        store: Directory of endpoints to keep; without it they are forgotten at the end. Endpoints
            that are there already are served, too, and replaced by those of the same names.
        settings: Other settings by their names in docs/configuration.md, as in
            `{"inference.limit_cap": 20}`. The environment and `gremlink.toml` are not read.

    Yields:
        The address for Gremlin clients, as `ws://127.0.0.1:40123/gremlin`.

    Raises:
        WrongArgument: An argument cannot be used.
        ConfigurationError: A setting cannot be used.
        ArtifactError: A model is damaged.
        StoreError: The name of an endpoint, or the store, cannot be used.
        ListenError: The address cannot be listened on.

    Example:
        >>> with gremlink.serve(database, {"friends": "artifact"}) as url:
        ...     print(url)
        ws://127.0.0.1:40123/gremlin
    """
    from gremlink.api.background import relay
    from gremlink.proxy.store.records import Store

    if upstream is None and sparql is None:
        raise WrongArgument("name a database in upstream, an RDF store in sparql, or both")
    database = Upstream() if upstream is None else upstream_of(upstream, "upstream")
    store_settings = Sparql() if sparql is None else sparql_of(sparql, "sparql")
    asked = {
        "listen.host": host,
        "listen.port": port,
        "inference.default_endpoint": default_endpoint,
    }
    for key in settings or {}:
        if key.startswith(("upstream.", "store.", "sparql.")) or key in asked:
            raise WrongArgument(f"settings name {key}, which is an argument of its own")
    configuration = configuration_of({**asked, **(settings or {})}, source="settings")
    # A library is silent unless its user asks for the log.
    logging.getLogger("gremlink").addHandler(_SILENT)
    with ExitStack() as stack:
        if store is None:
            directory = stack.enter_context(_temporary_store())
        else:
            directory = path_of(store, "store")
        records = Store(directory)
        for name, artifact in (endpoints or {}).items():
            found = directory_of(artifact, f"endpoint {name!r}: the artifact")
            records.create_endpoint(name, found, replace=True)
        configuration = configuration.model_copy(
            update={
                "upstream": database,
                "sparql": store_settings,
                "store": StoreSettings(directory=directory),
            }
        )
        yield stack.enter_context(relay(configuration))


@contextmanager
def _temporary_store() -> Iterator[Path]:
    """Yield a folder and remove it at the end; a thread that loads a model may still be at it."""
    folder = Path(tempfile.mkdtemp(prefix="gremlink-"))
    try:
        yield folder
    finally:
        for _ in range(_REMOVALS):
            shutil.rmtree(folder, ignore_errors=True)
            if not folder.exists():
                break
            time.sleep(0.05)


@running
def gremlin_server(
    *,
    data: PathLike | None = None,
    port: int = 0,
    memory: str = "512m",
    java: str | None = None,
    mutual_tls: bool = True,
    progress: Progress = False,
) -> Iterator[Upstream]:
    """Run a stock Gremlin Server while a `with` block lasts, as `gremlink gremlin-server` does.

    In a notebook `start()` and `stop()` do what the block does.

    Args:
        data: Directory that keeps the graph; without it the graph is forgotten at the end.
        port: Port to listen on, of this machine alone; 0 takes a free one.
        memory: Largest heap, as in 512m or 2g.
        java: Java 11 to 24, its program or its home, in the place of the one from PyPI.
        mutual_tls: Answer only clients with the certificate in the `Upstream`. An open server lets
            every program and web page on this machine change the graph and run code as you.
        progress: `True`, or a function that is called with lines of text.

    Yields:
        How to reach it, for `load_csv`, `export` and `serve`; its `url` is the address.

    Raises:
        EmbeddedServerError: It does not start, or cannot save its graph.
        NotInstalled: This installation only serves.

    Example:
        >>> with gremlink.gremlin_server() as database:
        ...     gremlink.load_csv(database, gremlink.FRIENDS).edges
        25
    """
    with explain_missing():
        from gremlink.proxy.embedded import QUICK_TO_START, EmbeddedServer
    server = EmbeddedServer(
        port=port,
        data_dir=None if data is None else path_of(data, "data"),
        memory=memory,
        java=java,
        progress=listening.listener(progress),
        jvm_options=QUICK_TO_START if data is None else (),
        mutual_tls=mutual_tls,
    )
    with server:
        yield server.upstream
