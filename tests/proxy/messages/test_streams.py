"""Whatever is written to the standard streams, by whomever, moves no cursor."""

import io
import logging
import sys

import click
import pytest

from gremlink.proxy.messages.streams import escaping

BAD = "a\x1b[2Jb\x9bc\u202ed\re"
SHOWN = "a\\x1b[2Jb\\x9bc\\u202ed\\re"


def test_everything_is_escaped_but_line_breaks(capsys: pytest.CaptureFixture[str]) -> None:
    with escaping():
        print(BAD)
        print("x\ty", file=sys.stderr)
        click.echo(BAD, color=True)
        sys.stdout.writelines([BAD, "\n"])
        sys.stderr.write(BAD + "\n")
        handler = logging.StreamHandler()
        handler.emit(logging.makeLogRecord({"msg": BAD}))
    written = capsys.readouterr()
    assert written.out == f"{SHOWN}\n" * 3
    assert written.err == f"x\ty\n{SHOWN}\n{SHOWN}\n"


def test_passwords_stay_out_of_errors_and_results_stay_whole(
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = "ws://ann:hunter2@host/g"
    with escaping():
        print(url)
        print(url, file=sys.stderr)
    written = capsys.readouterr()
    assert written.out == f"{url}\n"
    assert "hunter2" not in written.err
    assert "host/g" in written.err


def test_the_streams_are_themselves_again_afterwards() -> None:
    before = sys.stdout, sys.stderr
    with pytest.raises(KeyError), escaping():
        raise KeyError
    assert (sys.stdout, sys.stderr) == before


def test_what_an_encoding_has_no_character_for_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    with escaping():
        click.echo("Jörg \udcff")
        sys.stdout.flush()
    assert raw.getvalue() == b"J\\xf6rg \\udcff\n"
