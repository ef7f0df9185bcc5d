"""Each step at a till, once, as a file says it."""

from typing import Any

import pytest

from tests.edge.scenario.selling import lines, sale, tap

STEPS: list[tuple[dict[str, Any], str, str | None]] = [
    (sale(), "paid", "14.00"),
    (sale("Beer", 2, tip="1.00"), "paid", "4.60"),
    (sale("Beer", tip_percent=10), "paid", "12.28"),
    (sale("Other") | {"items": [{"article": "Other", "price": "3.33"}]}, "paid", "16.67"),
    (sale("Cup", -2), "not_paid", "20.00"),
    (sale(amount="2.50"), "paid", "17.50"),
    (sale(method="cash", band=None), "paid", None),
    (sale(method="card", band=None), "paid", None),
    (sale(method="card", band=None, card="declined"), "not_paid", None),
    (sale(method="card", band=None, card="unknown"), "waiting_card", None),
    ({"do": "topup", "band": "anna", "amount": "5.00"}, "done", "25.00"),
    ({"do": "topup", "band": "anna", "amount": 500, "method": "card"}, "done", "25.00"),
    (tap(), "done", "20.00"),
    (tap("blank"), "done", "0.00"),
    ({"do": "refund", "band": "anna", "items": [{"article": "Soup"}]}, "not_done", "20.00"),
    ({"do": "cash_out", "band": "anna", "amount": "1.00"}, "done", "19.00"),
    ({"do": "cash_out", "band": "anna"}, "done", "0.00"),
    ({"do": "issue", "band": "blank"}, "done", "0.00"),
    ({"do": "issue", "band": "blank", "class": "Guest"}, "done", "0.00"),
    ({"do": "reissue", "band": "blank", "old": "anna"}, "done", "0.00"),
    ({"do": "lock", "band": "anna"}, "done", "20.00"),
    ({"do": "lock", "band": "anna", "lost": True}, "done", "20.00"),
]


@pytest.mark.parametrize(("step", "state", "balance"), STEPS, ids=lambda one: str(one)[:50])
def test_a_step_ends_as_it_should(step: dict[str, Any], state: str, balance: str | None) -> None:
    (line,) = lines({name: value for name, value in step.items() if value is not None})
    assert (line["state"], line.get("balance")) == (state, balance), line


def test_what_is_taken_back_is_named_by_what_it_was_called() -> None:
    sold, undone, twice = lines(
        sale(id="x"), {"do": "reverse", "of": "x", "band": "anna"},
        {"do": "reverse", "of": "x", "band": "anna"},
    )  # fmt: skip
    assert (sold["balance"], undone["balance"]) == ("14.00", "20.00")
    assert (twice["state"], twice["reason"]) == ("not_done", "reversed_already")


def test_a_card_can_be_declined_late_only_where_one_has_paid() -> None:
    by_cash, by_card, nothing, late = lines(
        {"do": "topup", "band": "anna", "amount": "5.00", "id": "cash"},
        {"do": "topup", "band": "anna", "amount": "5.00", "id": "card", "method": "card"},
        {"do": "late_decline", "of": "cash"}, {"do": "late_decline", "of": "card"},
    )  # fmt: skip
    assert (by_cash["state"], by_card["state"]) == ("done", "done")
    assert (nothing["state"], nothing["reason"]) == ("not_done", "unknown_sale")
    assert (late["state"], late["facts"]) == ("done", ["CardDeclined"])
