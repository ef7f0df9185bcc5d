"""What a basket costs: to the cent, at its moment, and refused in a fixed order."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.money import Line
from edge.core.pricing import Basket, Item, Means, PriceList, Quote, Refused, quote
from edge.core.till_reasons import TillReason
from tests.edge.core.bar import (
    BEER,
    BEFORE_MS,
    BOTTLE,
    CATERING,
    CUP,
    HAPPY_MS,
    LATE_MS,
    PIZZA,
    WATER,
    WINE,
    bar,
)

ADULT = Means(ages=(16, 18))


def priced(*items: Item, at_ms: int = BEFORE_MS, means: Means = ADULT, **how: Any) -> Quote:
    found = quote(PriceList(bar()), Basket(items, **how), at_ms, means)
    assert isinstance(found, Quote)
    return found


def refused(*items: Item, at_ms: int = BEFORE_MS, means: Means = ADULT, **how: Any) -> Refused:
    found = quote(PriceList(bar()), Basket(items, **how), at_ms, means)
    assert isinstance(found, Refused)
    return found


def test_a_sale_of_two_with_deposit() -> None:
    found = priced(Item(BEER, 2))
    assert found.total_minor == 1000
    assert found.lines == [
        Line("article", BEER, 2, 300, 600, 1, 0, 1),
        Line("deposit", CUP, 2, 200, 400, 1),
    ]


def test_nothing_but_deposit_comes_back() -> None:
    found = priced(Item(CUP, -3))
    assert (found.total_minor, found.debit_minor, found.given_minor) == (-600, 0, 600)
    both = priced(Item(WATER, 1), Item(CUP, -1))
    assert (both.total_minor, both.debit_minor, both.given_minor) == (50, 250, 200)
    assert refused(Item(WATER, 1), Item(BEER, -1)) == (TillReason.NOT_RETURNABLE, 1)


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (Item(CATERING), TillReason.PRICE_MISSING),
        (Item(CATERING, 2, 400), TillReason.QUANTITY_UNWANTED),
        (Item(CATERING, None, -1), TillReason.PRICE_WRONG),
        (Item(BEER, 1, 300), TillReason.PRICE_UNWANTED),
        (Item(BEER, 0), TillReason.QUANTITY_WRONG),
        (Item(BEER, 10_000), TillReason.QUANTITY_WRONG),
        (Item(99, 1), TillReason.UNKNOWN_ARTICLE),
    ],
)
def test_a_typed_price_and_a_price_of_its_own(item: Item, reason: TillReason) -> None:
    assert refused(item).reason is reason


def test_a_typed_price_is_one_piece() -> None:
    assert priced(Item(CATERING, None, 1234)).lines == [
        Line("article", CATERING, 1, 1234, 1234, 1, 0, 2)
    ]


def test_a_phase_begins_at_its_millisecond() -> None:
    assert priced(Item(BEER, 1), at_ms=HAPPY_MS - 1).total_minor == 500
    assert priced(Item(BEER, 1), at_ms=HAPPY_MS).total_minor == 400
    assert priced(Item(BEER, 1), at_ms=LATE_MS - 1).total_minor == 400
    assert refused(Item(BEER, 1), at_ms=LATE_MS).reason is TillReason.NOT_SOLD_NOW
    assert priced(Item(CUP, -1), at_ms=LATE_MS).total_minor == -200


def test_the_grid_of_a_till_and_a_phase() -> None:
    prices = PriceList(bar())
    assert [each.number for each in prices.grid(1, 1)] == [WATER, BEER]
    assert [each.number for each in prices.grid(1, 2)] == [WATER]
    assert [each.number for each in prices.grid(5, 1)] == [PIZZA]
    assert len(PriceList(bar(grids=[])).grid(1, 0)) == 7


def test_vouchers_pay_all_beers_and_only_the_deposit_is_left() -> None:
    found = priced(Item(BEER, 3), means=Means(vouchers=3, ages=(18,)))
    assert (found.total_minor, found.vouchers) == (600, 3)
    assert found.lines[-1] == Line("voucher", BEER, -3, 300, -900, 1, 0, 1, 3)


def test_the_best_price_per_voucher_comes_first() -> None:
    found = priced(Item(BEER, 3), Item(WINE, 1), means=Means(vouchers=3, ages=(18,)))
    assert (found.total_minor, found.vouchers) == (600 + 500, 3)
    dear = priced(Item(WATER, 1), Item(BEER, 1), means=Means(vouchers=1, ages=(18,)))
    assert dear.lines[-1].article == BEER


def test_fewer_vouchers_when_the_guest_wants_to_keep_some() -> None:
    assert priced(Item(WATER, 2), means=Means(vouchers=5), vouchers=1).vouchers == 1
    assert priced(Item(WATER, 2), means=Means(vouchers=5), vouchers=0).vouchers == 0


def test_promotional_credit_pays_goods_and_never_deposit_or_tips() -> None:
    means = Means(promo_minor=5000, ages=(18,))
    found = priced(Item(BEER, 2), Item(PIZZA, 1), tip_minor=100, means=means)
    assert (found.promo_minor, found.total_minor) == (1500, 400 + 100)
    taxes = {(line.tax, line.merchant): line.total_minor for line in found.lines[-2:]}
    assert taxes == {(1, 0): -600, (2, 4): -900}


def test_what_burns_first_is_policy() -> None:
    means, basket = Means(promo_minor=100, vouchers=1), Basket([Item(WATER, 1)])
    first = quote(PriceList(bar()), basket, BEFORE_MS, means)
    assert isinstance(first, Quote)
    assert (first.vouchers, first.promo_minor, first.total_minor) == (1, 0, 0)
    other = quote(PriceList(bar(burn_first="promo")), basket, BEFORE_MS, means)
    assert isinstance(other, Quote)
    assert (other.vouchers, other.promo_minor, other.total_minor) == (0, 100, 150)


def test_tips_are_of_goods_and_rounded_to_a_whole_cent() -> None:
    assert priced(Item(WATER, 1), tip_percent=5).lines[-1] == Line("tip", 0, 1, 13, 13, 0)
    assert priced(Item(BEER, 1), tip_percent=10).total_minor == 500 + 30
    assert priced(tip_minor=50).total_minor == 50
    assert refused(Item(BEER), tip_percent=5, tip_minor=5).reason is TillReason.TIP_WRONG
    assert refused(Item(BEER), tip_percent=101).reason is TillReason.TIP_WRONG
    assert refused(Item(BEER), tip_minor=10**13).reason is TillReason.AMOUNT_TOO_LARGE


def test_age_is_asked_unless_the_band_has_proven_it() -> None:
    nobody = Means()
    assert priced(Item(WINE, 1), means=nobody).age == 18
    assert priced(Item(WINE, 1), means=nobody, confirmed_age=18).age == 0
    assert priced(Item(WINE, 1), means=ADULT).age == 0
    assert refused(Item(WINE, 1), means=Means(ages=(16,))).reason is TillReason.TOO_YOUNG
    assert priced(Item(WATER, 1), means=nobody).age == 0


def test_refusals_have_one_order_whatever_the_order_of_items() -> None:
    items = [Item(BEER, 0), Item(CATERING), Item(99), Item(BEER, -1)]
    assert refused(*items) == (TillReason.UNKNOWN_ARTICLE, 2)
    assert refused(*reversed(items)) == (TillReason.UNKNOWN_ARTICLE, 1)
    assert refused().reason is TillReason.BASKET_EMPTY
    assert refused(*[Item(99)] * 41).reason is TillReason.BASKET_TOO_LARGE
    much = [Item(CATERING, None, 10**12)] * 2
    assert refused(*much).reason is TillReason.AMOUNT_TOO_LARGE
    assert quote(PriceList(bar(articles=bar().articles[:1])), Basket([Item(BEER, 1)]), 0) == (
        TillReason.UNKNOWN_ARTICLE,
        0,
    )  # its deposit is not on the list


ITEM = st.one_of(
    st.builds(Item, st.sampled_from([BEER, WATER, WINE, PIZZA]), st.integers(1, 9)),
    st.builds(Item, st.sampled_from([CUP, BOTTLE]), st.integers(-9, -1)),
    st.builds(Item, st.just(CATERING), st.none(), st.integers(0, 5000)),
)


@given(
    items=st.lists(ITEM, min_size=1, max_size=12),
    tip=st.integers(0, 99),
    means=st.builds(Means, st.integers(0, 9000), st.integers(0, 9), st.just((18,))),
    first=st.sampled_from(["vouchers", "promo"]),
)
def test_lines_add_up_and_what_is_free_never_turns_into_money(
    items: list[Item], tip: int, means: Means, first: str
) -> None:
    found = quote(PriceList(bar(burn_first=first)), Basket(items, tip_percent=tip), 0, means)
    assert isinstance(found, Quote)
    assert sum(line.total_minor for line in found.lines) == found.total_minor
    assert all(line.total_minor == line.quantity * line.unit_minor for line in found.lines)
    assert found.debit_minor - found.given_minor == found.total_minor
    assert found.debit_minor >= 0
    assert found.promo_minor <= means.promo_minor
    assert found.vouchers <= means.vouchers
    goods: dict[tuple[int, int], int] = {}
    for line in found.lines:
        if line.kind in ("article", "voucher", "promo"):
            key = (line.tax, line.group)
            goods[key] = goods.get(key, 0) + line.total_minor
    assert all(left >= 0 for left in goods.values())


def test_more_cups_than_a_line_has_room_for() -> None:
    """Written anyhow, the fact of it could be read by nobody, and what was paid would be gone."""
    seven = [Item(BEER, 9999)] * 7
    assert refused(*seven).reason is TillReason.AMOUNT_TOO_LARGE
    line = max(priced(*seven[:6]).lines, key=lambda one: one.quantity)
    assert line.quantity == 6 * 9999 <= 0xFFFF
