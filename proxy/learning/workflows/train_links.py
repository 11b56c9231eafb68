"""Training from an export directory to an artifact directory."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gremlink.proxy.graph.files.export_files import CONFIGURATION
from gremlink.proxy.learning.budget import within
from gremlink.proxy.learning.events import PhaseStarted, Progress, unheard
from gremlink.proxy.learning.graph import DIRECTIONS, Relation
from gremlink.proxy.learning.links.evaluation.random_order import random_order
from gremlink.proxy.learning.links.prediction.model import (
    TASK,
    LinkModel,
    RelationModel,
    to_artifact,
)
from gremlink.proxy.learning.links.scorers import FITTED, SIMPLE
from gremlink.proxy.learning.links.scorers.recommenders.fitted import Tensors
from gremlink.proxy.learning.links.training.cross_validation import study_folds
from gremlink.proxy.learning.links.training.dataset import Dataset, link_dataset
from gremlink.proxy.learning.links.training.experiment import Bench, Study
from gremlink.proxy.learning.links.training.holdout import study_split
from gremlink.proxy.learning.links.training.network_methods import NETWORK_METHODS
from gremlink.proxy.learning.links.training.networks import told
from gremlink.proxy.learning.links.training.stages import stages
from gremlink.proxy.learning.links.training.tuning import begin_warm, searched
from gremlink.proxy.learning.methods import AUTO, MODELS, NETWORK
from gremlink.proxy.learning.models.fitting import Checkpoint
from gremlink.proxy.learning.models.gnn.messages import threads
from gremlink.proxy.learning.models.gnn.mini_batches import place
from gremlink.proxy.learning.processing.load import load_processed
from gremlink.proxy.learning.processing.processed import UnusableExport
from gremlink.proxy.learning.provenance import PAGE, REPORT, peak_memory, provenance
from gremlink.proxy.learning.reports.link_examples import examples
from gremlink.proxy.learning.reports.link_page import link_page
from gremlink.proxy.learning.reports.link_report import (
    Report,
    blend_rows,
    method_rows,
    rank_counts,
)
from gremlink.proxy.learning.search.tuning import (
    Question,
    tuned_by,
    wanted_for,
)
from gremlink.proxy.learning.settings import SearchSettings, TrainingSettings, check_model
from gremlink.proxy.learning.timeline import Timeline
from gremlink.proxy.learning.trained.encoder import Encoder
from gremlink.proxy.learning.trained.network import Trained, together
from gremlink.proxy.learning.workflows.embeddings import picture
from gremlink.proxy.store.artifacts import try_output, write_or_keep

VERSIONS_OF = ("gremlink", "torch", "dgl", "numpy", "scipy")


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
) -> Report:
    """Learn to predict links and write the artifact; nothing is written before all is done.

    `model` is one of `MODELS`; `deadline` are seconds that all of it may take, 0 for any. The same
    seed gives the same tensors on one machine, but for a deadline. Raises `BadExport`,
    `UnusableExport`, ValueError (features that do not fit, an unknown model, a configuration of the
    search that makes no sense), `SearchFailed`, `OutputInTheWay`, `OutputUnwritable`,
    `OutputKeptElsewhere`.
    """
    check_model(model, TASK, MODELS)
    timeline = Timeline(progress or unheard, deadline=deadline)
    begun = time.perf_counter()
    try_output(artifact_directory)
    timeline(PhaseStarted("reading the export"))
    dataset = load_dataset(export_directory, configuration, timeline)
    wanted = wanted_for(export_directory, model, settings, search, dataset.graph, TASK, MODELS)
    model, settings = wanted.model, wanted.settings
    graph = dataset.graph
    where = place(graph, settings)
    bench = Bench(
        dataset, model, within(settings, timeline.time_left(), graph.edge_count), seed, timeline
    )
    _check_says_something(bench)
    cold = begin_warm(bench, wanted)
    question = Question(export_directory, configuration, seed)
    timeline.expect(stages(bench, wanted))
    tried, warnings = searched(bench, wanted, question)
    with threads(dataset.graph, settings.threads):
        study = study_folds(bench) if bench.is_small else study_split(bench)
        final = _final(bench, study)
    timeline(PhaseStarted("writing the artifact"))
    served = _model(dataset, study, final)
    rows = method_rows(study, model)
    report = Report(
        model,
        study.protocol,
        rows,
        random_order(bench.every_link, study.sources),
        blend_rows(study),
        (*dataset.warnings, *bench.plan.told(), *wanted.warnings, *cold, *warnings),
        {"vertices": graph.vertex_count, "edges": graph.edge_count},
        dict(graph.counts),
        {str(relation): len(edges) for relation, edges in graph.edges.items()},
        dict(study.epochs),
        {name: study.networks[name] for name in final.networks},
        dict(study.courses),
        rank_counts(study, rows),
        study.reliability,
        examples(served, seed),
        picture(served),
        tried,
        seed,
        where if NETWORK in study.blend.members else "cpu",
        round(bench.plan.budget, 1),
        round(bench.plan.seconds, 1),
        round(time.perf_counter() - begun, 2),
        round(peak_memory(), 1),
        timeline.finish(),
    )
    about = provenance(model, seed, settings, VERSIONS_OF) | tuned_by(tried)
    reports = {REPORT: report.to_document(), PAGE: link_page(report)}
    write_or_keep(artifact_directory, to_artifact(served, about), reports)
    return report


def load_dataset(
    directory: Path, configuration: str = CONFIGURATION, progress: Progress | None = None
) -> Dataset:
    """Read an export, or a processed graph. Raises `BadExport`, `UnusableExport`, ValueError."""
    return link_dataset(load_processed(directory, configuration, progress))


def _check_says_something(bench: Bench) -> None:
    """Raise `UnusableExport` for a simple method that cannot rank what is to be predicted."""
    if bench.model not in SIMPLE:
        return
    for relation in bench.relations:
        if not SIMPLE[bench.model].applies(bench.dataset.graph, relation):
            raise UnusableExport(
                f"{bench.model} says nothing about {relation}: choose another model, or other "
                "targets"
            )


@dataclass(frozen=True, slots=True)
class Final:
    """What was learned from every edge, of the methods that the blend uses."""

    networks: Mapping[str, Trained]
    encoders: tuple[Encoder, ...]
    fitted: Mapping[Relation, Mapping[str, Tensors]]


def _final(bench: Bench, study: Study) -> Final:
    graph = bench.dataset.graph
    used = {relation: study.blend.used(relation) for relation in bench.relations}
    needed = {name for names in used.values() for name in names}
    networks: dict[str, Trained] = {}
    encoders: list[Encoder] = []
    for name in bench.network_names:
        if name not in needed:
            continue
        several: list[Trained] = []
        count = study.networks[name]
        for number in range(count):
            last = _trained(bench, study, name, number, count)
            several.append(last.embeddings())
            if last.encoder is not None:
                encoders.append(last.encoder())
        networks[name] = together(several)
    fitted: dict[Relation, dict[str, Tensors]] = {}
    for relation, names in used.items():
        for name in names:
            if name in FITTED:
                bench.progress(PhaseStarted(f"{name} on all edges"))
                learned = FITTED[name].fit(graph, relation).tensors()
                fitted.setdefault(relation, {})[name] = learned
    return Final(networks, tuple(encoders), fitted)


def _trained(bench: Bench, study: Study, name: str, number: int, count: int) -> Checkpoint:
    """A network that has seen every edge, one of `count`."""
    phase = f"{name} on all edges" + (f", {number + 1} of {count}" if count > 1 else "")
    bench.progress(PhaseStarted(phase))
    epochs = study.epochs[name]
    seed = bench.seed * count + number
    found = NETWORK_METHODS[name].checkpoints(
        bench.dataset.graph,
        bench.relations,
        bench.settings_of(name),
        epochs,
        seed,
        small=study.small,
        warm=bench.warm,
    )
    (last,) = deque(told(phase, found, epochs, bench.progress, []), maxlen=1)
    return last


def _model(dataset: Dataset, study: Study, final: Final) -> LinkModel:
    relations = []
    for relation in dataset.targets:
        used = study.blend.used(relation)
        columns = [study.blend.members.index(name) for name in used]
        relations.append(
            RelationModel(
                relation,
                used,
                {end: study.blend.weights[relation, end][columns] for end in DIRECTIONS},
                {end: study.calibrations[relation, end] for end in DIRECTIONS},
            )
        )
    return LinkModel(dataset.stored, tuple(relations), final.networks, final.encoders, final.fitted)
