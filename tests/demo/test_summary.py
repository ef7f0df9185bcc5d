"""The arithmetic of the summary, and how it reads."""

from __future__ import annotations

import json
from typing import Any

from edge.demo.accounts import Accounts
from edge.demo.checks import Finding
from edge.demo.summary import Summary, sentences, summarize
from edge.demo.tally import LaneTally

FIGURES: dict[str, Any] = {
    "seed": 1, "guests": 10, "seconds": 5.0, "facts": 40, "blocks": 30, "epochs": 1,
    "receipted": 40, "booked": 40, "expected_answers": 12, "doubtful_answers": 1,
    "unexpected_answers": 0, "gateway_restarts": 1, "central_outages": 1, "central_away_s": 3.2,
    "waiting_max": 9,
}  # fmt: skip
HEARD = LaneTally(
    shown=14, admitted=6, repeated=1, refused={"invalid": 2, "already_redeemed": 3}, completed=4
)


def made(findings: list[Finding], doubles: int = 0) -> Summary:
    ledger = Accounts(7, 7, 5, 1, 1, 0, {10: 2, 100: 3}, [])
    central = Accounts(7, 7, 5, 1, 1, 0, {}, [None] * doubles)  # type: ignore[list-item]
    return summarize(
        findings=findings, heard=HEARD, ledger=ledger, central=central, figures=FIGURES
    )


def test_presentations_are_the_guests_and_passages_the_ledgers() -> None:
    s = made([])
    assert (s.presented, s.answered, s.unanswered, s.repeated) == (14, 12, 2, 1)
    assert (s.admitted, s.completed, s.lapsed, s.unknown) == (7, 5, 1, 1)
    assert s.refused == {"already_redeemed": 3, "invalid": 2}
    assert s.ok and not s.failed_checks


def test_a_finding_fails_the_run_and_a_double_of_either_side_counts() -> None:
    s = made([Finding("rows-differ", "what")], doubles=2)
    assert not s.ok
    assert s.failed_checks == ["rows-differ"]
    assert s.double_admissions == 2


def test_json_holds_what_the_contract_names() -> None:
    told = json.loads(json.dumps(made([]).json()))
    wanted = {"presented", "admitted", "refused", "completed", "lapsed", "unknown", "blocks"}
    wanted |= {"receipted", "booked", "double_admissions", "gateway_restarts", "central_outages"}
    assert wanted <= set(told)


def test_it_reads_well() -> None:
    assert sentences(made([])) == [
        "10 guests showed 14 codes; 7 were admitted, 5 refused, 1 told once more to go through,"
        " 2 got no answer.",
        "Of the 7 admitted, 5 walked through, 1 did not and got their ticket back, 1 nobody knows"
        " of; they count as used.",
        "Refused: 3 used already, 2 no valid code.",
        "The gateway was killed once, and the centre was away once, for 3 seconds; up to 9 facts"
        " waited for it.",
        "The ledger holds 40 facts in 30 blocks; 40 have a receipt, 40 are booked at the centre;"
        " no ticket was admitted twice.",
        "Gateway and centre agree to the row.",
    ]
    assert sentences(made([Finding("a", "b")], doubles=1))[-2:] == [
        "The ledger holds 40 facts in 30 blocks; 40 have a receipt, 40 are booked at the centre;"
        " 1 ticket was admitted twice.",
        "1 check failed.",
    ]
