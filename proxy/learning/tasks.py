"""Training whatever an export's configuration asks for: links, or a property."""

from __future__ import annotations

from pathlib import Path

from proxy.graph.export_files import CONFIGURATION, read_export
from proxy.learning import training
from proxy.learning.events import Progress
from proxy.learning.properties.dataset import only_target
from proxy.learning.properties.report import PropertyReport
from proxy.learning.properties.training import train_property
from proxy.learning.report import Report
from proxy.learning.settings import AUTO, TrainingSettings


def train(
    export_directory: Path,
    artifact_directory: Path,
    *,
    model: str = AUTO,
    seed: int = 0,
    settings: TrainingSettings | None = None,
    configuration: str = CONFIGURATION,
    progress: Progress | None = None,
) -> Report | PropertyReport:
    """Train and write the artifact; without any target, links are learned, as in Neptune.

    `model` is one of `MODELS` for links, of `PROPERTY_MODELS` for a property. Raises what
    `training.train` and `train_property` do, and `UnusableExport` for several targets.
    """
    found = only_target(read_export(export_directory, configuration))
    run = training.train if found is None else train_property
    return run(
        export_directory,
        artifact_directory,
        model=model,
        seed=seed,
        settings=settings,
        configuration=configuration,
        progress=progress,
    )
