"""The stages of a link training, with the estimates of its plan, for progress and for deadlines."""

from __future__ import annotations

from collections.abc import Sequence

from gremlink.proxy.learning.budget import STOPPED
from gremlink.proxy.learning.links.scorers import FITTED
from gremlink.proxy.learning.links.training.cross_validation import count_parts
from gremlink.proxy.learning.links.training.experiment import BLENDING, LinkExperiment
from gremlink.proxy.learning.links.training.holdout import TESTING
from gremlink.proxy.learning.methods import AUTO, NETWORK, NETWORKS
from gremlink.proxy.learning.timeline import Stage

LOOK = 0.01
"""Seconds of a stage for each method, at least."""

STUDY, BLEND, FINAL = "trying methods", "the blend", "learning from all edges"


def stages(experiment: LinkExperiment) -> list[Stage]:
    """Return the phases of an experiment and of the training on all edges, in order.

    Networks for which room is left later on have stages of no time.
    """
    small, plan, rates = experiment.cross_validates, experiment.plan, experiment.plan.rates
    parts = count_parts(experiment) if small else 1
    found: list[Stage] = []
    if small:
        found += [
            Stage(f"cross-validation, part {number}, {name}", _first(experiment, name), STUDY)
            for number in range(1, parts + 1)
            for name in experiment.networks
        ]
    else:
        for name in experiment.networks:
            first, *others = _numbered(f"{name} on the training edges", experiment.averaged[name])
            more = rates.each[name] * STOPPED * plan.epochs[name]
            found.append(Stage(first.partition(",")[0], _first(experiment, name), STUDY))
            found += [Stage(each, more, STUDY) for each in others]
        found += [Stage(f"{name} on the training edges", 0.0, STUDY) for name in NETWORKS]
    fits = sum(parts * rates.each[name] for name in experiment.simple_names)
    ranking = len(experiment.names) * (LOOK + rates.ranking / (1 if small else 2))
    blending = LOOK * (parts + 1) * len(experiment.names) * (experiment.model == AUTO)
    found.append(Stage(BLENDING, fits + ranking + blending, BLEND))
    if not small:
        found.append(Stage(TESTING, ranking, "the test"))
    for name in experiment.networks:
        count = experiment.averaged[name]
        if small and name == NETWORK:
            count = experiment.settings.networks
        each = plan.shares[name].final / count
        found += [Stage(phase, each, FINAL) for phase in _numbered(f"{name} on all edges", count)]
    count = len(experiment.relations)
    found += count * [
        Stage(f"{name} on all edges", rates.learning[name] / count, FINAL)
        for name in experiment.names
        if name in FITTED
    ]
    return found


def trial_seconds(experiment: LinkExperiment) -> float:
    """Return the estimate for a trial of the first network's settings."""
    parts = count_parts(experiment) if experiment.cross_validates else 1
    return _first(experiment, experiment.networks[0]) * parts


def _numbered(phase: str, count: int) -> Sequence[str]:
    """Return the names of a phase that is repeated so many times."""
    if count == 1:
        return [phase]
    return [f"{phase}, {number} of {count}" for number in range(1, count + 1)]


def _first(experiment: LinkExperiment, network: str) -> float:
    """Return the seconds of a network's training with validation."""
    plan, rates = experiment.plan, experiment.plan.rates
    epochs = plan.epochs[network] * (1.0 if experiment.cross_validates else STOPPED)
    return (rates.each[network] + rates.look) * epochs
