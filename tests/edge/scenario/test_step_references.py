"""Steps that do not fit the rest of the file, one fault each."""

from typing import Any

import pytest

from tests.edge.scenario.test_references import faults
from tests.edge.scenario.written import scan

TWO = [{"name": "a"}, {"name": "b"}]
EXIT_ONLY = [{"name": "a", "lanes": [{"number": 1, "gate": "North", "direction": "exit"}]}]
STEPS: list[tuple[dict[str, Any], str, str]] = [
    ({"do": "scan"}, "", "nothing of what is shown"),
    (scan(code="x"), "", "ticket and code"),
    (scan("Bob"), ".ticket", "no ticket 'Bob'"),
    (scan(gate="Nrth"), ".gate", "no gate 'Nrth'"),
    (scan(lane=9), "", "no such lane for entry"),
    (scan(gateway="x"), ".gateway", "no gateway 'x'"),
    (scan(at="later"), ".at", "no time of a step"),
    (scan(at="+1m"), ".at", "no time of a step"),
    (scan(nonce="ä" * 20), ".nonce", "longer than 32 bytes"),
    (scan(guest="hangs", passed=1), ".passed", "does not go with guest"),
    (scan(passed=2), ".passed", "more than count"),
    (scan(count=0), ".count", "not allowed"),
    (scan(expect={"reason": "used"}), ".expect.reason", "'used' is unknown"),
    (scan(expect={"decision": "admitted", "reason": "invalid"}), ".expect.reason", "no reason"),
    (scan(expect={"marks": ["blue"]}), ".expect.marks[0]", "'blue' is unknown"),
    (scan(expect={"facts": ["Admited"]}), ".expect.facts[0]", "'Admited' is unknown"),
    ({"do": "walk", "lane": 9}, ".lane", "has no lane 9"),
    ({"do": "walk"}, ".lane", "is missing"),
    ({"do": "cut", "between": ["gateway", "center"]}, ".between[1]", "no gateway 'center'"),
    ({"do": "cut", "between": ["gateway"]}, ".between", "1 entries"),
    ({"do": "scan", "medium": "Band"}, ".medium", "no medium 'Band'"),
]


@pytest.mark.parametrize(("step", "where", "problem"), STEPS, ids=lambda value: str(value)[:40])
def test_a_fault_of_a_step(step: dict[str, Any], where: str, problem: str) -> None:
    told = [fault for fault in faults(step) if fault.path == f"steps[0]{where}"]
    assert told
    assert problem in told[0].problem
    assert told[0].hint


def test_steps_stand_in_their_order() -> None:
    (fault,) = faults(scan(), scan(at="2026-07-03T11:59:59"))
    assert (fault.path, fault.problem) == ("steps[1].at", "is before the step above")


def test_with_several_gateways_a_step_says_which() -> None:
    (fault,) = faults(scan(), gateways=TWO)
    assert (fault.path, fault.hint) == ("steps[0].gateway", "one of: a, b")
    assert faults({"do": "cut"}, {"do": "wait"}, gateways=TWO) == []


def test_an_entry_needs_a_lane_for_entries() -> None:
    (fault,) = faults(scan(), gateways=EXIT_ONLY)
    assert "no such lane for entry" in fault.problem
    assert fault.hint == "its lanes: 1 (North, exit)"


def test_gateways_and_lanes_are_there_once() -> None:
    lanes = [{"number": 1, "gate": "North"}, {"number": 1, "gate": "Nrth"}]
    gateways = [{"name": "a", "lanes": lanes}, {"name": "a"}, {"name": "centre"}]
    paths = [fault.path for fault in faults({"do": "wait"}, gateways=gateways)]
    assert paths == [
        "gateways[0].lanes[1].gate", "gateways[0].lanes[1].number", "gateways[1].name",
        "gateways[2].name",
    ]  # fmt: skip


def test_a_clock_is_set_within_bounds_also_by_many_steps() -> None:
    clock = {"do": "clock", "by_s": 900_000_000}
    assert faults(clock) == []
    (fault,) = faults(clock, clock)
    assert fault.path == "steps[1].by_s"
