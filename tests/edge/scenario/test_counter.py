"""The tills of a gateway: shifts, one work after the other, and a death in the midst of one."""

from typing import Any

import pytest
import trio

from edge.scenario.counter import virtual
from edge.scenario.performing import Play
from edge.till.till import Till
from tests.edge.scenario.selling import TWO, lines, read, sale, tap

DIES = ("before_write", "after_write")


def test_every_till_has_a_shift_and_bands_are_there_before_doors() -> None:
    play = Play(read(tap(gateway="a"), gateways=TWO))
    for node in play.network.nodes.values():
        assert node.counter is not None
        (till,) = node.counter.tills.tills.values()
        assert till.shift is not None
        look = node.counter.seen(play.money.bands["anna"])
        assert look is not None
        assert (look.balance_minor, look.refusal) == (2000, None)


@pytest.mark.parametrize("dies", DIES)
def test_a_gateway_that_dies_stays_dead_until_it_is_started(dies: str) -> None:
    first, dead, _, again, last = lines(
        sale(id="x", crash=dies), sale(), {"do": "restart"}, sale(id="x"), tap()
    )
    assert (first["state"], dead["state"]) == ("none", "none")
    assert again["state"] == ("already_paid" if dies == "after_write" else "paid")
    assert last["balance"] == "14.00"


def test_no_life_makes_a_transaction_of_another_one_s_name() -> None:
    at_once = {"at": "+0s"}
    dies = [{"do": "restart"} | at_once, sale(crash="before_write") | at_once]
    *_, last = lines(sale(), *dies, *dies, {"do": "restart"} | at_once, sale() | at_once)
    assert last["state"] == "paid"


def test_what_was_left_open_is_given_up_when_something_else_begins() -> None:
    torn, other, mine = lines(sale(id="x", torn=5), tap(), sale(id="x"))
    assert torn["state"] == "tap_again"
    assert other["facts"] == ["GoodsAnswered", "DebitVoided"]
    assert mine["state"] == "in_doubt", "its cashier has given it up, and it stays so"


def test_the_same_basket_with_other_content_is_told() -> None:
    _, wrong = lines(sale(id="x"), sale("Beer", id="x"))
    assert (wrong["state"], wrong["reason"]) == ("not_paid", "other_content")
    assert "items" in wrong["text"]


def test_a_phase_begins_in_the_midst_of_a_basket_and_the_price_stays() -> None:
    night = {"name": "Night", "from_ms": "2026-07-03T18:00:30",
             "prices": [{"article": "Soup", "price_minor": "7.00"}]}  # fmt: skip
    first, again, new = lines(
        sale(id="x", leaves="before"), sale(id="x"), sale(), cashless={"phases": [night]}
    )
    assert [line["total"] for line in (first, again, new)] == ["6.00", "6.00", "7.00"]


def test_the_clock_of_a_till_is_the_scenario_s(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[float] = []

    async def look() -> None:
        await trio.sleep(3600)
        seen.append(trio.current_time())

    virtual(look, 5_000)
    assert seen == [3605.0]


def test_a_till_that_crashes_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Till, "note_sold", broken)
    (line,) = lines(sale(expect={"state": "paid"}))
    assert line["ok"] is False
