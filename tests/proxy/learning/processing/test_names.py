"""Names of vertices are kept for people: the property that reads like one."""

from __future__ import annotations

from pathlib import Path

import pytest
from written_export import Kind, write_export

from gremlink.proxy.learning.processing import names
from gremlink.proxy.learning.processing.load import load_processed
from gremlink.proxy.learning.processing.stored import read_processed, write_processed
from gremlink.proxy.learning.properties.dataset import property_dataset
from gremlink.proxy.learning.reports.property_examples import called, described

PEOPLE = ("Ann Lee", "Bill Fox", "", "Dora Holm", "Emil Berg", "Fay Cole")


@pytest.fixture
def export(tmp_path: Path) -> Path:
    people = [
        {
            "~id": f"p{9 - number}",
            "full_name": name,
            "motto": ("Always on", "Never again")[number // 3],
            "town": ("Ulm", "Bonn")[number % 2],
            "age": 20 + number * number,
        }
        for number, name in enumerate(PEOPLE)
    ]
    links = [{"~id": f"e{n}", "~from": f"p{9 - n}", "~to": "p9"} for n in range(1, 6)]
    return write_export(
        tmp_path / "export",
        {
            "Person": Kind(
                people,
                [("town", "category"), ("age", "numerical")],
                [{"label": ["motto", "classification"], "split_rate": [0.6, 0.2, 0.2]}],
            ),
            "Thing": Kind([{"~id": "t1", "code": "0017"}]),
        },
        {("Person", "knows", "Person"): Kind(links)},
    )


def test_names_are_kept_with_the_processed_graph(export: Path, tmp_path: Path) -> None:
    processed = load_processed(export)
    ids = [each.value for each in processed.ids["Person"]]
    expected = {f"p{9 - number}": name for number, name in enumerate(PEOPLE)}
    assert dict(zip(ids, processed.names["Person"], strict=True)) == expected
    assert "Thing" not in processed.names, "a code is no name"
    write_processed(tmp_path / "processed", processed, {})
    assert read_processed(tmp_path / "processed").names == processed.names


def test_of_too_many_vertices_no_names_are_kept(
    export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "MOST_NAMED", 5)
    assert load_processed(export).names == {}


def test_an_element_is_described_by_its_properties_and_links(export: Path) -> None:
    dataset = property_dataset(load_processed(export))
    places = {str(each.value): place for place, each in enumerate(dataset.ids["Person"])}
    assert called(dataset, "Person", places["p9"]) == "Ann Lee (p9)"
    assert called(dataset, "Person", places["p7"]) == "p7"
    has, links = described(dataset, places["p9"])
    assert set(has) == {"town Ulm", "age 20"}
    (only,) = links
    assert only.startswith("knows in: ")
    assert only.endswith(" and 2 more")
    assert described(dataset, places["p8"])[1] == ("knows out: Ann Lee (p9)",)
