"""Methods: their names, their costs, and their rows in the documents."""

import re
from pathlib import Path

import numpy as np
import pytest
from teams import write_teams

from gremlink.proxy.learning.graph import Edges, FeatureBlock, Features, Relation, TypedGraph
from gremlink.proxy.learning.links.scorers import FITTED, SIMPLE
from gremlink.proxy.learning.links.training.network_methods import NETWORK_METHODS
from gremlink.proxy.learning.methods import MODELS, NETWORKS, PROPERTY_MODELS
from gremlink.proxy.learning.properties.dataset import load_property
from gremlink.proxy.learning.properties.methods import METHODS, STORED
from gremlink.proxy.learning.settings import TrainingSettings

DOCS = Path(__file__).parents[3] / "docs"
LIKES = Relation("P", "likes", "T")
KNOWS = Relation("P", "knows", "P")


def test_each_method_has_the_name_it_is_registered_under() -> None:
    assert {name: method.name for name, method in SIMPLE.items()} == {name: name for name in SIMPLE}
    assert tuple(NETWORK_METHODS) == NETWORKS


def graph(people: int, things: int, links: int) -> TypedGraph:
    random = np.random.default_rng(0)
    pairs = random.permutation(people * things)[:links]
    stars = random.integers(1, 6, (links, 1)).astype(np.float32)
    friends = Edges(np.arange(people - 1), np.arange(1, people))
    return TypedGraph(
        {"P": people, "T": things},
        {LIKES: Edges(pairs // things, pairs % things, stars), KNOWS: friends},
        {"P": Features(np.ones((people, 1), np.float32), (FeatureBlock("a", "number", 0, 1),))},
    )


SMALL, LARGE = graph(50, 40, 600), graph(500, 400, 6000)


@pytest.mark.parametrize("name", SIMPLE)
def test_a_larger_graph_costs_no_less(name: str) -> None:
    for relation in (LIKES, KNOWS):
        small, large = (SIMPLE[name].cost(each, relation).seconds() for each in (SMALL, LARGE))
        assert 0.0 <= small <= large
        assert small > 0.0 or name not in FITTED


@pytest.mark.parametrize("name", NETWORKS)
def test_an_epoch_on_a_larger_graph_takes_longer(name: str) -> None:
    small, large = (
        NETWORK_METHODS[name].epoch_cost(each, [LIKES, KNOWS], TrainingSettings()).seconds()
        for each in (SMALL, LARGE)
    )
    assert 0.0 < small < large


def test_methods_for_a_property_tell_their_cost(tmp_path: Path) -> None:
    dataset = load_property(write_teams(tmp_path, of_people={"label": ["team", "classification"]}))
    costs = {name: method.cost(dataset).seconds() for name, method in METHODS.items()}
    assert {name for name, seconds in costs.items() if seconds == 0.0} == {"majority", "mean"}
    assert costs["boosting"] < costs["boosting+neighbours"]
    assert costs["linear"] < costs["boosting"]


def test_what_methods_for_a_property_leave_has_names_of_its_own() -> None:
    kinds = [kind for method in METHODS.values() for model in method.models for kind in model.kinds]
    assert set(STORED) == set(kinds)
    assert all(kind in STORED[kind].kinds for kind in kinds)


@pytest.mark.parametrize(
    ("page", "names"), [("links.md", MODELS), ("properties.md", PROPERTY_MODELS)]
)
def test_every_method_has_a_row_in_the_documents(page: str, names: tuple[str, ...]) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    table = text.split("## Methods")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    listed = {name for row in rows for name in re.findall(r"`([^`]+)`", row)} - {"--model"}
    missing, unknown = set(names) - listed - {"auto"}, listed - set(names)
    assert not missing, f"docs/{page}, Methods: no row for {sorted(missing)}"
    assert not unknown, f"docs/{page}, Methods: rows for {sorted(unknown)}, which do not exist"
