"""Counted work, and what it takes on a machine."""

from __future__ import annotations

from dataclasses import fields

import pytest

from gremlink.proxy.learning.budget import REFERENCE, Speed, Work, total


def test_work_adds_up() -> None:
    one, other = Work(products=2.0, calls=1.0), Work(products=3.0, steps=4.0)
    assert one + other == Work(products=5.0, steps=4.0, calls=1.0)
    assert 2 * one == one * 2 == Work(products=4.0, calls=2.0)
    assert total([one, other]) == one + other
    assert total([]) == Work()


def test_each_kind_of_work_takes_its_own_time() -> None:
    kinds = [field.name for field in fields(Work)]
    assert kinds == [field.name for field in fields(Speed)]
    speed = Speed(*(2.0**power for power in range(len(kinds))))
    for power, kind in enumerate(kinds):
        assert Work(**{kind: 3.0}).seconds(speed) == 3.0 * 2.0**power
    assert Work(*(1.0 for _ in kinds)).seconds(speed) == 2.0 ** len(kinds) - 1.0
    assert Work(products=1e9).seconds() == pytest.approx(1e9 * REFERENCE.products)
