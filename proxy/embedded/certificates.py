"""Mutual TLS for a server that only the processes of one user may reach.

A stock Gremlin Server cannot distinguish a web page's request from a driver's. A server that
requires a client certificate, whose key is in a folder of its user, answers neither pages nor other
users.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gremlink.proxy.config import Embedded, Upstream

FOLDER = "tls"
"""Folder of the files, in the server's directory."""

VALIDITY = timedelta(days=3650)
"""Validity of the certificates; each start makes new ones."""

_CLOCK_SKEW = timedelta(days=1)
_SERVER, _AUTHORITIES = "server.p12", "authorities.p12"


@dataclass(frozen=True, slots=True)
class ClientFiles:
    """PEM files for a client: trusted authorities, certificate chain and key."""

    authorities: Path
    certificate: Path
    key: Path

    @classmethod
    def within(cls, directory: Path) -> ClientFiles:
        """Return the files of the server in a directory."""
        folder = directory / FOLDER
        return cls(
            folder / "authorities.pem", folder / "client-chain.pem", folder / "client-key.pem"
        )

    def upstream(self, url: str) -> Upstream:
        """Return the settings of a client of the server at `url`."""
        return Upstream(
            url=url,
            tls_authorities=self.authorities,
            tls_certificate=self.certificate,
            tls_key=self.key,
        )


def embedded_upstream(settings: Embedded) -> Upstream:
    """Return client settings for the server that `gremlink gremlin-server` runs."""
    place = f"127.0.0.1:{settings.port}/gremlin"
    if not settings.mutual_tls:
        return Upstream(url=f"ws://{place}")
    return ClientFiles.within(settings.directory).upstream(f"wss://{place}")


def write_certificates(directory: Path, host: str) -> dict[str, Any]:
    """Write an authority's, a server's and a client's certificate below `directory`.

    `host` is the server's listening address. Returns the `ssl` entry of the server's settings file.
    Only the user can read the files, and the authority's key is not kept.
    """
    folder = directory / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    authority = _Authority()
    password = secrets.token_urlsafe(24)
    encryption = BestAvailableEncryption(password.encode())
    key, certificate = authority.issue("Gremlin Server", ExtendedKeyUsageOID.SERVER_AUTH, host)
    _write(
        folder / _SERVER,
        pkcs12.serialize_key_and_certificates(
            b"server", key, certificate, [authority.certificate], encryption
        ),
    )
    trusted = pkcs12.PKCS12Certificate(authority.certificate, b"authority")
    _write(folder / _AUTHORITIES, pkcs12.serialize_java_truststore([trusted], encryption))
    key, certificate = authority.issue("gremlink", ExtendedKeyUsageOID.CLIENT_AUTH)
    files = ClientFiles.within(directory)
    _write(files.authorities, authority.certificate.public_bytes(Encoding.PEM))
    _write(files.certificate, certificate.public_bytes(Encoding.PEM))
    _write(files.key, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return {
        "enabled": True,
        "keyStore": f"{FOLDER}/{_SERVER}",
        "keyStorePassword": password,
        "keyStoreType": "PKCS12",
        "trustStore": f"{FOLDER}/{_AUTHORITIES}",
        "trustStorePassword": password,
        "trustStoreType": "PKCS12",
        "needClientAuth": "REQUIRE",
        "sslEnabledProtocols": ["TLSv1.3", "TLSv1.2"],
    }


class _Authority:
    """A certificate authority for one start of one server."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("gremlink, this server alone")
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        self.certificate = (
            self._builder(self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def issue(
        self, name: str, usage: x509.ObjectIdentifier, host: str | None = None
    ) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        """Make a key and its certificate; `host` is the host name of a server's."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            self._builder(_named(name), key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        )
        if host is not None:
            names = {host, "localhost", "127.0.0.1", "::1"}
            alternatives = x509.SubjectAlternativeName(
                [_alternative(each) for each in sorted(names)]
            )
            builder = builder.add_extension(alternatives, critical=False)
        return key, builder.sign(self._key, hashes.SHA256())

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey
    ) -> x509.CertificateBuilder:
        now = datetime.now(timezone.utc)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _CLOCK_SKEW)
            .not_valid_after(now + VALIDITY)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(identifier, critical=False)
        )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _write(file: Path, content: bytes) -> None:
    """Write a file that only its user can ever read."""
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as opened:  # noqa: PTH123
        opened.write(content)
