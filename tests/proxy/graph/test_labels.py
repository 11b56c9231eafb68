"""Labels of vertices in queries, in files and in the types of a model."""

import pytest

from gremlink.proxy.graph.labels import may_have, spellings, split_labels, surely_has


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("Person", ("Person",)),
        ("Person::Admin", ("Admin", "Person")),
        ("Admin;Person", ("Admin", "Person")),
        ("A;B::C", ("A", "B", "C")),
        ("A::A", ("A",)),
        ("::A", ("A",)),
        ("a:b", ("a:b",)),
        ("::", ("::",)),
        (";", (";",)),
        ("", ("",)),
    ],
)
def test_labels_apart(text: str, labels: tuple[str, ...]) -> None:
    assert split_labels(text) == labels


@pytest.mark.parametrize(
    ("label", "vertex_type", "may", "surely"),
    [
        ("Person", "Person", True, True),
        ("Person", "Admin;Person", True, False),
        ("Admin::Person", "Admin;Person", True, False),
        ("Person::Admin", "Admin;Person", True, False),
        ("Admin;Person", "Admin;Person", True, False),
        ("Admin;Person", "Admin;Owner;Person", True, False),
        ("Admin::Person", "Person", False, False),
        ("Pers", "Person", False, False),
        ("::", "Person", False, False),
        ("::", "::", True, True),
    ],
)
def test_which_types_a_label_may_find(
    label: str, vertex_type: str, may: bool, surely: bool
) -> None:
    assert may_have(label, vertex_type) == may
    assert surely_has(label, vertex_type) == surely


def test_spellings_of_a_request() -> None:
    assert spellings("Person") == ("Person",)
    assert spellings("Admin;Person") == ("Admin;Person", "Admin::Person")
