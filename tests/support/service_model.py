"""AWS's own description of Neptune's data API, as a judge of requests and replies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

MODEL = botocore.session.get_session().get_service_model("neptunedata")
ERRORS = {shape.name: shape.metadata["error"]["httpStatusCode"] for shape in MODEL.error_shapes}
"""HTTP status by the name of the exception."""

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "boolean": (bool,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (str, int, float),
}


def faults(operation: str, document: Any) -> list[str]:
    """What in the JSON of a reply is not as the model says; nothing if all is well.

    Members that the model does not know are faults too, but for those that its documents leave
    open.
    """
    model: OperationModel = MODEL.operation_model(operation)
    output = model.output_shape
    assert output is not None
    return list(_judge(output, document, operation))


def _judge(shape: Shape, value: Any, where: str) -> list[str]:
    if isinstance(shape, StructureShape):
        if shape.is_document_type:
            return [] if isinstance(value, dict | list) else [f"{where} is no document"]
        if not isinstance(value, dict):
            return [f"{where} is {value!r}, not an object"]
        body = {
            member.serialization.get("name", name): (name, member)
            for name, member in shape.members.items()
            if "location" not in member.serialization
        }
        found = [
            f"{where}.{name} is missing" for name in _required(shape, body) if name not in value
        ]
        for name, content in value.items():
            if name not in body:
                found.append(f"{where}.{name} is unknown")
            else:
                found += _judge(body[name][1], content, f"{where}.{name}")
        return found
    if isinstance(shape, ListShape):
        if not isinstance(value, list):
            return [f"{where} is {value!r}, not a list"]
        return [
            fault
            for number, item in enumerate(value)
            for fault in _judge(shape.member, item, f"{where}[{number}]")
        ]
    if isinstance(shape, MapShape):
        if not isinstance(value, dict):
            return [f"{where} is {value!r}, not a map"]
        return [
            fault
            for name, item in value.items()
            for fault in _judge(shape.value, item, f"{where}.{name}")
        ]
    expected = _TYPES[shape.type_name]
    wrong = not isinstance(value, expected) or (
        isinstance(value, bool) and shape.type_name != "boolean"
    )
    return [f"{where} is {value!r}, not {shape.type_name}"] if wrong else []


def _required(shape: StructureShape, body: Mapping[str, tuple[str, Shape]]) -> list[str]:
    wanted = set(shape.required_members)
    return [name for name, (member, _) in body.items() if member in wanted]
