"""What reads like a name, on graphs of all kinds."""

from __future__ import annotations

from uuid import UUID, uuid5

import pytest

from gremlink.proxy.graph.names import first_name, name_keys

PEOPLE = ["Henry", "Bill", "Colin", "Peter", "Sarah", "Kate", "Terry", "Gordon"]
SPACE = UUID(int=0)


@pytest.mark.parametrize(
    ("properties", "best"),
    [
        pytest.param({"name": PEOPLE, "role": ["user"] * 8}, "name", id="name"),
        pytest.param(
            {
                "code": [f"A{n}X" for n in "BCDEFGHI"],
                "desc": [f"{p} International Airport" for p in PEOPLE],
                "region": ["US-TX", "US-NY"] * 4,
            },
            "desc",
            id="codes beside words",
        ),
        pytest.param(
            {"uuid": [str(uuid5(SPACE, p)) for p in PEOPLE], "bezeichnung": PEOPLE},
            "bezeichnung",
            id="identifiers are no names",
        ),
        pytest.param(
            {"plot": [f"{p} goes to town. " * 20 for p in PEOPLE], "original_title": PEOPLE},
            "original_title",
            id="descriptions are no names",
        ),
        pytest.param(
            {"homepage": [f"https://{p}.example" for p in PEOPLE], "who": PEOPLE}, "who", id="web"
        ),
        pytest.param(
            {"name": ["Ann", "Ann", "Bob", "Bob", *PEOPLE[:4]], "mail": PEOPLE},
            "name",
            id="people share names",
        ),
        pytest.param({"名前": ["太郎", "花子", "次郎", "一郎"]}, "名前", id="other scripts"),
    ],
)
def test_the_best_key(properties: dict[str, list[str]], best: str) -> None:
    vertices = len(next(iter(properties.values())))
    sample = [{key: values[n] for key, values in properties.items()} for n in range(vertices)]
    assert name_keys(sample)[0] == best


@pytest.mark.parametrize(
    "sample",
    [
        [],
        [{}] * 5,
        [{"age": n} for n in range(20)],
        [{"born": f"19{n:02}-01-02", "telephone": f"+49 30 {n:05}"} for n in range(20)],
        [{"kind": "a user"} for _ in range(20)],
        [{"hash": f"{n:032x}"} for n in range(20)],
    ],
)
def test_no_key(sample: list[dict[str, object]]) -> None:
    assert name_keys(sample) == ()


def test_a_name_that_most_lack_is_found_by_its_key() -> None:
    assert name_keys([{"name": "Ann"}, {"name": "Bob"}, {}, {}, {}, {}]) == ("name",)


def test_the_first_name() -> None:
    properties = [("code", "AUS"), ("desc", " Austin\n Airport"), ("desc", "another")]
    assert first_name(properties, ("name", "desc", "code")) == "Austin Airport"
    assert first_name(properties, ("age",)) == ""
    assert first_name([("name", 7), ("name", " ")], ("name",)) == ""
