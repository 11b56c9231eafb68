"""Copies of the edges to predict: relations that tell the held-out ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from written_export import Kind, write_export

from gremlink.proxy.graph import read_export
from gremlink.proxy.learning.events import unheard
from gremlink.proxy.learning.graph import Edges, Relation, TypedGraph, distinct_edges
from gremlink.proxy.learning.links.training import cross_validation, holdout
from gremlink.proxy.learning.links.training.dataset import Dataset, link_dataset
from gremlink.proxy.learning.links.training.experiment import LinkExperiment
from gremlink.proxy.learning.links.training.repeats import find_repeats
from gremlink.proxy.learning.processing.process import process
from gremlink.proxy.learning.processing.stored import write_processed
from gremlink.proxy.learning.settings import TrainingSettings
from gremlink.proxy.learning.workflows.train import train
from gremlink.proxy.learning.workflows.transform import transform

LIKES = Relation("U", "likes", "M")
LIKED = Relation("M", "likedBy", "U")
AGAIN = Relation("U", "enjoys", "M")
KNOWS = Relation("U", "knows", "U")
BY, FOR = Relation("R", "by", "U"), Relation("R", "for", "M")
USERS, FILMS = 40, 30
Pairs = list[tuple[int, int]]


def likes() -> Pairs:
    random = np.random.default_rng(3)
    return [
        (user, film)
        for user in range(USERS)
        for film in range(FILMS)
        if random.random() < (0.4 if user % 3 == film % 3 else 0.05)
    ]


def mirrored(pairs: Iterable[tuple[int, int]]) -> Pairs:
    return [(tail, head) for head, tail in pairs]


def graph(**relations: Pairs) -> TypedGraph:
    named = {"likes": LIKES, "liked": LIKED, "again": AGAIN, "knows": KNOWS, "by": BY, "for_": FOR}
    edges = {}
    for name, pairs in relations.items():
        relation = named[name]
        heads, tails = (np.array([pair[end] for pair in pairs], np.int64) for end in (0, 1))
        edges[relation] = distinct_edges(heads, tails, same_type=relation.head == relation.tail)
    return TypedGraph({"U": USERS, "M": FILMS, "R": len(relations.get("by", ()))}, edges)


def pairs_of(edges: Edges) -> set[tuple[int, int]]:
    return set(zip(edges.heads.tolist(), edges.tails.tolist(), strict=True))


@pytest.mark.parametrize("lost", [0, 3])
def test_an_inverse_relation_is_left_out(lost: int) -> None:
    found = find_repeats(graph(likes=likes(), liked=mirrored(likes()[lost:])), [LIKES])
    assert found.left_out == {LIKED}
    (said,) = found.sentences
    assert "the other way round as (M)-likedBy->(U), which is left out" in said


def test_a_copy_is_left_out() -> None:
    assert find_repeats(graph(likes=likes(), again=likes()), [LIKES]).left_out == {AGAIN}


def test_what_is_alike_in_part_stays() -> None:
    """People do things on their own: what one relation tells of another is worth learning."""
    many = likes()
    for other in (mirrored(many[: len(many) * 9 // 10]), mirrored(many) + [(0, 1), (5, 2)] * 20):
        more = [*other, *((film, user) for user in range(USERS) for film in (0, 1))]
        found = find_repeats(graph(likes=many, liked=more), [LIKES])
        assert not found.left_out
        assert not found.sentences
        assert not found.repeats.followers


def test_few_edges_may_be_alike_by_chance() -> None:
    few = likes()[:6]
    assert not find_repeats(graph(likes=few, liked=mirrored(few)), [LIKES]).left_out


def friends() -> Pairs:
    random = np.random.default_rng(5)
    return [(a, b) for a in range(USERS) for b in range(a) if random.random() < 0.15]


def reified(pairs: Pairs) -> Mapping[str, Pairs]:
    return {
        "by": [(number, user) for number, (user, _) in enumerate(pairs)],
        "for_": [(number, film) for number, (_, film) in enumerate(pairs)],
    }


def test_vertices_that_stand_for_edges_are_cut_off() -> None:
    many = likes()
    disliked = [(user, film) for user, film in ((1, 0), (2, 0), (4, 0)) if (user, film) not in many]
    found = find_repeats(graph(likes=many, **reified(many + disliked)), [LIKES])
    assert found.left_out == {BY, FOR}
    assert "a vertex R of their own, by (R)-by->(U) and (R)-for->(M)" in found.sentences[0]


def test_types_that_are_cut_off_are_not_learned_about(tmp_path: Path) -> None:
    many = likes()
    made = reified(many)
    export = write(tmp_path / "1", many, None, ["likes"], reified_as=made)
    assert list(dataset(export).graph.counts) == ["U", "M"]
    whole = process(read_export(export))
    assert "R" in whole.graph.counts
    train(export, tmp_path / "m", model="popularity", settings=QUICK, speed="reference")
    write_processed(tmp_path / "again", process(read_export(export), previous=whole), {})
    for data in (export, tmp_path / "again"):
        assert transform(tmp_path / "m", data, tmp_path / f"moved-{data.name}").drift.share == 0.0


@pytest.mark.parametrize("change", ["several", "other", "shared"])
def test_vertices_that_do_more_stay(change: str) -> None:
    many = likes()
    made = dict(reified(many))
    if change == "several":  # such as the films of a director and a studio
        made = dict(reified(many + many))
    elif change == "shared":  # a vertex joins more than a pair
        made["for_"] = [(number // 2, film) for number, film in made["for_"]]
        made["by"] = [(number // 2, user) for number, user in made["by"]]
    whole = graph(likes=many, **made)
    if change == "other":
        edges = {**whole.edges, Relation("R", "at", "P"): whole.edges[BY]}
        whole = TypedGraph({**whole.counts, "P": USERS}, edges)
    assert not find_repeats(whole, [LIKES]).left_out


def test_vertices_for_edges_that_are_targets_themselves_are_said() -> None:
    many = likes()
    found = find_repeats(graph(likes=many, **reified(many)), [LIKES, BY, FOR])
    assert not found.left_out
    assert any("figures measure copying" in said for said in found.sentences)


def write(
    directory: Path,
    likes_: Pairs,
    liked: Pairs | None,
    targets: Iterable[str],
    reified_as: Mapping[str, Pairs] | None = None,
) -> Path:
    label = [{"label": ["", "link_prediction"], "split_rate": [0.8, 0.1, 0.1]}]

    def rows(pairs: Pairs, head: str, tail: str) -> list[dict[str, str]]:
        return [{"~from": f"{head}{a}", "~to": f"{tail}{b}"} for a, b in pairs]

    edges = {
        ("U", "likes", "M"): Kind(
            rows(likes_, "u", "m"), labels=label if "likes" in targets else ()
        )
    }
    if liked is not None:
        edges["M", "likedBy", "U"] = Kind(
            rows(liked, "m", "u"), labels=label if "likedBy" in targets else ()
        )
    vertices = {
        "U": Kind([{"~id": f"u{number}"} for number in range(USERS)]),
        "M": Kind([{"~id": f"m{number}"} for number in range(FILMS)]),
    }
    if reified_as is not None:
        edges["R", "by", "U"] = Kind(rows(reified_as["by"], "r", "u"))
        edges["R", "for", "M"] = Kind(rows(reified_as["for_"], "r", "m"))
        vertices["R"] = Kind([{"~id": f"r{number}"} for number in range(len(likes_))])
    return write_export(directory, vertices, edges)


def dataset(directory: Path) -> Dataset:
    return link_dataset(process(read_export(directory)))


QUICK = TrainingSettings(epochs=3, networks=1, folds=3, width=8, threads=1)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["auto", "other-links"])
@pytest.mark.parametrize("cross_validate_up_to", [0, 10_000])
def test_figures_are_those_without_the_inverse(
    tmp_path: Path, model: str, cross_validate_up_to: int
) -> None:
    """A model that copies would have a reciprocal rank of 1."""
    plain = write(tmp_path / "plain", likes(), None, ["likes"])
    both = write(tmp_path / "both", likes(), mirrored(likes()), ["likes"])
    settings = replace(QUICK, cross_validate_up_to=cross_validate_up_to)
    if model == "other-links":
        with pytest.raises(ValueError, match="other-links says nothing"):
            train(both, tmp_path / "m", model=model, settings=settings)
        return
    found = [
        train(export, tmp_path / f"m-{export.name}", settings=settings, speed="reference")
        for export in (plain, both)
    ]
    assert found[0].rows[0].metrics == found[1].rows[0].metrics
    assert found[1].rows[0].metrics["mrr"] < 0.9
    assert any("likedBy" in text for text in found[1].warnings)
    again = transform(tmp_path / "m-both", both, tmp_path / "moved")
    assert again.drift.share == 0.0


@pytest.mark.parametrize("protocol", ["holdout", "cross-validation"])
def test_targets_that_repeat_each_other_are_held_out_together(
    tmp_path: Path, protocol: str
) -> None:
    many = likes()
    lone = [(0, 29), (1, 29), (2, 29)]
    export = write(tmp_path, many, mirrored(many) + lone, ["likes", "likedBy"])
    experiment = LinkExperiment(dataset(export), "auto", QUICK, 0, unheard)
    if protocol == "holdout":
        training, valid, test = holdout.held_out(experiment)
        parts = [(training, valid), (training, test)]
    else:
        parts = [
            cross_validation.without_part(experiment, each)[:2]
            for each in cross_validation.parts_of(experiment)
        ]
    for without, held in parts:
        hidden = pairs_of(held[LIKES])
        assert hidden
        assert not hidden & {(b, a) for a, b in pairs_of(without.edges[LIKED])}
        copies = {(b, a) for a, b in pairs_of(held[LIKED])}
        assert hidden <= copies
        assert not copies & pairs_of(without.edges[LIKES])


@pytest.mark.parametrize("protocol", ["holdout", "cross-validation"])
def test_opposites_are_held_out_together(protocol: str) -> None:
    both = friends() + mirrored(friends())
    whole = graph(knows=both)
    found = find_repeats(whole, [KNOWS])
    assert found.repeats.symmetric == {KNOWS}
    assert "both directions: both are held out together" in found.sentences[0]
    groups = found.repeats.groups(KNOWS, whole.edges[KNOWS])
    assert groups is not None
    edges, random = whole.edges[KNOWS], np.random.default_rng(0)
    if protocol == "holdout":
        train_, valid, test = holdout.split_edges(edges, (0.8, 0.1, 0.1), random, None, groups)
        parts = [train_, valid, test]
        assert len(valid) == pytest.approx(len(edges) / 10, abs=2)
        assert len(test) == pytest.approx(len(edges) / 10, abs=2)
    else:
        from gremlink.proxy.learning.trained.stored_graph import StoredGraph

        stored = StoredGraph(whole, {}, {})
        data = Dataset(stored, {KNOWS: (0.8, 0.1, 0.1)}, (), found.repeats)
        experiment = LinkExperiment(data, "auto", QUICK, 0, unheard)
        parts = [edges.select(part[KNOWS]) for part in cross_validation.parts_of(experiment)]
    assert sum(map(len, parts)) == len(edges)
    assert set().union(*map(pairs_of, parts)) == pairs_of(edges)
    for part in parts:
        assert pairs_of(part) == {(b, a) for a, b in pairs_of(part)}


def test_one_way_friends_are_held_out_alone() -> None:
    some = friends()
    whole = graph(knows=some + mirrored(some[: len(some) * 3 // 4]))
    found = find_repeats(whole, [KNOWS])
    assert found.repeats.groups(KNOWS, whole.edges[KNOWS]) is None
    assert not found.sentences
