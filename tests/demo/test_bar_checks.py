"""Each check of the bar finds the one mistake that is planted, and nothing where there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from edge.demo.bar_checks import BarHeld, agree
from edge.demo.money import Debit, add_up
from edge.demo.purse import BEER, WATER, Purse, Purses
from tests.demo.test_demo_money import held, posted, topped

ANNA, BEN = "aa" * 16, "bb" * 16
FACTS = [
    topped("t1", ANNA, 5000), topped("t2", BEN, 5000), held("d1", ANNA, "b1", 720), posted("d1"),
    held("d2", BEN, "b2", 500), posted("d2"), held("d3", BEN, "b3", 720), posted("d3"),
]  # fmt: skip
CLOSINGS: dict[int, dict[str, int]] = {
    1: {"expected_minor": 20_000, "counted_minor": 20_000, "difference_minor": 0}
}


class Case:
    """A good evening: anna paid once; ben's band and its copy paid on both sides of a cut."""

    def __init__(self) -> None:
        self.purses = Purses(drawers={1: 10_000})
        anna = self.purses.bands["anna"] = Purse("anna", "04", "NTAG213")
        ben = self.purses.bands["ben"] = Purse("ben", "05", "NTAG213")
        for one in (anna, ben):
            self.purses.topped(one, 1, 5000, cash=True)
        self.purses.paid(anna, "b1", ((BEER, 1),), 0)
        copy = self.purses.bands["ben_copy"] = ben.copied("ben_copy")
        self.purses.paid(ben, "b2", ((WATER, 1),), 0)
        self.purses.paid(copy, "b3", ((BEER, 1),), 0)
        self.purses.forked.append("ben")
        self.held = BarHeld(
            media={"anna": ANNA, "ben": BEN, "ben_copy": BEN}, facts=add_up(FACTS),
            gateways={"demo-1": add_up(FACTS), "demo-2": add_up(FACTS)}, rows=add_up(FACTS),
            booked={
                (ANNA, "top_up"): 5000, (ANNA, "debit"): -720, (BEN, "top_up"): 5000,
                (BEN, "debit"): -1220,
            },
            forks=[BEN], totals={"balances_minor": 8060, "agree": True},
            bands={"anna": 4280, "ben": 4500, "ben_copy": 4280},
        )  # fmt: skip
        self.closings = {till: dict(one) for till, one in CLOSINGS.items()}
        self.surprises: list[str] = []

    @property
    def failed(self) -> set[str]:
        found = agree(self.held, self.purses, self.closings, self.surprises)
        assert all(str(one) for one in found)
        return {one.name for one in found}


def test_a_good_evening_has_no_findings() -> None:
    assert Case().failed == set()


def wrong_row(case: Case) -> None:
    case.held.booked[ANNA, "debit"] = -620


def lost_row(case: Case) -> None:
    del case.held.rows.debits["d1"]


def lost_fact(case: Case) -> None:
    case.held.gateways["demo-2"].posted.discard("d1")


def changed_band(case: Case) -> None:
    case.held.bands["anna"] = 5000


def unreadable_copy(case: Case) -> None:
    case.held.bands["ben_copy"] = None


def charged_twice(case: Case) -> None:
    for money in (case.held.facts, case.held.rows, *case.held.gateways.values()):
        money.debits["d9"] = Debit("d9", ANNA, "b1", 0, 720, 0)
        money.posted.add("d9")


def goods_for_nothing(case: Case) -> None:
    case.purses.baskets["b9"] = 300


def fork_not_found(case: Case) -> None:
    case.held.forks.clear()


def fork_of_nothing(case: Case) -> None:
    case.held.forks.append(ANNA)


def wrong_drawer(case: Case) -> None:
    case.closings[1]["expected_minor"] += 1


def never_closed(case: Case) -> None:
    case.closings.clear()


def centre_says_no(case: Case) -> None:
    case.held.totals["agree"] = False


def in_doubt(case: Case) -> None:
    case.held.facts.debits["d8"] = Debit("d8", ANNA, "b8", 0, 100, 0)


def surprise(case: Case) -> None:
    case.surprises.append("guest_1, buy at till 1")


@pytest.mark.parametrize(
    ("plant", "names"),
    [
        (wrong_row, {"wallets-agree", "credits-less-debits-are-balances"}),
        (lost_row, {"wallets-agree", "goods-are-paid"}),
        (lost_fact, {"wallets-agree"}),
        (changed_band, {"bands-say-so-too"}),
        (unreadable_copy, {"bands-say-so-too"}),
        (charged_twice, {"nobody-pays-twice", "goods-are-paid", "wallets-agree",
                         "credits-less-debits-are-balances"}),
        (goods_for_nothing, {"goods-are-paid"}),
        (fork_not_found, {"copies-are-proven"}),
        (fork_of_nothing, {"copies-are-proven"}),
        (wrong_drawer, {"drawers-are-right"}),
        (never_closed, {"drawers-are-right"}),
        (centre_says_no, {"credits-less-debits-are-balances"}),
        (in_doubt, {"debits-are-settled"}),
        (surprise, {"tills-answer-as-expected"}),
    ],
)  # fmt: skip
def test_each_mistake_is_named(plant: Callable[[Any], None], names: set[str]) -> None:
    case = Case()
    plant(case)
    assert case.failed == names
