"""The log's lines: for people, for programs, and what they never hold."""

import io
import json
import logging
import re
import subprocess
import sys

import pytest

from gremlink.proxy.cli.output.log import JsonLines, Lines
from gremlink.proxy.cli.quickstart.shared import quiet
from gremlink.proxy.config import Log

SECRET = "the-literal-of-a-query"


def logged(formatter: logging.Formatter) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    log = logging.Logger("proxy.somewhere")
    log.addHandler(handler)
    try:
        try:
            {}[SECRET]
        except KeyError as error:
            raise ValueError(f"no vertex {SECRET}") from error
    except ValueError:
        log.exception("inference failed, request %s", 7, extra={"request": 7})
    return stream.getvalue()


def test_a_line_for_programs():
    (line,) = logged(JsonLines(literals=False)).splitlines()
    document = json.loads(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", document.pop("time"))
    exception = document.pop("exception")
    assert document == {
        "level": "error",
        "logger": "proxy.somewhere",
        "message": "inference failed, request 7",
        "request": "7",
    }
    assert "KeyError" in exception
    assert exception.endswith("ValueError")


@pytest.mark.parametrize("kind", [Lines, JsonLines])
def test_the_words_of_unexpected_errors_come_only_when_asked_for(kind):
    told = logged(kind(literals=False))
    assert SECRET not in told
    assert "in logged" in told
    assert SECRET in logged(kind(literals=True))


@pytest.mark.parametrize(
    ("given", "level"),
    [({}, "warning"), ({"level": "info"}, "info"), ({"level": "debug"}, "debug")],
)
def test_the_log_settings_of_the_quick_start(given: dict[str, str], level: str) -> None:
    """In lines, without the words of errors that may quote a query."""
    found = quiet(Log.model_validate({"format": "json", **given}))
    assert (found.level, found.format, found.literals) == (level, "text", False)


UNFINISHED = """
import logging, sys
from gremlink.proxy.cli.output import log
from gremlink.proxy.config import Log

settings = Log(format="json", level="info")
log.only_json()
log.to_standard_error(settings)
print("a line of another thread", end="", file=sys.stderr)
log.announce("an announcement", settings)
print(", and its middle", end="", file=sys.stderr)
logging.getLogger("somewhere").info("an entry")
print(", and its end", file=sys.stderr)
"""


def test_objects_are_lines_of_their_own_beside_an_unfinished_line() -> None:
    done = subprocess.run(
        [sys.executable, "-c", UNFINISHED], capture_output=True, text=True, check=True, timeout=60
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    ours = [line["message"] for line in lines if line["logger"] != "stderr"]
    assert ours == ["an announcement", "an entry"]
    foreign = "".join(line["message"] for line in lines if line["logger"] == "stderr")
    assert foreign == "a line of another thread, and its middle, and its end"
