"""Prices, articles and classes as people write them: a TOML file -> `crypto.cashless.Cashless`.

The names are those of `crypto.cashless`. Besides: an amount may be text with a decimal point
("4.50") in place of a number of minor units, and a time a TOML date-time with its offset. Keys,
wallets, codes and credit keys do not stand in the file: the centre has them.
"""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from central.sales.terms import unknown_words
from crypto.cashless import Article, Cashless

#: What the centre fills in itself; empty in a file.
KEPT_ELSEWHERE: Final = (
    "pseudonym_key", "chip_key", "debit_keys", "credit_keys", "wallets", "codes", "badges",
    "prices",
)  # fmt: skip
_AMOUNT: Final = re.compile(r"\A([0-9]{1,10})(?:\.([0-9]{1,3}))?\Z")


class BadPrices(ValueError):
    """A file of prices that cannot be used; the text says where and what to do."""


def read_untrusted(text: str) -> Cashless:
    """What tills decide by, from a file. Raises `BadPrices`."""
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadPrices(f"cannot be read: {error}") from None
    for name in KEPT_ELSEWHERE:
        if name in raw:
            raise BadPrices(f"{name}: does not stand in this file; the centre keeps it")
    exponent = raw.get("exponent", 2)
    if type(exponent) is not int or not 0 <= exponent <= 3:
        raise BadPrices("exponent: the number of decimals of the currency, 0 to 3")
    plain = _plain(raw, "", exponent)
    try:
        told = msgspec.convert(plain, Cashless)
    except msgspec.ValidationError as error:
        raise BadPrices(str(error)) from None
    for fault in (*unknown_words(told, plain, ""), *faults(told)):
        raise BadPrices(fault)
    return told


def minor_untrusted(text: str, exponent: int) -> int:
    """An amount with a decimal point in minor units, without a float. Raises `BadPrices`."""
    match = _AMOUNT.match(text)
    decimals = (match[2] or "") if match else ""
    if match is None or len(decimals) > exponent:
        raise BadPrices(f"{text!r} is no amount: as {'4.50' if exponent == 2 else '4'}")
    return int(match[1] + decimals.ljust(exponent, "0"))


def _plain(value: Any, name: str, exponent: int) -> Any:
    """Amounts in minor units and times in milliseconds; no float gets by."""
    if isinstance(value, dict):
        return {key: _plain(each, key, exponent) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each, name, exponent) for each in value]
    if isinstance(value, float):
        raise BadPrices(f'{name} = {value}: write amounts as text, "{value:.{exponent}f}"')
    if name.endswith("_minor") and isinstance(value, str):
        return minor_untrusted(value, exponent)
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            raise BadPrices(f"{name} = {value}: say the offset, as {value.isoformat()}+02:00")
        return int(value.timestamp()) * 1000
    return value


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
