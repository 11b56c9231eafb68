"""Training from an export directory to an artifact directory."""

from __future__ import annotations

import time
from collections import deque
from pathlib import Path

from proxy.graph.export_files import CONFIGURATION
from proxy.learning.bench import Bench, Study
from proxy.learning.cross_validation import study_folds
from proxy.learning.dataset import Dataset, link_dataset
from proxy.learning.encoder import Encoder
from proxy.learning.events import PhaseStarted, Progress, unheard
from proxy.learning.graph import DIRECTIONS
from proxy.learning.members import epochs_of
from proxy.learning.model import LinkModel, RelationModel, to_artifact
from proxy.learning.models.messages import threads
from proxy.learning.processing.load import load_processed
from proxy.learning.processing.processed import CustomSplit, UnusableExport
from proxy.learning.provenance import peak_memory, provenance
from proxy.learning.report import Report, blend_rows, method_rows
from proxy.learning.scorers import STRUCTURAL
from proxy.learning.scorers.embedding import Embeddings, averaged
from proxy.learning.settings import AUTO, MODELS, NETWORK, TrainingSettings
from proxy.learning.split import study_split
from proxy.store.artifacts import check_output, write_artifact

REPORT = "report.json"
LEAST_EDGES = 3
VERSIONS_OF = ("gremlink", "torch", "dgl", "numpy", "scipy")


def train(
    export_directory: Path,
    artifact_directory: Path,
    *,
    model: str = AUTO,
    seed: int = 0,
    settings: TrainingSettings | None = None,
    configuration: str = CONFIGURATION,
    progress: Progress | None = None,
) -> Report:
    """Learn to predict links and write the artifact; nothing is written before all is done.

    `model` is one of `MODELS`. The same seed gives the same tensors on one machine. Raises
    `BadExport`, `UnusableExport`, ValueError (features that do not fit, an unknown model),
    `OutputInTheWay`.
    """
    if model not in MODELS:
        raise ValueError(f"unknown model {model!r}: choose one of {', '.join(MODELS)}")
    settings = settings or TrainingSettings()
    progress = progress or unheard
    begun = time.perf_counter()
    check_output(artifact_directory)
    progress(PhaseStarted("reading the export"))
    dataset = load_dataset(export_directory, configuration)
    bench = Bench(dataset, model, settings, seed, progress)
    with threads(dataset.graph, settings.threads):
        study = _study(bench)
        embeddings, encoders = _final_network(bench, study)
    progress(PhaseStarted("writing the artifact"))
    report = Report(
        model,
        study.protocol,
        method_rows(study, model),
        blend_rows(study),
        dataset.warnings,
        {"vertices": dataset.graph.vertex_count, "edges": dataset.graph.edge_count},
        study.fit.epochs,
        study.networks if embeddings is not None else 0,
        seed,
        "cpu",
        round(time.perf_counter() - begun, 2),
        round(peak_memory(), 1),
    )
    about = provenance(model, seed, settings, VERSIONS_OF)
    artifact = to_artifact(_model(dataset, study, embeddings, encoders), about)
    write_artifact(artifact_directory, artifact, {REPORT: report.to_document()})
    return report


def load_dataset(directory: Path, configuration: str = CONFIGURATION) -> Dataset:
    """Read an export, or a processed graph. Raises `BadExport`, `UnusableExport`, ValueError."""
    return link_dataset(load_processed(directory, configuration))


def _study(bench: Bench) -> Study:
    total = sum(len(bench.dataset.graph.edges[relation]) for relation in bench.relations)
    if total < LEAST_EDGES:
        raise UnusableExport(
            f"there are {total} edges to learn from: link prediction needs at least {LEAST_EDGES}"
        )
    if bench.model in STRUCTURAL:
        for relation in bench.relations:
            if not STRUCTURAL[bench.model].applies(bench.dataset.graph, relation):
                raise UnusableExport(
                    f"{bench.model} says nothing about {relation}: choose another model, or "
                    "other targets"
                )
    chosen = any(isinstance(split, CustomSplit) for split in bench.dataset.targets.values())
    if total <= bench.settings.cross_validate_up_to and not chosen:
        return study_folds(bench)
    return study_split(bench)


def _final_network(bench: Bench, study: Study) -> tuple[Embeddings | None, tuple[Encoder, ...]]:
    """Networks that have seen every edge, where the blend uses a network at all."""
    used = {name for relation in bench.relations for name in study.blend.used(relation)}
    if NETWORK not in used:
        return None, ()
    trained = []
    encoders = []
    for number in range(study.networks):
        phase = "training on all edges"
        if study.networks > 1:
            phase += f", network {number + 1} of {study.networks}"
        bench.progress(PhaseStarted(phase))
        epochs = epochs_of(
            phase,
            bench.dataset.graph,
            bench.relations,
            study.fit,
            bench.seed * study.networks + number,
            bench.progress,
            [],
        )
        (last,) = deque(epochs, maxlen=1)
        trained.append(last.embeddings())
        encoders.append(last.encoder())
    return averaged(trained), tuple(encoders)


def _model(
    dataset: Dataset,
    study: Study,
    embeddings: Embeddings | None,
    encoders: tuple[Encoder, ...],
) -> LinkModel:
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
    return LinkModel(dataset.stored, tuple(relations), embeddings, encoders)
