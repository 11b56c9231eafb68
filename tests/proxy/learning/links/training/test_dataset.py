from __future__ import annotations

from pathlib import Path

from communities import write_communities
from written_export import Kind, write_export

from gremlink.proxy.learning.graph import Relation
from gremlink.proxy.learning.workflows.train_links import load_dataset

RATES, MEETS = ("P", "rates", "P"), ("P", "meets", "P")


def export_of(directory: Path, *asked: tuple[str, str, str]) -> Path:
    people = Kind([{"~id": f"p{number}"} for number in range(4)])
    pairs = (("p0", "p3", 5), ("p0", "p1", 1), ("p0", "p2", 2), ("p0", "p1", 3))
    rows = [
        {"~id": f"e{number}", "~from": head, "~to": tail, "stars": stars}
        for number, (head, tail, stars) in enumerate(pairs)
    ]
    label = {"label": ["", "link_prediction"], "split_rate": [0.8, 0.1, 0.1]}
    edges = {
        triple: Kind(rows, [("stars", "numerical")], [label] if triple in asked else [])
        for triple in (RATES, MEETS)
    }
    return write_export(directory, {"P": people}, edges)


def test_edges_that_are_to_be_predicted_have_their_features(tmp_path: Path) -> None:
    """Scaled to 0 to 1; of a pair that comes twice, the mean."""
    dataset = load_dataset(export_of(tmp_path / "export", RATES))
    rates = dataset.graph.edges[Relation(*RATES)]
    assert [list(ends) for ends in (rates.heads, rates.tails)] == [[0, 0, 0], [1, 2, 3]]
    assert rates.features is not None
    assert rates.features.tolist() == [[0.25], [0.25], [1.0]]
    (warning,) = dataset.warnings
    assert warning == (
        "features of edges are read where these are to be predicted, not those of (P)-meets->(P)"
    )


def test_all_edges_have_theirs_where_all_are_to_be_predicted(tmp_path: Path) -> None:
    dataset = load_dataset(export_of(tmp_path / "export"))
    assert all(edges.features is not None for edges in dataset.graph.edges.values())
    assert dataset.warnings == ()


def test_edges_without_features_are_nothing_to_tell(tmp_path: Path) -> None:
    dataset = load_dataset(write_communities(tmp_path / "export"))
    assert dataset.warnings == ()
    assert all(edges.features is None for edges in dataset.graph.edges.values())
