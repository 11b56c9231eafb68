"""Helpers of all commands: messages, errors, exit codes and settings.

Results go to standard output, everything else to standard error. Messages for a waiting person
(`say`, progress bars) are left out unless both are terminals.

Exit codes: 0 done; 1 it failed, and standard error says why; 2 wrong usage or settings; 130
interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gremlink.proxy.messages.controls import escaped, lines_of, safe_line

if TYPE_CHECKING:
    from rich.console import Console

    from gremlink.proxy.config import Configuration

FAILED = 1
USAGE = 2
INTERRUPTED = 130

Command = TypeVar("Command", bound=Callable[..., Any])


class Failure(click.ClickException):
    """Ends a command with a message on standard error: one line, and `more` lines below it.

    Each is escaped: a line break in a quoted value does not begin another.
    """

    exit_code = FAILED

    def __init__(self, message: str, *more: str) -> None:
        super().__init__("\n  ".join(map(safe_line, (message, *more))))

    def show(self, file: Any = None) -> None:
        """Print the message, without a traceback."""
        click.echo(f"gremlink: {self.message}", file=file or sys.stderr)


_HELP = getattr(click.exceptions, "NoArgsIsHelpError", ())
"""Exceptions by which newer versions of click report a group without a command."""


class WrongUsage(Failure):
    """Ends a command whose arguments or settings cannot be used."""

    exit_code = USAGE


@contextmanager
def report_errors(*, debug: bool) -> Iterator[None]:
    """Turn exceptions of a command into a message and an exit code.

    Exceptions of this project and of the operating system are meant for the user. Any other is a
    defect of ours: its type is named, and `--debug` shows the traceback.
    """
    try:
        yield
    except click.UsageError as error:
        if isinstance(error, _HELP):
            raise
        raise click.UsageError(safe_line(error.format_message()), error.ctx) from None
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except KeyboardInterrupt as interrupt:
        click.echo(err=True)
        if str(interrupt):  # what has been done so far, and is kept
            click.echo(f"gremlink: interrupted. {safe_line(str(interrupt))}", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        # The reader (`head`, a pager) has seen enough; click ends quietly.
        raise
    except Exception as error:
        if debug:
            from gremlink.proxy.messages.tracebacks import traceback_lines

            click.echo("\n".join(traceback_lines(error, words=True)), err=True)
            raise click.exceptions.Exit(FAILED) from None
        from gremlink.proxy import config
        from gremlink.proxy.messages import left_out
        from gremlink.proxy.messages.system_errors import sentence_of, without_numbers

        if isinstance(error, config.ConfigurationError):
            raise WrongUsage(str(error)) from None
        if type(error).__name__ == "UnusableSettings":  # its module is not loaded by every command
            raise WrongUsage(*lines_of(error)) from None
        if _is_ours(error):
            raise Failure(*lines_of(error)) from None
        if isinstance(error, ImportError) and (missing := left_out.sentence_of(error)):
            raise Failure(missing) from None
        if isinstance(error, OSError):
            raise Failure(escaped(sentence_of(error))) from None
        raise Failure(
            f"unexpected {type(error).__name__}: {without_numbers(str(error))}. This is a defect "
            "of gremlink; `gremlink --debug …` prints where it happened"
        ) from None


@contextmanager
def explain_interruption(output: Path) -> Iterator[None]:
    """Report at an interruption the state of an output that appears complete or not at all."""
    before = output.exists()
    try:
        yield
    except KeyboardInterrupt as interruption:
        kept = str(interruption)
        kept = kept or ("what was there is as it was" if before else "nothing was written")
        raise KeyboardInterrupt(f"{output}: {kept}") from None


@contextmanager
def importing() -> Iterator[None]:
    """Load large libraries, which turn an interruption into errors of their own or lose it.

    An interruption ends the process at once: nothing has begun.
    """

    def end(*_: object) -> None:
        os.write(2, b"\ngremlink: interrupted. Nothing had begun\n")
        os._exit(INTERRUPTED)

    try:
        before = signal.signal(signal.SIGINT, end)
    except ValueError:  # not in the main thread, which alone handles signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _is_ours(error: Exception) -> bool:
    return type(error).__module__.partition(".")[0] == "gremlink"


def is_interactive() -> bool:
    """Return True if both streams are terminals, so that a person is waiting."""
    return sys.stdout.isatty() and sys.stderr.isatty()


def say(message: str) -> None:
    """Print a message for a waiting person."""
    if is_interactive():
        from rich.text import Text

        errors().print(Text(escaped(message), style="dim"), soft_wrap=True)


def warn(message: object) -> None:
    """Print a warning; the command goes on."""
    click.echo(f"gremlink: warning: {safe_line(str(message))}", err=True)


def note(message: str) -> None:
    """Print one line about the work to standard error."""
    click.echo(f"gremlink: {safe_line(message)}", err=True)


def show(message: str) -> None:
    """Print one line of a result, escaped."""
    click.echo(escaped(message))


def is_terminal() -> bool:
    """Return True if results go to a terminal rather than to a program."""
    return sys.stdout.isatty()


def output() -> Console:
    """Return the console for results. A pipe gets plain text of any width, without colours."""
    from gremlink.proxy.messages.terminal import Terminal

    return Terminal() if sys.stdout.isatty() else Terminal(width=1000, soft_wrap=True)


def errors() -> Console:
    """Return the console for progress."""
    from gremlink.proxy.messages.terminal import Terminal

    return Terminal(stderr=True)


def with_settings(*flags: tuple[str, str, str]) -> Callable[[Command], Command]:
    """Give a command `--config`, and flags that set keys of the configuration.

    Each flag is its name, its key and a help text, as in `("--port", "listen.port", "…")`. The
    command gets the configuration as the argument `settings`.
    """

    def decorate(command: Command) -> Command:
        def run(*arguments: Any, load: Callable[[], Configuration], **options: Any) -> Any:
            return command(*arguments, settings=load(), **options)

        return with_loader(*flags)(_named_as(command, run))  # type: ignore[return-value]

    return decorate


def with_loader(*flags: tuple[str, str, str]) -> Callable[[Command], Command]:
    """Add the options of `with_settings` to a group of commands.

    It gets a function `load` instead of the configuration: a group runs before the `--help` of its
    sub-commands, which needs no settings and must not fail because of them.
    """

    def decorate(command: Command) -> Command:
        def run(*arguments: Any, config_file: Path | None, **options: Any) -> Any:
            given = {key: options.pop(_parameter(name)) for name, key, _ in flags}

            def load() -> Configuration:
                from gremlink.proxy import config

                return config.load(given, file=config_file)

            return command(*arguments, load=load, **options)

        run = _named_as(command, run)
        for name, key, text in reversed(flags):
            metavar = key.rpartition(".")[2].upper()
            run = click.option(name, _parameter(name), metavar=metavar, help=f"{text} [{key}]")(run)
        option = click.option(
            "--config",
            "config_file",
            type=click.Path(path_type=Path, dir_okay=False),
            help="Settings file; the default is ./gremlink.toml if there is one.",
        )
        return option(run)  # type: ignore[return-value]

    return decorate


def within_limits(command: Command) -> Command:
    """Give a command that reads data files `--config`, and apply the `limits` in it."""

    def run(*arguments: Any, settings: Configuration, **options: Any) -> Any:
        apply_limits(settings)
        return command(*arguments, **options)

    return with_settings()(_named_as(command, run))  # type: ignore[return-value]


def apply_limits(settings: Configuration) -> None:
    """Apply the limits of the settings to everything this process reads."""
    from gremlink.proxy.graph.limits import ReadLimits, use_limits

    limits = settings.limits
    use_limits(
        ReadLimits(limits.max_cell_characters, limits.max_unpacked_bytes, limits.max_answer_bytes)
    )


def _named_as(command: Callable[..., Any], run: Callable[..., Any]) -> Callable[..., Any]:
    run.__doc__ = command.__doc__
    run.__name__ = command.__name__
    # Options that were declared below this decorator travel on the function.
    run.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    return run


def _parameter(name: str) -> str:
    return name.removeprefix("--").replace("-", "_")
