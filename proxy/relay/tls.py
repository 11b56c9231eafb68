"""TLS towards clients: a context from the settings; a renewed certificate is read again."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path

from gremlink.proxy.config import Listen
from gremlink.proxy.config.tls import TlsError, no_password, trust, use

log = logging.getLogger(__name__)


class ServerCertificate:
    """The listener's side of TLS. Raises `TlsError`.

    `context` serves every handshake; `renew` reads certificate and key again into it, which leaves
    open connections as they are.
    """

    def __init__(self, certificate: Path, key: Path, client_authorities: Path | None) -> None:
        self._certificate = certificate
        self._key = key
        self._seen = self._stamps()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        # HTTP/1.1 is all that a WebSocket handshake needs; clients that offer h2 first go on.
        self.context.set_alpn_protocols(["http/1.1"])
        use("listen.tls_certificate and listen.tls_key", self._load)
        if client_authorities is not None:
            trust("listen.tls_client_authorities", self.context, client_authorities)
            self.context.verify_mode = ssl.CERT_REQUIRED

    def _load(self) -> None:
        # Without a password the library would ask for one on the terminal.
        self.context.load_cert_chain(self._certificate, self._key, password=no_password)

    def _stamps(self) -> tuple[tuple[int, int], ...]:
        return tuple(_stamp(file) for file in (self._certificate, self._key))

    def renew(self) -> None:
        """Read files that have changed; if they cannot be used, log it once and keep the
        certificate.
        """
        stamps = self._stamps()
        if stamps == self._seen:
            return
        self._seen = stamps
        try:
            use("listen.tls_certificate and listen.tls_key", self._load)
        except TlsError as error:
            log.error("the certificate in use stays: %s", error)
        else:
            log.info("took up the certificate in %s", self._certificate)


def server_certificate(listen: Listen) -> ServerCertificate | None:
    """Return the listener's certificate, or None without TLS. Raises `TlsError`."""
    if listen.tls_certificate is None or listen.tls_key is None:
        return None
    return ServerCertificate(listen.tls_certificate, listen.tls_key, listen.tls_client_authorities)


def _stamp(file: Path) -> tuple[int, int]:
    try:
        status = file.stat()
    except OSError:
        return (0, 0)
    return (status.st_mtime_ns, status.st_size)
