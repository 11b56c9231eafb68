from __future__ import annotations

from pathlib import Path

from communities import write_communities
from written_export import Kind, write_export

from proxy.learning.links.training import load_dataset


def test_features_of_edges_that_no_method_reads_are_told(tmp_path: Path) -> None:
    people = Kind([{"~id": f"p{number}"} for number in range(4)])
    rows = [
        {"~id": f"r{number}", "~from": "p0", "~to": f"p{number + 1}", "stars": number}
        for number in range(3)
    ]
    export = write_export(
        tmp_path / "export",
        {"P": people},
        {("P", "rates", "P"): Kind(rows, [("stars", "numerical")])},
    )
    (warning,) = load_dataset(export).warnings
    assert warning == "no method for links reads the features of edges: (P)-rates->(P)"


def test_edges_without_features_are_nothing_to_tell(tmp_path: Path) -> None:
    assert load_dataset(write_communities(tmp_path / "export")).warnings == ()
