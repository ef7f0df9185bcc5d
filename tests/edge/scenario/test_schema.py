"""The schema that editors get knows every step; what it refuses, the reader refuses."""

import msgspec
import pytest

from config.schema import json_schema
from edge.scenario import schema
from edge.scenario.schema import Scenario, kind_of


def test_every_step_is_in_the_json_schema_with_its_name() -> None:
    made = json_schema(Scenario)
    kinds = {
        definition["properties"]["do"]["const"]
        if "const" in definition["properties"]["do"]
        else definition["properties"]["do"]["enum"][0]
        for definition in made["$defs"].values()
        if "do" in definition.get("properties", {})
    }
    assert kinds == {kind_of(msgspec.structs.replace(step)) for step in _each_step()}
    assert made["title"] == "Scenario"


def _each_step() -> list[msgspec.Struct]:
    needed = {"lane": 1, "well": True, "at": "+1s", "bundle": {}, "nonce": "n", "name": "Mia"}
    needed |= {"then": "2026-07-03T12:00", "of": "x", "band": "anna", "copy": "b", "old": "b"}
    made = []
    for kind in schema.Step.__args__:
        fields = {f.name for f in msgspec.structs.fields(kind) if f.required}
        step = {name: needed[name] for name in fields} | {"do": kind.__struct_config__.tag}
        made.append(msgspec.convert(step, schema.Step))
    return made


def test_editors_take_amounts_as_text_and_as_numbers() -> None:
    article = json_schema(Scenario)["$defs"]["Article"]["properties"]["price_minor"]
    (amount, nothing) = article["anyOf"]
    assert [one["type"] for one in (*amount["anyOf"], nothing)] == ["integer", "string", "null"]


@pytest.mark.parametrize("name", ["A", "a b", "-a", ""])
def test_names_of_gateways_are_plain(name: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"name": name}, schema.Gateway)
