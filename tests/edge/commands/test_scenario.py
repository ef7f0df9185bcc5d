"""`scenario run | check | schema | list | example` as a person calls them."""

import json
from pathlib import Path

from edge.commands import errors
from tests.edge.commands.calling import edge
from tests.edge.scenario.written import scan, write


def test_a_good_scenario_prints_a_line_a_step_and_ends_with_0(tmp_path: Path) -> None:
    said = edge("scenario", "run", write(tmp_path, scan(), scan()))
    lines = [json.loads(line) for line in said.out.splitlines()]
    assert (said.code, said.err) == (0, "")
    assert [line.get("decision") for line in lines] == ["admitted", "refused", None]
    assert lines[-1] == {"scenario": "A test", "steps": 2, "failed": 0, "ok": True}


def test_an_expectation_that_fails_is_told_and_ends_with_1(tmp_path: Path) -> None:
    file = write(tmp_path, scan(), scan(expect={"decision": "admitted"}))
    said = edge("scenario", "run", file, "new-year")
    assert said.code == errors.ANSWER_IS_NO
    (line,) = said.err.splitlines()
    assert line.startswith(f"{file}: steps[1] at 2026-07-03T12:01:00+02:00, scan of 'Anna': ")
    assert "expected decision admitted, got refused" in line
    assert line.endswith("the gate said (already_redeemed): Already used at 12:00, lane 1.")
    as_json = edge("scenario", "run", "--json", file)
    assert (as_json.code, as_json.err) == (errors.ANSWER_IS_NO, "")
    assert json.loads(as_json.out.splitlines()[1])["failed"][0]["expected"] == "admitted"


def test_every_fault_of_every_file_is_told_before_anything_runs(tmp_path: Path) -> None:
    good = write(tmp_path, scan())
    bad = tmp_path / "b.toml"
    bad.write_text('name = 1\ntimezone = "Mars"\n[bundle]\n[[steps]]\nat = "x"\ndo = "scan"\n')
    said = edge("scenario", "run", good, bad, tmp_path / "none.toml")
    assert (said.code, said.out) == (errors.CONFIG_INVALID, "")
    told = said.err.splitlines()
    assert told[-1].startswith(f"{len(told) - 1} faults.")
    assert len(told) >= 7
    assert all(line.startswith((f"{bad}: ", f"{tmp_path}")) for line in told[:-1])
    checked = edge("scenario", "check", bad)
    assert checked.code == errors.CONFIG_INVALID
    assert checked.err.splitlines()[:-1] == told[:-2]
    as_json = edge("scenario", "check", "--json", bad)
    assert len(json.loads(as_json.out)["faults"]) == len(told) - 2


def test_check_runs_nothing(tmp_path: Path) -> None:
    file = write(tmp_path, scan(expect={"decision": "refused"}))
    said = edge("scenario", "check", file)
    assert (said.code, said.out, said.err) == (0, f"{file}: good, 1 steps\n", "")
    as_json = edge("scenario", "check", "--json", file)
    assert json.loads(as_json.out) == {"ok": True, "file": str(file), "faults": []}


def test_an_example_that_is_printed_runs(tmp_path: Path) -> None:
    listed = edge("scenario", "list")
    names = [line.split()[0] for line in listed.out.splitlines()]
    assert listed.code == 0
    assert "new-year" in names
    printed = edge("scenario", "example", "new-year")
    file = tmp_path / "mine.toml"
    file.write_text(printed.out)
    assert edge("scenario", "run", file).code == 0


def test_mistakes_on_the_command_line() -> None:
    unknown = edge("scenario", "example", "new-yaer")
    assert (unknown.code, unknown.out) == (errors.USAGE, "")
    assert "did you mean new-year?" in unknown.err
    nothing = edge("scenario", "run")
    assert (nothing.code, nothing.out) == (errors.USAGE, "")
    assert "needs a FILE" in nothing.err


def test_the_schema_is_json() -> None:
    said = edge("scenario", "schema")
    assert said.code == 0
    assert json.loads(said.out)["title"] == "Scenario"
