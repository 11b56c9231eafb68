from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gremlink.proxy.store.documents import json_bytes

WRITTEN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each),
)


def test_what_is_no_number_is_null() -> None:
    document = {"r2": float("nan"), "rows": [(float("inf"), 1.5), {"auc": -float("inf")}]}
    text = json_bytes(document)
    assert json.loads(text) == {"r2": None, "rows": [[None, 1.5], {"auc": None}]}
    assert text.endswith(b"}\n")


def test_halves_of_characters_are_named() -> None:
    document = {"file": "caf\udce9.csv", "city": "Köln"}
    assert json.loads(json_bytes(document)) == document
    assert "Köln" in json_bytes({"city": "Köln"}).decode()


@given(WRITTEN)
def test_all_else_is_read_as_it_was(document: Any) -> None:
    def refuse(constant: str) -> None:
        raise ValueError(constant)

    read = json.loads(json_bytes(document), parse_constant=refuse)
    assert read == _without_infinity(document)


def _without_infinity(value: Any) -> Any:
    if isinstance(value, float):
        return None if value in (float("inf"), -float("inf")) else value
    if isinstance(value, list):
        return [_without_infinity(each) for each in value]
    if isinstance(value, dict):
        return {key: _without_infinity(each) for key, each in value.items()}
    return value
