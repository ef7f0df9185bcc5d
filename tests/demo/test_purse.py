"""What a guest must have, by what she gave and got."""

from __future__ import annotations

import json

from edge.demo.purse import BEER, CUP, WATER, Purse, Purses, cost


def test_a_drink_comes_with_its_deposit_and_a_cup_brings_it_back() -> None:
    assert cost(((BEER, 1),)) == (720, 0)
    assert cost(((BEER, 2), (WATER, 1)), 50) == (1990, 0)
    assert cost(((CUP, -2),)) == (0, 400)
    assert cost(((WATER, 1), (CUP, -1))) == (500, 200)


def test_a_purse_is_what_was_given_less_what_was_got() -> None:
    purses = Purses(drawers={1: 10_000})
    anna = purses.bands["anna"] = Purse("anna", "04", "NTAG213", presale_minor=1500)
    purses.topped(anna, 1, 5000, cash=True)
    purses.topped(anna, 1, 1000, cash=False)
    purses.paid(anna, "aa", ((BEER, 1),), 30)
    purses.paid(anna, "bb", ((CUP, -1),), 0)
    assert anna.balance_minor == 1500 + 6000 - 750 + 200
    assert purses.drawers == {1: 15_000}
    assert purses.baskets == {"aa": 750, "bb": -200}


def test_what_a_copy_takes_is_taken_from_the_wallet_of_its_original() -> None:
    purses = Purses()
    anna = purses.bands["anna"] = Purse("anna", "04", "NTAG213", topped_minor=5000)
    copy = purses.bands["anna_copy"] = anna.copied("anna_copy")
    purses.paid(anna, "aa", ((BEER, 1),), 0)
    purses.paid(copy, "bb", ((WATER, 1),), 0)
    assert (anna.balance_minor, copy.balance_minor) == (4280, 4500)
    assert purses.balances() == {"anna": 3780}
    assert Purses.load(json.loads(json.dumps(purses.json()))) == purses
