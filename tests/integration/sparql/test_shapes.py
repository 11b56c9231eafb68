"""Each shape of query that Neptune's guide and notebooks have, and each error, by every client.

The answers of the models are told beforehand (`told_rdf`), so every solution is known.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from running_proxy import RunningProxy
from sparql_clients import CLIENTS, Refusal, Rows, ordered
from sparql_requests import Sparql
from told_rdf import EX, XSD, ToldModels, quads

from gremlink.proxy.config import Configuration
from gremlink.proxy.config import Sparql as SparqlSettings

NOWHERE = "ws://127.0.0.1:9/gremlin"
PREFIXES = f"""PREFIX ex: <{EX}>
PREFIX xsd: <{XSD}>
PREFIX neptune-ml: <http://aws.amazon.com/neptune/vocab/v01/services/ml#>
PREFIX ml: <http://aws.amazon.com/neptune/vocab/v01/services/ml#>
"""
GENRE = """ml:config ml:endpoint "genre" ;
        # the optional 'score' predicate }
        ml:modelType 'OBJECT_CLASSIFICATION' ; ml:input ?movie ;
        ml:predicate ex:genre ;"""
YEAR = """ml:config ml:endpoint "year" ; ml:modelType 'OBJECT_REGRESSION' ;
        ml:input ?movie ; ml:predicate ex:year ;"""


def double(number: float) -> str:
    return f'"{number!r}"^^<{XSD}double>'


def ex(name: str) -> str:
    return f"<{EX}{name}>"


def column(name: str, *values: str) -> Rows:
    return [{name: value} for value in values]


SHAPES: dict[str, tuple[str, Rows]] = {
    "unbounded inputs": (
        """SELECT ?input ?output WHERE { ?input a ex:Film .
      SERVICE neptune-ml:inference { neptune-ml:config neptune-ml:endpoint 'genre' ;
        neptune-ml:iamRoleArn 'arn:aws:iam::0123456789:role/sagemaker-role' ;
        neptune-ml:batchSize "40"^^xsd:integer ; neptune-ml:timeout "1000"^^xsd:integer ;
        neptune-ml:modelType 'OBJECT_CLASSIFICATION' ; neptune-ml:input ?input ;
        neptune-ml:predicate <http://example.org/genre> ; neptune-ml:output ?output . } }""",
        [
            {"input": ex(film), "output": f'"{genre}"'}
            for film, genre in (
                *(("f1", "Drama"), ("f2", "War"), ("f3", "Crime")),
                *(("f4", "Drama"), ("f6", "Horror")),
            )
        ],
    ),
    "an input from BIND, with its score": (
        f"""SELECT ?title ?genre ?score {{ BIND(ex:f1 AS ?movie)
      ?movie a ex:Film ; ex:title ?title .
      SERVICE ml:inference {{ {GENRE} ml:limit "1" ; ml:outputScore ?score ;
        ml:output ?genre ; }} }}""",
        [{"title": '"Film f1"', "genre": '"Drama"', "score": double(1.0)}],
    ),
    "several solutions": (
        f"""SELECT ?genre {{ BIND(ex:f1 AS ?movie) ?movie ex:title ?title .
      SERVICE ml:inference {{ {GENRE} ml:limit "3" ; ml:output ?genre }} }}""",
        column("genre", '"Crime"', '"Drama"', '"War"'),
    ),
    "a threshold": (
        f"""SELECT ?genre ?score {{ BIND(ex:f1 AS ?movie) ?movie a ex:Film .
      SERVICE ml:inference {{ {GENRE} ml:outputScore ?score ; ml:threshold "0.50D" ; ml:limit "3" ;
        ml:output ?genre ; }} }}""",
        [
            {"genre": '"Crime"', "score": double(0.5)},
            {"genre": '"Drama"', "score": double(1.0)},
        ],
    ),
    "an output that may be bound already": (
        f"""SELECT ?movie ?genre {{ ?movie a ex:Film OPTIONAL {{ ?movie ex:genre ?genre . }}
      SERVICE ml:inference {{ {GENRE} ml:limit 3 ; ml:output ?genre }} }}""",
        [
            {"movie": ex(film), "genre": f'"{genre}"'}
            for film, genre in (
                *(("f1", "Drama"), ("f2", "War"), ("f3", "Crime"), ("f4", "Drama")),
                *(("f6", "Drama"), ("f6", "Horror")),
            )
        ],
    ),
    "inputs by absence": (
        f"""SELECT ?movie ?genre {{ ?movie a ex:Film MINUS {{ ?movie ex:genre ?existing }}
      SERVICE ml:inference {{ {GENRE} ml:output ?genre }} }} LIMIT 10""",
        [
            {"movie": ex(film), "genre": f'"{genre}"'}
            for film, genre in (("f4", "Drama"), ("f6", "Horror"))
        ],
    ),
    "a prediction equal to what is stored": (
        f"""SELECT ?movie ?p {{ ?movie a ex:Film ; ex:genre ?existing .
      SERVICE ml:inference {{ {GENRE} ml:limit 3 ; ml:output ?p . }}
      FILTER (?p = ?existing) }}""",
        [
            {"movie": ex(film), "p": f'"{genre}"'}
            for film, genre in (("f1", "Drama"), ("f2", "War"), ("f3", "Crime"))
        ],
    ),
    "a regression of an input found by a literal": (
        f"""SELECT ?title ?score {{ BIND('Film f4' AS ?title) ?movie ex:title ?title .
      SERVICE ml:inference {{ {YEAR} ml:output ?score ; }} }}""",
        [{"title": '"Film f4"', "score": double(1994.0)}],
    ),
    "a prediction beside what is stored": (
        f"""SELECT ?movie ?actual ?predicted {{ ?movie ex:year ?actual .
      SERVICE ml:inference {{ {YEAR} ml:output ?predicted ; }} }} LIMIT 10""",
        [
            {
                "movie": ex(film),
                "actual": f'"{actual}"^^<{XSD}integer>',
                "predicted": double(predicted),
            }
            for film, actual, predicted in (("f1", 1980, 1994.0), ("f5", 2008, 1980.0))
        ],
    ),
    "an output used behind the block": (
        """SELECT ?user ?title { BIND(ex:u1 AS ?user) ?user a ex:User .
      SERVICE ml:inference { ml:config ml:endpoint "liked" ; ml:modelType 'OBJECT_PREDICTION' ;
        ml:limit 3 ; ml:input ?user ; ml:predicate ex:likes ; ml:output ?movie ;
        ml:outputClass ex:Film ; } ?movie ex:title ?title . } LIMIT 3""",
        [{"user": ex("u1"), "title": f'"Film {film}"'} for film in ("f3", "f4", "f5")],
    ),
    "an output used before the block": (
        """SELECT ?movie ?score { BIND(ex:u1 AS ?user) ?user a ex:User . ?movie ex:title ?title .
      SERVICE ml:inference { ml:config ml:endpoint "liked" ; ml:modelType 'OBJECT_PREDICTION' ;
        ml:limit 10 ; ml:outputScore ?score ; ml:threshold '0.1D' ; ml:input ?user ;
        ml:predicate ex:likes ; ml:output ?movie ; ml:outputClass ex:Film ; }
      } ORDER BY DESC(?score) LIMIT 10""",
        [
            {"movie": ex(film), "score": double(0.5**rank)}
            for rank, film in enumerate(("f3", "f5", "f4", "f6"))
        ],
    ),
    "subjects of one object": (
        """SELECT

?user

WHERE { BIND(ex:f1 AS ?movie)
      SERVICE ml:inference { ml:config ml:endpoint "liked" ; ml:modelType 'SUBJECT_PREDICTION' ;
        ml:limit 3 ; ml:input ?movie ; ml:predicate ex:likes ; ml:output ?user ;
        ml:outputClass ex:User ; } }""",
        column("user", ex("u2"), ex("u5"), ex("u6")),
    ),
}

S = "The SERVICE http://aws.amazon.com/neptune/vocab/v01/services/ml#inference"
WHOLE = """ml:config ml:endpoint "genre" ; ml:modelType "OBJECT_CLASSIFICATION" ; ml:input ?m ;
    ml:predicate ex:genre ; ml:output ?o ; """
ERRORS: dict[str, tuple[str, str]] = {
    "1 input": (
        WHOLE.replace("ml:input ?m ;", ""),
        f"{S} expects at least 1 value for the parameter",
    ),
    "1 modelType": (
        WHOLE.replace('ml:modelType "OBJECT_CLASSIFICATION" ;', ""),
        f"{S} expects at least 1 value for the parameter",
    ),
    "1 output": (
        WHOLE.replace("ml:output ?o ;", ""),
        f"{S} expects at least 1 value for the parameter",
    ),
    "2": (
        f"{WHOLE} ml:limit 1 , 2 ; ml:limit 3",
        f"{S} expects at most 1 value for the parameter",
    ),
    "3": (
        WHOLE.replace("ml:predicate ex:genre", "ml:predicate 'genre'"),
        "Invalid predicate ",
    ),
    "4": (WHOLE.replace("ml:predicate ex:genre ;", ""), f"{S} expects the predicate "),
    "5 output": (WHOLE.replace("?o", '"o"'), f"{S} expects the value of "),
    "5 outputScore": (f"{WHOLE} ml:outputScore 1", f"{S} expects the value of "),
    "6 limit": (f"{WHOLE} ml:limit ?m", f"{S} expects the input "),
    "6 endpoint": (WHOLE.replace('"genre"', "?m"), f"{S} expects the input "),
    "6 predicate": (WHOLE.replace("ex:genre", "?m"), f"{S} expects the input "),
    "8 FILTER": (f"{WHOLE} . FILTER(?o = 'x')", f"{S} only allows StatementPatternNodes"),
    "8 OPTIONAL": (
        f"{WHOLE} . OPTIONAL {{ ?m ex:title ?t }}",
        f"{S} only allows StatementPatternNodes",
    ),
    "8 group": (f"{{ {WHOLE} }}", f"{S} only allows StatementPatternNodes"),
    "9": (f"{WHOLE} ml:limits 3", f"{S} does not allow the predicate "),
    "9 inductive": (
        f"{WHOLE} ml:inductiveInference true",
        f"{S} does not allow the predicate ",
    ),
    "10": (f"{WHOLE} ?any 3", f"{S} predicates cannot be variables, found: "),
    "11": (
        f"{WHOLE} ex:limit 3",
        f"{S} predicates are expected to be part of the namespace ",
    ),
}
"""What stands in the block, and how the sentence begins; the seventh has no known reason."""


@pytest.fixture(scope="module")
def address(plain_store: str) -> Iterator[str]:
    """A proxy in front of the told graph."""
    with Sparql.of_store(plain_store) as store:
        store.fill(quads())
    configuration = Configuration(sparql=SparqlSettings(url=plain_store))
    with RunningProxy(NOWHERE, ToldModels(), configuration) as running:
        yield running.url.replace("ws", "http", 1).replace("/gremlin", "/sparql")


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_by_every_client(address: str, shape: str) -> None:
    query, rows = SHAPES[shape]
    found = {name: ask(address, PREFIXES + query) for name, ask in CLIENTS.items()}
    assert {name: each for name, each in found.items() if each != ordered(rows)} == {}


@pytest.mark.parametrize("error", ERRORS)
def test_every_error_by_every_client(address: str, error: str) -> None:
    block, sentence = ERRORS[error]
    query = f"{PREFIXES}SELECT ?m ?o {{ ?m a ex:Film . SERVICE ml:inference {{ {block} }} }}"
    for name, ask in CLIENTS.items():
        with pytest.raises(Refusal) as refused:
            ask(address, query)
        assert refused.value.status == 400, name
        assert sentence in refused.value.text or (not refused.value.text and "rdflib" in name), name
    with Sparql(address, address) as connection:
        reply = connection.ask(query)
    assert reply.type.startswith("application/json")
    document = json.loads(reply.body)
    assert set(document) >= {"requestId", "code", "detailedMessage"}
    assert document["code"] == "BadRequestException"
    assert document["detailedMessage"].startswith(sentence)


def test_what_does_not_parse(address: str) -> None:
    query = f"{PREFIXES}SELECT * {{ ?m a ex:Film SERVICE ml:inference {{ {WHOLE} }}"
    for name, ask in CLIENTS.items():
        with pytest.raises(Refusal) as refused:
            ask(address, query)
        assert refused.value.status == 400, name
        assert "MalformedQueryException" in refused.value.text or "rdflib" in name, name
