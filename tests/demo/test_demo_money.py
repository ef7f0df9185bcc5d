"""Facts of money, added up."""

from __future__ import annotations

from typing import Any

from edge.demo.money import COLUMNS, Money, add_up, row

ANNA, BEN = "aa" * 16, "bb" * 16


def held(txid: str, medium: str, basket: str, debit: int, given: int = 0) -> dict[str, Any]:
    return {
        "kind": "DebitHeld", "txid": txid, "medium": medium, "basket": basket, "part": 0,
        "debit_minor": debit, "given_minor": given,
    }  # fmt: skip


def posted(txid: str) -> dict[str, Any]:
    return {"kind": "DebitPosted", "txid": txid}


def topped(txid: str, medium: str, amount: int) -> dict[str, Any]:
    return {"kind": "ToppedUp", "txid": txid, "medium": medium, "amount_minor": amount}


FACTS = [
    topped("t1", ANNA, 5000), topped("t2", BEN, 2000), topped("t3", BEN, 700),
    {"kind": "CreditVoided", "txid": "t3"},
    held("d1", ANNA, "b1", 720), posted("d1"), posted("d1"),
    held("d2", ANNA, "b2", 500), {"kind": "DebitVoided", "txid": "d2"},
    held("d3", ANNA, "b2", 500), posted("d3"), {"kind": "DebitVoided", "txid": "d3"},
    held("d4", BEN, "b4", 0, 200), posted("d4"), held("d5", BEN, "b5", 300),
    {"kind": "ShiftOpened", "txid": "s1"},
]  # fmt: skip


def test_what_was_posted_counts_once_and_what_was_voided_never() -> None:
    money = add_up(FACTS)
    assert money.balances({BEN: 1500}) == {ANNA: 5000 - 720 - 500, BEN: 2000 + 1500 + 200}
    assert (money.topped_minor, money.spent_minor, money.given_minor) == (7000, 1220, 200)
    assert [one.txid for one in money.in_doubt] == ["d5"]
    assert money.voided_count == 1, "posted beats voided"
    assert money.charged_twice() == []


def test_the_order_of_facts_does_not_matter_and_rows_say_the_same() -> None:
    assert add_up(reversed(FACTS)) == add_up(FACTS)
    values = dict.fromkeys(COLUMNS) | held("d1", ANNA, "b1", 720) | {"kind": 33}
    rows = [values, dict.fromkeys(COLUMNS) | {"kind": 34, "txid": "d1"}]
    money = add_up(row(one[name] for name in COLUMNS) for one in rows)
    assert money == add_up([held("d1", ANNA, "b1", 720), posted("d1")])
    assert add_up([]) == Money()


def test_a_part_of_a_basket_that_two_debits_have_paid_is_charged_twice() -> None:
    again = [*FACTS, held("d6", ANNA, "b1", 720), posted("d6")]
    assert [one.txid for one in add_up(again).charged_twice()] == ["d6"]
