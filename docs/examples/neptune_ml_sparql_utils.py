"""A drop-in for `neptune_ml_sparql_utils.py` of AWS's SPARQL notebooks, for a local proxy.

Put it and `neptune_ml_utils.py`, which is beside it here, in the place of the file of that name
beside the notebooks; their cells stay as they are. Nothing but `requests` and NumPy is needed.

What `neptune_ml_utils.py` says of itself holds here, too: models that the original calls
pre-trained are trained, and what goes wrong is raised.
"""

import json
import os
import shutil
import time
from datetime import datetime
from pathlib import Path

import neptune_ml_utils as _base
from neptune_ml_utils import (  # noqa: F401
    check_ml_enabled,
    delete_pretrained_endpoints,
    get_dataprocessing_job_output_location,
    get_embeddings,
    get_export_service_host,
    get_host,
    get_iam,
    get_modeltraining_job_output_location,
    get_neptune_ml_job_output_location,
    get_node_to_idx_mapping,
    get_performance_metrics,
    get_predictions,
    get_training_job_name,
    load_configuration,
    prepare_movielens_data,
    signed_request,
)

ONTOLOGY = "http://aws.amazon.com/neptune/ontology/"
RESOURCE = "http://aws.amazon.com/neptune/resource#"
XSD = "http://www.w3.org/2001/XMLSchema#"
TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
LABEL = "<http://www.w3.org/2000/01/rdf-schema#label>"


def get_neptune_ml_role():
    """The role that a request may name: NEPTUNE_ML_ROLE_ARN, or None. A local proxy needs none."""
    return os.environ.get("NEPTUNE_ML_ROLE_ARN")


def delete_endpoint(training_job_name, neptune_iam_role_arn=None):
    """Delete an endpoint; print what is wrong, as the original does.

    01-Introduction-to-Object-Classification gives its endpoint another name than it deletes.
    """
    try:
        _base.delete_endpoint(training_job_name, neptune_iam_role_arn)
    except RuntimeError as error:
        print(error)


# MovieLens ---------------------------------------------------------------------------------------


def prepare_movielens_data_rdf(s3_bucket_uri, clear_staging_area=True):
    """Make N-Quads of MovieLens 100k and put them there; the address to load.

    The data are those in `~/data/raw/ml-100k`, or else are downloaded as the original does.
    """
    raw = _base._movielens()
    formatted = Path.home() / "data" / "formatted" / "rdf"
    if clear_staging_area:
        shutil.rmtree(formatted, ignore_errors=True)
    formatted.mkdir(parents=True, exist_ok=True)
    for name, quads in (
        ("movies.nq", _movies(raw)),
        ("movie_genres.nq", _genres(raw)),
        ("users.nq", _users(raw)),
        ("user_movie_ratings.nq", _ratings(raw)),
        ("critic_movie_scores.nq", _critics(raw)),
    ):
        with (formatted / name).open("w", encoding="utf-8") as lines:
            for subject, predicate, value, graph in quads:
                lines.write(f"{subject} {predicate} {value} {_term(graph)} .\n")
    target = f"{s3_bucket_uri}/neptune-formatted/movielens-100k/rdf/"
    for file in sorted(formatted.glob("*.nq")):
        _base._upload(file, target + file.name)
    if clear_staging_area:
        shutil.rmtree(formatted, ignore_errors=True)
    print("Completed Processing, data is ready for loading using the s3 url below:")
    print(target)
    return target


def _movies(raw):
    for id, title, released, _, url, *_flags in _base._rows(raw / "u.item", "|"):
        # The original writes missing values so, too.
        date = datetime.strptime(released, "%d-%b-%Y").isoformat() if released else "nan"
        movie = _resource(f"movie_{id}")
        yield movie, TYPE, _term("Movie"), "Movies"
        yield movie, _term("title"), _literal(title), "Movies"
        yield movie, LABEL, _literal(title), "Movies"
        yield movie, _term("imdbURL"), _literal(url or "nan", "anyURI"), "Movies"
        yield movie, _term("releaseDate"), _literal(date, "dateTime"), "Movies"


def _genres(raw):
    for id, _title, _released, _, _url, *flags in _base._rows(raw / "u.item", "|"):
        for genre, flag in zip(_base.GENRES, flags):
            if flag == "1":
                for predicate in ("hasGenre", "hasOriginalGenre"):
                    yield _resource(f"movie_{id}"), _term(predicate), _literal(genre), "Movie"


def _users(raw):
    for id, age, gender, occupation, zip_code in _base._rows(raw / "u.user", "|"):
        user = _resource(f"user_{id}")
        yield user, TYPE, _term("User"), "DefaultNamedGraph"
        yield user, _term("age"), _literal(age, "integer"), "Users"
        yield user, _term("occupation"), _literal(occupation), "Users"
        yield user, _term("gender"), _literal(gender), "Users"
        yield user, _term("zipCode"), _literal(zip_code), "Users"


def _ratings(raw):
    for user_number, movie_number, score, timestamp in _base._rows(raw / "u.data", "\t"):
        user, movie = _resource(f"user_{user_number}"), _resource(f"movie_{movie_number}")
        rating = _resource(f"user_{user_number}_movie_{movie_number}")
        yield rating, TYPE, _term("Rating"), "Rating"
        yield rating, _term("score"), _literal(score, "integer"), "Rating"
        yield rating, _term("timestamp"), _literal(timestamp, "integer"), "Rating"
        yield rating, _term("forMovie"), movie, "Rating"
        yield rating, _term("byUser"), user, "Rating"
        if int(score) > 3:
            yield user, _term("recommended"), movie, "Rating"
            yield movie, _term("wasRecommendedBy"), user, "Rating"


def _critics(raw):
    scores = {}
    for _user, movie, score, _timestamp in _base._rows(raw / "u.data", "\t"):
        scores.setdefault(movie, []).append(int(score))
    for movie, given in scores.items():
        mean = _literal(round(sum(given) / len(given)), "integer")
        yield _resource(f"movie_{movie}"), _term("criticScore"), mean, "Rating"


def _term(name):
    return f"<{ONTOLOGY}{name}>"


def _resource(name):
    return f"<{RESOURCE}{name}>"


def _literal(value, datatype=None):
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"' + (f"^^<{XSD}{datatype}>" if datatype else "")


# What stands for Amazon's pre-trained models ------------------------------------------------------

PREFIXES = f"PREFIX : <{ONTOLOGY}>\nPREFIX resource: <{RESOURCE}>\n"
PRETRAINED = {
    "object_classification": (
        """DELETE { ?movie :hasGenre ?genre } WHERE { ?movie :hasGenre ?genre ; :title ?title
        FILTER (?title IN ("Empire Strikes Back, The (1980)", "Mars Attacks! (1996)",
                           "Independence Day (ID4) (1996)")) }""",
        {"node": f"{ONTOLOGY}Movie", "predicate": f"{ONTOLOGY}hasGenre", "type": "classification"},
    ),
    "object_regression": (
        "DELETE { ?movie :criticScore ?score } "
        "WHERE { ?movie :criticScore ?score ; :title 'Pretty Woman (1990)' }",
        {"node": f"{ONTOLOGY}Movie", "predicate": f"{ONTOLOGY}criticScore", "type": "regression"},
    ),
    "link_prediction": (
        """DELETE { ?user :recommended ?movie } WHERE { ?user :recommended ?movie
        FILTER (?movie IN (resource:movie_255, resource:movie_69)
                || ?user IN (resource:user_101, resource:user_681)) }""",
        {
            "subject": f"{ONTOLOGY}User",
            "predicate": f"{ONTOLOGY}recommended",
            "object": f"{ONTOLOGY}Movie",
            "type": "link_prediction",
        },
    ),
}
"""What is taken out of the graph, as the notebook does it later, and what is then predicted."""


def setup_pretrained_endpoints_rdf(
    s3_bucket_uri, setup_object_classification, setup_object_regression, setup_link_prediction
):
    """Train the models that are asked for and make endpoints of them; that takes minutes each.

    Raises RuntimeError where MovieLens is not in the graph, or with the reason of whatever job has
    failed.
    """
    wanted = (setup_object_classification, setup_object_regression, setup_link_prediction)
    tasks = [task for task, is_wanted in zip(PRETRAINED, wanted) if is_wanted]
    endpoints = {f"{task}_endpoint_name": "" for task in PRETRAINED}
    if not tasks:
        return endpoints
    if not _sparql(query=f"{PREFIXES}ASK {{ ?movie a :Movie }}")["boolean"]:
        raise RuntimeError(
            "There is no film in the graph to train models on. Load the data first: the notebook's "
            "cells with prepare_movielens_data_rdf and %load do it."
        )
    for task in tasks:
        _sparql(update=PREFIXES + PRETRAINED[task][0])
    for number, task in enumerate(tasks, start=1):
        print(f"Training model {number} of {len(tasks)}: {task.replace('_', ' ')}")
        id = f"{task.replace('_', '-')}-{int(time.time())}"
        export = {
            "command": "export-rdf",
            "outputS3Path": f"{s3_bucket_uri}/neptune-export",
            "params": {"profile": "neptune_ml"},
            "additionalParams": {
                "neptune_ml": {"version": "v2.0", "targets": [PRETRAINED[task][1]]}
            },
        }
        job = _base._asked("POST", "/v1/neptune-export", export)["jobId"]
        exported = _base._ended(f"/v1/neptune-export/{job}", "succeeded")["outputS3Uri"]
        _base._train(id, exported, "training-data-configuration.json", s3_bucket_uri)
        endpoints[f"{task}_endpoint_name"] = {"EndpointName": id, "EndpointStatus": "InService"}
        print(f"{task.replace('_', ' ').title()} Endpoint Name: {id}")
    print("Endpoint creation complete")
    return endpoints


def _sparql(**form):
    """The result of a query, as JSON, or nothing. Raises RuntimeError with the proxy's words."""
    response = signed_request(
        "POST",
        _base._url("/sparql"),
        data=form,
        headers={"Accept": "application/sparql-results+json"},
        service="neptune-db",
    )
    if not response.ok:
        raise RuntimeError(f"POST /sparql: {response.text}")
    return json.loads(response.text) if "query" in form else None
