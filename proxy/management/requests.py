"""Request bodies, with Neptune's fields and defaults.

Fields about Amazon's machines (instance types, roles, networks, keys) are accepted and have no
effect. Clients send additional fields of their own, so unknown ones are accepted too; but one that
is nearly a known one is a typing error, which is refused before it costs a training.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictInt,
    StrictStr,
    ValidationError,
    model_validator,
)

from gremlink.proxy.graph.files.export_files import CONFIGURATION
from gremlink.proxy.graph.rdf.load import NEPTUNE_GRAPH
from gremlink.proxy.graph.spelling import misspelt
from gremlink.proxy.management.errors import (
    IllegalArgument,
    InvalidParameter,
    ManagementError,
    MissingParameter,
)
from gremlink.proxy.messages.controls import cut

DEFAULT_TRIALS = 2
"""Neptune's default of `maxHPONumberOfTrainingJobs`."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


def _file_name(value: str) -> str:
    if "/" in value or value.startswith("."):
        raise ValueError("must be the name of a file beside the data, without a path")
    return value


def _job_id(value: str) -> str:
    if not _ID.fullmatch(value):
        raise ValueError(
            "must be up to 63 letters, digits, hyphens, dots and underscores, and begin with a "
            "letter or a digit"
        )
    return value


def _is_sentence(value: str) -> bool:
    return " " in value.strip()


def _job_id_or_sentence(value: str) -> str:
    return value if _is_sentence(value) else _job_id(value)


JobId = Annotated[str, AfterValidator(_job_id_or_sentence)]
FileName = Annotated[str, AfterValidator(_file_name)]
Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[int, Field(ge=0)]
"""Seconds; 0 means the limit of the configuration alone."""


class Document(BaseModel):
    """A document with checks for misspelt fields. An empty text counts as not given."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _given(cls, document: Any) -> Any:
        if not isinstance(document, dict):
            return document
        wrong = misspelt(document, cls.model_fields)
        if wrong is not None:
            raise IllegalArgument(f"There is no field {wrong[0]}; did you mean {wrong[1]}?")
        return {name: value for name, value in document.items() if value not in ("", None)}


class Body(Document):
    """Fields common to all requests."""

    sagemakerIamRoleArn: Any = None
    neptuneIamRoleArn: Any = None
    subnets: Any = None
    securityGroupIds: Any = None
    volumeEncryptionKMSKey: Any = None
    s3OutputEncryptionKMSKey: Any = None
    enableInterContainerTrafficEncryption: Any = None
    wait_interval: Any = None
    wait_timeout: Any = None


class JobBody(Body):
    """A job with an id. Some clients send sentences as ids: an id with blanks is replaced."""

    id: JobId | None = None

    @property
    def name(self) -> str | None:
        """The requested id, if there is one and it is usable."""
        return None if self.id is None or _is_sentence(self.id) else self.id

    def replaced_by(self, id: str) -> str:
        """Return the response's note about an id other than the requested one, or nothing."""
        if self.id is None or self.id == id:
            return ""
        return f"The id {cut(repr(self.id), 100)} has blanks, which an id cannot have: it is {id}."


class DataProcessing(JobBody):
    """`POST /ml/dataprocessing`."""

    inputDataS3Location: str
    processedDataS3Location: str
    previousDataProcessingJobId: str | None = None
    processingInstanceType: Any = None
    processingInstanceVolumeSizeInGB: Any = None
    processingTimeOutInSeconds: Seconds = 86400
    modelType: Literal["heterogeneous", "kge"] | None = None
    configFileName: FileName = CONFIGURATION


class CustomModel(Document):
    """Custom scripts for training or for a transform."""

    sourceS3DirectoryPath: str
    trainingEntryPointScript: str = "training.py"
    transformEntryPointScript: str = "transform.py"


class ModelTraining(JobBody):
    """`POST /ml/modeltraining`."""

    dataProcessingJobId: str
    trainModelS3Location: str
    previousModelTrainingJobId: str | None = None
    modelName: str | None = None
    baseProcessingInstanceType: Any = None
    trainingInstanceType: Any = None
    trainingInstanceVolumeSizeInGB: Any = None
    trainingTimeOutInSeconds: Seconds = 86400
    maxHPONumberOfTrainingJobs: Count = DEFAULT_TRIALS
    maxHPOParallelTrainingJobs: Count = 2
    enableManagedSpotTraining: bool = False
    maxWaitTime: Any = None
    customModelTrainingParameters: CustomModel | None = None

    @property
    def trials(self) -> int:
        """Trainings in a search over settings; 0 means no search.

        Clients send Neptune's default unasked, and two trials take as long as everything else and
        hardly ever help.
        """
        asked = self.maxHPONumberOfTrainingJobs
        return asked if asked > DEFAULT_TRIALS else 0


class ModelTransform(JobBody):
    """`POST /ml/modeltransform`."""

    modelTransformOutputS3Location: str
    dataProcessingJobId: str | None = None
    mlModelTrainingJobId: str | None = None
    trainingJobName: str | None = None
    baseProcessingInstanceType: Any = None
    baseProcessingInstanceVolumeSizeInGB: Any = None
    customModelTransformParameters: CustomModel | None = None


class CreateEndpoint(JobBody):
    """`POST /ml/endpoints`."""

    mlModelTrainingJobId: str | None = None
    mlModelTransformJobId: str | None = None
    update: bool = False
    modelName: str | None = None
    instanceType: Any = None
    instanceCount: Count = 1


class ParserConfiguration(Document):
    """Settings of the loader's parser; the IRIs are those of Neptune."""

    allowEmptyStrings: bool = False
    namedGraphUri: str = NEPTUNE_GRAPH
    baseUri: str = "http://aws.amazon.com/neptune/default"


class Load(Body):
    """`POST /loader`."""

    source: str
    format: Literal["csv", "opencypher", "ntriples", "nquads", "rdfxml", "turtle", "trig"]
    region: Any = None
    iamRoleArn: Any = None
    mode: Literal["RESUME", "NEW", "AUTO"] = "AUTO"
    failOnError: bool = True
    parallelism: Literal["LOW", "MEDIUM", "HIGH", "OVERSUBSCRIBE"] = "HIGH"
    parserConfiguration: ParserConfiguration = ParserConfiguration()
    updateSingleCardinalityProperties: bool = False
    queueRequest: bool = False
    dependencies: tuple[str, ...] = ()
    userProvidedEdgeIds: bool = True
    edgeOnlyLoad: bool = False


class Export(Body):
    """`POST /v1/neptune-export`; `ExportParameters` reads the content of the export."""

    command: str = "export-pg"
    outputS3Path: str
    params: dict[str, Any] = {}
    additionalParams: dict[str, Any] = {}
    jobSize: str = "small"
    createExportSubdirectory: bool = True
    overwriteExisting: bool = False


class Pipeline(JobBody):
    """`POST /ml/pipelines`, an extension: export, processing, training and endpoint in one.

    `target` and `features` are written as for the export; without a target, links are learned.
    """

    endpoint: JobId | None = None
    update: bool = False
    command: Literal["export-pg", "export-rdf"] = "export-pg"
    target: dict[str, Any] | None = None
    features: tuple[dict[str, Any], ...] = ()
    params: dict[str, Any] = {}
    modelName: str | None = None
    budgetInSeconds: Annotated[float, Field(gt=0, le=30 * 86400)] | None = None
    deadlineInSeconds: Annotated[float, Field(gt=0, le=30 * 86400)] | None = None
    memoryLimitInMiB: Annotated[int, Field(ge=1)] | None = None
    maxHPONumberOfTrainingJobs: Annotated[int, Field(ge=1, le=1000)] = DEFAULT_TRIALS
    maxHPOParallelTrainingJobs: Annotated[int, Field(ge=1, le=64)] = 1
    processingTimeOutInSeconds: Seconds = 86400
    trainingTimeOutInSeconds: Seconds = 86400
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    outputS3Location: str | None = None

    @property
    def task(self) -> str:
        """The type of the target, where there is none that of the export's rules."""
        target = self.target or {}
        is_property = "property" in target or {"node", "predicate"} <= target.keys()
        return str(target.get("type") or ("classification" if is_property else "link_prediction"))

    @property
    def trials(self) -> int:
        """Trainings in a search over settings, as in `ModelTraining`."""
        asked = self.maxHPONumberOfTrainingJobs
        return asked if asked > DEFAULT_TRIALS else 0

    def export_request(self) -> dict[str, Any]:
        """Return the request of the export."""
        learning: dict[str, Any] = {}
        if self.target is not None:
            learning["targets"] = [self.target]
        if self.features:
            learning["features"] = list(self.features)
        if self.command == "export-rdf":
            learning = {
                "version": "v2.0",
                "jobs": [{"name": "training-data-configuration", **learning}],
            }
        return {
            "command": self.command,
            "params": self.params,
            "additionalParams": {"neptune_ml": learning} if learning else {},
        }


class Predict(JobBody):
    """`POST /ml/predict`, an extension: all predictions of a model, into a file or the graph.

    `remove` takes those of a name out of the graph again.
    """

    endpoint: str | None = None
    mlModelTrainingJobId: str | None = None
    mlModelTransformJobId: str | None = None
    label: str | None = None
    ids: list[StrictStr | StrictInt] | None = None
    edge: str | None = None
    direction: Literal["out", "in"] = "out"
    targetLabel: str | None = None
    limit: Annotated[int, Field(ge=1, le=100_000)] = 10
    threshold: Annotated[float, Field(ge=0, le=1)] | None = None
    knownLinks: bool = False
    format: Literal["csv", "csv.gz", "jsonl", "jsonl.gz", "parquet"] = "parquet"
    outputS3Location: str | None = None
    writeBack: Annotated[str, Field(min_length=1)] | None = None
    remove: Annotated[str, Field(min_length=1)] | None = None
    dryRun: bool = False


class StatisticsMode(Body):
    """`POST /propertygraph/statistics`."""

    mode: Literal["disableAutoCompute", "enableAutoCompute", "refresh"]


def why(error: ValidationError) -> ManagementError:
    """Return Neptune's error for the first problem of a body."""
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"])
    if first["type"] == "missing":
        return MissingParameter(f"The parameter {field} is required.")
    reason = first["msg"].removeprefix("Value error, ")
    value = cut(repr(first["input"]), 200)
    return InvalidParameter(
        f"The parameter {field} has the value {value}: {reason[:1].lower()}{reason[1:]}."
    )
