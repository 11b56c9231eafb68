"""How every command fails, and where its settings come from."""

from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from gremlink.proxy.cli import COMMANDS, main
from gremlink.proxy.cli.output import console
from gremlink.proxy.config import Configuration
from gremlink.proxy.store.errors import NoSuchEndpoint

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def raising(error: BaseException) -> click.Command:
    @click.command()
    def command() -> None:
        raise error

    return command


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `gremlink [arguments] broken`, where the command `broken` raises."""

    def run(error: BaseException, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(type(main), "get_command", lambda *_: raising(error))
        result = CliRunner().invoke(main, [*arguments, "broken"])
        return result.exit_code, result.stdout, result.stderr

    return run


def test_our_own_error_is_one_line(run: Run) -> None:
    code, stdout, stderr = run(NoSuchEndpoint("x", []))
    assert (code, stdout) == (1, "")
    assert stderr == "gremlink: there is no endpoint x: there are none\n"


def test_error_of_the_system_is_one_line(run: Run) -> None:
    assert run(PermissionError(13, "Permission denied", "/x"))[::2] == (
        1,
        "gremlink: cannot use /x: Permission denied\n",
    )


def test_defect_is_called_one_and_shown_on_request(run: Run) -> None:
    code, _, stderr = run(KeyError("x"))
    assert code == 1
    assert "unexpected KeyError: 'x'. This is a defect of gremlink" in stderr
    assert "Traceback" not in stderr
    code, _, stderr = run(KeyError("x"), "--debug")
    assert code == 1
    assert "defect" not in stderr


def test_interrupt_has_the_usual_exit_code(run: Run) -> None:
    assert run(KeyboardInterrupt())[0] == 130


def test_wrong_settings_are_wrong_usage(run: Run) -> None:
    assert run(console.WrongUsage("no"))[0] == 2


def invoke(*arguments: str) -> tuple[int, str]:
    """Run a command that takes settings; its exit code, and its output or what it raised."""

    @click.command()
    @click.option("--word", default="w")
    @console.with_settings(
        ("--port", "listen.port", "Port."), ("--log-level", "log.level", "Level.")
    )
    def show(settings: Configuration, word: str) -> None:
        """Show settings."""
        click.echo(f"{word} {settings.listen.port} {settings.log.level}")

    result = CliRunner().invoke(show, arguments)
    return result.exit_code, result.output.strip() or repr(result.exception)


def test_flags_reach_the_settings_and_other_options_the_command() -> None:
    assert invoke("--port", "7", "--word", "x") == (0, "x 7 info")


def test_settings_file_is_read() -> None:
    Path("mine.toml").write_text('[log]\nlevel = "error"\n[listen]\nport = 1\n')
    assert invoke("--config", "mine.toml", "--port", "2") == (0, "w 2 error")


def test_wrong_flag_names_the_key() -> None:
    code, output = invoke("--log-level", "loud")
    assert code == 1
    assert "log.level" in output


def test_help_says_which_key_a_flag_sets() -> None:
    assert "[listen.port]" in invoke("--help")[1]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    result = CliRunner().invoke(main, [command, "--help"])
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(f"Usage: main {command}")


def test_unknown_command_is_wrong_usage() -> None:
    result = CliRunner().invoke(main, ["qurey"])
    assert result.exit_code == 2
    assert "No such command 'qurey'" in result.stderr


def test_version_is_that_of_the_distribution() -> None:
    result = CliRunner().invoke(main, ["--version"])
    assert result.exit_code == 0
    assert "version" in result.stdout
