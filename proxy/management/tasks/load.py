"""Bulk load: Neptune's CSV and RDF into the databases behind the proxy, with errors by line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gremlink.proxy.graph import FileProblem, Progress, load_csv
from gremlink.proxy.graph.rdf.formats import OnProblem
from gremlink.proxy.graph.rdf.load import load_rdf
from gremlink.proxy.management.jobs.events import Tell
from gremlink.proxy.management.tasks.description import graph_of, locations_of, rdf_store_of
from gremlink.proxy.store.errors import LocationUnreachable
from gremlink.proxy.store.locations import files

MOST_ERRORS = 10_000
"""Most errors whose details are kept, as in Neptune."""


class LoadFailed(Exception):
    """Some of the files cannot be loaded; `details` has the errors."""

    def __init__(self, problem: str, details: dict[str, Any]) -> None:
        super().__init__(problem)
        self.details = details


def run(description: Mapping[str, Any], work: Path, tell: Tell) -> dict[str, Any]:
    """Load the files at `input`; return the number of rows, and the errors of rejected rows.

    Without `continue` the first error ends the load before anything is written. Raises LoadFailed,
    GraphError, StoreError.
    """
    locations = locations_of(description)
    source = locations.at(description["input"])
    local = locations.fetch(source, work / "input")
    if not any(files(local)):
        raise LocationUnreachable(source.address, "there are no files at this address")
    errors: list[dict[str, Any]] = []
    left_out = 0

    def note(problem: FileProblem) -> None:
        nonlocal left_out
        left_out += 1
        if len(errors) < MOST_ERRORS:
            errors.append(_error(problem, place_of(problem.path)))

    def place_of(file: Path) -> str:
        return _address(source.address, local, file)

    try:
        counts, number, warnings = _load(
            description,
            local,
            lambda what, done, total: tell(what, done, total, ""),
            note if description["continue"] else None,
        )
    except FileProblem as problem:
        note(problem)
        place = place_of(problem.path)
        where = ":".join(str(part) for part in (place, problem.line, problem.column) if part)
        raise LoadFailed(f"{where}: {problem.reason}", _details(errors, left_out)) from problem
    return {
        **_details(errors, left_out),
        **counts,
        "records": sum(counts.values()) + left_out,
        "files": number,
        "warnings": [_with_addresses(each, source.address, local) for each in warnings],
    }


def _load(
    description: Mapping[str, Any], local: Path, progress: Progress, on_problem: OnProblem | None
) -> tuple[dict[str, int], int, Sequence[str]]:
    """Load the files into the database of the description.

    Returns what was loaded, the number of files, and warnings. Raises as `load_csv` and `load_rdf`.
    """
    if "rdf_store" in description:
        loaded = load_rdf(
            rdf_store_of(description),
            local,
            form=description["format"],
            graph=description["named_graph"],
            base=description["base"],
            progress=progress,
            on_problem=on_problem,
        )
        return {"statements": loaded.statements}, loaded.files, loaded.warnings
    report = load_csv(
        graph_of(description),
        local,
        progress=progress,
        allow_empty_strings=description["allow_empty_strings"],
        on_problem=on_problem,
    )
    counts = {"vertices": report.vertices, "edges": report.edges}
    return counts, report.files, report.warnings


def _details(errors: Sequence[Mapping[str, Any]], left_out: int) -> dict[str, Any]:
    return {"errors": list(errors), "left_out": left_out}


def _error(problem: FileProblem, place: str) -> dict[str, Any]:
    """Return an entry of Neptune's error log, with the column added."""
    return {
        "errorCode": "PARSING_ERROR",
        "errorMessage": problem.reason,
        "fileName": place,
        "recordNum": problem.line,
        "column": problem.column,
    }


def _address(address: str, local: Path, found: Path) -> str:
    """Return the address of a file below the request's address."""
    if found == local or not found.is_relative_to(local):
        return address
    return f"{address.rstrip('/')}/{found.relative_to(local).as_posix()}"


def _with_addresses(warning: str, address: str, local: Path) -> str:
    """Replace the local path at the beginning of a warning by the address."""
    rest = warning.removeprefix(str(local))
    return warning if rest == warning else f"{address.rstrip('/')}{rest}"
