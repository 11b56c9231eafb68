"""The notebooks inside graph-notebook, run cell by cell in a real kernel against a real proxy.

Filled in are the bucket, and by an IPython start-up file the host; `neptune_ml_utils.py` is ours.
"""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import boto3
from managed_proxy import KEYS, Proxy, serving
from notebook_helper import HELPER, SPARQL_HELPER
from notebook_kernel import PYTHON, Kernel
from s3_server import s3_server

from gremlink.proxy.embedded import EmbeddedRdfStore, EmbeddedServer

BUCKET = "s3://<INSERT S3 BUCKET OR PATH>"
START = """
shell = get_ipython()
shell.run_line_magic("load_ext", "graph_notebook.magics")
try:
    shell.run_cell_magic("neptune_config_allowlist", "", "localhost")
except AttributeError:
    pass
with open(__import__("os").path.expanduser("~/graph_notebook_config.json")) as file:
    shell.run_cell_magic("graph_notebook_config", "--silent", file.read())
"""
FAILED = "graph_notebook_error = None"
PLAIN = """[
    [{str(key): each for key, each in step.items()} if isinstance(step, dict) else step
     for step in row.objects] if hasattr(row, "objects") else row
    for row in stored
]"""
"""The rows of a result, paths as lists."""
BINDINGS = """[
    {name: value["value"] for name, value in row.items()}
    for row in stored["results"]["bindings"]
]"""
"""The solutions of a query in SPARQL, without datatypes."""


def installed() -> Path:
    """The folder of Neptune ML's notebooks in the environment of the kernel."""
    program = "import graph_notebook, pathlib; print(pathlib.Path(graph_notebook.__file__).parent)"
    assert PYTHON
    found = subprocess.run([PYTHON, "-c", program], capture_output=True, text=True, check=True)
    return Path(found.stdout.strip()) / "notebooks" / "03-Neptune-ML"


@contextmanager
def gremlin() -> Iterator[Mapping[str, str]]:
    """The settings of a Gremlin Server."""
    with EmbeddedServer(port=0) as server:
        yield {"GREMLINK_UPSTREAM_URL": server.url}


@contextmanager
def rdf() -> Iterator[Mapping[str, str]]:
    """The settings of the RDF store of our own, whose default graph is that of Neptune: the union
    of all graphs, and what is deleted from it is deleted from all."""
    with EmbeddedRdfStore() as store:
        settings = store.settings
        assert settings.token
        yield {
            "GREMLINK_SPARQL_URL": str(settings.url),
            "GREMLINK_SPARQL_TOKEN": settings.token.get_secret_value(),
        }


@contextmanager
def opened(
    directory: Path,
    *,
    home: Path | None = None,
    database: Callable[[], AbstractContextManager[Mapping[str, str]]] = gremlin,
    **configured: Any,
) -> Iterator[Desk]:
    """A proxy in front of a server of its own, an S3 server with a bucket, the notebooks.

    `configured` are further keys of `%%graph_notebook_config`.
    """
    home = home or directory / "home"
    home.mkdir(exist_ok=True)
    notebooks = directory / "notebooks"
    shutil.copytree(installed(), notebooks)
    for folder in (notebooks, notebooks / "02-SPARQL"):
        shutil.copyfile(HELPER, folder / HELPER.name)
        shutil.copyfile(SPARQL_HELPER, folder / SPARQL_HELPER.name)
    with s3_server() as storage, database() as where:
        aws = {
            "AWS_ENDPOINT_URL_S3": storage,
            "AWS_DEFAULT_REGION": "us-east-1",
            **{name.upper(): value for name, value in KEYS.items()},
        }
        with closing(
            boto3.client("s3", endpoint_url=storage, region_name="us-east-1", **KEYS)
        ) as s3:
            s3.create_bucket(Bucket="bucket")
        settings = {
            **aws,
            **where,
            "GREMLINK_STORAGE_S3_FOLDER": "",
            "GREMLINK_JOBS_STATUS_WAIT": "600",
            "GREMLINK_INFERENCE_LIMIT_CAP": "10000",
        }
        with serving(None, directory / "proxy", settings) as proxy:
            configuration = {
                "host": "localhost",
                "neptune_service": "neptune-db",
                "port": int(proxy.address.rpartition(":")[2]),
                "ssl": False,
                "auth_mode": "DEFAULT",
                "aws_region": "us-east-1",
                "load_from_s3_arn": "arn:aws:iam::000000000000:role/local",
                "gremlin": {"traversal_source": "g"},
                **configured,
            }
            (home / "graph_notebook_config.json").write_text(json.dumps(configuration))
            startup = home / "ipython" / "profile_default" / "startup"
            startup.mkdir(parents=True)
            (startup / "neptune.py").write_text(START)
            yield Desk(proxy, home, notebooks, aws, s3)


class Desk:
    """Where notebooks are run."""

    def __init__(
        self, proxy: Proxy, home: Path, notebooks: Path, aws: Mapping[str, str], s3: Any
    ) -> None:
        self.proxy = proxy
        self._s3 = s3
        self._home, self.notebooks, self._aws = home, notebooks, aws

    def report(self) -> Any:
        """What the training that ended last reports, as a whole."""
        found = self._s3.list_objects_v2(Bucket="bucket")["Contents"]
        reports = [each for each in found if each["Key"].endswith("/output/report.json")]
        newest = max(reports, key=lambda each: each["LastModified"])
        return json.load(self._s3.get_object(Bucket="bucket", Key=newest["Key"])["Body"])

    @contextmanager
    def run(self, name: str, **questions: str) -> Iterator[Run]:
        """Run all cells of a notebook; its kernel stays for further ones.

        One in a folder of SPARQL is asked in it.

        `questions` are asked before the endpoint is deleted, and their answers found by name.
        """
        path = self.notebooks / name
        kernel = Kernel(self._home, path.parent, self._aws)
        try:
            run = Run(kernel, is_sparql="SPARQL" in path.parent.name)
            for number, cell in enumerate(json.loads(path.read_text())["cells"]):
                source = "".join(cell["source"])
                if cell["cell_type"] != "code":
                    continue
                if "delete_endpoint(" in source:
                    run.answers = {each: run.ask(query) for each, query in questions.items()}
                run.cell(number, source)
            yield run
        finally:
            kernel.close()


class Run:
    """A notebook that has been run; `found` are the results of its cells with inferences, `answers`
    those of what was asked beside them."""

    def __init__(self, kernel: Kernel, *, is_sparql: bool = False) -> None:
        self.kernel = kernel
        self._magic, self._rows = ("sparql", BINDINGS) if is_sparql else ("gremlin", PLAIN)
        self.found: dict[int, Any] = {}
        self.answers: dict[str, Any] = {}

    def cell(self, number: int, source: str) -> None:
        """Run a cell as it is; one with an inference once more, to get at its result."""
        self.kernel.run(FAILED)
        self.kernel.run(source.replace(BUCKET, "s3://bucket/neptune"))
        failed = self.kernel.run("1", "str(graph_notebook_error)")
        assert failed == "None", (number, failed)
        if stored := re.search(r"--store-to (\w+)", source):
            found = self.kernel.run("1", stored[1])
            assert found["status"] in ("succeeded", "Completed", "InService"), (number, found)
        if "Neptune#ml." in source or "SERVICE ml:" in source:
            magic, _, query = source.partition("\n")
            assert magic.startswith(f"%%{self._magic}"), (number, magic)
            self.found[number] = self.ask(query)
            print(f"  cell {number}: {_short(self.found[number])}")

    def ask(self, query: str) -> Any:
        """The result of a query in the notebook."""
        return self.kernel.run(f"%%{self._magic} --store-to stored\n{query}", self._rows)

    def figures(self, job: str) -> Any:
        """What the report of a training promises; `job` is the notebook's name of it."""
        return self.kernel.run("1", f"neptune_ml.get_performance_metrics({job})")


def expected(rate: float, count: int) -> float:
    """The fewest successes of `count` that agree with a rate: three standard deviations below."""
    return rate * count - 3.0 * math.sqrt(count * rate * (1.0 - rate))


def _short(value: Any) -> str:
    text = re.sub(r"\s+", " ", str(value))
    return text if len(text) <= 160 else f"{text[:157]}..."
