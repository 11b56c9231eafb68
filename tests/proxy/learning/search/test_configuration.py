"""The file as Neptune documents it: what is read, what is searched, what is refused."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from gremlink.proxy.learning.methods import AUTO, KNOWLEDGE_NAMES, LIGHTGCN, NETWORK
from gremlink.proxy.learning.models.fit_settings import fit_settings
from gremlink.proxy.learning.search.configuration import (
    BadHpoConfiguration,
    Metric,
    configuration_of,
    read_configuration,
)
from gremlink.proxy.learning.search.names import (
    SETTINGS,
    WITHOUT_EFFECT,
    applied,
    warnings_of,
    with_frequency,
)
from gremlink.proxy.learning.search.templates import TASKS, reports, template
from gremlink.proxy.learning.settings import TrainingSettings

DOCUMENTED: dict[str, Any] = {
    "models": [
        {
            "model": "rgcn",
            "task_type": "node_class",
            "eval_metric": {"metric": "acc_topk", "topk": 2},
            "eval_frequency": {"type": "evaluate_every_pct", "value": 0.05},
            "1-tier-param": [
                {"param": "num-hidden", "range": [16, 128], "type": "int",
                 "inc_strategy": "power2"},
                {"param": "num-epochs", "range": [3, 30], "inc_strategy": "linear", "inc_val": 1,
                 "type": "int", "node_strategy": "perM"},
                {"param": "lr", "range": [0.001, 0.01], "type": "float", "inc_strategy": "log"},
            ],
            "2-tier-param": [
                {"param": "dropout", "range": [0.0, 0.5], "inc_strategy": "linear",
                 "type": "float", "default": 0.3},
                {"param": "layer-norm", "type": "bool", "default": True},
            ],
            "3-tier-param": [
                {"param": "batch-size", "range": [128, 4096], "inc_strategy": "power2",
                 "type": "int", "default": 1024},
                {"param": "fanout", "type": "int", "options": [[10, 30], [15, 30], [15, 30]],
                 "default": [10, 15, 15]},
                {"param": "num-layer", "range": [1, 3], "inc_strategy": "linear", "inc_val": 1,
                 "type": "int", "default": 2},
                {"param": "num-bases", "range": [0, 8], "inc_strategy": "linear", "inc_val": 2,
                 "type": "int", "default": 0},
            ],
            "fixed-param": [
                {"param": "concat-node-embed", "type": "bool", "default": True},
                {"param": "use-self-loop", "type": "bool", "default": True},
                {"param": "low-mem", "type": "bool", "default": True},
                {"param": "l2norm", "type": "float", "default": 0},
            ],
        }
    ]
}  # fmt: skip
"""The sample of Neptune's documentation, in our own order."""


def changed(**entries: Any) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENTED)
    document["models"][0] |= entries
    return document


def names(trials: int) -> list[str]:
    return [each.name for each in configuration_of(DOCUMENTED).searched(trials)]


def test_the_documented_sample_is_read() -> None:
    found = configuration_of(DOCUMENTED)
    assert found.model == "rgcn"
    assert found.metric == Metric("acc_topk", 2)
    defaults = found.defaults()
    assert defaults == {
        "dropout": 0.3,
        "layer-norm": True,
        "batch-size": 1024,
        "fanout": (10, 15, 15),
        "num-layer": 2,
        "num-bases": 0,
        "concat-node-embed": True,
        "use-self-loop": True,
        "low-mem": True,
        "l2norm": 0.0,
    }
    settings = with_frequency(applied(TrainingSettings(epochs=200), defaults), found)
    assert (settings.dropout, settings.layer_norm, settings.layers) == (0.3, True, 2)
    assert settings.evaluate_every == 10


def test_trials_open_the_tiers() -> None:
    first = ["num-hidden", "num-epochs", "lr"]
    second = [*first, "dropout", "layer-norm"]
    assert names(9) == first
    assert names(10) == second
    assert names(50) == second
    assert names(51)[:6] == [*second, "batch-size"]


def test_a_range_grows_with_the_graph() -> None:
    (_, epochs, _) = configuration_of(DOCUMENTED, vertices=2_500_000).searched(1)
    assert (epochs.low, epochs.high) == (3, 75)
    (_, epochs, _) = configuration_of(DOCUMENTED, vertices=1000, edges=9_000_000).searched(1)
    assert epochs.high == 30


def test_parameters_without_effect_give_warnings() -> None:
    document = changed(**{"2-tier-param": [{"param": "magic", "type": "bool", "default": True}]})
    idle, unknown = warnings_of(configuration_of(document))
    assert "low-mem (there is one way to compute)" in idle
    assert unknown == "unknown parameters of the search: magic"


def test_every_documented_parameter_is_known() -> None:
    documented = (
        "num-hidden num-epochs lr dropout layer-norm global-norm batch-size fanout num-layer "
        "num-bases concat-node-embed sparse-embedding sparse-lr per-feat-name-embed "
        "use-class-weight use-self-loop low-mem enable-early-stop window-for-early-stop l2norm "
        "use-edge-features edge-num-hidden num-negs neg-share regularization-coef gamma rel-part"
    )
    assert set(documented.split()) <= SETTINGS.keys() | WITHOUT_EFFECT.keys()
    assert not SETTINGS.keys() & WITHOUT_EFFECT.keys()


def test_switches_of_the_file_reach_the_encoder() -> None:
    switches = ("layer-norm", "global-norm", "use-self-loop", "use-residual", "jumping-knowledge")
    plain = fit_settings(TrainingSettings()).encoder
    other = {name: not getattr(plain, SETTINGS[name]) for name in switches}
    entries = [{"param": name, "type": "bool", "default": value} for name, value in other.items()]
    found = configuration_of(changed(**{"2-tier-param": [], "fixed-param": entries}))
    encoder = fit_settings(applied(TrainingSettings(), found.defaults())).encoder
    assert {name: getattr(encoder, SETTINGS[name]) for name in switches} == other


def test_hard_negatives_of_the_file_reach_the_training() -> None:
    entry = {"param": "hard-negatives", "type": "float", "default": 0.25}
    found = configuration_of(changed(**{"fixed-param": [entry], "2-tier-param": []}))
    settings = applied(TrainingSettings(), found.defaults())
    assert fit_settings(settings).hard_negatives == 0.25


def number(value: Any) -> dict[str, Any]:
    return {"1-tier-param": [{"param": "lr", "type": "float", "default": value}]}


def test_a_parameter_that_is_nearly_known_is_refused() -> None:
    asked = {"param": "num_hiden", "type": "int", "default": 8}
    with pytest.raises(BadHpoConfiguration, match="'num_hiden'; did you mean 'num-hidden'"):
        warnings_of(configuration_of(changed(**{"fixed-param": [asked]})))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"models": []}, '"models" has 0 entries: it must have exactly one'),
        ({"models": [{}, {}]}, '"models" has 2 entries'),
        ({"models": [{"model": "rgcn"}]}, "has no '1-tier-param', '2-tier-param'"),
        (changed(**{"fixed-param": {}}), "'fixed-param' must be a list"),
        (changed(eval_metric={"metric": "hits"}), "eval_metric is {'metric': 'hits'}: use one of"),
        (changed(eval_metric={"metric": "acc", "topk": 0}), "topk of eval_metric is 0"),
        (changed(eval_frequency={"type": "never", "value": 1}), "eval_frequency is"),
        (changed(**{"1-tier-param": [{"type": "int"}]}), 'without "param"'),
        (changed(**{"1-tier-param": [{"param": "lr", "type": "text"}]}), "lr has type 'text'"),
        (changed(**number("high")), "lr is 'high': it must be a number"),
        (changed(**number([1])), None),
        (
            changed(**{"1-tier-param": [{"param": "lr", "type": "float", "range": [1]}]}),
            "range of lr is",
        ),
        (
            changed(
                **{
                    "1-tier-param": [
                        {"param": "lr", "type": "float", "range": [0, 1], "inc_strategy": "log"}
                    ]
                }
            ),
            "log needs more",
        ),
        (
            changed(
                **{
                    "1-tier-param": [
                        {
                            "param": "num-hidden",
                            "type": "int",
                            "range": [20, 30],
                            "inc_strategy": "power2",
                        }
                    ]
                }
            ),
            "no power of 2 is in it",
        ),
        (
            changed(
                **{
                    "1-tier-param": [
                        {"param": "num-layer", "type": "int", "range": [1, 3], "inc_val": 0.5}
                    ]
                }
            ),
            "inc_val of num-layer is 0.5: it must be a whole number",
        ),
        (
            changed(**{"fixed-param": [{"param": "lr", "type": "float", "default": 1}]}),
            "lr stands there more than once",
        ),
        (changed(eval_metrics={}), "the model has 'eval_metrics'; did you mean 'eval_metric'?"),
        (
            changed(**{"fixed-param": [{"param": "dropout", "type": "float", "defaults": 1}]}),
            "dropout has 'defaults'; did you mean 'default'?",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(document: Any, message: str | None) -> None:
    if message is None:
        configuration_of(document)
        return
    with pytest.raises(BadHpoConfiguration) as caught:
        configuration_of(document)
    assert message in str(caught.value)


def test_the_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "model-hpo-configuration.json"
    path.write_text("{")
    with pytest.raises(BadHpoConfiguration, match=r"model-hpo-configuration\.json is not JSON"):
        read_configuration(path)
    path.write_text(json.dumps({"models": []}))
    with pytest.raises(BadHpoConfiguration, match=r"model-hpo-configuration\.json: \"models\""):
        read_configuration(path)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("model", [AUTO, NETWORK, LIGHTGCN, *KNOWLEDGE_NAMES])
def test_templates_hold_the_defaults(task: str, model: str) -> None:
    found = configuration_of(template(model, task, "mrr"))
    settings = TrainingSettings()
    defaults = found.defaults()
    assert applied(settings, defaults) == settings
    assert warnings_of(found) == ()
    assert all(each.is_tunable for tier in found.tiers for each in tier)


def test_a_model_type_chooses_the_model() -> None:
    model = {
        kind: reports("link_prediction", "mrr", kind)["model-hpo-configuration.json"]["models"][0][
            "model"
        ]
        for kind in (None, "heterogeneous", "kge")
    }
    assert model == {None: "auto", "heterogeneous": "rgcn", "kge": "transe"}
    with pytest.raises(ValueError, match="'kge' predicts links"):
        reports("node_classification", "acc", "kge")
    with pytest.raises(ValueError, match="'tabular' is unknown"):
        reports("link_prediction", "mrr", "tabular")
