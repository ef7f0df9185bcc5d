"""A bar's price list, for tests of tills."""

from typing import Any

from crypto.cashless import (
    Article,
    Cashless,
    Grid,
    Merchant,
    Phase,
    Price,
    Tax,
    WalletClass,
)

BEER, WATER, WINE, CUP, BOTTLE, CATERING, PIZZA = 1, 2, 3, 10, 11, 20, 30
#: Unix milliseconds at which happy hour begins, and at which it is over.
HAPPY_MS, LATE_MS = 1_790_000_000_000, 1_790_003_600_000
BEFORE_MS = HAPPY_MS - 1


def bar(**changes: Any) -> Cashless:
    """Beer 3.00 + 2.00 deposit, water 2.50, wine 5.00 for two vouchers and from 18 years on."""
    given: dict[str, Any] = {
        "event": 7,
        "pseudonym_key": b"p" * 32,
        "prices": 12,
        "taxes": [Tax(1, "A", 1900, "full"), Tax(2, "B", 700, "reduced")],
        "merchants": [Merchant(4, "Pizza Pino")],
        "classes": [WalletClass(1, "Guest"), WalletClass(2, "Crew", ages=[16, 18])],
        "articles": [
            Article(BEER, "Beer", "Beer", 1, 300, deposit=CUP, group=1, vouchers=1, age=16),
            Article(WATER, "Water", "Water", 2, 250, group=1, vouchers=1),
            Article(WINE, "Wine", "Wine", 1, 500, group=1, vouchers=2, age=18),
            Article(CUP, "Cup", "Cup", 1, 200, kind="deposit"),
            Article(BOTTLE, "Bottle", "Bottle", 1, 25, kind="deposit"),
            Article(CATERING, "Catering", "Cat", 1, None, group=2),
            Article(PIZZA, "Pizza", "Pizza", 2, 900, group=3, merchant=4),
        ],
        "phases": [
            Phase(2, "Late", LATE_MS, closed=[BEER]),
            Phase(1, "Happy hour", HAPPY_MS, prices=[Price(BEER, 200)]),
        ],
        "grids": [Grid([WATER, BEER]), Grid([PIZZA], till=5)],
        "tips_percent": [5, 10],
    }
    return Cashless(**{**given, **changes})
