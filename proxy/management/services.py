"""Services shared by all parts of the API: job records, endpoints, files, the database."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gremlink.proxy.config import Configuration, Sparql, Upstream
from gremlink.proxy.config.tls import context_of
from gremlink.proxy.graph import Server
from gremlink.proxy.management.errors import BadRequest
from gremlink.proxy.management.jobs.runner import Runner
from gremlink.proxy.management.tasks.description import (
    NO_DATABASE,
    apply_bounds,
    describe,
    describe_bounds,
)
from gremlink.proxy.store.jobs import Job, JobRecords
from gremlink.proxy.store.locations import Location, Locations
from gremlink.proxy.store.records import Store

FILES = "files"
"""The folder of the store that jobs may always use."""


@dataclass(frozen=True, slots=True)
class Services:
    """Records, endpoints, locations, the runner of jobs.

    `database` is that of Gremlin, `None` if there is none; `bounds` are limits on what a job reads;
    `speed` is that of the settings; `status_wait` is the time, in seconds, that a status request
    waits for a job's end; `sparql` names the RDF store, if there is one.
    """

    records: JobRecords
    store: Store
    locations: Locations
    runner: Runner
    upstream: Upstream
    database: Server | None
    bounds: Mapping[str, int]
    speed: str = ""
    status_wait: float = 0.0
    sparql: Sparql = field(default_factory=Sparql)
    output_lock: threading.Lock = field(default_factory=threading.Lock)
    """Held from the choice of an output to the start of its job: no two may choose the same."""

    @property
    def graph(self) -> Server:
        """The database. Raises `BadRequest` if there is none."""
        return present(self.database)

    def task(self, task: str, /, **details: Any) -> Mapping[str, Any]:
        """Return the description of a job."""
        return {
            "task": task,
            "locations": describe(self.locations),
            "bounds": self.bounds,
            "speed": self.speed,
            **details,
        }

    def unused_location(self, base: str, name: str, *names: str) -> Location:
        """Return a location below `base` that does not exist and was never a job's output.

        Raises BadLocation, LocationRefused.
        """
        taken = {output for job in self.records.jobs() for output in job.outputs}
        number = 1
        while True:
            numbered = name if number == 1 else f"{name}-{number}"
            location = self.locations.below(self.locations.at(base), numbered, *names)
            there = location.path is not None and location.path.exists()
            if location.address not in taken and not there:
                return location
            number += 1

    async def wait_for_end(self, kind: str, id: str) -> None:
        """Wait until the job has ended, at most for `status_wait`."""
        await self.records.wait_for_end(kind, id, self.status_wait)

    def end(self, job: Job, *, clean: bool) -> None:
        """End an open job; with `clean`, remove an ended one with its output."""
        if job.is_open:
            self.runner.cancel(job)
        elif clean:
            for address in job.outputs:
                self.locations.remove(self.locations.at(address))
            self.records.delete(job.number)


def open_services(configuration: Configuration) -> Services:
    """Return the services of a configuration. Their runner is not open yet."""
    url = configuration.upstream.url
    root = configuration.store.directory
    storage = configuration.storage
    locations = Locations((root / FILES, *storage.roots), storage.s3_folder, storage.s3_endpoint)
    bounds = describe_bounds(configuration.limits)
    apply_bounds({"bounds": bounds})  # statistics are read in this process
    records = JobRecords(root)
    runner = Runner(records, locations, configuration.jobs)
    return Services(
        records,
        Store(root),
        locations,
        runner,
        configuration.upstream,
        None if url is None else Server(url, context_of(configuration.upstream)),
        bounds,
        configuration.training.speed,
        configuration.jobs.status_wait,
        configuration.sparql,
    )


def present(database: Server | None) -> Server:
    """Return the database. Raises `BadRequest` if there is none."""
    if database is None:
        raise BadRequest(NO_DATABASE)
    return database


def stamp(moment: float) -> str:
    """Return a time (seconds since 1970) for names of folders, UTC."""
    return time.strftime("%Y%m%d_%H%M%S", time.gmtime(moment))
