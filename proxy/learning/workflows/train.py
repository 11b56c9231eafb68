"""Training whatever an export's configuration asks for: links, or a property."""

from __future__ import annotations

from pathlib import Path

from gremlink.proxy.graph.files.export_files import CONFIGURATION
from gremlink.proxy.learning.events import Progress, unheard
from gremlink.proxy.learning.links.prediction.model import TASK
from gremlink.proxy.learning.links.training.experiment import Bench
from gremlink.proxy.learning.links.training.trials import link_objective
from gremlink.proxy.learning.methods import AUTO, MODELS, PROPERTY_MODELS
from gremlink.proxy.learning.models.gnn.mini_batches import check_device
from gremlink.proxy.learning.processing.load import asks_for_property
from gremlink.proxy.learning.properties.dataset import load_property
from gremlink.proxy.learning.properties.training.trials import property_objective
from gremlink.proxy.learning.reports.link_report import Report
from gremlink.proxy.learning.reports.property_report import PropertyReport
from gremlink.proxy.learning.search.configuration import Metric
from gremlink.proxy.learning.search.search import Objective
from gremlink.proxy.learning.settings import SearchSettings, TrainingSettings, check_model
from gremlink.proxy.learning.workflows import train_links
from gremlink.proxy.learning.workflows.train_properties import train_property
from gremlink.proxy.store.artifacts import try_output


def train(
    export_directory: Path,
    artifact_directory: Path,
    *,
    model: str = AUTO,
    seed: int = 0,
    settings: TrainingSettings | None = None,
    search: SearchSettings | None = None,
    configuration: str = CONFIGURATION,
    progress: Progress | None = None,
    deadline: float = 0.0,
) -> Report | PropertyReport:
    """Train and write the artifact; without any target, links are learned, as in Neptune.

    `model` is one of `MODELS` for links, of `PROPERTY_MODELS` for a property; a configuration of
    the search may name another. What can be known before the rows are read is told before. Raises
    what `training.train` and `train_property` do, and `UnusableExport` for several targets.
    """
    try_output(artifact_directory)
    if settings is not None:
        check_device(settings.device)
    is_property = asks_for_property(export_directory, configuration)
    if is_property:
        check_model(model, "a property", PROPERTY_MODELS)
    else:
        check_model(model, TASK, MODELS)
    run = train_property if is_property else train_links.train
    return run(
        export_directory,
        artifact_directory,
        model=model,
        seed=seed,
        settings=settings,
        search=search,
        configuration=configuration,
        progress=progress,
        deadline=deadline,
    )


def objective(
    directory: Path,
    configuration: str,
    network: str,
    metric: tuple[str, int] | None,
    settings: TrainingSettings,
    seed: int,
) -> Objective:
    """What a search over the settings of a network asks of these data.

    `metric` is the name and `topk` of one in a configuration. Raises what `train` does.
    """
    judged_by = None if metric is None else Metric(*metric)
    if asks_for_property(directory, configuration):
        rows = load_property(directory, configuration)
        return property_objective(rows, settings, seed, judged_by)
    dataset = train_links.load_dataset(directory, configuration)
    small = Bench(dataset, network, settings, seed, unheard).is_small
    return link_objective(dataset, network, settings, seed, small=small)
