"""`gremlink jobs`: jobs of the management API, their logs, and their cancellation."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gremlink.proxy.cli.endpoint import STORE
from gremlink.proxy.cli.output import console
from gremlink.proxy.messages.controls import escaped, safe_line

if TYPE_CHECKING:
    from rich.table import Table

    from gremlink.proxy.config import Configuration
    from gremlink.proxy.store.jobs import Job, JobRecords

POLL_INTERVAL = 0.5
"""Seconds between looks for changes."""

SHOWN = 20
"""Most jobs in the table that is kept up to date."""


@click.group(invoke_without_command=True)
@click.option("--watch/--once", default=None, help="Keep the table up to date; Ctrl-C ends it.")
@console.with_loader(STORE)
@click.pass_context
def jobs(context: click.Context, watch: bool | None, load: Callable[[], Configuration]) -> None:
    """Show the jobs of the management API, newest first.

    Without a sub-command a terminal gets a table that is kept up to date while jobs run, a pipe
    one line for each job.

    \b
      gremlink jobs logs -f ID
      gremlink jobs cancel ID
    """
    if context.invoked_subcommand is not None:
        context.obj = load
        return
    records = open_records(load())
    if not console.is_terminal():
        for job in records.jobs():
            cells = (job.id, job.kind, job.state.value, progress(job))
            click.echo("\t".join(map(escaped, cells)))
        return
    if not records.jobs():
        console.say("There are no jobs. A request to the management API starts one.")
        return
    if watch is False or (watch is None and not records.open()):
        console.output().print(table(records.jobs()))
        return
    _watch(records)


@jobs.command()
@click.argument("job_id", metavar="ID")
@click.option("--follow", "-f", is_flag=True, help="Go on until the job ends.")
@click.pass_obj
def logs(load: Callable[[], Configuration], job_id: str, follow: bool) -> None:
    """Print what the job ID has written; the beginning of an id is enough."""
    records = open_records(load())
    job = find(records, job_id)
    for text in log_text(records, job, follow=follow):
        click.echo(text, nl=False)
    ended = records.numbered(job.number)
    if ended is not None and ended.reason:
        line = safe_line(f"{ended.kind} job {ended.id} {outcome(ended)}")
        click.echo(f"gremlink: {line}", err=True)


@jobs.command()
@click.argument("job_id", metavar="ID")
@click.pass_obj
def cancel(load: Callable[[], Configuration], job_id: str) -> None:
    """End the job ID; nothing half done stays."""
    from gremlink.proxy.store.jobs import State

    records = open_records(load())
    job = find(records, job_id)
    if not job.is_open:
        raise console.Failure(f"{job.kind} job {job.id} has ended already: {outcome(job)}")
    state = records.ask_to_stop(job.number)
    while state is State.STOPPING:
        time.sleep(POLL_INTERVAL / 2)
        found = records.numbered(job.number)
        state = None if found is None else found.state
    console.say(f"{job.kind} job {job.id} is {'gone' if state is None else state.value}.")


def open_records(settings: Configuration) -> JobRecords:
    """Return the records; without a running proxy, interrupted jobs are settled first."""
    from gremlink.proxy.management.jobs.recovery import RunnerElsewhere, settle, take_lock
    from gremlink.proxy.store.jobs import JobRecords, State

    records = JobRecords(settings.store.directory)
    if any(job.state is not State.QUEUED for job in records.open()):
        try:
            with take_lock(records):
                settle(records)
        except RunnerElsewhere:
            pass  # a proxy looks after them
    return records


def find(records: JobRecords, job_id: str) -> Job:
    """Return the newest job with that id or prefix of an id. Raises Failure."""
    known = records.jobs()
    for job in known:
        if job.id == job_id:
            return job
    begun = [job for job in known if job.id.startswith(job_id)]
    if not begun:
        raise console.Failure(f"there is no job {job_id}; `gremlink jobs` lists them")
    if len({job.id for job in begun}) > 1:
        listing = ", ".join(dict.fromkeys(job.id for job in begun))
        raise console.Failure(f"several jobs begin with {job_id}: {listing}")
    return begun[0]


def log_text(records: JobRecords, job: Job, *, follow: bool) -> Iterator[str]:
    """Yield the log, and with `follow` its additions until the job has ended."""
    position = 0
    while True:
        found = records.numbered(job.number)
        is_open = found is not None and found.is_open
        text, position = _read(job.log, position)
        yield text
        if not follow or not is_open:
            return
        time.sleep(POLL_INTERVAL)


def _read(path: Path, position: int) -> tuple[str, int]:
    try:
        with path.open("rb") as file:
            file.seek(position)
            content = file.read()
    except FileNotFoundError:
        return "", position
    return content.decode("utf-8", errors="replace"), position + len(content)


def progress(job: Job) -> str:
    """Return the progress of a job, or the reason of its end."""
    from gremlink.proxy.management.jobs.events import newest_event

    if not job.is_open:
        return job.reason
    event = newest_event(job)
    return "" if event is None else event.text()


def outcome(job: Job) -> str:
    """Return state and reason in one text."""
    return f"{job.state.value}: {job.reason}" if job.reason else job.state.value


def table(found: list[Job]) -> Table:
    """Return the jobs as a table for a terminal."""
    from rich.table import Table
    from rich.text import Text

    from gremlink.proxy.store.jobs import State

    shown = Table("Id", "Kind", "State", "Time", "", header_style="bold")
    colours = {State.FAILED: "red", State.RUNNING: "green", State.STOPPING: "yellow"}
    for job in found:
        state = Text(job.state.value, style=colours.get(job.state, ""))
        shown.add_row(Text(job.id), job.kind, state, _time(job), Text(escaped(progress(job))))
    return shown


def _time(job: Job) -> str:
    if job.started is None:
        return ""
    seconds = (job.ended or time.time()) - job.started
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes}:{seconds:02d}"


def _watch(records: JobRecords) -> None:
    from rich.live import Live

    def look() -> Any:
        return table(records.jobs()[:SHOWN])

    with Live(
        look(),
        console=console.output(),
        refresh_per_second=4,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as live:
        while records.open():
            time.sleep(POLL_INTERVAL)
            live.update(look())
        live.update(look())
