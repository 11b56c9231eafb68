"""A front of a real S3 server that is slow, or refuses to take more after so many objects."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HOP_BY_HOP = ("connection", "transfer-encoding", "keep-alive")
REFUSAL = b"<Error><Code>InternalError</Code><Message>We encountered an error.</Message></Error>"


@contextmanager
def unsteady_store(store: str, *, delay: float = 0.0, takes: int | None = None) -> Iterator[str]:
    """The address of a front of the S3 server `store`.

    Every answer comes `delay` seconds late. After `takes` objects every further one is refused with
    500, as S3 does when something breaks on its side.
    """
    taken = 0
    lock = threading.Lock()
    target = urlsplit(store).netloc

    class Front(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _forward(self) -> None:
            nonlocal taken
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            time.sleep(delay)
            if self.command == "PUT":
                with lock:
                    taken += 1
                    refused = takes is not None and taken > takes
                if refused:
                    self._answer(500, {"Content-Type": "application/xml"}, REFUSAL)
                    return
            connection = http.client.HTTPConnection(target, timeout=30)
            try:
                # The host is signed, so it stays that of this front.
                connection.putrequest(
                    self.command, self.path, skip_host=True, skip_accept_encoding=True
                )
                for name, value in self.headers.items():
                    connection.putheader(name, value)
                connection.endheaders(body)
                reply = connection.getresponse()
                self._answer(reply.status, dict(reply.getheaders()), reply.read())
            finally:
                connection.close()

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _forward  # noqa: N815 - so they are called

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() not in (*HOP_BY_HOP, "content-length"):
                    self.send_header(name, value)
            length = headers.get("Content-Length") if self.command == "HEAD" else None
            self.send_header("Content-Length", length or str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Front)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
