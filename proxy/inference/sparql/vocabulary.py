"""The names of Neptune ML in SPARQL, and its sentences for what is wrong with a block.

The sentences are those of the user guide, "Neptune ML SPARQL exceptions", without its stray quotes.
"""

from __future__ import annotations

from gremlink.proxy.inference.errors import BadRequest

NAMESPACE = "http://aws.amazon.com/neptune/vocab/v01/services/ml#"
INFERENCE = NAMESPACE + "inference"
CONFIG = NAMESPACE + "config"

ENDPOINT, ROLE, MODEL_TYPE = "endpoint", "iamRoleArn", "modelType"
INPUT, PREDICATE, OUTPUT, OUTPUT_CLASS = "input", "predicate", "output", "outputClass"
SCORE, LIMIT, THRESHOLD = "outputScore", "limit", "threshold"
BATCH_SIZE, TIMEOUT = "batchSize", "timeout"

PARAMETERS = (
    *(ENDPOINT, ROLE, MODEL_TYPE, INPUT, PREDICATE, OUTPUT, OUTPUT_CLASS),
    *(SCORE, LIMIT, THRESHOLD, BATCH_SIZE, TIMEOUT),
)
"""The local names of the predicates that a block may have."""

CLASSIFICATION, REGRESSION = "OBJECT_CLASSIFICATION", "OBJECT_REGRESSION"
OBJECT_PREDICTION, SUBJECT_PREDICTION = "OBJECT_PREDICTION", "SUBJECT_PREDICTION"
MODEL_TYPES = (CLASSIFICATION, REGRESSION, OBJECT_PREDICTION, SUBJECT_PREDICTION)

_SERVICE = f"The SERVICE {INFERENCE}"
MISSING = f"{_SERVICE} expects at least 1 value for the parameter {{}}, found zero."
SEVERAL = f"{_SERVICE} expects at most 1 value for the parameter {{}}, found {{}} values."
INVALID_PREDICATE = f"Invalid predicate {{}} provided for external service {INFERENCE} query."
UNDEFINED = f"{_SERVICE} expects the predicate {{}} to be defined."
NO_VARIABLE = f"{_SERVICE} expects the value of parameter {{}} to be a variable, found: {{}}"
NO_CONSTANT = f"{_SERVICE} expects the input {{}} to be a constant, found: {{}}."
ONE_VALUE = f"{_SERVICE} is expected to return only 1 value."
ONLY_TRIPLES = f"{_SERVICE} only allows StatementPatternNodes"
UNKNOWN = f"{_SERVICE} does not allow the predicate {{}}."
VARIABLE_PREDICATE = f"{_SERVICE} predicates cannot be variables, found: {{}}."
FOREIGN = (
    f"{_SERVICE} predicates are expected to be part of the namespace {NAMESPACE}, found: {{}}."
)

INVALID_MODEL_TYPE = (
    f"Invalid modelType {{}} provided for external service {INFERENCE} query: it is one of"
    f" {', '.join(MODEL_TYPES)}."
)
INVALID_CLASS = (
    f"Invalid outputClass {{}} provided for external service {INFERENCE} query: it is an IRI."
)
INVALID_INPUT = (
    f"Invalid input {{}} provided for external service {INFERENCE} query: it is a variable, or one"
    " or several IRIs."
)
RELATIVE = (
    f"Invalid {{}} {{}} provided for external service {INFERENCE} query: the IRI is relative, and"
    " the query has no BASE."
)
UNBOUND = (
    f"{_SERVICE} expects the input ?{{}} to be bound, found: a variable that nothing else in the"
    " query binds where the service stands."
)
SOMETIMES_UNBOUND = (
    f"{_SERVICE} expects the input ?{{}} to be bound, found: solutions in which it is unbound."
    " Bind it beside the service, in the same group."
)
OTHER_SUBJECT = f"{_SERVICE} expects the subject {CONFIG}, found: {{}}."
OTHER_SERVICE = f"There is no service {{}}: Neptune ML's is {INFERENCE}."
MISPLACED = f"{CONFIG} is described outside of SERVICE <{INFERENCE}> {{{{ … }}}}{{}}"
NO_SCORE = f"{_SERVICE} has no outputScore for an OBJECT_REGRESSION."
DEPENDENT = (
    f"{_SERVICE} is asked about triples that an earlier update of the same request changes: send"
    " the updates one after the other, each in a request of its own."
)


class BlockError(BadRequest):
    """Something wrong with a block. `at` is the place in the query's text, for people."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at
