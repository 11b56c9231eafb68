"""Why a link is predicted: parts that add up, paths of the stored graph, properties in common."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from communities import write_communities

from gremlink.grammar.traversal import Entries, Items, Literal
from gremlink.proxy.learning.features.category import CategoryFitter
from gremlink.proxy.learning.features.encoding import fit
from gremlink.proxy.learning.features.matrix import encode
from gremlink.proxy.learning.features.numerical import NumericalFitter
from gremlink.proxy.learning.features.scaling import unit_blocks
from gremlink.proxy.learning.graph import DIRECTIONS, Direction
from gremlink.proxy.learning.links.calibration import probabilities
from gremlink.proxy.learning.links.prediction.explanation import PATHS, Explanation
from gremlink.proxy.learning.links.prediction.model import LinkModel, from_artifact, to_artifact
from gremlink.proxy.learning.links.prediction.predictor import LinkPredictor, UnknownRelation
from gremlink.proxy.learning.links.prediction.property_overlap import property_overlaps
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.store.artifacts import read_artifact


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> LinkModel:
    directory = tmp_path_factory.mktemp("explained")
    export = write_communities(directory / "export")
    settings = TrainingSettings(epochs=3, width=8, folds=2, networks=1, threads=1)
    train(export, directory / "model", settings=settings)
    return from_artifact(read_artifact(directory / "model"))


def explained(
    model: LinkModel, source: str, label: str, target: str, direction: Direction = "out"
) -> list[tuple[Literal, float, Explanation]]:
    """The eight best targets, their scores and explanations."""
    predictor = LinkPredictor(model)
    source_id = Literal.string(source)
    (answers,) = predictor.predict(
        edge_label=label,
        direction=direction,
        target_label=target,
        inputs=[source_id],
        known=[[]],
        limit=8,
    )
    (found,) = predictor.explain(
        edge_label=label,
        direction=direction,
        target_label=target,
        inputs=[source_id],
        targets=[[answer.id for answer in answers]],
    )
    return [(a.id, a.score, why) for a, why in zip(answers, found, strict=True)]


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("label", ["knows", "likes"])
def test_contributions_add_up_to_the_blend(
    model: LinkModel, label: str, direction: Direction
) -> None:
    (relation,) = [target for target in model.relations if target.relation.label == label]
    source = ("p3" if direction == "out" else "t3") if label == "likes" else "p3"
    target = relation.relation.target_type(direction)
    rows = explained(model, source, label, target, direction)
    assert len(rows) == 8
    ids = {kind: list(literals) for kind, literals in model.stored.ids.items()}
    place = ids[relation.relation.source_type(direction)].index(Literal.string(source))
    (blended,) = model.scorer(relation).scores(np.array([place]), direction)
    weights = dict(zip(relation.members, relation.weights[direction], strict=True))
    for id, score, why in rows:
        assert set(why.contributions) == {name for name, weight in weights.items() if weight}
        total = sum(why.contributions.values())
        assert total == pytest.approx(blended[ids[target].index(id)], abs=1e-5)
        logit = relation.calibrations[direction].logits(np.array([total], np.float32))
        assert score == pytest.approx(probabilities(logit)[0], abs=1e-5)
        sizes = [abs(part) for part in why.contributions.values()]
        assert sizes == sorted(sizes, reverse=True)


def test_weights_by_the_links_of_the_source_survive_an_artifact(model: LinkModel) -> None:
    target = model.relations[0]
    weights = {end: np.stack([target.weights[end], -target.weights[end]]) for end in DIRECTIONS}
    written = replace(model, relations=(replace(target, weights=weights), *model.relations[1:]))
    restored = from_artifact(to_artifact(written, {}))
    for end in DIRECTIONS:
        assert restored.relations[0].weights[end].tolist() == weights[end].tolist()
    assert restored.relations[0].signed == target.signed


def test_what_older_artifacts_weigh_is_a_mark(model: LinkModel) -> None:
    (knows,) = [each for each in model.relations if each.relation.label == "knows"]
    weights = dict.fromkeys(DIRECTIONS, np.array([1.0]))
    new = replace(
        knows, members=("reciprocity",), weights=weights, signed=frozenset({"reciprocity"})
    )
    artifact = to_artifact(replace(model, relations=(new,), fitted={}), {})
    (entry,) = artifact.manifest["targets"]
    assert entry.pop("signed") == ["reciprocity"]
    older = from_artifact(artifact)
    sources = np.arange(10)
    log_odds = model.scorer(new).scores(sources, "out")
    normalised = older.scorer(older.relations[0]).scores(sources, "out")
    marked = log_odds != 0.0
    assert marked.any()
    assert normalised[marked].min() > normalised[~marked].max()


def test_paths_lead_from_the_input_to_the_result_over_stored_edges(model: LinkModel) -> None:
    edges = {
        (
            model.stored.ids[relation.head][head].value,
            relation.label,
            model.stored.ids[relation.tail][tail].value,
        )
        for relation, stored in model.stored.graph.edges.items()
        for head, tail in zip(stored.heads, stored.tails, strict=True)
    }
    seen = 0
    for target, _, why in explained(model, "p3", "knows", "Person"):
        assert 0 < len(why.paths) <= PATHS
        strengths = [path.strength for path in why.paths]
        assert strengths == sorted(strengths, reverse=True)
        for path in why.paths:
            steps = [step.value for step in path.steps]
            assert (steps[0], steps[-1]) == ("p3", target.value)
            for here, arrows, there in zip(steps[:-2:2], steps[1::2], steps[2::2], strict=True):
                for arrow in arrows.split(" "):
                    label = arrow.strip("<->")
                    assert arrow.endswith(">") == ((here, label, there) in edges)
                    assert arrow.startswith("<") == ((there, label, here) in edges)
                    seen += 1
    assert seen


def test_people_of_one_group_have_it_in_common(model: LinkModel) -> None:
    rows = explained(model, "p3", "knows", "Person")
    same = [why for target, _, why in rows if int(target.value[1:]) % 2 == 1]
    assert same
    for why in same:
        (alike,) = why.features
        assert (alike.property, alike.shared) == ("group", ("group 1",))
        assert alike.similarity == pytest.approx(1.0)


def test_who_likes_a_thing_is_like_those_who_do(model: LinkModel) -> None:
    rows = explained(model, "t3", "likes", "Person", "in")
    alike = [(target, each) for target, _, why in rows for each in why.features]
    assert alike
    for target, each in alike:
        group = f"group {int(target.value[1:]) % 2}"
        assert (each.property, each.shared) == ("group", (group,))
    assert explained(model, "p3", "likes", "Thing")[0][2].features == []  # things have none


def test_likenesses_are_the_parts_of_the_similarity_of_features() -> None:
    columns = {"tags": ["a;b", "b;c", "c", "b"], "age": ["1", "2", "40", "1"]}
    tags = fit(CategoryFitter("tags", ";"), columns["tags"])
    age = fit(NumericalFitter("age"), columns["age"])
    features = encode(columns, [tags, age])
    names = [*tags.columns, *age.columns]
    vectors = unit_blocks(features)
    for first in range(4):
        for second in range(4):
            parts = {
                alike.property: alike
                for alike in property_overlaps(features, names, first, np.array([second]))
            }
            cosine = float(vectors[first] @ vectors[second])
            if all(name in parts for name in columns):
                total = sum(alike.similarity for alike in parts.values())
                assert total / 2 == pytest.approx(cosine, abs=1e-5)
    found = property_overlaps(features, names, 0, np.array([1]))
    assert {alike.property: alike.shared for alike in found} == {"tags": ("b",), "age": ()}


def test_the_map_of_a_query(model: LinkModel) -> None:
    target, score, why = explained(model, "p3", "knows", "Person")[0]
    entries = {key.value: value for key, value in why.as_map(score).entries}  # type: ignore[union-attr]
    assert list(entries) == ["score", "contributions", "notes", "paths", "features"]
    assert entries["score"] == Literal.of(score)
    contributions = entries["contributions"]
    assert isinstance(contributions, Entries)
    assert {key.value: value.value for key, value in contributions.entries} == dict(  # type: ignore[union-attr]
        why.contributions
    )
    paths = entries["paths"]
    assert isinstance(paths, Items)
    first = paths.items[0]
    assert isinstance(first, Entries)
    assert first.entries[0] == (
        Literal.string("path"),
        Items("list", why.paths[0].steps),
    )
    assert why.paths[0].steps[-1] == target


def test_what_is_not_predicted_is_not_explained(model: LinkModel) -> None:
    with pytest.raises(UnknownRelation):
        explained(model, "p3", "hates", "Person")


def test_what_says_nothing_is_no_negative_nothing() -> None:
    why = Explanation({"reciprocity": -0.0, "katz": 1.0}, (), (), ())
    assert "-0.0" not in repr(why.as_map(-0.0))
