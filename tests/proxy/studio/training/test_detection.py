"""The types of properties on the page are those of the export and the processing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gremlink.proxy.graph.errors import BadParameters
from gremlink.proxy.graph.export.elements import edge_of, vertex_of
from gremlink.proxy.studio.endpoints import Relation
from gremlink.proxy.studio.training.detection import LEFT_OUT, Detected, choosable, detect
from gremlink.proxy.studio.training.samples import Sample

DATE = {"@type": "g:Date", "@value": 1_700_000_000_000}
HOSTILE = '<b>"é"</b>'


def vertex(number: int, **properties: Any) -> Any:
    return vertex_of({"i": f"v{number}", "l": "Person", "p": properties})


PEOPLE = [
    vertex(
        number,
        name=[f"name {number}"],
        team=["red" if number % 2 else "blue"],
        age=[20 + number % 30],
        born=[{**DATE, "@value": DATE["@value"] + number * 86_400_000}],
        likes=["a;b", "c"] if number % 3 else ["c"],
        same=["x"],
        words=[f"a longer text of some words, number {number}"],
        **({"rare": ["yes" if number % 4 else "no"]} if number < 10 else {}),
        **{HOSTILE: ["1" if number % 2 else "2"]},
    )
    for number in range(40)
]
KNOWS = [
    edge_of(
        {
            "i": f"e{number}",
            "l": "knows",
            "from": f"v{number}",
            "to": f"v{number + 1}",
            "fl": "Person",
            "tl": "Person",
            "p": {"since": number},
        }
    )
    for number in range(30)
]
SAMPLE = Sample({"Person": PEOPLE}, Relation("Person", "knows", "Person"), KNOWS)


def asking(*targets: dict[str, Any], features: list[dict[str, Any]] | None = None) -> Any:
    learning = {"targets": list(targets), "features": features or []}
    return {"additionalParams": {"neptune_ml": learning}}


LINKS = {"edge": ["Person", "knows", "Person"], "type": "link_prediction"}


def found(request: Any) -> dict[str, Detected]:
    return {each.name: each for each in detect(SAMPLE, request)}


def test_each_property_has_a_type_and_a_reason() -> None:
    by_name = found(asking(LINKS))
    assert {name: each.kind for name, each in by_name.items() if name != "words"} == {
        "name": LEFT_OUT,
        "team": "category",
        "age": "numerical",
        "born": "datetime",
        "likes": "category",
        "same": LEFT_OUT,
        "rare": "category",
        HOSTILE: "category",
        "since": "numerical",
    }
    assert by_name["words"].kind.startswith("text")
    assert by_name["name"].reason.startswith("every element has its own value")
    assert by_name["same"].reason == "all its values are the same"
    assert by_name["team"].reason == "2 different values in 40"
    assert by_name["age"].reason == "all values are numbers"
    assert by_name["rare"].present == 0.25
    assert by_name["team"].values == ("blue", "red")
    assert (by_name["since"].is_edge, by_name["team"].is_edge) == (True, False)


def test_a_target_is_no_feature_and_edges_count_only_where_they_are_the_target() -> None:
    by_name = found(asking({"node": "Person", "property": "team", "type": "classification"}))
    assert "team" not in by_name
    assert "since" not in by_name


def test_every_type_on_offer_can_be_asked_for() -> None:
    for each in detect(SAMPLE, asking(LINKS)):
        for type_ in each.types:
            again = found(asking(LINKS, features=[each.entry(type_)]))[each.name]
            assert again.kind == type_, each
        assert found(asking(LINKS, features=[each.entry("none")]))[each.name].is_left_out


def test_it_is_what_the_export_and_the_processing_find(tmp_path: Path) -> None:
    """The same values in files of an export are encoded alike."""
    from gremlink.proxy.graph.export.parameters import ExportParameters
    from gremlink.proxy.graph.export.training_configuration import training_configuration
    from gremlink.proxy.graph.export.write import cell_text
    from gremlink.proxy.graph.files.export_files import Feature
    from gremlink.proxy.graph.files.export_rows import read_chunks
    from gremlink.proxy.learning.features.fitting import FileFits
    from gremlink.proxy.learning.features.specs import Shared

    schema = SAMPLE.schema()
    (job,) = ExportParameters.parse(asking(LINKS)).jobs
    entries = training_configuration(job, schema)["graph"]["nodes"][0]["features"]
    columns = schema.nodes["Person"].properties
    lines = [",".join(json.dumps(name) if '"' not in name else '"odd"' for name in columns)]
    for person in PEOPLE:
        texts = [
            cell_text(column, [value.text for value in person.properties.get(name, ())])
            for name, column in columns.items()
        ]
        lines.append(",".join('"' + text.replace('"', '""') + '"' for text in texts))
    (tmp_path / "people.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    features = [
        Feature(name, name, entry["feature"][2], {})
        for entry in entries
        if (name := entry["feature"][0]) != HOSTILE
    ]
    fits = FileFits("Person", features, Shared())
    going = True
    while going:
        for chunk in read_chunks(tmp_path / "people.csv"):
            fits.see(chunk)
        going = fits.conclude()
    encoded = {each.name: len(each.columns) for each in fits.encodings}
    shown = {
        each.name: each.columns
        for each in detect(SAMPLE, asking(LINKS))
        if not each.is_left_out and not each.is_edge and each.name != HOSTILE
    }
    assert encoded == shown


def test_a_name_that_nothing_has_is_refused() -> None:
    with pytest.raises(BadParameters, match="has the property 'taem'; did you mean 'team'"):
        found(asking({"node": "Person", "property": "taem", "type": "classification"}))


def test_targets_say_how_they_are_learned_and_which_cannot() -> None:
    by_name = {each.name: each for each in choosable(PEOPLE)}
    assert (by_name["team"].task, by_name["team"].problem) == ("classification", "")
    assert (by_name["age"].task, by_name["age"].problem) == ("regression", "")
    assert by_name["same"].problem == "it has one value only"
    assert by_name["name"].problem == "nearly every element has a value of its own"
    assert by_name["team"].shares == (("blue", 0.5), ("red", 0.5))
    assert by_name["rare"].present == 0.25
    assert choosable([]) == []
