"""The schema for editors, and the two commands."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from config.central import Central
from config.gateway import Gateway
from config.schema import check_command, json_schema, schema_command

CONFIG = Path(__file__).parents[2] / "config"


def test_the_schema_describes_each_option_and_refuses_others() -> None:
    schema = json_schema(Gateway)
    assert schema["$ref"] == "#/$defs/Gateway"
    lane = schema["$defs"]["Lane"]
    assert lane["additionalProperties"] is False
    assert lane["properties"]["number"] == {"type": "integer", "minimum": 1, "maximum": 65535}
    turnstile = schema["$defs"]["ModbusTcpTurnstile"]["properties"]
    assert "default" not in turnstile["timeout_s"]
    assert turnstile["pulse_ms"]["default"] == 700


@pytest.mark.parametrize("kind", [Gateway, Central])
def test_the_schema_is_printed_as_json(kind: type[Gateway] | type[Central]) -> None:
    out = io.StringIO()
    assert schema_command(kind, out) == 0
    assert json.loads(out.getvalue()) == json.loads(json.dumps(json_schema(kind)))


def test_a_good_file_is_called_good() -> None:
    out, err = io.StringIO(), io.StringIO()
    file = CONFIG / "central.example.toml"
    assert check_command(file, Central, environ={}, out=out, err=err) == 0
    assert out.getvalue() == f"{file}: good\n"
    assert err.getvalue() == ""


def test_faults_go_to_standard_error_one_a_line_or_out_as_json(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('tenant = ""\ndata_dir = "x"\nworkers = 0\n')
    out, err = io.StringIO(), io.StringIO()
    assert check_command(file, Central, environ={}, out=out, err=err) == 78
    assert out.getvalue() == ""
    assert [line.split(": ")[1] for line in err.getvalue().splitlines()[:-1]] == [
        "tenant",
        "workers",
    ]
    assert err.getvalue().endswith("2 faults. Entries of lists are counted from 0.\n")
    assert check_command(file, Central, as_json=True, environ={}, out=out, err=err) == 78
    said = json.loads(out.getvalue())
    assert said["ok"] is False
    assert [fault["path"] for fault in said["faults"]] == ["tenant", "workers"]
