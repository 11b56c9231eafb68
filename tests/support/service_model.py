"""AWS's own description of Neptune's data API, as a judge of requests and replies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape

SESSION = botocore.session.get_session()
MODEL = SESSION.get_service_model("neptunedata")
ERRORS = {shape.name: shape.metadata["error"]["httpStatusCode"] for shape in MODEL.error_shapes}
"""HTTP status by the name of the exception."""
SAGEMAKER = SESSION.get_service_model("sagemaker")
RUNTIME = SESSION.get_service_model("sagemaker-runtime")

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "boolean": (bool,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (str, int, float),
}


def faults(operation: str, document: Any, service: ServiceModel = MODEL) -> list[str]:
    """What in the JSON of a reply is not as the model says; nothing if all is well.

    Members that the model does not know are faults too, but for those that its documents leave
    open.
    """
    model: OperationModel = service.operation_model(operation)
    output = model.output_shape
    if output is None:  # such a reply has no body
        return [] if document is None else [f"{operation} has {document!r}"]
    return list(judged(output, document, operation))


def absent(operation: str, document: Any) -> set[str]:
    """Members of a reply that the model has and the JSON has not, required or not."""
    output = MODEL.operation_model(operation).output_shape
    assert output is not None
    return set(_body(output)) - set(document)


def error_faults(operation: str, status: int, document: Any) -> list[str]:
    """What is wrong with the JSON of an error: its form, its status, or that the model has none of
    this name for the operation."""
    model: OperationModel = MODEL.operation_model(operation)
    declared = {shape.name: shape for shape in model.error_shapes}
    name = document.get("code")
    if name not in declared:
        return [f"{operation} has no error {name}"]
    found = list(judged(declared[name], {**document, "message": None}, name))
    found.remove(f"{name}.message is unknown")  # for SDKs, which print it
    if status != ERRORS[name]:
        found.append(f"the status of {name} is {status}")
    return found


def judged(shape: Shape, value: Any, where: str) -> list[str]:
    """What in a value is not as its shape says; `where` is what the value is called."""
    if isinstance(shape, StructureShape):
        if shape.is_document_type:
            return [] if isinstance(value, dict | list) else [f"{where} is no document"]
        if not isinstance(value, dict):
            return [f"{where} is {value!r}, not an object"]
        body = _body(shape)
        found = [
            f"{where}.{name} is missing" for name in _required(shape, body) if name not in value
        ]
        for name, content in value.items():
            if name not in body:
                found.append(f"{where}.{name} is unknown")
            else:
                found += judged(body[name][1], content, f"{where}.{name}")
        return found
    if isinstance(shape, ListShape):
        if not isinstance(value, list):
            return [f"{where} is {value!r}, not a list"]
        return [
            fault
            for number, item in enumerate(value)
            for fault in judged(shape.member, item, f"{where}[{number}]")
        ]
    if isinstance(shape, MapShape):
        if not isinstance(value, dict):
            return [f"{where} is {value!r}, not a map"]
        return [
            fault
            for name, item in value.items()
            for fault in judged(shape.value, item, f"{where}.{name}")
        ]
    expected = _TYPES[shape.type_name]
    wrong = not isinstance(value, expected) or (
        isinstance(value, bool) and shape.type_name != "boolean"
    )
    if wrong:
        return [f"{where} is {value!r}, not {shape.type_name}"]
    values = getattr(shape, "enum", ())
    return [f"{where} is {value!r}, not one of {values}"] if values and value not in values else []


def _body(shape: StructureShape) -> dict[str, tuple[str, Shape]]:
    """The members that stand in the body: their names there, those in the model, their shapes."""
    return {
        member.serialization.get("name", name): (name, member)
        for name, member in shape.members.items()
        if "location" not in member.serialization
    }


def _required(shape: StructureShape, body: Mapping[str, tuple[str, Shape]]) -> list[str]:
    wanted = set(shape.required_members)
    return [name for name, (member, _) in body.items() if member in wanted]
