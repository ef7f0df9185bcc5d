"""The arithmetic of the summary, and how it reads."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

from edge.demo.accounts import Accounts, Double
from edge.demo.bar_checks import BarSummary
from edge.demo.checks import Finding
from edge.demo.rows import Row
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


def double(ticket: str) -> Double:
    return Double(ticket, 1, 2, Row("aa", 1, 1, 10, 1, 1, 1))


def made(findings: list[Finding], doubles: int = 0, **more: Any) -> Summary:
    ledger = Accounts(7, 7, 5, 1, 1, 0, {10: 2, 100: 3}, [])
    central = Accounts(7, 7, 5, 1, 1, 0, {}, [double(f"{n}") for n in range(doubles)])
    return summarize(
        findings=findings, heard=HEARD, ledger=ledger, central=central, figures=FIGURES | more,
        planned={"planned"},
    )  # fmt: skip


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


def test_what_was_planned_is_no_double_admission() -> None:
    both = Accounts(7, 7, 5, 1, 1, 0, {}, [double("planned"), double("other")])
    s = summarize(
        findings=[], heard=HEARD, ledger=both, central=both, figures=FIGURES, planned={"planned"}
    )
    assert s.double_admissions == 1


SEVERAL: dict[str, Any] = {
    "gateways": 3, "conflicts_found": 4, "conflicts_planned": 4, "copies_across_gateways": 6,
    "copies_admitted_twice": 0, "lan_cut_s": 3.1,
    "replication_lag_ms": {"p50": 8, "p99": 41, "observed": 60},
}  # fmt: skip


def test_several_gateways_read_well() -> None:
    told = sentences(made([], **SEVERAL))
    assert told[3:] == [
        "Three gateways shared the lanes. While the centre was away, 6 tickets were shown again at"
        " another gateway; none of them got in twice.",
        "Then the LAN was cut for 3 seconds, and 4 copies were shown on both sides of the cut,"
        " where nobody could know; after healing, the gateways reported 4 conflicts.",
        "A fact was known to its siblings after 8 milliseconds, and in 99 of 100 cases within 41.",
        "One gateway was killed once, and the centre was away once, for 3 seconds; up to 9 facts"
        " waited for it.",
        "The ledgers hold 40 facts in 30 blocks; 40 have a receipt, 40 are booked at the centre;"
        " no ticket was admitted twice but those of the cut.",
        "All three gateways and centre agree to the row.",
    ]
    failed = sentences(made([Finding("a", "b")], doubles=2, **SEVERAL))[-2]
    assert failed.endswith("; 2 tickets were admitted twice, besides those of the cut.")
    assert made([], **SEVERAL).json()["replication_lag_ms"]["p99"] == 41


BAR = {
    "taps": 52, "posted": 21, "voided": 3, "in_doubt": 0, "refused": {"balance": 1, "behind": 1},
    "torn": 4, "paid_already": 1, "topped_up_minor": 56000, "presale_minor": 1500,
    "spent_minor": 9750, "given_back_minor": 1600, "tips_minor": 150, "wallets": 8,
    "balances_minor": 49350, "copies_refused": 1, "forks": 2, "tills": 3, "drawers_minor": 85000,
}  # fmt: skip


def test_the_bar_is_told_where_there_was_one() -> None:
    assert "bar" not in " ".join(sentences(made([])))
    told = " ".join(sentences(made([], bar=BAR)))
    for wanted in (
        "8 wristbands tapped 52 times: 21 sales were posted, 3 voided, 0 in doubt, 2 refused.",
        "torn in the middle of a write 4 times", "Credits 575.00, less debits 97.50, and 16.00"
        " given back, are balances of 493.50: so say ledgers, centre, wristbands, guests and",
        "1 copied band was refused where the original had paid; 2 others were used on both sides",
    ):  # fmt: skip
        assert wanted in told
    assert BAR.keys() == {field.name for field in fields(BarSummary)}
    alone = " ".join(sentences(made([Finding("x", "y")], bar=BAR | {"forks": 0})))
    assert "refused where the original had paid." in alone
    assert "balances of 493.50." in alone, "who failed a check does not say that all agree"
