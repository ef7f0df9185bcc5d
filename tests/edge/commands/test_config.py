"""`config check | schema | example`: the example is good, and a broken file is told in full."""

import json
from pathlib import Path

from tests.edge.commands.calling import edge


def test_the_example_that_is_printed_is_good(tmp_path: Path) -> None:
    example = edge("config", "example")
    assert example.code == 0
    file = tmp_path / "gateway.toml"
    file.write_text(example.out)
    said = edge("config", "check", file)
    assert (said.code, said.err) == (0, "")


def test_every_fault_is_told_with_file_path_and_hint(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    example = edge("config", "example").out
    broken = example.replace("timezone", "timezon", 1) + "\n[log]\nlevel = 'loud'\n"
    file.write_text(broken.replace("\n[log]\n", "\n[log_]\n", broken.count("\n[log]\n") - 1))
    said = edge("config", "check", file)
    assert said.code == 78
    assert said.out == ""
    for told in ("timezon: is unknown (did you mean timezone?)", "timezone: is missing", "log"):
        assert told in said.err
    assert all(line.startswith(str(file)) for line in said.err.splitlines()[:-1])
    as_json = edge("config", "check", "--json", file)
    assert as_json.code == 78
    faults = json.loads(as_json.out)["faults"]
    assert len(faults) == len(said.err.splitlines()) - 1 >= 3


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    said = edge("config", "check", tmp_path / "none.toml")
    assert said.code == 78
    assert "does not exist" in said.err


def test_the_schema_is_json() -> None:
    said = edge("config", "schema")
    assert said.code == 0
    assert json.loads(said.out)["title"] == "Gateway"
