"""Failures of a real system, and the words that people get."""

import asyncio
import errno
import os
import shutil
import socket
import ssl
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import aiohttp
import pytest
import trustme

from gremlink.proxy.messages.system_errors import reason_of, sentence_of, without_numbers


def raised(work: Callable[[], object]) -> BaseException:
    with pytest.raises(Exception) as caught:  # noqa: PT011
        work()
    return caught.value


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def closed_port() -> int:
    return free_port()


@pytest.fixture
def plain() -> Iterator[int]:
    """A server that answers everything with a word, without TLS."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        import threading

        def serve() -> None:
            try:
                while True:
                    connection, _ = server.accept()
                    with connection:
                        connection.sendall(b"HTTP/1.1 400 what\r\n\r\n")
            except OSError:
                return

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_a_path_that_is_not_there() -> None:
    error = raised(lambda: Path("/no/such").read_text())
    assert reason_of(error) == "No such file or directory"
    assert sentence_of(error) == "cannot use /no/such: No such file or directory"


def test_two_paths(tmp_path: Path) -> None:
    error = raised(lambda: os.rename(tmp_path / "a", tmp_path / "b"))  # noqa: PTH104
    assert sentence_of(error) == (
        f"cannot use {tmp_path}/a and {tmp_path}/b: No such file or directory"
    )


def test_a_full_disk_names_no_path() -> None:
    def write() -> None:
        with open("/dev/full", "w") as file:  # noqa: PTH123
            file.write("x")

    assert sentence_of(raised(write)) == "the operating system refuses: No space left on device"


def test_too_many_files_says_what_raises_the_limit() -> None:
    error = OSError(errno.EMFILE, os.strerror(errno.EMFILE), "/x")
    assert sentence_of(error) == (
        "cannot use /x: Too many open files; `ulimit -n` raises the limit of this process"
    )


def test_copying(tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    for name in "ab":
        (tmp_path / "from" / name).symlink_to("/no/such")
    told = reason_of(raised(lambda: shutil.copytree(tmp_path / "from", tmp_path / "to")))
    assert "No such file or directory" in told
    assert told.endswith("and 1 more")
    assert "Errno" not in told


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_port_without_a_listener(closed_port: int, host: str) -> None:
    refused = "Connection refused"
    assert reason_of(raised(lambda: socket.create_connection((host, closed_port)))) == refused
    url = f"http://{host}:{closed_port}"
    assert reason_of(raised(lambda: urllib.request.urlopen(url))) == refused
    assert reason_of(raised(lambda: asyncio.run(get(url)))) == refused
    opened = asyncio.open_connection(host, closed_port)
    assert reason_of(raised(lambda: asyncio.run(opened))) == refused


async def get(url: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(url):
        pass


def test_several_attempts_of_one_kind_are_one() -> None:
    told = (
        "Multiple exceptions: [Errno 111] Connect call failed ('::1', 1, 0, 0), "
        "[Errno 111] Connect call failed ('127.0.0.1', 1)"
    )
    assert reason_of(OSError(told)) == "Connection refused"
    assert "Errno" not in reason_of(OSError(told.replace("111", "113", 1)))


def test_an_address_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        async def listen() -> None:
            await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", port)

        assert reason_of(raised(lambda: asyncio.run(listen()))) == "Address already in use"


@pytest.mark.parametrize("number", [socket.EAI_NONAME, socket.EAI_NODATA, socket.EAI_AGAIN])
def test_names_of_hosts(number: int) -> None:
    told = reason_of(socket.gaierror(number, "Name or service not known"))
    assert "name" in told
    assert "Errno" not in told


def test_what_answers_does_not_speak_tls(plain: int) -> None:
    told = "what answers does not speak TLS"
    url = f"https://127.0.0.1:{plain}"
    assert reason_of(raised(lambda: asyncio.run(get(url)))) == told
    assert reason_of(raised(lambda: urllib.request.urlopen(url))) == told


def test_an_untrusted_certificate() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)

    async def ask() -> None:
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, ssl=context)
        async with server:
            port = server.sockets[0].getsockname()[1]
            await get(f"https://127.0.0.1:{port}")

    told = reason_of(raised(lambda: asyncio.run(ask())))
    assert told.startswith("its certificate is not trusted: ")
    assert "_ssl.c" not in told


def test_a_key_of_another_certificate(tmp_path: Path) -> None:
    authority = trustme.CA()
    one, other = authority.issue_cert("a"), authority.issue_cert("b")
    one.cert_chain_pems[0].write_to_path(tmp_path / "certificate")
    other.private_key_pem.write_to_path(tmp_path / "key")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    error = raised(lambda: context.load_cert_chain(tmp_path / "certificate", tmp_path / "key"))
    assert reason_of(error) == "the key is not that of the certificate"


def test_no_pem(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("no")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for work in (
        lambda: context.load_cert_chain(tmp_path / "x"),
        lambda: context.load_verify_locations(tmp_path / "x"),
    ):
        told = reason_of(raised(work))
        assert "_ssl" not in told
        assert "[" not in told


def test_other_errors_have_their_own_words() -> None:
    assert reason_of(ValueError("no.")) == "no"
    assert reason_of(ValueError()) == "ValueError"
    assert reason_of(TimeoutError()) == "there was no answer in time"
    assert reason_of(PermissionError("Access Denied")) == "Access Denied"
    assert without_numbers("(Caused by: [Errno -2] Name or service not known)") == (
        "(Caused by: Name or service not known)"
    )
