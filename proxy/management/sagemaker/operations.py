"""SageMaker's view of endpoints: the runtime call, and the operations that notebooks end with.

`POST /endpoints/NAME/invocations` sends a payload to a model (boto3's `sagemaker-runtime`).
Operations of boto3's `sagemaker` are `POST /` with the operation in a header. Endpoints are those
of `/ml/endpoints`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web

from gremlink.proxy.inference.errors import BadRequest as NoSuchEndpoint
from gremlink.proxy.inference.errors import InferenceError, TooManyRequests
from gremlink.proxy.management.endpoints import (
    CONFIGURATION,
    ENDPOINTS,
    Endpoints,
    EndpointState,
    configuration_arn,
    configuration_name,
    endpoint_arn,
)
from gremlink.proxy.management.errors import (
    InvalidParameter,
    ManagementError,
    MLResourceNotFound,
    ModelError,
    ModelNotReady,
    SageMakerError,
    UnknownOperation,
    UnsupportedOperation,
)
from gremlink.proxy.management.http import Handler, body_of, message_of, read
from gremlink.proxy.management.sagemaker.requests import (
    ListEndpoints,
    NamedConfiguration,
    NamedEndpoint,
)
from gremlink.proxy.wire.operations import CONTENT_TYPE, TARGET

Invoke = Callable[[str, bytes], Awaitable[dict[str, Any]]]
"""Answers a payload with the model of an endpoint. Awaiting raises `InferenceError`."""

VARIANT = "AllTraffic"
"""Name of an endpoint's one variant, SageMaker's default."""

INSTANCE_TYPE = "ml.m5.xlarge"
"""Instance type of endpoints created without one: Neptune's default."""

SERVICE = "SageMaker"

_ELSEWHERE = {
    "X-Amzn-SageMaker-Target-Model": "models in an endpoint",
    "X-Amzn-SageMaker-Target-Container-Hostname": "containers in an endpoint",
    "X-Amzn-SageMaker-Inference-Component": "inference components",
}
"""Headers that choose among models or containers, of which an endpoint here has one."""


@dataclass(frozen=True, slots=True)
class SageMaker:
    """The handlers."""

    endpoints: Endpoints
    invoke: Invoke

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Return method, path and handler of the runtime's routes."""
        return [
            ("POST", "/endpoints/{name}/invocations", self.invocation),
            ("POST", "/endpoints/{name}/async-invocations", self.unsupported),
            ("POST", "/endpoints/{name}/invocations-response-stream", self.unsupported),
        ]

    async def unsupported(self, request: web.Request) -> dict[str, Any]:
        """Refuse the other operations of the runtime."""
        raise UnsupportedOperation(
            "Endpoints answer at once and as a whole: POST /endpoints/NAME/invocations."
        )

    async def invocation(self, request: web.Request) -> web.Response:
        """`POST /endpoints/{name}/invocations`."""
        _refuse_choices(request)
        accepted = request.headers.get("Accept", "*/*")
        if not any(each in accepted for each in ("json", "*", "octet-stream")):
            raise ModelError(f"The reply is JSON, and {accepted[:60]} is accepted alone.", 406)
        name = request.match_info["name"]
        try:
            document = await self.invoke(name, await read(request))
        except NoSuchEndpoint:
            account = f"Endpoint {name} of account 000000000000 not found."
            raise MLResourceNotFound(account) from None
        except TooManyRequests as error:
            raise ModelNotReady(str(error)) from None
        except InferenceError as error:
            raise ModelError(str(error), error.http_status) from None
        headers = {"x-Amzn-Invoked-Production-Variant": VARIANT}
        return web.json_response(document, headers=headers)

    async def operation(self, request: web.Request) -> web.Response:
        """`POST /` with an operation in the header `X-Amz-Target`."""
        service, _, name = request.headers[TARGET].partition(".")
        operations: Mapping[str, Callable[[web.Request], Awaitable[dict[str, Any] | None]]] = {
            "DescribeEndpoint": self._describe,
            "ListEndpoints": self._list,
            "DeleteEndpoint": self._delete,
            "DescribeEndpointConfig": self._describe_configuration,
            "DeleteEndpointConfig": self._delete_configuration,
        }
        if service != SERVICE or name not in operations:
            raise UnknownOperation(
                f"There is no operation {request.headers[TARGET][:100]} here: {SERVICE} has"
                f" {', '.join(operations)}, and the rest of Neptune ML stands at /ml."
            )
        document = await operations[name](request)
        text = "" if document is None else json.dumps(document)
        return web.Response(text=text, headers={"Content-Type": CONTENT_TYPE})

    async def _describe(self, request: web.Request) -> dict[str, Any]:
        name = (await body_of(request, NamedEndpoint)).EndpointName
        await self.endpoints.services.wait_for_end(ENDPOINTS, name)
        state = await self._state(name)
        document = {**_summary(state), "EndpointConfigName": configuration_name(name)}
        if state.served is not None:
            variant = {"VariantName": VARIANT, "CurrentWeight": 1.0, "DesiredWeight": 1.0}
            counts = {"CurrentInstanceCount": 1, "DesiredInstanceCount": 1}
            document["ProductionVariants"] = [{**variant, **counts}]
        if state.status == "Failed" and state.job is not None and state.job.reason:
            document["FailureReason"] = state.job.reason[:1024]
        return document

    async def _list(self, request: web.Request) -> dict[str, Any]:
        asked = await body_of(request, ListEndpoints)
        states = await asyncio.to_thread(self.endpoints.states)
        found, more = asked.page([_summary(state) for state in states])
        return {"Endpoints": found, **({} if more is None else {"NextToken": more})}

    async def _delete(self, request: web.Request) -> None:
        name = (await body_of(request, NamedEndpoint)).EndpointName
        try:
            await asyncio.to_thread(self.endpoints.remove, name)
        except MLResourceNotFound:
            raise _no_endpoint(name) from None

    async def _describe_configuration(self, request: web.Request) -> dict[str, Any]:
        name = (await body_of(request, NamedConfiguration)).EndpointConfigName
        try:
            state = await self._state(name.removesuffix(CONFIGURATION))
        except MLResourceNotFound:
            state = None
        if state is None or not name.endswith(CONFIGURATION):
            raise MLResourceNotFound(f"Could not find endpoint configuration {name!r}.")
        asked = {} if state.job is None else state.job.request
        model = asked.get("mlModelTrainingJobId") or asked.get("mlModelTransformJobId") or state.id
        variant = {
            "VariantName": VARIANT,
            "ModelName": model,
            "InitialInstanceCount": int(asked.get("instanceCount") or 1),
            "InstanceType": asked.get("instanceType") or INSTANCE_TYPE,
            "InitialVariantWeight": 1.0,
        }
        return {
            "EndpointConfigName": name,
            "EndpointConfigArn": configuration_arn(state.id),
            "ProductionVariants": [variant],
            "CreationTime": _summary(state)["CreationTime"],
        }

    async def _delete_configuration(self, request: web.Request) -> None:
        """Do nothing: the configuration is part of the endpoint, and is deleted with it."""
        await body_of(request, NamedConfiguration)

    async def _state(self, name: str) -> EndpointState:
        try:
            return await asyncio.to_thread(self.endpoints.state, name)
        except MLResourceNotFound:
            raise _no_endpoint(name) from None


def _summary(state: EndpointState) -> dict[str, Any]:
    served = None
    if state.served is not None:
        served = datetime.fromisoformat(state.served.created).timestamp()
    created = served if state.job is None else state.job.created
    changed = [each for each in (created, served, state.job and state.job.ended) if each]
    return {
        "EndpointName": state.id,
        "EndpointArn": endpoint_arn(state.id),
        "EndpointStatus": state.status,
        "CreationTime": created,
        "LastModifiedTime": max(changed),
    }


def _no_endpoint(name: str) -> MLResourceNotFound:
    return MLResourceNotFound(f'Could not find endpoint "{endpoint_arn(name)}".')


def _refuse_choices(request: web.Request) -> None:
    """Refuse headers that choose among several models. Raises `InvalidParameter`."""
    for header, what in _ELSEWHERE.items():
        if header in request.headers:
            raise InvalidParameter(f"There are no {what} here: leave {header} out.")
    if request.headers.get("X-Amzn-SageMaker-Target-Variant", VARIANT) != VARIANT:
        raise InvalidParameter(f"The one variant of an endpoint is {VARIANT}.")


def refuse_operation(error: ManagementError, request_id: str) -> web.Response:
    """Return an error response in the form of SageMaker's operations (AWS JSON 1.1)."""
    return _refusal(error, request_id, "ValidationException", "InternalFailure", CONTENT_TYPE)


def refuse_invocation(error: ManagementError, request_id: str) -> web.Response:
    """Return an error response in the form of SageMaker's runtime (REST)."""
    return _refusal(error, request_id, "ValidationError", "InternalFailure", "application/json")


def _refusal(
    error: ManagementError, request_id: str, invalid: str, failure: str, content_type: str
) -> web.Response:
    """Return an error response; `invalid` is SageMaker's code for all client errors."""
    code, status, words = error.code, error.http_status, message_of(error)
    if not isinstance(error, SageMakerError):
        if status in (400, 404):
            code, status = invalid, 400
        elif status == 500:
            code = failure
    document: dict[str, Any] = {"__type": code, "Message": words}
    if isinstance(error, ModelError):
        side = "client" if error.original < 500 else "server"
        document = {
            "__type": code,
            "Message": f'Received {side} error ({error.original}) from primary with message "'
            f'{words}".',
            "OriginalStatusCode": error.original,
            "OriginalMessage": words,
        }
    return web.Response(
        text=json.dumps(document),
        status=status,
        headers={
            "Content-Type": content_type,
            "x-amzn-RequestId": request_id,
            "x-amzn-ErrorType": code,
        },
    )
