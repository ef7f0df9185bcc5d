"""What people write of prices, and what is wrong with it, whoever reads the file.

An amount is text with a decimal point ("4.50") or a number of minor units, never a float.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from crypto.cashless import Article, Cashless
from crypto.money import AMOUNT_MAX

_AMOUNT: Final = re.compile(r"\A([0-9]{1,10})(?:\.([0-9]{1,3}))?\Z")


class BadPrices(ValueError):
    """A file of prices that cannot be used; the text says where and what to do."""


def minor_untrusted(text: str, exponent: int) -> int:
    """An amount with a decimal point in minor units, without a float. Raises `BadPrices`."""
    match = _AMOUNT.match(text)
    decimals = (match[2] or "") if match else ""
    if match is None or len(decimals) > exponent:
        raise BadPrices(f"{text!r} is no amount: as {'4.50' if exponent == 2 else '4'}")
    minor = int(match[1] + decimals.ljust(exponent, "0"))
    if minor > AMOUNT_MAX:
        raise BadPrices(f"{text!r} is more than any amount can be")
    return minor


def faults(told: Cashless) -> Iterator[str]:
    """What is named and not there, or there twice."""
    yield from _twice("articles", (each.number for each in told.articles))
    yield from _twice("phases", (each.number for each in told.phases))
    yield from _twice("merchants", (each.number for each in told.merchants))
    yield from _twice("classes", (each.number for each in told.classes))
    yield from _twice("taxes", (each.code for each in told.taxes))
    yield from _twice("taxes", (each.letter for each in told.taxes), "letter")
    yield from _twice("grids", ((each.till, each.phase) for each in told.grids), "till and phase")
    yield from _twice("phases", (each.from_ms for each in told.phases), "from_ms")
    deposits = {each.number for each in told.articles if each.kind == "deposit"}
    taxes = {each.code for each in told.taxes}
    merchants = {each.number for each in told.merchants} | {0}
    for article in told.articles:
        where = f"article {article.number}"
        if article.tax not in taxes:
            yield f"{where}: there is no tax {article.tax}"
        if article.merchant not in merchants:
            yield f"{where}: there is no merchant {article.merchant}"
        if article.deposit and article.deposit not in deposits:
            yield f"{where}: {article.deposit} is no article of kind deposit"
        yield from _article_faults(where, article)
    known = {each.number: each for each in told.articles}
    phases = {each.number for each in told.phases} | {0}
    for phase in told.phases:
        named = [row.article for row in phase.prices]
        yield from _twice(f"phase {phase.number}", named)
        yield from _missing(f"phase {phase.number}", (*named, *phase.closed), known)
        for number in named:
            if number in known and known[number].price_minor is None:
                yield f"phase {phase.number}: article {number} has its price typed in"
    for grid in told.grids:
        yield from _missing(f"grid of till {grid.till}", grid.articles, known)
        if grid.phase not in phases:
            yield f"grid of till {grid.till}: there is no phase {grid.phase}"


def _article_faults(where: str, article: Article) -> Iterator[str]:
    if article.price_minor is None and article.vouchers:
        yield f"{where}: vouchers pay pieces, and this one has its price typed in"
    if article.kind == "deposit" and (article.price_minor is None or article.deposit):
        yield f"{where}: a deposit has a fixed price and none of its own"


def _twice(table: str, marks: Iterable[object], what: str = "number") -> Iterator[str]:
    seen: set[object] = set()
    for mark in marks:
        if mark in seen:
            yield f"{table}: {what} {mark} stands there twice"
        seen.add(mark)


def _missing(where: str, named: Iterable[int], known: Iterable[int]) -> Iterator[str]:
    for number in named:
        if number not in known:
            yield f"{where}: there is no article {number}"
