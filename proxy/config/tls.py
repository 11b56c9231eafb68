"""TLS towards the database, from the settings, and the parts shared with the listener."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

from gremlink.errors import Error
from gremlink.proxy.config.sections import Upstream
from gremlink.proxy.messages.system_errors import reason_of


class TlsError(Error, ValueError):
    """A certificate, key or list of authorities cannot be used; the message names the setting."""


def client_context(upstream: Upstream) -> ssl.SSLContext:
    """Return the TLS context for the database: verification and client certificate.

    Raises `TlsError`.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not upstream.tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif upstream.tls_authorities is not None:
        trust("upstream.tls_authorities", context, upstream.tls_authorities)
    else:
        context.load_default_certs()
    certificate, key = upstream.tls_certificate, upstream.tls_key
    if certificate is not None:
        use(
            "upstream.tls_certificate and upstream.tls_key",
            lambda: context.load_cert_chain(certificate, key, password=no_password),
        )
    return context


def context_of(upstream: Upstream) -> ssl.SSLContext | None:
    """Return the context of `client_context`, or None for a database without TLS.

    Raises `TlsError`.
    """
    encrypted = upstream.url is not None and upstream.url.startswith("wss:")
    return client_context(upstream) if encrypted else None


def trust(setting: str, context: ssl.SSLContext, file: Path) -> None:
    """Make a context trust the authorities in the file that `setting` names. Raises `TlsError`."""
    use(setting, lambda: context.load_verify_locations(cafile=file))


def use(setting: str, load: Callable[[], None]) -> None:
    """Load what `setting` names. Raises `TlsError`."""
    try:
        load()
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise TlsError(f"{setting} cannot be used: {reason_of(error)}") from error


def no_password() -> str:
    """Refuse to decrypt a key; without this callback the library asks on the terminal."""
    raise ValueError("the key is encrypted; give one without a pass phrase")
