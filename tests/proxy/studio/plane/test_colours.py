"""Groups of vertices: by type, links, segment, and the properties that the model keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gremlink.proxy.learning.features.category import CategoryFitter
from gremlink.proxy.learning.features.dates import DatetimeFitter
from gremlink.proxy.learning.features.encodings import Encoding
from gremlink.proxy.learning.features.matrix import encode
from gremlink.proxy.learning.features.numerical import NumericalFitter
from gremlink.proxy.learning.graph import TypedGraph
from gremlink.proxy.studio.plane.colours import (
    LINKS,
    MOST_GROUPS,
    PROPERTY,
    SEGMENT,
    TYPE,
    WITHOUT,
    Colouring,
    Group,
    colouring,
    ways,
)
from gremlink.proxy.studio.plane.places import Sample, sampled
from gremlink.proxy.studio.templating import STATIC


def with_property(artifact: Path, fitter: Any, cells: Sequence[str]) -> Sample:
    """Return the sample as if its people had a property `x` with these values, in turn."""
    sample = sampled(artifact)
    stored = sample.embeddings.stored
    count = stored.graph.counts["Person"]
    column = [cells[row % len(cells)] for row in range(count)]
    fitter.see(column)
    encoding: Encoding = fitter.fitted()
    graph = stored.graph
    features = {"Person": encode({"x": column}, [encoding])}
    changed = replace(
        stored,
        graph=TypedGraph(graph.counts, graph.edges, features, {}),
        encodings={**stored.encodings, "Person": [encoding]},
    )
    return replace(sample, embeddings=replace(sample.embeddings, stored=changed))


def coloured(tmp_path: Path, sample: Sample, key: str = PROPERTY + "x") -> Colouring:
    (tmp_path / "artifact.json").write_text("")  # a model of its own for the cache
    return colouring(tmp_path, sample, key)


def shown(found: Colouring) -> dict[str, int]:
    return {group.name: group.count for group in found.groups}


def test_types_links_and_segments(factorised: Path) -> None:
    sample = sampled(factorised)
    assert shown(colouring(factorised, sample, TYPE)) == {"Person": 24, "Thing": 8}
    links = colouring(factorised, sample, LINKS)
    assert sum(shown(links).values()) == 32
    assert [group.size for group in links.groups] == sorted(group.size for group in links.groups)
    segments = colouring(factorised, sample, SEGMENT)
    assert sum(shown(segments).values()) == 32
    assert any(name.startswith("Person 0") for name in shown(segments))
    with pytest.raises(KeyError):
        colouring(factorised, sample, "property:nothing")


def test_a_property_of_the_export(factorised: Path) -> None:
    sample = sampled(factorised)
    assert (PROPERTY + "group", "group") in ways(sample)
    found = colouring(factorised, sample, PROPERTY + "group")
    assert sum(shown(found).values()) == 32
    for point in range(32):
        group = found.groups[int(found.codes[point])].name
        assert (group == WITHOUT) == (sample.type_of(point) == "Thing")


def test_categories_of_which_some_are_missing(factorised: Path, tmp_path: Path) -> None:
    sample = with_property(factorised, CategoryFitter("x"), ["red", "red", "<b>&", ""])
    assert shown(coloured(tmp_path, sample)) == {"red": 12, "<b>&": 6, WITHOUT: 14}


def test_of_several_values_the_most_frequent_counts(factorised: Path, tmp_path: Path) -> None:
    sample = with_property(
        factorised, CategoryFitter("x", ";"), ["drama;war", "drama", "war", "war"]
    )
    assert shown(coloured(tmp_path, sample)) == {"war": 18, "drama": 6, WITHOUT: 8}


def test_many_categories_share_a_group(factorised: Path, tmp_path: Path) -> None:
    sample = with_property(factorised, CategoryFitter("x"), [f"c{n:02}" for n in range(24)])
    found = shown(coloured(tmp_path, sample))
    assert list(found)[: MOST_GROUPS - 1] == [f"c{n:02}" for n in range(MOST_GROUPS - 1)]
    assert found["others (13)"] == 13
    assert found[WITHOUT] == 8


def test_numbers_fall_into_ranges_in_words(factorised: Path, tmp_path: Path) -> None:
    sample = with_property(factorised, NumericalFitter("x"), [str(n) for n in range(24)])
    found = shown(coloured(tmp_path, sample))
    assert list(found.values()) == [5, 5, 4, 5, 5, 8]
    assert next(iter(found)) == "0 to 4"
    assert list(found)[-2:] == ["19 to 23", WITHOUT]


def test_numbers_that_are_equal_are_one_group(factorised: Path, tmp_path: Path) -> None:
    sample = with_property(factorised, NumericalFitter("x"), ["7"])
    assert shown(coloured(tmp_path, sample)) == {"7": 24, WITHOUT: 8}


def test_of_dates_the_year_counts(factorised: Path, tmp_path: Path) -> None:
    sample = with_property(factorised, DatetimeFitter("x"), ["1999-01-01", "2004-05-06", ""])
    assert shown(coloured(tmp_path, sample)) == {"1999": 8, "2004": 8, WITHOUT: 16}


def test_groups_differ_in_colour_and_ranges_in_size() -> None:
    marks = [Group.numbered("", 0, place) for place in range(MOST_GROUPS)]
    assert len({each.colour for each in marks}) == MOST_GROUPS
    assert all(one.shape != next_.shape for one, next_ in pairwise(marks))
    style = (STATIC / "embeddings.css").read_text()
    assert all(f"svg.{each.colour} {{" in style for each in marks)
    assert np.isclose(Group.step("", 0, 4).size, 1.5)
