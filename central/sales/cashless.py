"""Prices, articles and classes as people write them: a TOML file -> `crypto.cashless.Cashless`.

The names are those of `crypto.cashless`. Besides: an amount may be text with a decimal point
("4.50") in place of a number of minor units, and a time a TOML date-time with its offset. Keys,
wallets, codes and credit keys do not stand in the file: the centre has them.
"""

from __future__ import annotations

import datetime
import tomllib
from typing import Any, Final

import msgspec

from central.sales.terms import plainly, unknown_words
from config.prices import BadPrices, faults, minor_untrusted
from crypto.cashless import Cashless

__all__ = ["KEPT_ELSEWHERE", "BadPrices", "faults", "minor_untrusted", "read_untrusted"]

#: What the centre fills in itself; empty in a file.
KEPT_ELSEWHERE: Final = (
    "pseudonym_key", "chip_key", "debit_keys", "credit_keys", "wallets", "codes", "badges",
    "prices",
)  # fmt: skip


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
        raise BadPrices(plainly(error)) from None
    for fault in (*unknown_words(told, plain, ""), *faults(told)):
        raise BadPrices(fault)
    return told


def _plain(value: Any, name: str, exponent: int) -> Any:
    """Amounts in minor units and times in milliseconds; no float gets by."""
    if isinstance(value, dict):
        return {key: _plain(each, key, exponent) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each, name, exponent) for each in value]
    if isinstance(value, float) and not name.endswith("_minor"):
        raise BadPrices(f"{name} = {value}: write a whole number")
    if isinstance(value, float):
        raise BadPrices(f'{name} = {value}: write amounts as text, "{value:.{exponent}f}"')
    if name.endswith("_minor") and isinstance(value, str):
        return minor_untrusted(value, exponent)
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            raise BadPrices(f"{name} = {value}: say the offset, as {value.isoformat()}+02:00")
        return int(value.timestamp()) * 1000
    if isinstance(value, datetime.date):
        raise BadPrices(f"{name} = {value}: say the time, as {value}T10:00:00+02:00")
    return value
