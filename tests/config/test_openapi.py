"""The description follows from the types."""

from __future__ import annotations

import json

import msgspec

from config.runtime.openapi import Answer, Operation, document


class Code(msgspec.Struct):
    code: str


class Decision(msgspec.Struct):
    admitted: bool


def test_an_operation_is_described_from_its_types() -> None:
    operations = [
        Operation(
            method="POST",
            path="/v1/lanes/{lane:int}/presentations",
            summary="Present a code",
            body=Code,
            answers={200: Answer("Decided", Decision), 404: Answer("No such lane")},
        ),
        Operation(
            method="GET",
            path="/v1/events",
            summary="What happens, as it happens",
            query={"since": "the last id seen"},
            answers={200: Answer("Events", media_type="text/event-stream")},
        ),
    ]
    said = json.loads(json.dumps(document("Gateway", "1", operations)))
    assert said["openapi"] == "3.1.0"
    post = said["paths"]["/v1/lanes/{lane}/presentations"]["post"]
    assert post["parameters"] == [
        {"name": "lane", "in": "path", "required": True, "schema": {"type": "integer"}}
    ]
    reference = {"$ref": "#/components/schemas/Code"}
    assert post["requestBody"]["content"]["application/json"]["schema"] == reference
    assert post["responses"]["200"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/Decision"
    }
    assert post["responses"]["404"] == {"description": "No such lane"}
    events = said["paths"]["/v1/events"]["get"]
    assert events["parameters"][0]["name"] == "since"
    assert events["responses"]["200"]["content"] == {"text/event-stream": {}}
    assert said["components"]["schemas"]["Code"]["required"] == ["code"]
