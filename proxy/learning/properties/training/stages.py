"""What a training for a property consists of, with estimates, for progress and for deadlines."""

from __future__ import annotations

from gremlink.proxy.learning.budget import STOPPED
from gremlink.proxy.learning.methods import NETWORK
from gremlink.proxy.learning.properties.methods import METHODS
from gremlink.proxy.learning.properties.training.experiment import Trial
from gremlink.proxy.learning.properties.training.network import kinds
from gremlink.proxy.learning.properties.training.plan import epoch_cost
from gremlink.proxy.learning.search.tuning import Wanted, stages_of_search
from gremlink.proxy.learning.timeline import Stage

LEAST = 0.05
"""Seconds that a stage takes whatever it does."""

STUDY, FINAL = "trying methods", "learning from all rows"


def stages(trial: Trial, wanted: Wanted) -> list[Stage]:
    """The phases of what `trial` is going to do, in their order."""
    plan = trial.plan
    simple = {
        name: LEAST + METHODS[name].cost(trial.dataset) for name in plan.names if name != NETWORK
    }
    epoch = epoch_cost(trial.dataset, trial.settings)
    once = LEAST + STOPPED * plan.effort.epochs * epoch
    network = once * len(kinds(trial.dataset, trial.settings)) if NETWORK in plan.names else 0.0
    parts = plan.effort.parts
    found: list[Stage] = []
    if wanted.search.trials and wanted.search.previous is None and network:
        found += stages_of_search(wanted, NETWORK, network * max(parts, 1))
    phases = (
        [f"cross-validation, part {number} of {parts}" for number in range(1, parts + 1)]
        if parts
        else ["training rows"]
    )
    for phase in phases:
        found.append(Stage(f"simple methods, {phase}", sum(simple.values()), STUDY))
        found.append(Stage(phase, network, STUDY))
    found.append(Stage("choosing among the methods", LEAST * len(phases), "the choice"))
    for name in plan.names:
        found.append(Stage(f"{name} on all rows", simple.get(name, 0.0), FINAL))
        if name == NETWORK:
            count = plan.effort.networks
            numbers = [f", network {each} of {count}" for each in range(1, count + 1)]
            found += [
                Stage(f"training on all rows{number}", once, FINAL)
                for number in (numbers if count > 1 else [""])
            ]
    return [*found, Stage("writing the artifact", 0.2, "writing the artifact")]
