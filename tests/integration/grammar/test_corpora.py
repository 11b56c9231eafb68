"""Every traversal of TinkerPop's feature files parses and prints back as it was."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from gremlink.grammar.script import parse, write
from gremlink.grammar.traversal import Opaque, Traversal

FLOORS = {"3.7": (1_684, 1_663), "3.8": (2_344, 2_316)}
"""All doc strings, and those that hold a traversal; the others are prose and drawings of trees."""


@pytest.fixture(params=["3.7", "3.8"])
def corpus(request: pytest.FixtureRequest) -> list[str]:
    name = request.param
    found = request.getfixturevalue(f"features_{name.replace('.', '_')}")
    traversals = [doc.text for doc in found if doc.is_traversal]
    assert (len(found), len(traversals)) >= FLOORS[name]
    assert len(traversals) >= FLOORS[name][1]
    return traversals


def test_every_doc_string_parses_and_prints_back_identically(corpus: list[str]) -> None:
    for text in corpus:
        script = parse(text)
        assert script.traversals, text
        assert script.text == text
        for index, traversal in enumerate(script.traversals):
            printed_by_instruction = traversal.with_steps(traversal.steps)
            script = script.replace(index, printed_by_instruction)
        assert script.text == text


def test_every_doc_string_means_the_same_when_printed_anew(corpus: list[str]) -> None:
    for text in corpus:
        for traversal in parse(text).traversals:
            printed = write(_without_origin(traversal))
            again = parse(printed).single
            if "OptionsStrategy" not in text:  # options are printed as `with(…)`
                assert repr(again) == repr(traversal), printed


def test_hardly_anything_is_opaque(corpus: list[str]) -> None:
    """Dates, lambdas and valued cardinalities are; steps, predicates and literals never."""
    traversals = [traversal for text in corpus for traversal in parse(text).traversals]
    opaque = [found.raw for traversal in traversals for found in _opaque(traversal)]
    allowed = ("datetime(", "DateTime(", "Cardinality.", "Lambda.", "{", '"', "UUID(", "1000000")
    assert [raw for raw in opaque if not raw.startswith(allowed)] == []
    assert len(opaque) < len(traversals) / 20


def _without_origin(node: Any) -> Any:
    if isinstance(node, tuple):
        return tuple(_without_origin(item) for item in node)
    if not is_dataclass(node):
        return node
    kept = [part.name for part in fields(node) if part.name != "origin"]
    parts = {name: _without_origin(getattr(node, name)) for name in kept}
    return replace(node, origin=None, **parts)  # type: ignore[type-var]


def _opaque(node: Any) -> list[Opaque]:
    if isinstance(node, Opaque):
        return [node]
    if isinstance(node, tuple):
        return [found for item in node for found in _opaque(item)]
    if is_dataclass(node):
        return [
            found
            for part in fields(node)
            if part.name != "origin"
            for found in _opaque(getattr(node, part.name))
        ]
    return []


def test_traversals_are_whole(corpus: list[str]) -> None:
    """Nothing of a traversal is left behind its end, where it would be out of sight."""
    for text in corpus:
        script = parse(text)
        if len(script.traversals) == 1:
            assert isinstance(script.single, Traversal), text
            assert not script.tail.strip(" \n;"), text
