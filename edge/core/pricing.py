"""What a basket costs. Checking writes nothing, and what was quoted is booked line by line.

A `PriceList` is the bundle's part about tills, looked up quickly. `quote` prices a basket at one
moment: a phase begins exactly at its `from_ms`, and a basket that was quoted keeps its price.
Amounts are integers in minor units of the event's currency. Refusals have a fixed order
(`edge.core.till_reasons`): whatever is wrong with a basket, the same words come first.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from crypto.cashless import Article, Cashless, Grid
from crypto.money import AMOUNT_MAX, Line
from edge.core.discounts import Priced, promo_lines, voucher_lines
from edge.core.till_reasons import TillReason

#: So that the fact of a sale always fits one page of the ledger.
ITEMS_MAX: Final = 40
LINES_MAX: Final = 80
QUANTITY_MAX: Final = 9999


class Item(msgspec.Struct, frozen=True, omit_defaults=True):
    """`quantity` of an article; negative gives back (deposit articles only). Articles without a
    price of their own need `price_minor`, and then there is no quantity."""

    article: int
    quantity: int | None = None
    price_minor: int | None = None


class Means(NamedTuple):
    """What a wallet brings beside its balance: of the ledger, never of the band. `ages`: proven
    by its class."""

    promo_minor: int = 0
    vouchers: int = 0
    ages: Sequence[int] = ()


class Basket(NamedTuple):
    """What a cashier wants paid. `tip_percent` or `tip_minor`, not both. `vouchers`: how many to
    use at most, None as many as help. `confirmed_age`: the cashier has looked at a document."""

    items: Sequence[Item]
    tip_minor: int = 0
    tip_percent: int = 0
    vouchers: int | None = None
    confirmed_age: int = 0


class Quote(msgspec.Struct, frozen=True):
    """`lines` add up to `total_minor` = `debit_minor` - `given_minor`; the latter is deposit that
    comes back. `age`: the cashier must look whether the guest is as old as that, 0 = no need."""

    lines: list[Line]
    total_minor: int
    debit_minor: int
    given_minor: int
    promo_minor: int
    vouchers: int
    age: int
    phase: int
    prices: int
    at_ms: int


class Refused(NamedTuple):
    """Why a basket cannot be priced; `item` is the index of what is wrong, -1: none in special."""

    reason: TillReason
    item: int = -1


class PriceList:
    """The articles, phases and grids of one bundle."""

    def __init__(self, cashless: Cashless) -> None:
        self.cashless = cashless
        self.version = cashless.prices
        self.articles = {article.number: article for article in cashless.articles}
        self.merchants = {merchant.number: merchant for merchant in cashless.merchants}
        self.taxes = {tax.code: tax for tax in cashless.taxes}
        self.phases = sorted(cashless.phases, key=lambda phase: (phase.from_ms, phase.number))
        self._starts = [phase.from_ms for phase in self.phases]
        self._prices = {
            phase.number: {price.article: price.price_minor for price in phase.prices}
            for phase in self.phases
        }
        self._closed = {phase.number: frozenset(phase.closed) for phase in self.phases}
        self._grids = {(grid.till, grid.phase): grid for grid in cashless.grids}

    def phase_at(self, at_ms: int) -> int:
        """The number of the phase at this moment, 0 before the first one begins."""
        place = bisect_right(self._starts, at_ms)
        return self.phases[place - 1].number if place else 0

    def price_of(self, article: Article, phase: int) -> int | None:
        """The price in this phase; None: it is typed in."""
        own = self._prices.get(phase)
        return article.price_minor if own is None else own.get(article.number, article.price_minor)

    def closed(self, article: int, phase: int) -> bool:
        """Whether the article is not sold in this phase."""
        return article in self._closed.get(phase, ())

    def grid(self, till: int, phase: int) -> list[Article]:
        """The buttons of a till, in order: its own, else everybody's, else all that is sold."""
        for key in ((till, phase), (till, 0), (0, phase), (0, 0)):
            grid: Grid | None = self._grids.get(key)
            if grid is not None:
                shown = [self.articles[n] for n in grid.articles if n in self.articles]
                break
        else:
            shown = list(self.articles.values())
        return [article for article in shown if not self.closed(article.number, phase)]


NO_MEANS: Final = Means()


def quote(
    prices: PriceList, basket: Basket, at_ms: int, means: Means = NO_MEANS
) -> Quote | Refused:
    """Price `basket` at `at_ms`; with `means` also what vouchers and promotional credit pay."""
    phase = prices.phase_at(at_ms)
    wrong = _wrong_basket(basket) or _wrong_items(prices, basket.items, phase)
    if wrong is not None:
        return wrong
    lines: list[Line] = []
    priced: list[Priced] = []
    deposits: dict[int, int] = {}
    goods_minor = given_minor = age = 0
    for item in basket.items:
        article = prices.articles[item.article]
        unit = item.price_minor if item.price_minor is not None else 0
        if item.price_minor is None:
            unit = prices.price_of(article, phase) or 0
        quantity = 1 if item.quantity is None else item.quantity
        line = _line(article, quantity, unit)
        lines.append(line)
        if line.total_minor < 0:
            given_minor -= line.total_minor
        elif article.kind == "article":
            goods_minor += line.total_minor
            priced.append(Priced(article.number, quantity, unit, article))
            age = max(age, article.age)
        if article.deposit:
            deposits[article.deposit] = deposits.get(article.deposit, 0) + quantity
    for number, quantity in deposits.items():
        if abs(quantity) > 0xFFFF:  # what a line of a fact has room for
            return Refused(TillReason.AMOUNT_TOO_LARGE)
        deposit = prices.articles[number]
        lines.append(_line(deposit, quantity, prices.price_of(deposit, phase) or 0))
    tip_minor = basket.tip_minor or (goods_minor * basket.tip_percent + 50) // 100
    if tip_minor:
        lines.append(Line("tip", 0, 1, tip_minor, tip_minor, 0))
    if age and means.ages and max(means.ages) < age:
        return Refused(TillReason.TOO_YOUNG)
    free, used, promo_minor = _discounts(prices, basket, priced, means)
    lines += free
    total_minor = sum(line.total_minor for line in lines)
    if max(total_minor + given_minor, given_minor) > AMOUNT_MAX:
        return Refused(TillReason.AMOUNT_TOO_LARGE)
    if len(lines) > LINES_MAX:
        return Refused(TillReason.BASKET_TOO_LARGE)
    asks = age if age and not means.ages and basket.confirmed_age < age else 0
    return Quote(
        lines, total_minor, total_minor + given_minor, given_minor, promo_minor, used, asks,
        phase, prices.version, at_ms,
    )  # fmt: skip


def _wrong_basket(basket: Basket) -> Refused | None:
    if not basket.items and not basket.tip_minor:
        return Refused(TillReason.BASKET_EMPTY)
    if len(basket.items) > ITEMS_MAX:
        return Refused(TillReason.BASKET_TOO_LARGE)
    tips = (basket.tip_minor, basket.tip_percent)
    if min(tips) < 0 or (basket.tip_minor and basket.tip_percent) or basket.tip_percent > 100:
        return Refused(TillReason.TIP_WRONG)
    if basket.tip_minor > AMOUNT_MAX:
        return Refused(TillReason.AMOUNT_TOO_LARGE)
    return None


def _wrong_items(prices: PriceList, items: Sequence[Item], phase: int) -> Refused | None:
    """The first by the order of reasons, whatever the order of items."""
    found: list[tuple[TillReason, int]] = []
    for place, item in enumerate(items):
        article = prices.articles.get(item.article)
        reason = TillReason.UNKNOWN_ARTICLE
        if article is not None:
            if article.deposit and article.deposit not in prices.articles:
                reason = TillReason.UNKNOWN_ARTICLE
            else:
                reason = _wrong_item(prices, article, item, phase)
        if reason is not TillReason.NONE:
            found.append((reason, place))
    return Refused(*min(found)) if found else None


def _wrong_item(prices: PriceList, article: Article, item: Item, phase: int) -> TillReason:
    price, quantity = prices.price_of(article, phase), item.quantity
    if quantity is not None and quantity < 0:
        if article.kind != "deposit":
            return TillReason.NOT_RETURNABLE
    elif prices.closed(article.number, phase):  # cups come back whatever the hour
        return TillReason.NOT_SOLD_NOW
    if price is None:
        if item.price_minor is None:
            return TillReason.PRICE_MISSING
        if quantity is not None:
            return TillReason.QUANTITY_UNWANTED
        if not 0 <= item.price_minor <= AMOUNT_MAX:
            return TillReason.PRICE_WRONG
        return TillReason.NONE
    if item.price_minor is not None:
        return TillReason.PRICE_UNWANTED
    if quantity == 0 or (quantity is not None and abs(quantity) > QUANTITY_MAX):
        return TillReason.QUANTITY_WRONG
    return TillReason.NONE


def _line(article: Article, quantity: int, unit_minor: int) -> Line:
    return Line(
        article.kind, article.number, quantity, unit_minor, quantity * unit_minor, article.tax,
        article.merchant, article.group,
    )  # fmt: skip


def _discounts(
    prices: PriceList, basket: Basket, priced: list[Priced], means: Means
) -> tuple[list[Line], int, int]:
    """Lines, vouchers used, promotional credit used. Neither ever pays deposit or a tip: that
    could be handed back as money."""
    if not means.vouchers and not means.promo_minor:
        return [], 0, 0
    goods_minor = sum(each.quantity * each.unit_minor for each in priced)
    promo_first = prices.cashless.burn_first == "promo"
    free_minor = min(means.promo_minor, goods_minor) if promo_first else 0
    wished = means.vouchers if basket.vouchers is None else min(means.vouchers, basket.vouchers)
    lines = voucher_lines(priced, max(0, wished), goods_minor - free_minor)
    used = sum(line.vouchers for line in lines)
    left_minor = goods_minor + sum(line.total_minor for line in lines)
    promo_minor = min(means.promo_minor, left_minor)
    lines += promo_lines(priced, lines, promo_minor)
    return lines, used, promo_minor
