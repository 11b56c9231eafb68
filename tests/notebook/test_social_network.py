"""The blog post's notebook, social-network-recommendations, as docs/notebook.md tells: one proxy,
with TLS on port 443, for queries, the export service and SageMaker.

The calls are those of its cells, in their order; the graph is the sample's, which is the same.
"""

from __future__ import annotations

import csv
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import boto3
import pytest
from managed_proxy import KEYS, Proxy, serving
from notebook_kernel import PYTHON, Kernel
from packaged_notebooks import START
from s3_server import s3_server

from gremlink.proxy.embedded import QUICK_TO_START, EmbeddedServer
from gremlink.proxy.embedded.sample import FRIENDS

DOCUMENT = Path(__file__).parents[2] / "docs" / "notebook.md"
TITLE = "## The blog post's notebook"
ERROR = "str(graph_notebook_error)"
REGION = "us-east-1"


def recipe() -> list[str]:
    """The commands for the proxy, and those for the notebook."""
    chapter = DOCUMENT.read_text().partition(TITLE)[2].partition("\n## ")[0]
    blocks = re.findall(r"^```\n(.*?)^```$", chapter, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    return blocks


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate, made as the document says."""
    try:
        with socket.create_server(("127.0.0.1", 443)):
            pass
    except PermissionError:
        pytest.skip("port 443 is root's on this machine")
    folder = tmp_path_factory.mktemp("social")
    (made,) = [line for line in recipe()[0].splitlines() if "python -m trustme" in line]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(["bash", "-euc", made], cwd=folder, env={"PATH": path}, check=True)
    return folder


@pytest.fixture(scope="module")
def storage() -> Iterator[str]:
    with (
        s3_server() as address,
        closing(boto3.client("s3", endpoint_url=address, region_name=REGION, **KEYS)) as s3,
    ):
        s3.create_bucket(Bucket="bucket")
        yield address


@pytest.fixture(scope="module")
def settings(desk: Path, storage: str) -> Iterator[Mapping[str, str]]:
    """The environment of the notebook, made by the document's commands."""
    assert PYTHON
    home = desk / "home"
    home.mkdir()
    commands = recipe()[1].replace("http://localhost:9000", storage)
    environment = {
        "HOME": str(home),
        "PATH": f"{Path(PYTHON).parent}{os.pathsep}{os.environ['PATH']}",
    }
    asked = [PYTHON, "-m", "certifi"]
    trusted = Path(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip())
    before = trusted.read_bytes()
    try:
        shell = ["bash", "-euc", f"{commands}\nenv -0"]
        done = subprocess.run(shell, cwd=desk, env=environment, capture_output=True, check=True)
        pairs = (each.partition("=") for each in done.stdout.decode().split("\0") if each)
        yield {name: value for name, _, value in pairs}
    finally:
        trusted.write_bytes(before)


@pytest.fixture(scope="module")
def proxy(desk: Path, settings: Mapping[str, str]) -> Iterator[Proxy]:
    own = dict(re.findall(r"(GREMLINK_\w+)=(\S+)", recipe()[0]))
    assert own.pop("GREMLINK_LISTEN_PORT") == "443"
    own = {name: str(desk / value) for name, value in own.items()}
    own |= {name: value for name, value in settings.items() if name.startswith("AWS_")}
    own |= {"GREMLINK_LISTEN_PORT": "443", "GREMLINK_STORAGE_S3_FOLDER": ""}
    with (
        EmbeddedServer(port=0, jvm_options=QUICK_TO_START) as server,
        serving(server.url, desk / "proxy", {**own, "GREMLINK_JOBS_STATUS_WAIT": "60"}) as running,
    ):
        yield running


@pytest.fixture
def kernel(desk: Path, settings: Mapping[str, str], proxy: Proxy) -> Iterator[Kernel]:
    home = desk / "home"
    configuration = {
        "host": "localhost",
        "neptune_service": "neptune-db",
        "port": 443,
        "ssl": True,
        "auth_mode": "DEFAULT",
        "aws_region": REGION,
        "load_from_s3_arn": "arn:aws:iam::000000000000:role/local",
        "gremlin": {"traversal_source": "g"},
    }
    (home / "graph_notebook_config.json").write_text(json.dumps(configuration))
    startup = home / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "neptune.py").write_text(START)
    running = Kernel(home, settings=settings)
    try:
        yield running
    finally:
        running.close()


def people() -> str:
    """The cell that builds the network: one statement."""
    with (FRIENDS / "users.csv").open() as rows:
        users = {row["~id"]: row for row in csv.DictReader(rows)}
    with (FRIENDS / "friends.csv").open() as rows:
        friends = list(csv.DictReader(rows))
    lines = ["g."]
    for user in users.values():
        own = {"name": user["name:String"], "interests": user["interests:String[]"]}
        told = "".join(f".property('{key}', '{value}')" for key, value in own.items())
        lines.append(f"addV('User'){told}.")
    for edge in friends:
        a, b = (users[edge[end]]["name:String"] for end in ("~to", "~from"))
        lines.append(
            f"V().hasLabel('User').has('name','{a}').as('a')."
            f"V().hasLabel('User').has('name','{b}').addE('FRIEND').to('a')."
        )
    return "\n".join([*lines, "next()"])


def test_every_cell_runs(kernel: Kernel, proxy: Proxy) -> None:
    def gremlin(query: str) -> list[object]:
        kernel.run("graph_notebook_error = None")
        found, failed = kernel.run(f"%%gremlin --store-to stored\n{query}", "stored", ERROR)
        assert failed == "None", (query, failed)
        assert isinstance(found, list)
        return found

    def neptune_ml(cell: str, result: str) -> dict[str, object]:
        kernel.run("graph_notebook_error = None")
        found, failed = kernel.run(cell, result, ERROR)
        assert failed == "None", (cell, failed)
        assert isinstance(found, dict)
        return found

    gremlin("g.V().drop()")
    assert '"ssl": true' in kernel.run("%%bash\ncat ~/graph_notebook_config.json")
    gremlin(people())
    assert gremlin("g.V().groupCount().by(label).unfold()") == [{"User": 20}]
    assert gremlin("g.E().groupCount().by(label).unfold()") == [{"FRIEND": 25}]
    (friends,) = gremlin(
        "g.V().hasLabel('User').has('name', 'Henry').both('FRIEND').groupCount().by('name')"
    )
    assert isinstance(friends, dict)
    assert gremlin("g.V().hasLabel('User').has('name', 'Henry').values('interests')") == [
        "arts;comics;games"
    ]
    recommended = (
        "g.V().hasLabel('User').has('name', 'Henry').as('user')."
        "both('FRIEND').aggregate('friends')."
        "both('FRIEND').where(P.neq('user')).where(P.without('friends'))."
        "groupCount().by('name').order(Scope.local).by(values, Order.decr).next()"
    )
    kernel.run("graph_notebook_error = None")
    text, failed = kernel.run(f"%%gremlin\n{recommended}", "1", ERROR)
    assert "decr" in failed, (text, failed)
    assert gremlin(recommended.replace("decr", "desc"))

    # The settings, and where the export service is.
    kernel.run(
        's3_bucket_uri="s3://bucket/neptune-ml-social-network-recommendation/"\n'
        "s3_bucket_uri = s3_bucket_uri[:-1] if s3_bucket_uri.endswith('/') else s3_bucket_uri"
    )
    kernel.run(
        "import json, os\n"
        "from urllib.parse import urlparse\n"
        "with open(os.path.expanduser('~/graph_notebook_config.json')) as file:\n"
        "    data = json.load(file)\n"
        "neptune_host, iam = data['host'], data['auth_mode'] == 'IAM'\n"
        "def get_export_service_host():\n"
        "    with open(os.path.expanduser('~/.bashrc')) as file:\n"
        "        for line in file:\n"
        "            if line.startswith('export NEPTUNE_EXPORT_API_URI'):\n"
        "                parts = line.split('=')\n"
        "                if len(parts) == 2:\n"
        "                    return urlparse(parts[1].rstrip()).hostname + '/v1'"
    )
    assert kernel.run("1", "get_export_service_host()") == "localhost/v1"
    kernel.run(
        "export_params = {'command': 'export-pg', 'params': {'endpoint': neptune_host, "
        "'profile': 'neptune_ml', 'cloneCluster': False}, "
        "'outputS3Path': f'{s3_bucket_uri}/neptune-export', "
        "'additionalParams': {'neptune_ml': {'version': 'v2.0', "
        "'targets': [{'edge': ['User', 'FRIEND', 'User'], 'type': 'link_prediction'}], "
        "'features': [{'node': 'User', 'property': 'interests', 'type': 'category', "
        "'separator': ';'}]}}, 'jobSize': 'small'}"
    )
    exported = neptune_ml(
        "%%neptune_ml export start --export-url {get_export_service_host()} --export-iam --wait "
        "--store-to export_results\n${export_params}",
        "export_results",
    )
    assert exported["status"] == "succeeded", exported
    kernel.run(
        "import time\n"
        "processing_job_name=f'social-link-prediction-processing-{int(time.time())}'\n"
        'processing_params = f"""\n'
        "--config-file-name training-data-configuration.json\n"
        "--job-id {processing_job_name} \n"
        "--s3-input-uri {export_results['outputS3Uri']} \n"
        '--s3-processed-uri {str(s3_bucket_uri)}/preloading """'
    )
    processed = neptune_ml(
        "%neptune_ml dataprocessing start --wait --store-to processing_results {processing_params}",
        "processing_results",
    )
    assert processed["status"] == "Completed", processed
    kernel.run(
        "location = processing_results['processingJob']['outputLocation']\n"
        'bucket_name, key_name = location.replace("s3://", "").split("/", 1)\n'
        "import boto3\n"
        "s3 = boto3.client('s3')\n"
        "name = 'model-hpo-configuration.json'\n"
        "s3.download_file(bucket_name, key_name + '/' + name, name)"
    )
    assert "models" in kernel.run("!cat model-hpo-configuration.json")
    # By hand, as the text above the next cell has it.
    kernel.run(
        "with open(name) as file:\n"
        "    configuration = json.load(file)\n"
        "batch = {'param': 'batch-size', 'range': [2, 4], 'inc_strategy': 'power2',\n"
        "         'type': 'int', 'default': 2}\n"
        "configuration['models'][0].setdefault('1-tier-param', []).append(batch)\n"
        "with open(name, 'w') as file:\n"
        "    json.dump(configuration, file)"
    )
    kernel.run("s3.upload_file(name, bucket_name, key_name + '/' + name)")
    kernel.run(
        "training_job_name=f'social-link-prediction-{int(time.time())}'\n"
        'training_params=f"""\n'
        "--job-id {training_job_name} \n"
        "--data-processing-id {processing_job_name} \n"
        "--instance-type ml.c5.xlarge\n"
        '--s3-output-uri {str(s3_bucket_uri)}/training """'
    )
    trained = neptune_ml(
        "%neptune_ml training start --wait --store-to training_results {training_params}",
        "training_results",
    )
    assert trained["status"] == "Completed", trained

    # Options of 2021, which the magic has renamed.
    create = "%neptune_ml endpoint create --wait --store-to endpoint_results {endpoint_params}"
    kernel.run(
        'endpoint_params=f"""\n--job-id {training_job_name} \n--model-job-id {training_job_name}"""'
    )
    kernel.run(create, error="SystemExit")
    kernel.run(
        'endpoint_params=f"""\n--id {training_job_name} \n'
        '--model-training-job-id {training_job_name}"""'
    )
    endpoint = neptune_ml(create, "endpoint_results")
    assert endpoint["status"] == "InService", endpoint
    kernel.run("endpoint_name=endpoint_results['endpoint']['name']")

    asked = "V().hasLabel('User').has('name', 'Henry').\n out('FRIEND')"
    predicted = f"{asked}.with(\"Neptune#ml.prediction\").hasLabel('User').values('name')"
    start = 'g.with("Neptune#ml.endpoint","${endpoint_name}").'
    (best,) = gremlin(f"{start}\n      {predicted}")
    eight = gremlin(f'{start}with("Neptune#ml.limit",8).\n    {predicted}')
    assert len(set(map(str, eight))) == 8
    assert eight[0] == best
    assert "Henry" not in eight

    # What else a program of SageMaker's asks of the endpoint, and then the last cell.
    status = kernel.run(
        "sm_boto3 = boto3.client('sagemaker')\n"
        "described = sm_boto3.describe_endpoint(EndpointName=endpoint_name)",
        "described['EndpointStatus']",
    )
    assert status == "InService"
    parameters = {"topk": 8, "edgeType": "FRIEND", "tailNodeType": "User", "exclude_flag": "mask"}
    kernel.run("%%gremlin --store-to henry\ng.V().has('name', 'Henry').id()")
    ids = kernel.run(
        f"data = {{'globalParameters': {parameters}, 'edges': [{{'headNodeId': henry[0]}}]}}\n"
        "payload = json.dumps({'version': 'v1', 'mode': 'predict_tail', 'data': data})\n"
        "runtime = boto3.client('runtime.sagemaker')\n"
        "reply = runtime.invoke_endpoint(EndpointName=endpoint_name, Body=payload)\n"
        "(found,) = json.loads(reply['Body'].read())['output']['edges']\n"
        "ids = [each['inferredValue'] for each in found['mlResults']]",
        "ids",
    )
    assert [gremlin(f"g.V({id}L).values('name')")[0] for id in ids] == eight
    kernel.run("sm_boto3.delete_endpoint(EndpointName=endpoint_name)")
    kernel.run(
        "sm_boto3.describe_endpoint(EndpointName=endpoint_name)", error="Could not find endpoint"
    )
