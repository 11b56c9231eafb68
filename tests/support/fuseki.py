"""An Apache Jena Fuseki with an empty dataset in memory (TDB2): the other stock RDF store."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_connection, create_server

from gremlink.proxy.embedded.jars import resolve_jars
from gremlink.proxy.embedded.java import find_java

COORDINATES = (
    "org.apache.jena:jena-fuseki-main:5.5.0",
    "org.apache.logging.log4j:log4j-slf4j2-impl:2.24.3",
)
START_TIMEOUT = 120.0
"""Seconds."""
_CONFIGURATION = """
@prefix fuseki: <http://jena.apache.org/fuseki#> .
@prefix tdb2: <http://jena.apache.org/2016/tdb#> .
[] a fuseki:Server ; fuseki:services ( <#ds> ) .
<#ds> a fuseki:Service ; fuseki:name "ds" ;
  fuseki:endpoint [ fuseki:operation fuseki:query ; fuseki:name "sparql" ] ;
  fuseki:endpoint [ fuseki:operation fuseki:query ; fuseki:name "query" ] ;
  fuseki:endpoint [ fuseki:operation fuseki:update ; fuseki:name "update" ] ;
  fuseki:endpoint [ fuseki:operation fuseki:gsp-rw ; fuseki:name "data" ] ;
  fuseki:dataset [ a tdb2:DatasetTDB2 ; tdb2:location "--mem--" ; tdb2:unionDefaultGraph %s ] .
"""


@contextmanager
def fuseki(directory: Path, *, union_default_graph: bool = True) -> Iterator[str]:
    """The address of the dataset of a server; `directory` takes its files."""
    directory.mkdir(parents=True, exist_ok=True)
    with create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    (directory / "fuseki.ttl").write_text(_CONFIGURATION % str(union_default_graph).lower())
    path = os.pathsep.join(map(str, resolve_jars(COORDINATES)))
    main = "org.apache.jena.fuseki.main.cmds.FusekiMainCmd"
    options = ["--localhost", f"--port={port}", "--config=fuseki.ttl"]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [find_java(), "-Xmx768m", "-XX:TieredStopAtLevel=1", "-cp", path, main, *options],
            cwd=directory,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            assert process.poll() is None, (directory / "log").read_text()
            try:
                create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert time.monotonic() < deadline, (directory / "log").read_text()
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/ds"
    finally:
        process.kill()
        process.wait()
