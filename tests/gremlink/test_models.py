"""Models as Python sees them: links, properties of vertices and edges, embeddings, reasons."""

from __future__ import annotations

from inspect import signature
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import gremlink
from gremlink import Edge, LinkModel, PropertyModel, TrainReport, WrongArgument
from gremlink.proxy.cli.train import train as command
from tests.support.communities import write_communities
from tests.support.teams import PEOPLE, team, write_teams


@pytest.fixture(scope="module")
def links(tmp_path_factory: pytest.TempPathFactory) -> TrainReport:
    here = tmp_path_factory.mktemp("links")
    write_communities(here / "export")
    return gremlink.train(here / "export", here / "artifact", model="adamic-adar", epochs=1)


@pytest.fixture(scope="module")
def model(links: TrainReport) -> LinkModel:
    found = gremlink.load(links.artifact)
    assert isinstance(found, LinkModel)
    return found


def of_teams(here: Path, *, model: str = "linear", **targets: object) -> TrainReport:
    write_teams(here / "export", **targets)  # type: ignore[arg-type]
    return gremlink.train(here / "export", here / "artifact", model=model, budget=1)


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> TrainReport:
    here = tmp_path_factory.mktemp("classes")
    return of_teams(here, model="neighbours", of_people={"label": ["team", "classification"]})


def test_a_report_of_links(links: TrainReport) -> None:
    assert links.task == "link_prediction"
    assert links.model == "adamic-adar"
    assert 0 < links.metrics["mrr"] <= 1
    assert links.methods.columns[:2] == ("method", "mrr")
    assert links.methods[0][0] == "adamic-adar"
    assert links.verdict.startswith(("MRR of adamic-adar", "popularity", "feature-similarity")) or (
        "adamic-adar" in links.verdict
    )
    assert links.seconds > 0
    assert links.page.is_file()
    assert links.to_dict()["model"] == "adamic-adar"
    assert "Method" in repr(links)
    assert f"Protocol: {links.protocol.split(',')[0]}" in repr(links)
    assert "<td>adamic-adar</td>" in links._repr_html_()
    assert links.protocol in links._repr_html_()


def test_what_the_model_of_links_is_about(model: LinkModel) -> None:
    assert model.task == "link_prediction"
    assert model.vertices == {"Person": 24, "Thing": 8}
    assert len(model.relations) == 2
    assert model.ids("Thing") == [f"t{number}" for number in range(8)]
    assert repr(model).startswith("LinkModel(")
    with pytest.raises(WrongArgument, match="no vertices 'User': the model knows Person, Thing"):
        model.ids("User")


def test_predicted_links(model: LinkModel) -> None:
    found = model.predict(["p0", "p1", "unknown"], "knows", limit=2)
    assert found.columns == ("source", "target", "score")
    assert found.column("source") == ["p0", "p0", "p1", "p1"]
    for row in found:
        assert int(row.source[1:]) % 2 == int(row.target[1:]) % 2
        assert 0 <= row.score <= 1
    assert found[0].score >= found[1].score
    assert model.predict("p0", "knows", limit=2) == found[:2]
    assert model.predict(SimpleNamespace(id="p0"), "knows", limit=2) == found[:2]


def test_all_links_are_those_of_single_questions(model: LinkModel, tmp_path: Path) -> None:
    found = model.predict_all("knows", limit=2)
    people = model.ids("Person")
    assert list(found) == list(model.predict(people, "knows", limit=2))
    assert list(found) == list(found), "read again"
    assert (found.inputs, found.columns) == (24, ("source", "target", "score"))
    assert repr(found) == "AllPredictions(for 24 elements: source, target, score)"
    said: list[str] = []
    assert found.write(tmp_path / "rows.csv", progress=said.append) == len(list(found))
    assert said == ["predictions for: 24 of 24"]
    assert (tmp_path / "rows.csv").read_text().startswith("source,target,score,rank\np0,")
    some = model.predict_all("likes", ids=["p1", "gone"], filter_existing_edges=False, limit=1)
    assert [row.source for row in some] == ["p1"]
    things = model.predict_all("likes", label="Thing", direction="in")
    assert things.inputs == 8
    for wrong in (
        lambda: model.predict_all("knows", ids=["p0"], label="Person"),
        lambda: model.predict_all("knows", limit=0),
        lambda: model.predict_all("knows", direction="both"),  # type: ignore[arg-type]
        lambda: found.write_back("ws://127.0.0.1:9/gremlin", ""),
        lambda: found.write_back("http://127.0.0.1:9", "MAY_KNOW"),
    ):
        with pytest.raises(WrongArgument):
            wrong()
    with pytest.raises(gremlink.Error, match="which links\\? The model predicts knows, likes"):
        model.predict_all()


def test_all_values_are_those_of_single_questions(classes: TrainReport, tmp_path: Path) -> None:
    model = gremlink.load(classes.artifact)
    assert isinstance(model, PropertyModel)
    found = model.predict_all(limit=2)
    assert list(found) == list(model.predict(model.ids("Person"), limit=2))
    assert found.write(tmp_path / "rows.parquet") == 2 * found.inputs
    (row,) = model.predict_all(ids=[model.ids("Person")[3]])
    assert row == model.predict(model.ids("Person")[3])[0]


def test_predicted_links_in_the_other_direction(model: LinkModel) -> None:
    found = model.predict("t0", "likes", direction="in", limit=3)
    assert {row.target[0] for row in found} == {"p"}


def test_known_links_are_left_out(model: LinkModel) -> None:
    new = set(model.predict("p0", "likes", limit=100).column("target"))
    every = set(
        model.predict("p0", "likes", limit=100, filter_existing_edges=False).column("target")
    )
    assert new < every == {f"t{number}" for number in range(8)}


def test_candidates_and_a_threshold(model: LinkModel) -> None:
    only = model.predict("p0", "likes", candidates=["t0", "t1"], filter_existing_edges=False)
    assert set(only.column("target")) == {"t0", "t1"}
    best = only[0].score
    found = model.predict("p0", "likes", threshold=best, filter_existing_edges=False)
    assert found[0].score >= best
    assert all(row.score >= best for row in found)


def test_links_that_the_model_does_not_predict(model: LinkModel) -> None:
    with pytest.raises(LookupError, match="the model does not predict out\\('hates'\\)"):
        model.predict("p0", "hates")
    with pytest.raises(WrongArgument, match="which edge_label\\? The model predicts knows, likes"):
        model.predict("p0")
    with pytest.raises(WrongArgument, match="direction is 'both': choose one of"):
        model.predict("p0", "knows", direction="both")  # type: ignore[arg-type]
    with pytest.raises(WrongArgument, match="limit is 0: write a whole number from 1 on"):
        model.predict("p0", "knows", limit=0)
    with pytest.raises(WrongArgument, match="edge_label is 7: write the label"):
        model.predict("p0", 7)  # type: ignore[arg-type]


def test_reasons(model: LinkModel) -> None:
    best = model.predict("p0", "knows", limit=1)[0]
    why = model.explain("p0", best.target, "knows")
    assert why.score == pytest.approx(best.score)
    assert list(why.contributions) == ["adamic-adar"]
    assert why.methods.columns == ("method", "contribution")
    assert why.paths[0].path.startswith("p0 ")
    assert why.paths[0].path.endswith(f" {best.target}")
    assert why.features[0].property == "group"
    assert "adamic-adar" in repr(why)
    assert "<td>adamic-adar</td>" in why._repr_html_()


def test_reasons_of_what_the_model_does_not_predict(model: LinkModel) -> None:
    with pytest.raises(LookupError, match="does not predict"):
        model.explain("p0", "t0", "knows")
    with pytest.raises(Exception, match="has no vertex 'p99' \\(target\\)"):
        model.explain("p0", "p99", "knows")
    with pytest.raises(Exception, match="the model predicts no knows between Thing 't0'"):
        model.explain("t0", "p1", "knows")


def test_a_model_without_a_network_has_no_embeddings(model: LinkModel) -> None:
    with pytest.raises(Exception, match="the model has no network"):
        model.embeddings()


def test_embeddings(tmp_path: Path) -> None:
    write_communities(tmp_path / "export", only="knows")
    gremlink.train(tmp_path / "export", tmp_path / "artifact", model="distmult", epochs=1, width=4)
    found = gremlink.load(tmp_path / "artifact").embeddings()
    assert found.network == "distmult"
    assert set(found) == {"Person", "Thing"}
    assert found["Person"].shape[0] == len(found.ids("Person")) == 24
    assert found["Person"].dtype == np.float32
    near = found.nearest("p0", limit=3)
    assert len(near) == 3
    assert near[0].cosine >= near[1].cosine
    assert {row.id[0] for row in found.nearest("p0", label="Thing")} == {"t"}
    with pytest.raises(KeyError, match="there are those of Person, Thing"):
        found.ids("User")
    with pytest.raises(Exception, match="no vertex of Person, Thing has the id 'p99'"):
        found.nearest("p99")
    assert repr(found).startswith("Embeddings(distmult: Person 24 by ")


def test_a_class_of_vertices(classes: TrainReport) -> None:
    assert classes.task == "node_classification"
    assert "accuracy" in classes.metrics
    assert "Accuracy" in repr(classes)
    model = gremlink.load(classes.artifact)
    assert isinstance(model, PropertyModel)
    assert (model.task, model.key, model.label) == ("node_classification", "team", "Person")
    assert set(model.classes) == {"red", "green", "blue"}
    asked = [f"p{number}" for number in range(0, PEOPLE, 5)]  # who tell no team
    found = model.predict([*asked, "unknown"])
    assert found.column("id") == asked
    right = [row.value == team(int(row.id[1:])) for row in found]
    assert np.mean(right) > 0.6
    assert len(model.predict("p0", limit=3)) == 3
    assert len(model.predict("p0", limit=3, threshold=1.1)) == 0


def test_reasons_of_a_class_of_vertices(classes: TrainReport) -> None:
    model = gremlink.load(classes.artifact)
    assert isinstance(model, PropertyModel)
    (best,) = model.predict("p1")
    why = model.explain("p1")
    assert (why.id, why.value) == ("p1", best.value)
    assert why.score == pytest.approx(best.score)
    assert sum(each.weight for each in why.methods) == pytest.approx(1.0)
    assert why.neighbours.columns == ("link", "of", "vertex", "number", "values", "part")
    assert len(why.examples) == 5
    assert repr(why).startswith("p1: ")
    assert "<td>knows" not in why._repr_html_()
    other = next(each for each in model.classes if each != best.value)
    assert model.explain("p1", other).score < why.score
    with pytest.raises(WrongArgument, match="no class 'pink': the model knows"):
        model.explain("p1", "pink")
    with pytest.raises(WrongArgument, match="explain one at a time"):
        model.explain(["p1", "p2"])
    with pytest.raises(gremlink.Error, match="does not know 'p999'"):
        model.explain("p999")


def test_a_number_of_vertices(tmp_path: Path) -> None:
    report = of_teams(tmp_path, model="mean", of_people={"label": ["score", "regression"]})
    model = gremlink.load(report.artifact)
    assert isinstance(model, PropertyModel)
    assert model.classes == ()
    (row,) = model.predict("p0", limit=9)
    assert isinstance(row.value, float)
    assert row.score == 1.0
    assert "rmse" in report.metrics


def test_a_class_of_edges(tmp_path: Path) -> None:
    report = of_teams(tmp_path, of_lending={"label": ["trusted", "classification"]})
    model = gremlink.load(report.artifact)
    assert isinstance(model, PropertyModel)
    assert model.task == "edge_classification"
    pairs = model.predict([("p0", "p3"), ("p0", "p99")])
    assert [row.id for row in pairs] == [("p0", "p3")]
    gremlinpython = SimpleNamespace(
        id="l9", outV=SimpleNamespace(id="p0"), inV=SimpleNamespace(id="p3")
    )
    later = Edge("p0", "p3", "new", {"day": "late", "sum": 100.5, "trusted": True})
    found = model.predict([gremlinpython, later])
    assert [row.id for row in found] == ["l9", "new"]
    assert model.predict(("p0", "p3")) == pairs
    assert model.predict(Edge("p0", "p3")) == pairs
    why = model.explain(("p0", "p3"))
    assert (why.id, why.value) == (("p0", "p3"), pairs[0].value)
    assert all(len(each.id) == 2 for each in why.examples)
    with pytest.raises(WrongArgument, match="'l9' is no edge: write the ids of both ends"):
        model.predict("l9")


def test_processing_is_a_step_of_its_own(tmp_path: Path) -> None:
    write_communities(tmp_path / "export", only="knows")
    lines: list[str] = []
    found = gremlink.process(tmp_path / "export", tmp_path / "processed", progress=lines.append)
    assert found.properties.rows == (("Person", 24, "group", "category", 2),)
    assert found.properties.columns == ("element", "count", "property", "encoding", "columns")
    assert found.target.startswith("links, ")
    assert "Person" in repr(found)
    assert "<td>group</td>" in found._repr_html_()
    assert any("reading the files" in line for line in lines)
    again = gremlink.process(
        tmp_path / "export", tmp_path / "again", previous=tmp_path / "processed"
    )
    assert again.drift
    report = gremlink.train(tmp_path / "processed", tmp_path / "artifact", model="popularity")
    assert report.model == "popularity"


def test_nothing_is_printed_unless_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_communities(tmp_path / "export", only="knows")
    gremlink.train(tmp_path / "export", tmp_path / "artifact", model="popularity")
    assert capsys.readouterr() == ("", "")
    gremlink.train(tmp_path / "export", tmp_path / "artifact", model="popularity", progress=True)
    output, errors = capsys.readouterr()
    assert output == ""
    assert "writing the artifact" in errors


def test_defaults_are_those_of_the_command() -> None:
    words = {each.name: each for each in command.params}
    face = {name: each.default for name, each in signature(gremlink.train).parameters.items()}
    assert face.keys() - words.keys() == {"export", "artifact", "progress"}
    assert words.keys() - face.keys() == {"export_directory", "output", "config_file"}
    for name in face.keys() & words.keys():
        given = words[name].default
        assert face[name] == given or (face[name] is None and not isinstance(given, str | int)), (
            name
        )


def test_segments(tmp_path: Path) -> None:
    write_communities(tmp_path / "export", only="knows")
    gremlink.train(tmp_path / "export", tmp_path / "artifact", model="pure-svd", epochs=1)
    model = gremlink.load(tmp_path / "artifact")
    found = model.segments(2)
    assert (found.method, list(found), found.sizes("Person")) == ("pure-svd", ["Person"], [12, 12])
    evens = [segment for id, _, segment in found.vertices if int(id[1:]) % 2 == 0]
    assert (len(evens), len(set(evens))) == (12, 1)
    assert found["Person"].tolist() == found.vertices.column("segment")
    assert found.vertices.column("id") == found.ids("Person")
    (first, *_) = found.marks
    assert (first.label, first.segment, first.number, first.lift) == ("Person", 0, 12, 2.0)
    assert first.mark.startswith("group is group")
    assert "2 segments, as asked" in found.reason("Person")
    again = model.segments(label="Person", seed=3)
    assert again.silhouette("Person") == model.segments(seed=3).silhouette("Person")
    assert repr(found) == "Segments(pure-svd: Person 2 of 24)"
    for wrong in ({"count": 0}, {"count": True}, {"count": "2"}, {"seed": -1}, {"seed": None}):
        with pytest.raises(WrongArgument, match="write a whole number from"):
            model.segments(**wrong)  # type: ignore[arg-type]
    with pytest.raises(Exception, match="no embeddings of type 'Thing': use Person"):
        model.segments(label="Thing")
    with pytest.raises(KeyError, match="there are those of Person"):
        found.ids("User")
    with pytest.raises(Exception, match="no embeddings of 'ials': use pure-svd"):
        model.segments(method="ials")
