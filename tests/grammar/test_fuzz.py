"""Mutated requests never crash a codec; what once did is replayed."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutations import CHECKS, DATA, mutated, seeds

SEEDS = seeds()
EVERYTHING = [message for messages in SEEDS.values() for message in messages]


@pytest.mark.parametrize("name", SEEDS)
def test_the_seeds_themselves_are_read(name: str) -> None:
    for seed in SEEDS[name]:
        CHECKS[name](seed)


@settings(max_examples=400)
@given(st.sampled_from(sorted(SEEDS)), st.integers(0, 2**32))
def test_mutations(name: str, number: int) -> None:
    random = Random(number)
    CHECKS[name](mutated(random.choice(SEEDS[name]), random, EVERYTHING))


@settings(max_examples=200)
@given(
    st.binary(max_size=200)
    | st.text(max_size=100).map(lambda text: text.encode("utf-8", "replace"))
)
def test_anything(data: bytes) -> None:
    for check in CHECKS.values():
        check(data)


@pytest.mark.parametrize("found", sorted((DATA / "found").glob("*")), ids=lambda path: path.name)
def test_what_was_found_stays_mended(found: Path) -> None:
    CHECKS[found.suffix[1:]](found.read_bytes())
