"""Each expectation: met, not met, and left out."""

from typing import Any

import pytest

from tests.edge.scenario.written import lines, scan

GOOD: list[dict[str, Any]] = [
    {"decision": "refused"}, {"reason": "already_redeemed"}, {"granted": 0}, {"repeated": False},
    {"retry": False}, {"product": "Day"}, {"performance": ""}, {"persons": 1}, {"text": "12:00"},
    {"text": ["Already", "12:00"]}, {"guest": "was used"}, {"marks": []}, {"possibly": False},
    {"open": False}, {"earlier_lane": 1}, {"earlier_gate": "North"}, {"earlier_here": True},
    {"facts": ["AdmissionRefused"]}, {"conflicts": 0}, {"inside": 1},
    {"guest": "wurde um", "language": "de"}, {},
]  # fmt: skip
BAD: list[dict[str, Any]] = [
    {"decision": "admitted"}, {"reason": "invalid"}, {"granted": 1}, {"repeated": True},
    {"retry": True}, {"product": "Night"}, {"performance": "x"}, {"persons": 2}, {"text": "13:00"},
    {"text": ["Already", "13:00"]}, {"guest": "welcome"}, {"marks": ["check"]}, {"possibly": True},
    {"open": True}, {"earlier_lane": 2}, {"earlier_gate": "South"}, {"earlier_here": False},
    {"facts": []}, {"conflicts": 1}, {"inside": 0}, {"guest": "was used", "language": "de"},
]  # fmt: skip


@pytest.mark.parametrize("expect", GOOD, ids=str)
def test_what_is_so_is_so(expect: dict[str, Any]) -> None:
    line = lines(scan(), scan(expect=expect))[1]
    assert line["ok"], line.get("message")


@pytest.mark.parametrize("expect", BAD, ids=str)
def test_what_is_not_so_is_told(expect: dict[str, Any]) -> None:
    line = lines(scan(), scan(expect=expect))[1]
    assert not line["ok"]
    (failed,) = line["failed"]
    assert failed["what"] in expect


def test_what_an_answer_does_not_have_is_nothing() -> None:
    line = lines({"do": "wait", "expect": {"granted": 1, "reason": "invalid"}})[0]
    told = "expected reason invalid, got nothing; expected granted 1, got nothing"
    assert line["message"].endswith(told)
