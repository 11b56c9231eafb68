"""Processing as a step of its own: from an export's directory to that of a processed graph."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from gremlink.proxy.graph.files.export_files import CONFIGURATION
from gremlink.proxy.graph.reading import read_export
from gremlink.proxy.learning.events import PhaseStarted, Progress, unheard
from gremlink.proxy.learning.features.encoding import Encoding
from gremlink.proxy.learning.links.training.dataset import link_dataset
from gremlink.proxy.learning.processing.drift import Drift, drift_between
from gremlink.proxy.learning.processing.process import process, stages
from gremlink.proxy.learning.processing.processed import ProcessedGraph
from gremlink.proxy.learning.processing.stored import read_processed, write_processed
from gremlink.proxy.learning.properties.dataset import property_dataset
from gremlink.proxy.learning.properties.training.scoring import scoring_of
from gremlink.proxy.learning.search.templates import reports
from gremlink.proxy.learning.timeline import Stage, Timeline
from gremlink.proxy.store.artifacts import try_output

WRITING = "writing the processed graph"
"""The name of the phase."""

VERSIONS_OF = ("gremlink", "numpy", "scipy")


@dataclass(frozen=True, slots=True)
class Prepared:
    """The result; `drift` is set where there was an earlier processing."""

    processed: ProcessedGraph
    drift: Drift | None

    @property
    def target(self) -> str:
        """The target of training, in words."""
        target = self.processed.target
        if target is None:
            return f"links, {', '.join(map(str, self.processed.links))}"
        return f"{target.task} of {target.described}"

    def elements(self) -> Iterator[tuple[str, int, Sequence[Encoding]]]:
        """Yield each vertex type and relation, its count and the encodings of its properties."""
        processed = self.processed
        for name, count in processed.graph.counts.items():
            yield name, count, processed.encodings[name]
        for relation, edges in processed.graph.edges.items():
            rows = processed.rows.get(relation)
            yield str(relation), len(edges), rows.encodings if rows is not None else ()


def prepare(
    export_directory: Path,
    output: Path,
    *,
    previous: Path | None = None,
    configuration: str = CONFIGURATION,
    model_type: str | None = None,
    progress: Progress | None = None,
) -> Prepared:
    """Process an export and write the result; nothing is written before all is done.

    `previous` is the output of an earlier processing, whose encodings are applied again. Data
    that training would refuse are refused here. Beside the result is the configuration of a search:
    of Neptune's default model for the `model_type` `heterogeneous` or `kge`, without
    one of `auto`. Raises `BadExport`, `UnusableExport`, `ArtifactError`, and ValueError for
    features that make no sense, or an unknown model type.
    """
    timeline = Timeline(progress or unheard)
    try_output(output)
    earlier = None if previous is None else read_processed(previous)
    export = read_export(export_directory, configuration)
    timeline.expect([*stages(export), Stage(WRITING, 0.2, WRITING)])
    found = process(export, previous=earlier, progress=timeline)
    if found.target is None:
        link_dataset(found)
        beside = reports("link_prediction", "mrr", model_type)
    else:
        rows = property_dataset(found)
        beside = reports(rows.target.name, scoring_of(rows).trial_metric.name, model_type)
    drift = None if earlier is None else drift_between(earlier.graph, found.graph)
    timeline(PhaseStarted(WRITING))
    about = {
        "versions": {name: version(name) for name in VERSIONS_OF}
        | {"python": platform.python_version()},
        "drift": None if drift is None else drift.to_document(),
    }
    write_processed(output, found, about, beside)
    return Prepared(found, drift)
