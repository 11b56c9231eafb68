"""Errors of the embedded servers, each with advice.

EmbeddedServerError
├── PortInUse             another program listens there
├── JavaNotUsable         no Java, not a Java, or one older than 11
├── NotEnoughMemory       the JVM cannot get the heap it was asked to take
├── DownloadFailed        the server's jars cannot be fetched, or arrive broken
├── DataInUse             another server works on the same data directory
├── GraphUnreadable       the kept graph cannot be loaded
├── RdfUnreadable         the kept data of an RDF store cannot be opened
├── GraphNotSaved         the graph could not be written when the server stopped
└── ServerFailed          anything else that ends the server; names its log
"""

from __future__ import annotations

from pathlib import Path

from gremlink.errors import Error


class EmbeddedServerError(Error):
    """Root of the errors of the embedded server."""


class PortInUse(EmbeddedServerError):
    """The port `host:port` cannot be listened on, for the operating system's `reason`."""

    def __init__(self, host: str, port: int, reason: str, setting: str = "embedded.port") -> None:
        super().__init__(
            f"cannot listen on {host}:{port}: {reason}. "
            f"Stop the program that uses the port, or choose another one (the setting {setting})"
        )
        self.host = host
        self.port = port


class JavaNotUsable(EmbeddedServerError):
    """The Java at `java` cannot run the server."""

    def __init__(self, java: str, reason: str) -> None:
        super().__init__(
            f"Java at {java} cannot run Gremlin Server: {reason}. Gremlin Server needs Java 11 to "
            "21; leave --java out to use the one that is installed with gremlink"
        )
        self.java = java
        self.reason = reason


class NotEnoughMemory(EmbeddedServerError):
    """The JVM refused the heap size `memory`; `reason` is its own sentence."""

    def __init__(self, memory: str, reason: str) -> None:
        super().__init__(
            f"Java cannot start with a heap of {memory}: {reason}. "
            "Free some memory, or ask for another size with --memory (for example 512m)"
        )
        self.memory = memory
        self.reason = reason


class DownloadFailed(EmbeddedServerError):
    """The jars could not be resolved into `cache`."""

    def __init__(self, what: str, cache: Path, reason: str) -> None:
        super().__init__(
            f"cannot fetch {what} from Maven Central: {reason}. Check the network connection (and "
            f"HTTPS_PROXY behind a company proxy) and the space in {cache}, then try again"
        )
        self.cache = cache
        self.reason = reason


class DataInUse(EmbeddedServerError):
    """Another server holds the lock of `data_dir`."""

    def __init__(self, data_dir: Path, server: str = "Gremlin Server") -> None:
        super().__init__(
            f"another {server} works on {data_dir}. Stop it, or choose another directory "
            "with --data"
        )
        self.data_dir = data_dir


class GraphUnreadable(EmbeddedServerError):
    """The kept graph file `path` exists but cannot be loaded; `previous` is its predecessor."""

    def __init__(self, path: Path, previous: Path | None, reason: str) -> None:
        advice = (
            f"Move it away and rename {previous} (the state before the last run) to {path.name}"
            if previous is not None
            else "Move it away to start with an empty graph"
        )
        super().__init__(f"the graph file {path} cannot be read: {reason}. {advice}")
        self.path = path
        self.previous = previous
        self.reason = reason


class RdfUnreadable(EmbeddedServerError):
    """The data of the RDF store in `data_dir` cannot be opened."""

    def __init__(self, data_dir: Path, reason: str) -> None:
        super().__init__(
            f"the RDF store in {data_dir} cannot be opened: {reason}. Move the directory away to "
            "start with an empty store, or choose another one with --data"
        )
        self.data_dir = data_dir
        self.reason = reason


class GraphNotSaved(EmbeddedServerError):
    """The server stopped without having written `path`; `previous` is the state before the run."""

    def __init__(self, path: Path, previous: Path, reason: str) -> None:
        super().__init__(
            f"the graph could not be saved to {path}: {reason}. The state before this run is in "
            f"{previous}" + ("" if previous.exists() else ", if there was one")
        )
        self.path = path
        self.previous = previous
        self.reason = reason


class ServerFailed(EmbeddedServerError):
    """The server ended or did not become ready; `log` is its log file."""

    def __init__(self, reason: str, log: Path, excerpt: str) -> None:
        ending = " and ends with:" if excerpt else ""
        self.lines = [f"{reason}; its log is {log}{ending}", *excerpt.splitlines()]
        super().__init__("\n".join(self.lines))
        self.reason = reason
        self.log = log
        self.excerpt = excerpt
