"""`presale import | bind`: credit that was paid in a shop before the event.

A file is taken whole or not at all, and twice is once. What a shop got wrong is named by its line
or its order, never corrected by the way.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import asyncpg
import msgspec

from central import wallets
from central.cashless_keys import CashlessKeys
from central.commands.bands import medium_by, medium_of
from central.commands.cashless import amount, current, hash_code, keys_of
from central.commands.entry import read_text
from central.commands.errors import BAD_DATA, CommandFailed
from central.commands.session import Border, Session, session, show
from central.commands.tables import csv_rows
from central.sheets import decimal
from central.store import wallets as stored
from central.store.wallets import Credit
from crypto.cashless import MEDIA_MAX

COLUMNS: Final = ("order", "amount", "band", "medium", "code")
CSV_HINT: Final = "columns are order, amount and, where known, band (its UID) or medium, code"
CODE_CHARS_MIN: Final = 8
PRESALE: Final = "presale"


class Order(msgspec.Struct, frozen=True):
    """One order of a file; `code`: hash of its secret."""

    credit: Credit
    code: bytes | None


async def import_presale(config_file: Path, border: Border, file: Path) -> int:
    """Credit from a shop's orders; the same file again changes nothing, another amount is named."""
    rows = list(csv_rows(read_text(file), COLUMNS, ("order", "amount"), CSV_HINT))
    async with session(config_file, border) as s:
        exponent = (await current(s)).exponent
        found = read_orders(keys_of(s), rows, exponent)
        async with s.alone():
            new = await _keep(s, found, exponent)
        version = await s.publish()
    credits = [order.credit for order in found.values()]
    show(
        {
            "read": len(rows), "orders": len(credits), "repeated": len(rows) - len(credits),
            "new": len(new), "unbound": sum(credit.medium is None for credit in credits),
            "amount_minor": sum(credit.amount_minor for credit in credits),
            "new_minor": sum(credit.amount_minor for credit in new), "bundle_version": version,
        }
    )  # fmt: skip
    return 0


def read_orders(
    keys: CashlessKeys, rows: list[tuple[int, dict[str, str]]], exponent: int
) -> dict[str, Order]:
    """The orders of a file by their names. Raises CommandFailed for the first bad line."""
    found: dict[str, Order] = {}
    for line, row in rows:
        order = _order(keys, line, row, exponent)
        name = order.credit.reference
        if found.setdefault(name, order) != order:
            hint = "each order stands there once, or each time alike"
            raise CommandFailed(f"line {line}: order {name!r} twice, not alike: {hint}", BAD_DATA)
    return found


async def _keep(s: Session, found: dict[str, Order], exponent: int) -> list[Credit]:
    """Store what is new of a file, inside a transaction; raises CommandFailed and stores nothing
    if it contradicts what is known."""
    given = await stored.list_credits(s.connection, s.tenant)
    known = {c.reference: c for c in given if c.source == PRESALE}
    secrets = await stored.presale_codes(s.connection, s.tenant)
    codes: list[tuple[str, bytes]] = []
    for reference, order in found.items():
        _same(order.credit, known.get(reference))
        if order.code is None or secrets.get(reference) == order.code:
            continue
        if reference in secrets:
            hint = "the first one counts; leave it out, or correct the file"
            raise CommandFailed(f"order {reference!r}: another code than before: {hint}", BAD_DATA)
        codes.append((reference, order.code))
    new = [order.credit for name, order in found.items() if name not in known]
    _fits(given, new, exponent)
    await stored.add_credits(s.connection, s.tenant, new, s.border.now_ms())
    try:
        await stored.add_presale_codes(s.connection, s.tenant, codes)
    except asyncpg.UniqueViolationError as error:
        hint = "give each order a code of its own"
        raise CommandFailed(f"two orders have the same code: {hint}", BAD_DATA) from error
    await wallets.book(s.connection, s.tenant, new, wallets.day_of(s.border.now_ms()))
    return new


async def bind(config_file: Path, border: Border, order: str, text: str) -> int:
    """Give the credit of an order to a band."""
    async with session(config_file, border) as s:
        exponent = (await current(s)).exponent
        medium = medium_of(s, text)
        async with s.alone():
            credit = await _bind(s, order, medium, exponent)
        version = await s.publish()
    told = {"order": order, "medium": medium.hex(), "amount_minor": credit.amount_minor}
    show({**told, "bundle_version": version})
    return 0


async def _bind(s: Session, order: str, medium: bytes, exponent: int) -> Credit:
    """The credit of an order, from now on this medium's. Raises CommandFailed."""
    given = await stored.list_credits(s.connection, s.tenant)
    mine = (one for one in given if (one.source, one.reference) == (PRESALE, order))
    credit = next(mine, None)
    if credit is None:
        raise CommandFailed(f"no order {order!r}: run `gatehouse central presale import` first")
    redeemed = await stored.redeemed_orders(s.connection, s.tenant)
    where = [row["medium"].hex() for row in redeemed if row["reference"] == order]
    if where:
        hint = f"its credit is on medium {where[0]}"
        raise CommandFailed(f"order {order!r} was redeemed at a till already: {hint}")
    if credit.medium is not None:
        raise CommandFailed(f"order {order!r} is bound to medium {credit.medium.hex()} already")
    bound = msgspec.structs.replace(credit, medium=medium)
    _fits(given, [bound], exponent)
    now_ms = s.border.now_ms()
    await stored.bind_credit(s.connection, s.tenant, credit, medium, now_ms)
    await wallets.book(s.connection, s.tenant, [bound], wallets.day_of(now_ms))
    return credit


def _order(keys: CashlessKeys, line: int, row: dict[str, str], exponent: int) -> Order:
    name, band = row["order"], row.get("band") or row.get("medium") or ""
    if row.get("band") and row.get("medium"):
        raise CommandFailed(f"line {line}: a band and a medium: one of them is enough", BAD_DATA)
    if not 1 <= len(name) <= 64 or not name.isprintable():
        raise CommandFailed(f"line {line}: an order has 1 to 64 characters", BAD_DATA)
    try:
        medium = medium_by(keys, band) if band else None
    except CommandFailed as error:
        raise CommandFailed(f"line {line}: {error}", BAD_DATA) from error
    minor = _minor(line, row["amount"], exponent)
    code = _code(line, row["code"]) if row.get("code") else None
    return Order(Credit(PRESALE, name, medium, minor), code)


def _minor(line: int, text: str, exponent: int) -> int:
    """The amount of a line, with a decimal point or comma."""
    try:
        minor = amount(text.replace(",", "."), exponent)
    except CommandFailed:
        as_here = decimal(1250, exponent)
        hint = f"write it as {as_here}, without currency, sign or anything between thousands"
        raise CommandFailed(f"line {line}: {text!r} is no amount: {hint}", BAD_DATA) from None
    if minor < 1:
        raise CommandFailed(f"line {line}: the amount is nothing: leave the line out", BAD_DATA)
    return minor


def _fits(given: list[Credit], new: list[Credit], exponent: int) -> None:
    """Raises CommandFailed for credit that its band, or any bundle, could never hold."""
    credit = wallets.too_much(given, new)
    if credit is not None:
        most = decimal(wallets.BAND_MAX_MINOR, exponent)
        told = f"order {credit.reference!r}: its band would get more than {most} in all"
        raise CommandFailed(f"{told}, which none can hold: correct the file", BAD_DATA)
    if len(given) + len(new) > MEDIA_MAX:
        told = f"with these there were {len(given) + len(new)} orders"
        raise CommandFailed(f"{told}; gateways can be told of {MEDIA_MAX}", BAD_DATA)


def _code(line: int, text: str) -> bytes:
    """Hash of an order's secret. Raises CommandFailed for one that could be guessed."""
    if sum(letter.isalnum() for letter in text) < CODE_CHARS_MIN:
        least = f"at least {CODE_CHARS_MIN} letters and digits"
        raise CommandFailed(f"line {line}: this code could be guessed: {least}", BAD_DATA)
    return hash_code(text)


def _same(credit: Credit, known: Credit | None) -> None:
    """The same order with another content is a mistake that must be named, never a correction."""
    if known is None:
        return
    order = credit.reference
    if known.amount_minor != credit.amount_minor:
        was = f"{known.amount_minor} before, {credit.amount_minor} now"
        hint = "a further credit needs an order of its own"
        raise CommandFailed(f"order {order!r}: another amount_minor ({was}): {hint}", BAD_DATA)
    if credit.medium is not None and known.medium != credit.medium:
        hint = "one order has one band"
        if known.medium is None:
            hint = "bind it with `gatehouse central presale bind`"
        raise CommandFailed(f"order {order!r}: another medium than before: {hint}", BAD_DATA)
