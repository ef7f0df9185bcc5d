"""OpenAPI 3.1 from msgspec structs: the types that read and write are the description."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

_PARAMETER = re.compile(r"\{(\w+)(?::(\w+))?\}")
_CONVERTORS = {"int": {"type": "integer"}, "float": {"type": "number"}}
_TEMPLATE = "#/components/schemas/{name}"


class Answer(msgspec.Struct, frozen=True):
    """One kind of answer; `body` is a type that msgspec can write, or None for no JSON."""

    description: str
    body: Any = None
    media_type: str = "application/json"


class Operation(msgspec.Struct, frozen=True):
    """One method of one path, as Starlette writes paths: `/v1/lanes/{lane:int}/presentations`."""

    method: str
    path: str
    summary: str
    answers: Mapping[int, Answer]
    body: Any = None
    #: Query parameters that may be given, by name.
    query: Mapping[str, str] = {}


def document(title: str, version: str, operations: Iterable[Operation]) -> dict[str, Any]:
    """The OpenAPI 3.1 document of `operations`, ready for JSON."""
    listed = list(operations)
    bodies = [op.body for op in listed if op.body is not None]
    bodies += [a.body for op in listed for a in op.answers.values() if a.body is not None]
    schemas, components = msgspec.json.schema_components(bodies, ref_template=_TEMPLATE)
    schema_of = {id(body): schema for body, schema in zip(bodies, schemas, strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    for op in listed:
        path = _PARAMETER.sub(r"{\1}", op.path)
        paths.setdefault(path, {})[op.method.lower()] = _operation(op, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "paths": paths,
        "components": {"schemas": components},
    }


def _operation(op: Operation, schema_of: Mapping[int, Any]) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": _CONVERTORS.get(convertor, {"type": "string"}),
        }
        for name, convertor in _PARAMETER.findall(op.path)
    ]
    for name, text in op.query.items():
        schema = {"type": "string"}
        parameters.append({"name": name, "in": "query", "description": text, "schema": schema})
    described: dict[str, Any] = {"summary": op.summary, "parameters": parameters, "responses": {}}
    if op.body is not None:
        content = {"application/json": {"schema": schema_of[id(op.body)]}}
        described["requestBody"] = {"required": True, "content": content}
    for status, answer in sorted(op.answers.items()):
        response: dict[str, Any] = {"description": answer.description}
        if answer.body is not None:
            response["content"] = {answer.media_type: {"schema": schema_of[id(answer.body)]}}
        elif answer.media_type != "application/json":
            response["content"] = {answer.media_type: {}}
        described["responses"][str(status)] = response
    return described
