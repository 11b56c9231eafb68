"""A processed graph from wherever it is: an export, or what `gremlink process` made of one."""

from __future__ import annotations

from pathlib import Path

from gremlink.proxy.graph.files.export_files import CONFIGURATION
from gremlink.proxy.graph.reading import read_export, read_rdf_targets
from gremlink.proxy.learning.events import Progress
from gremlink.proxy.learning.processing.process import process
from gremlink.proxy.learning.processing.processed import ProcessedGraph, UnusableExport
from gremlink.proxy.learning.processing.stored import read_processed
from gremlink.proxy.learning.processing.targets import only_target
from gremlink.proxy.store.artifacts import MANIFEST, read_manifest


def load_processed(
    directory: Path, configuration: str = CONFIGURATION, progress: Progress | None = None
) -> ProcessedGraph:
    """Load the processed graph in a directory; an export is processed first.

    Raises `BadExport`, `UnusableExport`, `ArtifactError`, and ValueError for features that make no
    sense.
    """
    if (directory / MANIFEST).is_file():
        _check_configuration(directory, configuration)
        return read_processed(directory)
    return process(read_export(directory, configuration), progress=progress)


def asks_for_property(directory: Path, configuration: str = CONFIGURATION) -> bool:
    """Return whether a property is to be predicted, rather than links; reads no rows.

    Raises `BadExport`, `UnusableExport`, `ArtifactError`.
    """
    if (directory / MANIFEST).is_file():
        _check_configuration(directory, configuration)
        return read_manifest(directory).get("target") is not None
    found = read_rdf_targets(directory, configuration)
    if found is not None:
        return bool(found.properties)
    return only_target(read_export(directory, configuration)) is not None


def _check_configuration(directory: Path, configuration: str) -> None:
    """Refuse a configuration for what was processed with one already."""
    if configuration != CONFIGURATION:
        raise UnusableExport(
            f"{directory} was processed already, with the configuration of that time: "
            f"{configuration} has to be given to `gremlink process`"
        )
