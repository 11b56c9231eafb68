"""The parameters of a block: forms of their values, and Neptune's sentences for what is wrong."""

from __future__ import annotations

import pytest
from sparql_answering import ML, SETTINGS

from gremlink.proxy.inference.analysis.options import Settings
from gremlink.proxy.inference.commands import PrepareLinks, PrepareProperty
from gremlink.proxy.inference.errors import (
    BadRequest,
    InferenceError,
    InvalidParameter,
    MalformedQuery,
    MissingParameter,
)
from gremlink.proxy.inference.sparql.plan import Block, analyse_sparql

PREFIXES = f"PREFIX ml: <{ML}> PREFIX : <http://o/> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>"
CLASSIFIES = "ml:modelType 'OBJECT_CLASSIFICATION' ; ml:predicate :genre"
PREDICTS = "ml:modelType 'OBJECT_PREDICTION' ; ml:predicate :likes"
USUAL = "ml:input ?m ; ml:output ?g"
S = f"The SERVICE {ML}inference"


def blocks(
    inside: str, settings: Settings = SETTINGS, service: str = "ml:inference"
) -> list[Block]:
    found = analyse_sparql(
        f"{PREFIXES} SELECT * {{ ?m a :Movie . SERVICE {service} {{ {inside} }} }}", settings
    )
    assert found is not None
    return list(found.blocks)


def block(parameters: str, settings: Settings = SETTINGS) -> Block:
    (found,) = blocks(f"ml:config {parameters}", settings)
    return found


def test_everything_at_once() -> None:
    found = block(
        """ml:endpoint 'node-prediction' ; # a name
           ml:iamRoleArn 'arn:aws:iam::0123456789:role/sagemaker-role' ;
           ml:limit "5"^^xsd:integer ; ml:batchSize "40"^^xsd:integer ;
           ml:threshold "0.1"^^xsd:double ; ml:timeout "1000"^^xsd:integer ;
           ml:outputScore ?score ; ml:modelType 'OBJECT_PREDICTION' ; ml:input ?input ;
           ml:predicate <http://www.example.org/likes> ; ml:output ?output ;
           ml:outputClass <http://www.example.org/movie> ."""
    )
    assert found.model == PrepareLinks(
        "node-prediction", "http://www.example.org/likes", "out", "http://www.example.org/movie"
    )
    assert found.role == "arn:aws:iam::0123456789:role/sagemaker-role"
    assert (found.limit, found.threshold, found.batch_size) == (5, 0.1, 40)
    assert found.variables == ("input", "output", "score")


def test_defaults() -> None:
    found = block(f"{CLASSIFIES} ; {USUAL}")
    assert found.model == PrepareProperty("films", "classification", "http://o/genre")
    assert (found.limit, found.threshold, found.batch_size, found.role) == (1, None, None, None)
    assert (found.input, found.output, found.score, found.silent) == ("m", "g", None, False)


@pytest.mark.parametrize(
    "inside",
    [
        f"ml:config {CLASSIFIES} ; {USUAL} .",
        f"ml:config {CLASSIFIES} ; {USUAL} ; .",
        f"ml:config {CLASSIFIES} ; ; {USUAL} ;",
        f"ml:config {CLASSIFIES} . ml:config {USUAL} .",
        f"# a comment }}\nml:config {CLASSIFIES} ; # another ;\n {USUAL}",
        f"<{ML}config> <{ML}modelType> 'OBJECT_CLASSIFICATION' ; <{ML}predicate> :genre ; {USUAL}",
        'ml:config ml:modelType """OBJECT_CLASSIFICATION"""^^xsd:string; ml:predicate :genre ;'
        f" {USUAL}",
        "ml:config ml:modelType 'OBJECT_\\u0043LASSIFICATION' ; ml:predicate :\\u0067enre ;"
        f" {USUAL}",
        "ml:config ml:modelType 'OBJECT_CLASSIFICATION' ; ml:predicate :genre ; ml:input $m ;"
        " ml:output $g",
    ],
)
def test_ways_to_write_the_same(inside: str) -> None:
    (found,) = blocks(inside)
    assert found.model == PrepareProperty("films", "classification", "http://o/genre")
    assert found.variables == ("m", "g")


@pytest.mark.parametrize(
    "text", ['"5"^^xsd:integer', '"5"', "'5'", "5", "+5", '"5"^^xsd:int', "'''5'''", '"5"@en']
)
def test_forms_of_a_limit(text: str) -> None:
    assert block(f"{CLASSIFIES} ; {USUAL} ; ml:limit {text}").limit == 5


@pytest.mark.parametrize(
    "text", ['"0.5"^^xsd:double', '"0.50D"', "'0.5d'", "0.5", ".5", "5e-1", '"0.5f"', "0.50"]
)
def test_forms_of_a_threshold(text: str) -> None:
    assert block(f"{CLASSIFIES} ; {USUAL} ; ml:threshold {text}").threshold == 0.5


@pytest.mark.parametrize("text", ["0", "101", '"x"', "5.0", ":five", "-1", "true", "'NaN'"])
def test_limits_that_are_none(text: str) -> None:
    with pytest.raises(InvalidParameter, match="limit must be a whole number from 1 to 100"):
        block(f"{CLASSIFIES} ; {USUAL} ; ml:limit {text}")


@pytest.mark.parametrize("text", ['"x"', "'NaN'", "'INF'", ":x", "true"])
def test_thresholds_that_are_none(text: str) -> None:
    with pytest.raises(InvalidParameter, match=r"threshold must be a number such as 0\.5"):
        block(f"{CLASSIFIES} ; {USUAL} ; ml:threshold {text}")


@pytest.mark.parametrize("name", ["batchSize", "timeout"])
def test_other_numbers(name: str) -> None:
    with pytest.raises(InvalidParameter, match=f"{name} must be a whole number from 1, found"):
        block(f"{CLASSIFIES} ; {USUAL} ; ml:{name} 0")


def test_a_timeout_bounds_each_question_to_the_model() -> None:
    assert block(f"{CLASSIFIES} ; {USUAL} ; ml:timeout 1500").timeout == 1500
    assert block(f"{CLASSIFIES} ; {USUAL}").timeout is None


def test_inputs_may_be_constants() -> None:
    found = block(f"{CLASSIFIES} ; ml:output ?g ; ml:input :a, <http://o/b> ; ml:input :a")
    assert (found.input, found.constants) == (None, ("http://o/a", "http://o/b"))


ERRORS = [
    (f"{PREDICTS} ; ml:outputClass :C ; ml:output ?g", "at least 1 value for the parameter input"),
    (f"{CLASSIFIES} ; ml:input ?m", "at least 1 value for the parameter output, found zero."),
    (f"ml:predicate :x ; {USUAL}", "at least 1 value for the parameter modelType, found zero."),
    (f"{PREDICTS} ; {USUAL}", "at least 1 value for the parameter outputClass, found zero."),
    (f"{CLASSIFIES} ; {USUAL} ; ml:limit 1, 2", "the parameter limit, found 2 values."),
    (f"{CLASSIFIES} ; {USUAL} ; ml:output ?x, ?y", "the parameter output, found 3 values."),
    (f"{CLASSIFIES} ; {USUAL} ; ml:input ?x", "the parameter input, found 2 values."),
    (
        f"ml:modelType 'OBJECT_REGRESSION' ; ml:predicate 'score' ; {USUAL}",
        f'Invalid predicate "score" provided for external service {ML}inference query.',
    ),
    (
        f"ml:modelType 'OBJECT_REGRESSION' ; {USUAL}",
        f"{S} expects the predicate predicate to be defined.",
    ),
    (f"{CLASSIFIES} ; ml:input ?m ; ml:output 'x'", "output to be a variable, found: literal"),
    (f"{CLASSIFIES} ; {USUAL} ; ml:outputScore :x", "outputScore to be a variable, found: IRI"),
    (
        f"{CLASSIFIES} ; {USUAL} ; ml:endpoint ?e",
        f"{S} expects the input endpoint to be a constant, found: variable ?e.",
    ),
    (f"{CLASSIFIES} ; {USUAL} ; ml:limit ?l", "the input limit to be a constant, found: variable"),
    (f"{CLASSIFIES} ; {USUAL} ; ml:limit []", "limit to be a constant, found: blank node."),
    (f"{CLASSIFIES} ; {USUAL} ; ml:outputScore ?g", "is expected to return only 1 value."),
    (f"{CLASSIFIES} ; {USUAL} ; ml:limt 3", f"{S} does not allow the predicate limt."),
    (f"{CLASSIFIES} ; {USUAL} ; ml:inductiveInference true", "predicate inductiveInference."),
    (f"{CLASSIFIES} ; {USUAL} ; ?p 3", f"{S} predicates cannot be variables, found: variable ?p."),
    (f"{CLASSIFIES} ; {USUAL} ; a :X", "found: http://www.w3.org/1999/02/22-rdf-syntax-ns#."),
    (
        f"{CLASSIFIES} ; {USUAL} ; :limit 3",
        f"{S} predicates are expected to be part of the namespace {ML}, found: http://o/.",
    ),
    (f"ml:modelType 'SUBJECT_REGRESSION' ; {USUAL}", 'Invalid modelType "SUBJECT_REGRESSION"'),
    (f"{CLASSIFIES} ; ml:input 'x' ; ml:output ?g", 'Invalid input "x" provided'),
    (
        f"{CLASSIFIES} ; ml:input <x> ; ml:output ?g",
        "the IRI is relative, and the query has no BASE",
    ),
    (f"{PREDICTS} ; {USUAL} ; ml:outputClass 'Movie'", 'Invalid outputClass "Movie"'),
    (
        f"ml:modelType 'OBJECT_REGRESSION' ; ml:predicate :x ; {USUAL} ; ml:outputScore ?s",
        "has no outputScore for an OBJECT_REGRESSION",
    ),
]


@pytest.mark.parametrize(("parameters", "message"), ERRORS, ids=[each[1][-50:] for each in ERRORS])
def test_errors(parameters: str, message: str) -> None:
    with pytest.raises(BadRequest) as raised:
        block(parameters)
    assert message in str(raised.value)
    assert (raised.value.code, raised.value.http_status) == ("BadRequestException", 400)


@pytest.mark.parametrize(
    "beside",
    [
        "FILTER(?m > 1)",
        "OPTIONAL { ?m ?p ?o }",
        "BIND(1 AS ?x)",
        "VALUES ?x { 1 }",
        "GRAPH :g { ?m ?p ?o }",
        "{ ?m ?p ?o }",
        "MINUS { ?m ?p ?o }",
        "{ SELECT * { ?m ?p ?o } }",
        "SERVICE :x { ?m ?p ?o }",
        "ml:config ml:limit (1)",
        "ml:config ml:limit [ :p 1 ]",
        "ml:config ml:limit/ml:x 1",
        "ml:config ^ml:limit 1",
        "ml:config (ml:limit) 1",
    ],
)
def test_only_triples(beside: str) -> None:
    for inside in (f"{beside} . ml:config {CLASSIFIES}", f"ml:config {CLASSIFIES} . {beside}"):
        with pytest.raises(BadRequest, match="only allows StatementPatternNodes"):
            blocks(inside)
    with pytest.raises(BadRequest, match="only allows StatementPatternNodes"):
        blocks("SELECT * { ?s ?p ?o }")


@pytest.mark.parametrize("subject", ["?c", "[]", "ml:conf", "_:c", "'config'"])
def test_other_subjects(subject: str) -> None:
    with pytest.raises(BadRequest, match=f"expects the subject {ML}config, found: "):
        blocks(f"{subject} {CLASSIFIES} ; {USUAL}")


@pytest.mark.parametrize(
    ("inside", "reason"),
    [
        ("ml:config ml:limit", "expected a value"),
        ("ml:config ml:limit 3 3", "expected ; or"),
        ("ml:config", "expected a predicate"),
        ("ml:config ml:limit ;", "expected a value"),
        ("x:config ml:limit 1", "the prefix x: is not declared"),
        ("ml:config ml:limit x:y", "the prefix x: is not declared"),
        ("ml:config ml:limit 3", "ends here: expected }"),
        ("ml:config ml:limit 'abc", "never closed"),
    ],
)
def test_what_cannot_be_read(inside: str, reason: str) -> None:
    text = f"{PREFIXES}\nSELECT * {{ ?m a :Movie .\n  SERVICE ml:inference {{ {inside}"
    if "ends" not in reason and "closed" not in reason:
        text += " } }"
    with pytest.raises(MalformedQuery, match=r"line 3, column \d+") as raised:
        analyse_sparql(text, SETTINGS)
    assert reason in str(raised.value)
    assert raised.value.code == "MalformedQueryException"


def test_endpoint_and_role_as_in_gremlin() -> None:
    usual = f"{CLASSIFIES} ; {USUAL}"
    with pytest.raises(MissingParameter, match="No endpoint provided for external service query"):
        block(usual, Settings())
    with pytest.raises(InvalidParameter, match="Invalid endpoint provided"):
        block(f"{usual} ; ml:endpoint 'a b'")
    url = "https://runtime.sagemaker.us-east-1.amazonaws.com/endpoints/abc/invocations"
    assert block(f"{usual} ; ml:endpoint '{url}'").model.endpoint == "abc"
    with pytest.raises(InvalidParameter, match="Invalid IAM role ARN"):
        block(f"{usual} ; ml:iamRoleArn 'admin'")
    with pytest.raises(MissingParameter, match="No IAM role ARN provided"):
        block(usual, Settings(default_endpoint="films", roles={}))
    assert block(f"{usual} ; ml:limit 5", Settings("films", limit_cap=5)).limit == 5
    with pytest.raises(InferenceError, match="from 1 to 4"):
        block(f"{usual} ; ml:limit 5", Settings("films", limit_cap=4))


@pytest.mark.parametrize(
    "service", [f"<{ML}inference>", "SILENT ml:inference", "ml:\\u0069nference", "ml:inference"]
)
def test_names_of_the_service(service: str) -> None:
    (found,) = blocks(f"ml:config {CLASSIFIES} ; {USUAL}", service=service)
    assert found.silent == ("SILENT" in service)


def test_services_that_are_nearly_ours() -> None:
    for service in ("ml:inferences", f"<{ML}>", f"<{ML.replace('http:', 'https:')}inference>"):
        with pytest.raises(BadRequest, match="There is no service"):
            blocks(f"ml:config {CLASSIFIES} ; {USUAL}", service=service)
    with pytest.raises(BadRequest, match="outside of SERVICE"):
        blocks(f"ml:config {CLASSIFIES} ; {USUAL}", service="?s")
    with pytest.raises(BadRequest, match="outside of SERVICE"):
        analyse_sparql(f"{PREFIXES} SELECT * {{ ml:config {CLASSIFIES} ; {USUAL} }}", SETTINGS)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?s ?p ?o }",
        "# SERVICE ml:inference\nSELECT * { ?s ?p 'SERVICE ml:inference { }' }",
        "SELECT * { SERVICE <http://other/sparql> { ?s ?p ?o } }",
        "INSERT DATA { ml:config ml:endpoint 'x' }",
        "ASK { ?s ?p ml:inference }",
        "",
        "no query at all",
    ],
)
def test_requests_without_a_block_pass(text: str) -> None:
    assert analyse_sparql(f"{PREFIXES} {text}", SETTINGS) is None
