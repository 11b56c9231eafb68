"""A drop-in for `neptune_ml_utils.py` of AWS's Neptune ML sample notebooks, for a local proxy.

Put it in the place of the file of that name beside the notebooks; their cells stay as they are. It
has the same functions, and needs neither SageMaker nor a TLS server nor an export service of its
own. Like the original it reads host and port from `~/graph_notebook_config.json`.

`s3://` addresses are reached with boto3 (`AWS_ENDPOINT_URL_S3` for a service that is not AWS's),
or, if GREMLINK_STORAGE_S3_FOLDER is set as for the proxy, as files below that folder. Other
addresses are paths of this machine.

Differences from the original: `setup_pretrained_endpoints` trains the models, because Amazon's run
nowhere else; mappings are read from JSON, nothing is unpickled; what goes wrong is raised.
"""

import csv
import io
import json
import os
import shutil
import time
import urllib.parse
import zipfile
from datetime import datetime
from pathlib import Path

import numpy as np
import requests

MOVIELENS = "https://files.grouplens.org/datasets/movielens/ml-100k.zip"
GENRES = (
    *("unknown", "Action", "Adventure", "Animation", "Childrens", "Comedy", "Crime"),
    *("Documentary", "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance"),
    *("Sci-Fi", "Thriller", "War", "Western"),
)
SCALE = {"1": "Hate", "2": "Dislike", "3": "Neutral", "4": "Like", "5": "Love"}

POLL_SECONDS = 1.0
WAITING = ("InProgress", "Creating", "Updating", "pending", "running")


# Where the proxy is ------------------------------------------------------------------------------


def load_configuration():
    """Host, port, and whether requests are signed."""
    configuration = _configuration()
    return configuration["host"], configuration["port"], configuration.get("auth_mode") == "IAM"


def get_host():
    return load_configuration()[0]


def get_iam():
    return load_configuration()[2]


def get_export_service_host():
    """What goes behind `--export-url`: the export service is on the proxy's own port.

    Without TLS another option has to be said, which the cells leave out; it is said here.
    """
    host, port, _ = load_configuration()
    return f"{host}:{port}/v1" + ("" if _configuration().get("ssl") else " --export-no-ssl")


def get_training_job_name(prefix):
    return f"{prefix}-{int(time.time())}"


def signed_request(method, url, data=None, params=None, headers=None, service=None):
    """Send a request, with a signature if the notebook is configured for IAM."""
    headers = dict(headers or {})
    if get_iam():
        import boto3
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        session = boto3.Session()
        request = AWSRequest(method=method, url=url, data=data, params=params, headers=headers)
        credentials = session.get_credentials()
        if credentials is None:
            raise RuntimeError("auth_mode is IAM, and there are no AWS credentials")
        region = session.region_name or _configuration().get("aws_region")
        SigV4Auth(credentials.get_frozen_credentials(), service, region).add_auth(request)
        headers = dict(request.headers)
    verify = _configuration().get("ssl_verify", True)
    return requests.request(
        method, url, data=data, params=params, headers=headers, verify=verify, timeout=600
    )


def check_ml_enabled():
    response = signed_request("GET", _url("/ml/modeltraining"), service="neptune-db")
    if response.status_code == 200:
        print("This Neptune cluster is configured to use Neptune ML")
    else:
        print(f"{_url('')} does not answer as Neptune ML does: {response.text}")


def _configuration():
    with open(os.path.expanduser("~/graph_notebook_config.json"), encoding="utf-8") as file:
        return json.load(file)


def _url(path):
    host, port, _ = load_configuration()
    return f"{'https' if _configuration().get('ssl') else 'http'}://{host}:{port}{path}"


def _answers(query):
    """What a query gives, without types."""
    untyped = "application/vnd.gremlin-v3.0+json;types=false"
    return _asked("POST", "/gremlin", {"gremlin": query}, Accept=untyped)["result"]["data"]


def _asked(method, path, document=None, **headers):
    """The reply to a request. Raises RuntimeError with the proxy's own words."""
    data = None if document is None else json.dumps(document)
    headers["Content-Type"] = "application/json"
    response = signed_request(method, _url(path), data, headers=headers, service="neptune-db")
    if response.status_code != 200:
        raise RuntimeError(f"{method} {path}: {response.text}")
    return response.json()


# Endpoints and what trainings leave --------------------------------------------------------------


def delete_endpoint(training_job_name, neptune_iam_role_arn=None):
    role = f"?neptuneIamRoleArn={neptune_iam_role_arn}" if neptune_iam_role_arn else ""
    print(json.dumps(_asked("DELETE", f"/ml/endpoints/{training_job_name}{role}")))
    print(f"Endpoint {training_job_name} has been deleted")


def get_neptune_ml_job_output_location(job_name, job_type):
    """Where a completed job has written to."""
    assert job_type in ("dataprocessing", "modeltraining", "modeltransform"), job_type
    found = _asked("GET", f"/ml/{job_type}/{job_name}")
    if found["status"] != "Completed":
        raise RuntimeError(f"The {job_type} job {job_name} is {found['status']}, not Completed")
    job = "remoteModelTransformJob" if job_type == "modeltransform" else "processingJob"
    return found[job]["outputLocation"]


def get_dataprocessing_job_output_location(dataprocessing_job_name):
    return get_neptune_ml_job_output_location(dataprocessing_job_name, "dataprocessing")


def get_modeltraining_job_output_location(training_job_name):
    return get_neptune_ml_job_output_location(training_job_name, "modeltraining")


def get_node_to_idx_mapping(
    training_job_name=None,
    dataprocessing_job_name=None,
    model_artifacts_location="./model-artifacts",
    vertex_label=None,
):
    """`{label: {vertex id: row}}` for the rows of embeddings and predictions, or one label's."""
    name = training_job_name or dataprocessing_job_name
    assert name, "Name a modeltraining job or a dataprocessing job"
    kind = "modeltraining" if training_job_name else "dataprocessing"
    folder = os.path.join(model_artifacts_location, name if training_job_name else f"{name}-data")
    mapping = json.loads(_result(name, kind, "mapping.json", folder).read_text())["node2id"]
    if vertex_label is None:
        return mapping
    if vertex_label in mapping:
        return mapping[vertex_label]
    print(f"Mapping for vertex label: {vertex_label} not found; there are {list(mapping)}.")
    return mapping


def get_embeddings(training_job_name, download_location="./model-artifacts"):
    """A row for each vertex: of the type whose property is predicted, or of all types in turn."""
    folder = os.path.join(download_location, training_job_name)
    return np.load(_result(training_job_name, "modeltraining", "embeddings/entity.npy", folder))


def get_predictions(training_job_name, download_location="./model-artifacts", class_preds=False):
    """Confidences or numbers, a row for each vertex; the best class alone if `class_preds`."""
    folder = os.path.join(download_location, training_job_name)
    found = _result(training_job_name, "modeltraining", "predictions/result.npz", folder)
    with np.load(found) as arrays:
        scores = arrays["infer_scores"]
    return scores.argmax(axis=1) if class_preds else scores


def get_performance_metrics(training_job_name, download_location="./model-artifacts"):
    folder = os.path.join(download_location, training_job_name)
    found = _result(training_job_name, "modeltraining", "eval_metrics_info.json", folder)
    return json.loads(found.read_text())


def _result(job, kind, name, folder):
    """A file of a job's output, fetched into `folder`."""
    target = Path(folder, name)
    if not target.exists():
        source = f"{get_neptune_ml_job_output_location(job, kind)}/{name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            _download(source, target)
        except FileNotFoundError:
            raise FileNotFoundError(
                f"There is no {name} in the output of the {kind} job {job}: a model without a "
                "network has no embeddings, and only one for a property of vertices predictions"
            ) from None
    return target


# Files -------------------------------------------------------------------------------------------


def _path(address):
    """The file that an address stands for, or None if it is in an object store."""
    parts = urllib.parse.urlparse(address)
    if parts.scheme != "s3":
        return Path(parts.path if parts.scheme == "file" else address)
    folder = os.environ.get("GREMLINK_STORAGE_S3_FOLDER")
    return Path(folder, parts.netloc, parts.path.lstrip("/")) if folder else None


def _bucket(address):
    import boto3

    parts = urllib.parse.urlparse(address)
    return boto3.client("s3"), parts.netloc, parts.path.lstrip("/")


def _upload(file, address):
    path = _path(address)
    if path is None:
        client, bucket, key = _bucket(address)
        client.upload_file(str(file), bucket, key)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, path)


def _download(address, file):
    path = _path(address)
    if path is not None:
        shutil.copyfile(path, file)
        return
    from botocore.exceptions import ClientError

    client, bucket, key = _bucket(address)
    try:
        client.download_file(bucket, key, str(file))
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey"):
            raise FileNotFoundError(address) from None
        raise


# MovieLens ---------------------------------------------------------------------------------------


def prepare_movielens_data(s3_bucket_uri):
    """Make bulk-loader CSV of MovieLens 100k and put it there; the address to load.

    The data are those in `~/data/raw/ml-100k`, or else are downloaded as the original does.
    """
    raw, formatted = _movielens(), Path.home() / "data" / "formatted"
    formatted.mkdir(parents=True, exist_ok=True)
    _format_movies(raw, formatted)
    _format_users(raw, formatted)
    _format_ratings(raw, formatted)
    target = f"{s3_bucket_uri}/neptune-formatted/movielens-100k"
    for file in sorted(formatted.glob("*.csv")):
        _upload(file, f"{target}/{file.name}")
    print("Completed Processing, data is ready for loading using the s3 url below:")
    print(target)
    return target


def _movielens():
    """The folder with the raw files, which are downloaded where they are missing."""
    raw = Path.home() / "data" / "raw" / "ml-100k"
    if not raw.is_dir():
        response = requests.get(MOVIELENS, allow_redirects=True, timeout=600)
        response.raise_for_status()
        with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
            archive.extractall(raw.parent)
    return raw


def _format_movies(raw, formatted):
    movies, edges = [], []
    for id, title, released, _, url, *flags in _rows(raw / "u.item", "|"):
        genres = [genre for genre, flag in zip(GENRES, flags) if flag == "1"]
        date = datetime.strptime(released, "%d-%b-%Y").isoformat() if released else ""
        movie = f"movie_{id}"
        movies.append((movie, title, url, "movie", ";".join(genres), date))
        edges += [(f"{movie}-included_in-{genre}", movie, genre, "included_in") for genre in genres]
    header = ("~id", "title", "imdb_url", "~label", "genre:String[]", "release_date:Date")
    _write(formatted / "movie_vertex.csv", header, movies)
    _write(formatted / "genre_edges.csv", ("~id", "~from", "~to", "~label"), edges)
    genres = [(genre, "genre", genre) for genre in GENRES]
    _write(formatted / "genre_vertex.csv", ("~id", "~label", "name"), genres)


def _format_users(raw, formatted):
    users = [(f"user_{id}", *about, "user") for id, *about in _rows(raw / "u.user", "|")]
    header = ("~id", "age:Int", "gender", "occupation", "zip_code", "~label")
    _write(formatted / "user_vertex.csv", header, users)


def _format_ratings(raw, formatted):
    ratings, around, rated = [], [], []
    for user_number, movie_number, score, timestamp in _rows(raw / "u.data", "\t"):
        user, movie = f"user_{user_number}", f"movie_{movie_number}"
        rating = f"{user}:{movie}"
        ratings.append((score, timestamp, rating, "rating"))
        around.append((f"{user}-wrote-{rating}", "wrote", user, rating))
        around.append((f"{rating}-about-{movie}", "about", rating, movie))
        rated.append((f"{user}-rated-{movie}", "rated", user, movie, score, SCALE[score]))
    header = ("score:Int", "timestamp", "~id", "~label")
    _write(formatted / "ratings_vertices.csv", header, ratings)
    _write(formatted / "ratings_vertex_edges.csv", ("~id", "~label", "~from", "~to"), around)
    header = ("~id", "~label", "~from", "~to", "score:Int", "scale")
    _write(formatted / "rated_edges.csv", header, rated)


def _rows(file, delimiter):
    with file.open(encoding="ISO-8859-1", newline="") as lines:
        yield from csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)


def _write(file, header, rows):
    with file.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([header, *rows])


# What stands for Amazon's pre-trained models ------------------------------------------------------

RATED = ["user", "rated", "movie"]
PRETRAINED = {
    "node_classification": (
        "g.V('movie_28', 'movie_69', 'movie_88').properties('genre').drop()",
        {"node": "movie", "property": "genre", "type": "classification"},
    ),
    "node_regression": (
        "g.V('user_1').out('wrote').properties('score').drop()",
        {"node": "rating", "property": "score", "type": "regression"},
    ),
    "prediction": (
        "g.V('user_1').outE('rated').drop()",
        {"edge": RATED, "type": "link_prediction"},
    ),
    "edge_classification": (
        "g.V('user_1').outE('rated').properties('scale').drop()",
        {"edge": RATED, "property": "scale", "type": "classification"},
    ),
    "edge_regression": (
        "g.V('user_1').outE('rated').properties('score').drop()",
        {"edge": RATED, "property": "score", "type": "regression"},
    ),
}
"""What is taken out of the graph, and what is then predicted."""


def delete_pretrained_data(
    setup_node_classification,
    setup_node_regression,
    setup_link_prediction,
    setup_edge_regression,
    setup_edge_classification,
):
    """Take out of the graph what the models of these tasks predict."""
    _delete_data(
        _tasks(
            setup_node_classification,
            setup_node_regression,
            setup_link_prediction,
            setup_edge_classification,
            setup_edge_regression,
        )
    )


def setup_pretrained_endpoints(
    s3_bucket_uri,
    setup_node_classification,
    setup_node_regression,
    setup_link_prediction,
    setup_edge_classification,
    setup_edge_regression,
):
    """Train the models that are asked for and make endpoints of them; that takes minutes each.

    Amazon's own are archives for SageMaker, which nothing else can run. The answers are of the same
    kind, and need not be the same. Raises RuntimeError where MovieLens is not in the graph, or with
    the reason of whatever job has failed.
    """
    tasks = _tasks(
        setup_node_classification,
        setup_node_regression,
        setup_link_prediction,
        setup_edge_classification,
        setup_edge_regression,
    )
    endpoints = {f"{task}_endpoint_name": "" for task in PRETRAINED}
    if not tasks:
        return endpoints
    if not _answers("g.V().hasLabel('movie').limit(1).id()"):
        raise RuntimeError(
            "There is no film in the graph to train models on. Load the data first: the notebook's "
            "cells with prepare_movielens_data and %load do it."
        )
    _delete_data(tasks)
    jobs = [{"name": task, "targets": [PRETRAINED[task][1]]} for task in tasks]
    export = {
        "command": "export-pg",
        "outputS3Path": f"{s3_bucket_uri}/neptune-export",
        "params": {"profile": "neptune_ml"},
        "additionalParams": {"neptune_ml": {"version": "v2.0", "jobs": jobs}},
    }
    job = _asked("POST", "/v1/neptune-export", export)["jobId"]
    exported = _ended(f"/v1/neptune-export/{job}", "succeeded")["outputS3Uri"]
    for number, task in enumerate(tasks, start=1):
        print(f"Training model {number} of {len(tasks)}: {task.replace('_', ' ')}")
        id = f"{task.replace('_', '-')}-{int(time.time())}"
        _train(id, exported, f"{task}.json", s3_bucket_uri)
        endpoints[f"{task}_endpoint_name"] = {"EndpointName": id, "EndpointStatus": "InService"}
        print(f"{task.replace('_', ' ').title()} Endpoint Name: {id}")
    print("Endpoint creation complete")
    return endpoints


def _train(id, exported, configuration, s3_bucket_uri):
    """Make an endpoint of that id from an export. Raises RuntimeError where a job fails."""
    processing = {
        "id": id,
        "inputDataS3Location": exported,
        "processedDataS3Location": f"{s3_bucket_uri}/preloading",
        "configFileName": configuration,
    }
    training = {
        "id": id,
        "dataProcessingJobId": id,
        "trainModelS3Location": f"{s3_bucket_uri}/pretrained-models",
    }
    for path, document, final in (
        ("/ml/dataprocessing", processing, "Completed"),
        ("/ml/modeltraining", training, "Completed"),
        ("/ml/endpoints", {"id": id, "mlModelTrainingJobId": id}, "InService"),
    ):
        _asked("POST", path, document)
        _ended(f"{path}/{id}", final)


def _tasks(*wanted):
    """The names of the tasks that are wanted, in the order of `PRETRAINED`."""
    return [task for task, is_wanted in zip(PRETRAINED, wanted) if is_wanted]


def _delete_data(tasks):
    for task in tasks:
        _answers(PRETRAINED[task][0])


def delete_pretrained_endpoints(endpoints):
    for endpoint in endpoints.values():
        if endpoint:
            _asked("DELETE", f"/ml/endpoints/{endpoint['EndpointName']}")
    print("Endpoint(s) have been deleted")


def _ended(path, final):
    """The last status of what was started. Raises RuntimeError if it is not `final`."""
    while (found := _asked("GET", path))["status"] in WAITING:
        time.sleep(POLL_SECONDS)
    if found["status"] != final:
        job = next((each for each in found.values() if isinstance(each, dict)), {})
        reason = found.get("failureReason") or job.get("failureReason") or json.dumps(found)
        raise RuntimeError(f"{path} is {found['status']}: {reason}")
    return found
