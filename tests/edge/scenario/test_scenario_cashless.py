"""The money of a file, as gateways get it."""

from zoneinfo import ZoneInfo

import msgspec

from edge.scenario import cashless
from edge.scenario.cashless_table import Cashless
from edge.till.credit import code_hash
from tests.edge.scenario.selling import CASHLESS, lines, sale

VIENNA = ZoneInfo("Europe/Vienna")


def table(**more: object) -> Cashless:
    return msgspec.convert(CASHLESS | more, Cashless)


def test_names_become_numbers_and_amounts_minor_units() -> None:
    night = {"name": "Night", "from_ms": "2026-07-03T22:00", "closed": ["Soup"],
             "prices": [{"article": "Beer", "price_minor": "5.60"}]}  # fmt: skip
    made = cashless.compiled(table(phases=[night]), [("a", b"A" * 16)], VIENNA, 3)
    rows = [(one.number, one.short, one.price_minor, one.deposit) for one in made.articles]
    assert rows == [(1, "Cup", 200, 0), (2, "Beer", 520, 1), (3, "Soup", 600, 0),
                    (4, "Other", None, 0)]  # fmt: skip
    assert (made.phases[0].from_ms, made.phases[0].closed) == (1783108800000, [3])
    assert (made.phases[0].prices[0].article, made.prices) == (2, 3)
    assert [(key.index, key.gateway) for key in made.credit_keys] == [(1, b"A" * 16)]
    assert (made.taxes[0].rate_bp, made.currency, made.event) == (0, "EUR", 1)


def test_what_the_centre_says_of_bands() -> None:
    says = [{"band": "anna", "presale": "30.00", "held": 500, "promo": "1.00", "vouchers": 2},
            {"band": "blank", "denied": True}]  # fmt: skip
    made = cashless.compiled(
        table(wallets=says, codes=[{"code": "gift-1", "amount": "9.00"}]), (), VIENNA, 1
    )
    told = {row.medium: row for row in made.wallets}
    anna, blank = told[cashless.medium_of("anna")], told[cashless.medium_of("blank")]
    assert (anna.absorbed_minor, anna.hold_minor, anna.bound) == (3000, 500, True)
    assert (anna.promo_minor, anna.vouchers, anna.min_epoch) == (100, 2, 0)
    assert blank.min_epoch == cashless.DENIED_EPOCH
    assert (made.codes[0].code_hash, made.codes[0].amount_minor) == (code_hash("GIFT1"), 900)


def test_a_newer_bundle_says_what_it_says_and_leaves_the_rest() -> None:
    newer = Cashless(wallets=[])
    both = cashless.merged(table(only_bands=True), newer)
    assert both is not None
    assert (both.wallets, both.only_bands, len(both.articles or ())) == ([], True, 4)
    assert cashless.merged(None, newer) is newer


def test_only_prices_make_another_price_list() -> None:
    says = {"cashless": {"wallets": [{"band": "anna", "vouchers": 1}]}}
    drink = {"name": "Drink", "price_minor": "3.00", "vouchers": 1}
    torn, _, paid = lines(
        sale("Drink", id="x", leaves="before"), {"do": "bundle", "bundle": says},
        sale("Drink", id="x"), cashless={"articles": [drink]},
    )  # fmt: skip
    assert (torn["total"], paid["state"], paid["total"]) == ("3.00", "paid", "0.00")


def test_bands_have_uids_of_their_own() -> None:
    assert len({cashless.uid_of(name) for name in ("anna", "bea", "carl")}) == 3
    assert len(cashless.uid_of("anna")) == 7
