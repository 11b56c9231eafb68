"""The stages of a property training, with estimates, for progress and for deadlines."""

from __future__ import annotations

from gremlink.proxy.learning.methods import NETWORK
from gremlink.proxy.learning.properties.methods import METHODS
from gremlink.proxy.learning.properties.training.experiment import PropertyExperiment
from gremlink.proxy.learning.properties.training.holdout import CHOOSING
from gremlink.proxy.learning.properties.training.importance import PERMUTATIONS, PHASE, SHARE
from gremlink.proxy.learning.properties.training.network import kinds
from gremlink.proxy.learning.properties.training.plan import SERVED, STUDIED
from gremlink.proxy.learning.timeline import Stage

LEAST = 0.05
"""Seconds of a stage, at least."""

STUDY, FINAL = "trying methods", "learning from all rows"


def stages(experiment: PropertyExperiment) -> list[Stage]:
    """Return the phases of an experiment and of the training on all rows, in order."""
    plan, dataset = experiment.plan, experiment.dataset
    simple = {
        name: LEAST + METHODS[name].cost(dataset).seconds(experiment.speed)
        for name in plan.names
        if name != NETWORK
    }
    network = 0.0
    if NETWORK in plan.names:
        network = network_seconds(experiment) * len(kinds(dataset, experiment.settings))
    parts = plan.effort.parts
    found: list[Stage] = []
    phases = (
        [f"cross-validation, part {number} of {parts}" for number in range(1, parts + 1)]
        if parts
        else ["training rows"]
    )
    for phase in phases:
        found.append(Stage(f"simple methods, {phase}", sum(simple.values()), STUDY))
        found.append(Stage(phase, network, STUDY))
    found.append(Stage(CHOOSING, LEAST * len(phases), "the choice"))
    for name in plan.names:
        found.append(Stage(f"{name} on all rows", simple.get(name, 0.0), FINAL))
        if name == NETWORK:
            # How many there is room for in the end is known after the comparison.
            once = LEAST + SERVED[dataset.target.form] * plan.effort.epochs * plan.epoch
            numbers = [
                "",
                *(f", network {each} of " for each in range(2, plan.effort.networks + 1)),
            ]
            found += [Stage(f"training on all rows{each}", once, FINAL) for each in numbers]
    found.append(Stage(PHASE, importance_seconds(experiment), "the report"))
    return found


def importance_seconds(experiment: PropertyExperiment) -> float:
    """Return the estimate for the importance of features: a look for each of them takes about as
    long as the shortest stage, and all of them no more than their share."""
    features = experiment.dataset.graph.features.values()
    looks = PERMUTATIONS * sum(len(each.blocks) for each in features)
    return min(LEAST * looks, SHARE * experiment.plan.budget)


def network_seconds(experiment: PropertyExperiment) -> float:
    """Return the estimate for one training of the network until it stops."""
    plan = experiment.plan
    return LEAST + STUDIED[experiment.dataset.target.form] * plan.effort.epochs * plan.epoch


def trial_seconds(experiment: PropertyExperiment) -> float:
    """Return the estimate for a trial of the network's settings."""
    several = len(kinds(experiment.dataset, experiment.settings))
    return network_seconds(experiment) * several * max(experiment.plan.effort.parts, 1)
