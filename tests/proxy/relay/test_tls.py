"""TLS on both legs, with authorities that the test makes."""

import asyncio
import datetime
import json
import ssl
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from sockets import both_loops, served

from gremlink.proxy.config import Listen, Upstream
from gremlink.proxy.config.tls import TlsError, client_context
from gremlink.proxy.relay.tls import server_certificate
from gremlink.proxy.relay.waits import Waits

PLAIN = b"POST /gremlin HTTP/1.1\r\nHost: [::1]\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def written(authority, tmp_path):
    """Certificate, key and authority as files."""

    def write(certificate: trustme.LeafCert) -> dict[str, str]:
        key = tmp_path / "key.pem"
        chain = tmp_path / "chain.pem"
        certificate.private_key_pem.write_to_path(key)
        chain.unlink(missing_ok=True)
        for pem in certificate.cert_chain_pems:
            pem.write_to_path(chain, append=True)
        authority.cert_pem.write_to_path(tmp_path / "authority.pem")
        return {
            "tls_certificate": str(chain),
            "tls_key": str(key),
            "authority": str(tmp_path / "authority.pem"),
        }

    return write


@pytest.fixture
def store(tmp_path):
    return {"store": {"directory": str(tmp_path / "store")}}


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def certified(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def listening(files: dict[str, str]) -> dict[str, str]:
    return {"tls_certificate": files["tls_certificate"], "tls_key": files["tls_key"]}


@both_loops
async def test_bytes_cross_between_two_encrypted_legs(authority, written, store):
    certificate = authority.issue_cert("localhost")
    files = written(certificate)
    sections = {
        "listen": listening(files),
        "upstream": {"tls_authorities": files["authority"]},
        **store,
    }
    async with served(
        sections, client_tls=trusting(authority), database_tls=certified(certificate)
    ) as (world, server):
        assert server.address.startswith("wss://")
        client, database = await world.pair()
        up, down = b"\x82\x84abcd" + b"1234", b"\x82\x03ok!"
        for _ in range(3):
            client.send(up)
            assert await database.read(len(up)) == up
            database.send(down)
            assert await client.read(len(down)) == down


@both_loops
async def test_a_client_that_speaks_an_older_version_is_not_let_in(authority, written, store):
    files = written(authority.issue_cert("localhost"))
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(old)
    old.set_ciphers("DEFAULT@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    async with served({"listen": listening(files), **store}, client_tls=old) as (world, _):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await world.open()


@both_loops
async def test_clients_without_the_asked_certificate_are_not_let_in(authority, written, store):
    files = written(authority.issue_cert("localhost"))
    sections = {
        "listen": {**listening(files), "tls_client_authorities": files["authority"]},
        **store,
    }
    stranger = trusting(authority)
    known = trusting(authority)
    authority.issue_cert("client").configure_cert(known)
    async with served(sections, client_tls=known) as (world, _):
        client, database = await world.pair()
        client.send(b"\x82\x80abcd")
        assert await database.read(6) == b"\x82\x80abcd"
        world.tls = stranger
        with pytest.raises((ssl.SSLError, ConnectionError, EOFError)):
            await world.client()  # TLS 1.3 tells it with the first bytes that are read


@pytest.mark.parametrize(
    ("flaw", "said"),
    [
        ("name", "mismatch"),
        ("expired", "expired"),
        ("authority", "unable to get local issuer certificate"),
    ],
)
@both_loops
async def test_a_database_that_cannot_prove_who_it_is_gets_nothing(
    flaw, said, authority, written, store
):
    day = datetime.timedelta(days=1)
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = {
        "name": lambda: authority.issue_cert("elsewhere.example"),
        "expired": lambda: authority.issue_cert(
            "localhost", not_before=now - 2 * day, not_after=now - day
        ),
        "authority": lambda: trustme.CA().issue_cert("localhost"),
    }[flaw]()
    files = written(authority.issue_cert("localhost"))
    sections = {"upstream": {"tls_authorities": files["authority"]}, **store}
    async with served(sections, database_tls=certified(certificate)) as (world, _):
        head, body = await world.http(PLAIN)
        assert head.startswith(b"HTTP/1.1 500 ")
        assert said in json.loads(body)["message"]
        assert world.database.connections.empty()


@both_loops
async def test_verification_can_be_switched_off(authority, store):
    certificate = trustme.CA().issue_cert("elsewhere.example")
    sections = {"upstream": {"tls_verify": False}, **store}
    async with served(sections, database_tls=certified(certificate)) as (world, _):
        await world.pair()


@both_loops
async def test_a_renewed_certificate_is_shown_and_open_connections_stay(authority, written, store):
    files = written(authority.issue_cert("localhost", common_name="first"))
    sections = {"listen": listening(files), **store}
    async with served(sections, client_tls=trusting(authority), waits=Waits(renewal=0.02)) as (
        world,
        _,
    ):
        client, database = await world.pair()
        written(authority.issue_cert("localhost", common_name="second"))
        for _ in range(1000):
            await asyncio.sleep(0.03)
            other = await world.open()
            subject = other.writer.get_extra_info("peercert")["subject"]
            if (("commonName", "second"),) in subject:
                break
        else:
            pytest.fail("the old certificate is still shown")
        client.send(b"\x82\x80abcd")
        assert await database.read(6) == b"\x82\x80abcd"


def test_a_renewal_that_cannot_be_used_is_told_once(authority, written, caplog):
    files = written(authority.issue_cert("localhost"))
    certificate = server_certificate(Listen.model_validate(listening(files)))
    assert certificate is not None
    Path(files["tls_certificate"]).write_text("half of a file")
    certificate.renew()
    certificate.renew()
    (record,) = caplog.records
    assert "the certificate in use stays: listen.tls_certificate and listen.tls_key" in (
        record.getMessage()
    )


@pytest.mark.parametrize(
    ("listen", "problem"),
    [
        ({"tls_certificate": "no.pem", "tls_key": "no.pem"}, "No such file"),
    ],
)
def test_settings_of_the_listener_that_cannot_be_used(listen, problem):
    with pytest.raises(TlsError, match=problem):
        server_certificate(Listen.model_validate(listen))


def test_an_encrypted_key_is_refused_and_nobody_is_asked(authority, written, tmp_path):
    files = written(authority.issue_cert("localhost"))
    file = Path(files["tls_key"])
    key = serialization.load_pem_private_key(file.read_bytes(), None)
    secret = serialization.BestAvailableEncryption(b"secret")
    form = serialization.PrivateFormat.PKCS8
    file.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, secret))
    with pytest.raises(TlsError, match="without a pass phrase"):
        server_certificate(Listen.model_validate(listening(files)))


@pytest.mark.parametrize(
    ("upstream", "problem"),
    [
        ({"tls_authorities": "no.pem"}, "upstream.tls_authorities cannot be used: No such file"),
    ],
)
def test_settings_towards_the_database_that_cannot_be_used(upstream, problem):
    with pytest.raises(TlsError, match=problem):
        client_context(Upstream.model_validate(upstream))
