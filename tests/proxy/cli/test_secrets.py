"""No secret stands in what a command prints, whatever is wrong with the settings."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from gremlink.proxy.cli import main

SECRETS = ("hunter2", "ter2")
GOOD = "hunter2-hunter2-hunter2"
URL = "ws://127.0.0.1:9/gremlin"


Gremlink = Callable[..., tuple[int, str]]


@pytest.fixture
def gremlink(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gremlink:
    """Exit code and all output of a command, with a settings file and variables."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    def run(*arguments: str, file: str = "", **environment: str) -> tuple[int, str]:
        Path("gremlink.toml").write_text(file)
        done = CliRunner().invoke(main, list(arguments), env=environment)
        assert done.exception is None or isinstance(done.exception, SystemExit)
        return done.exit_code, done.output + done.stderr

    return run


WRONG_VARIABLES = [
    {"GREMLINK_ACCESS_TOKEN": "hunter2-secret"},
    {"GREMLINK_ACCESS_TOKEN": f" {GOOD}"},
    {"GREMLINK_ACCESS_TOKENS": GOOD},
    {"GREMLINK_ACCESS_PASSWORD": "hunter2"},
    {"GREMLINK_ACCESS_AWS_SECRET_ACCESS_KEY": "hunter2"},
    {"GREMLINK_UPSTREAM_URL": "ws://ann:hunter2"},
    {"GREMLINK_UPSTREAM_URL": "ws://ann:hun/ter2@host/gremlin"},
    {"GREMLINK_UPSTREAM_URL": "http://ann:hunter2@host/gremlin"},
    {"GREMLINK_UPSTREAM_URL": "ws://ann:hunter2@host:port/gremlin"},
    {"GREMLINK_UPSTREAM_URL": "ws://host/gremlin?key=hunter2"},
    {"GREMLINK_UPSTREAM_URL": "ann:hunter2@host:8182"},
    {"GREMLINK_STORAGE_S3_ENDPOINT": "http://AKID:hunter2@minio:9000"},
    {"GREMLINK_LISTEN_PORT": "ws://ann:hunter2@host"},
    {"GREMLINK_LISTEN_PATH": "ws://ann:hunter2@host"},
    {"GREMLINK_INFERENCE_IAM_ROLES": "ws://ann:hunter2@host"},
]
WRONG_FILES = [
    '[access]\ntoken = "hunter2"',
    "[access]\ntoken = ['hunter2']",
    "[access.token]\nx = 'hunter2'",
    '[access]\npassword = "hunter2"',
    '[access]\nuser = "ann"\npassword = ["hunter2"]',
    '[access]\ntoken = "hunter2',
    'access = "hunter2"',
    f'[access]\ntokn = "{GOOD}"',
    '[upstream]\nurl = ["ws://ann:hunter2@host/gremlin"]',
    '[upstream]\nurl = {x = "ws://ann:hunter2@host/gremlin"}',
]


@pytest.mark.parametrize("debug", [(), ("--debug",)], ids=["plain", "debug"])
@pytest.mark.parametrize("environment", WRONG_VARIABLES, ids="".join)
def test_settings_of_the_environment(
    gremlink: Gremlink, environment: dict[str, str], debug: tuple[str, ...]
) -> None:
    code, said = gremlink(*debug, "serve", **environment)
    assert code in ((1,) if debug else (2,)), said
    assert not any(secret in said for secret in SECRETS), said
    assert next(iter(environment)) in said or debug


@pytest.mark.parametrize("file", WRONG_FILES)
def test_settings_of_the_file(gremlink: Gremlink, file: str) -> None:
    code, said = gremlink("serve", file=file)
    assert code == 2, said
    assert "hunter2" not in said
    assert "gremlink.toml" in said


ASKED = "ws://ann:hunter2@127.0.0.1:9/gremlin"


@pytest.mark.parametrize(
    "arguments",
    [
        ("load", ".", "--url", ASKED),
        ("export", "--output", "x", "--url", ASKED),
        ("query", "g.V()", "--url", ASKED),
        ("load", ".", "--url", "ws://ann:hunter2"),
        ("export", "--output", "x", "--url", "ws://ann:hun/ter2@h/g"),
        ("query", "g.V()", "--url", "http://ann:hunter2@h/g"),
        ("query", "g.V()", "--url", "ws://ann:hunter2@127.0.0.1:9x/g"),
        ("query", "g.V()", ASKED),
        ("load", ASKED),
        ("train", ASKED, "--output", "x"),
        ("serve", "--upstream", "ws://ann:hunter2"),
        ("serve", "--upstream", "ws://ann:hunter2@h/g", "--port", "x"),
        ("serve", ASKED),
        ("export", "--params", ASKED, "--output", "x"),
        ("--config", ASKED),
        ("serve", "--config", ASKED),
        ("endpoint", "create", ASKED, "--artifact", "."),
    ],
    ids=lambda arguments: " ".join(arguments)[:60],
)
def test_addresses_among_the_arguments(gremlink: Gremlink, arguments: tuple[str, ...]) -> None:
    code, said = gremlink(*arguments)
    assert code in (1, 2), said
    assert not any(secret in said for secret in SECRETS), said


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ('[access]\nuser = "ann"', "user needs password"),
        ('[access]\npassword = "x"', "password needs user"),
        ('[access]\nuser = "ann"\npassword = ""', "access.password"),
        ('[access]\nuser = ""\npassword = "x"', "access.user"),
        ('[access]\nuser = "a:b"\npassword = "x"', "access.user"),
        ('[access]\naws_access_key_id = "AKID"', "aws_access_key_id needs aws_secret_access_key"),
        ('[access]\naws_secret_access_key = "x"', "aws_secret_access_key needs aws_access_key_id"),
        ('[access]\naws_access_key_id = "AK ID"\naws_secret_access_key = "x"', "aws_access_key_id"),
        ('[access]\naws_region = "eu-west-1"', "aws_region needs aws_access_key_id"),
        ('[access]\ntoken = "short"', "16 characters or more"),
        ('[access]\ntoken = ""', "16 characters or more"),
        ('[listen]\ntls_certificate = "x.pem"', "tls_certificate needs tls_key"),
        ('[listen]\ntls_key = "x.pem"', "tls_key needs tls_certificate"),
        ('[listen]\ntls_client_authorities = "x"', "tls_client_authorities needs tls_certificate"),
        ('[upstream]\ntls_key = "x.pem"', "tls_key needs tls_certificate"),
        ('[upstream]\nurl = "ws://ann@h/g"', "a user and a password go together"),
        ('[upstream]\nurl = "ws://:x@h/g"', "a user and a password go together"),
    ],
)
def test_half_of_what_goes_together_is_refused_at_start(
    gremlink: Gremlink, file: str, said: str
) -> None:
    code, told = gremlink("serve", file=file)
    assert code == 2, told
    assert said in told
    assert "gremlink.toml" in told


def test_a_process_of_its_own_tells_no_more(tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "GREMLINK_ACCESS_TOKEN": "hunter2-secret",
    }
    done = subprocess.run(
        [sys.executable, "-m", "gremlink", "--debug", "serve", "--upstream", URL],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "ConfigurationError" in done.stderr
    assert "hunter2" not in done.stdout + done.stderr
