"""The federated endpoint with trained models: it has the answers of a rewritten query."""

from __future__ import annotations

import pytest
from sparql_clients import rows_of
from sparql_requests import Sparql

from tests.integration.sparql.conftest import NAMESPACE

PREFIXES = f"""PREFIX : <{NAMESPACE}>
PREFIX ml: <http://aws.amazon.com/neptune/vocab/v01/services/ml#>
"""
LINKS = "ml:endpoint 'likes' ; ml:predicate :likes ; ml:limit 2"
BLOCKS = {
    "genre": (
        "Film",
        "ml:modelType 'OBJECT_CLASSIFICATION' ; ml:endpoint 'genre' ; ml:predicate :genre",
    ),
    "likes": ("User", f"ml:modelType 'OBJECT_PREDICTION' ; {LINKS} ; ml:outputClass :Film"),
    "is liked by": ("Film", f"ml:modelType 'SUBJECT_PREDICTION' ; {LINKS} ; ml:outputClass :User"),
}


@pytest.mark.parametrize("block", BLOCKS)
def test_all_inputs_have_the_answers_of_a_rewritten_query(films: str, block: str) -> None:
    of_class, asked = BLOCKS[block]
    triples = f"ml:config {asked} ; ml:input ?input ; ml:output ?output ."
    whole = f"SELECT * {{ ?input a :{of_class} . SERVICE ml:inference {{ {triples} }} }}"
    with Sparql(films, films) as proxy, Sparql(f"{films}/inference", "/") as alone:
        rewritten = proxy.ask(PREFIXES + whole)
        federated = alone.ask(f"{PREFIXES}SELECT * {{ {triples} }}")
    assert (rewritten.status, federated.status) == (200, 200)
    assert rows_of(federated.body)
    assert rows_of(federated.body) == rows_of(rewritten.body)
