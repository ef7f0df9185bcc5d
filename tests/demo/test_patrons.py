"""Who comes to the bar: the same from the same seed, with every part in it."""

from __future__ import annotations

import tomllib

import pytest

from edge.demo.patrons import PARTS, PATRONS_MAX, PATRONS_MIN, count_of, plan_forks, plan_patrons
from edge.demo.purse import PRICES, cost
from edge.demo.settings import PRICES as FILE
from edge.demo.settings import Site, sites, with_bar

ONE, THREE = (with_bar(sites(count)) for count in (1, 3))


def test_a_seed_is_a_crowd() -> None:
    assert plan_patrons(3, 9, 20, THREE) == plan_patrons(3, 9, 20, THREE)
    assert plan_patrons(3, 9, 20, THREE) != plan_patrons(4, 9, 20, THREE)
    assert [count_of(n) for n in (1, 160, 20_000)] == [PATRONS_MIN, 20, PATRONS_MAX]


@pytest.mark.parametrize("places", [ONE, THREE])
def test_everybody_begins_with_a_band_and_money_while_doors_are_open(
    places: tuple[Site, ...],
) -> None:
    cash = {n for site in places for n, (_, takes) in site.tills.items() if takes}
    for seed in range(20):
        patrons = plan_patrons(seed, 16, 6, places)
        assert len({one.uid for one in patrons}) == len({one.name for one in patrons}) == 16
        for one in patrons:
            assert [step.kind for step in one.steps[:2]] == ["issue", "top_up"]
            assert one.steps[-1].kind == "balance"
            times = [step.at_s for step in one.steps]
            assert times == sorted(times) and times[0] >= 0 and times[-1] <= 6
            for step in one.steps:
                assert step.kind not in ("issue", "top_up", "code") or step.till in cash
            bought = sum(cost(s.items, s.tip_minor)[0] for s in one.steps if s.kind == "buy")
            assert bought < one.steps[1].amount_minor


def test_every_part_is_played_and_only_where_there_is_a_place_for_it() -> None:
    three = plan_patrons(1, 8, 6, THREE)
    assert [one.part for one in three] == list(PARTS)
    travels = next(step for step in three[7].steps if step.then)
    assert travels.till in (1, 2) and travels.then == 3 and travels.tear is not None
    moves = next(step for step in three[1].steps if step.then)
    assert {moves.till, moves.then} == {1, 2}
    copied = [step.kind for step in three[2].steps]
    assert copied.index("buy") < copied.index("copied"), "a copy of an unused band passes for faded"
    assert three[2].chip == "NTAG213"
    assert "travels" not in [one.part for one in plan_patrons(1, 8, 6, ONE)]
    assert plan_forks(1, ONE) == []
    assert [one.steps[0].till for one in plan_forks(1, THREE)] == [1, 3]


def test_the_price_list_of_the_file_is_the_one_of_the_purses() -> None:
    told = tomllib.loads(FILE)["articles"]
    assert {
        row["number"]: int(row["price_minor"].replace(".", "")) for row in told
    } == dict(PRICES)  # fmt: skip
