"""The report of a training for a property, from what the study has kept."""

from __future__ import annotations

from collections.abc import Mapping

from gremlink.proxy.learning.methods import AUTO, NETWORK
from gremlink.proxy.learning.models.gnn.mini_batches import place
from gremlink.proxy.learning.properties.thresholds import Lift
from gremlink.proxy.learning.properties.training.experiment import (
    PropertyStudy,
    Trial,
    confusion_of,
)
from gremlink.proxy.learning.provenance import peak_memory
from gremlink.proxy.learning.reports.property_details import details
from gremlink.proxy.learning.reports.property_report import (
    LOWER_IS_BETTER,
    MOST_CLASSES,
    PropertyReport,
    PropertyRow,
)
from gremlink.proxy.learning.trained.target import Form, PropertyTarget


def report_of(
    trial: Trial, study: PropertyStudy, model: str, taken: Mapping[str, float], seconds: float
) -> PropertyReport:
    """All that the study says; `taken` are the weights of what is served."""
    dataset = trial.dataset
    target = dataset.target
    metric = trial.yardstick.metric
    spent = dict(trial.watch.seconds)
    spent[AUTO] = sum(spent.values())
    rows = [
        PropertyRow(
            name,
            metrics.compute(),
            round(spent.get(name, 0.0), 3),
            round(trial.watch.memory.get(name, 0.0), 1),
        )
        for name, metrics in study.metrics.items()
        if name != AUTO or model == AUTO
    ]
    lift = study.choices[model].lift
    sign = 1 if metric in LOWER_IS_BETTER else -1
    rows.sort(key=lambda row: (row.method != model, sign * row.metrics[metric]))
    counts = dataset.truth[dataset.labelled].sum(axis=0)
    classes = {
        str(value.value): int(count) for value, count in zip(target.classes, counts, strict=False)
    }
    shown = len(classes) <= MOST_CLASSES
    return PropertyReport(
        model=model,
        task=target.name,
        target=str(target),
        protocol=study.protocol,
        metric=metric,
        rows=tuple(rows),
        weights=dict(taken),
        classes=classes,
        balance=lift.balance,
        thresholds=_thresholds(lift, target),
        confusion=confusion_of(study.metrics[model], target.form) if shown else [],
        warnings=(*dataset.warnings, *trial.plan.told()),
        graph={"vertices": dataset.graph.vertex_count, "edges": dataset.graph.edge_count},
        labelled=len(dataset.labelled),
        epochs=study.stage.epoch,
        remembers=study.stage.remembers,
        networks=study.networks if NETWORK in taken else 0,
        seed=trial.seed,
        device=place(dataset.graph, trial.settings) if NETWORK in taken else "cpu",
        budget=round(trial.plan.budget, 1),
        planned=round(trial.plan.seconds, 1),
        seconds=round(seconds, 2),
        peak_memory=round(peak_memory(), 1),
        vertex_types=dict(dataset.graph.counts),
        edge_types={str(relation): len(edges) for relation, edges in dataset.graph.edges.items()},
        details=details(dataset, study, model, metric),
    )


def _thresholds(lift: Lift, target: PropertyTarget) -> dict[str, float]:
    """By class, where an element may have several."""
    if target.form is not Form.SEVERAL_CLASSES or lift.thresholds is None:
        return {}
    pairs = zip(target.classes, lift.thresholds, strict=True)
    return {str(value.value): round(float(threshold), 4) for value, threshold in pairs}
