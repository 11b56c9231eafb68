"""The names of methods that stand in two places, because only one of them may take long to load."""

from gremlink.proxy.learning.links.scorers import SIMPLE
from gremlink.proxy.learning.methods import SIMPLE_METHODS


def test_names_are_those_of_the_scorers_in_their_order() -> None:
    assert tuple(SIMPLE) == SIMPLE_METHODS
