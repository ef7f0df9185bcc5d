"""`merchant statement`: what is owed to those who sell at our tills."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

from central.books.merchants import Day, Statement
from central.commands.errors import USAGE, CommandFailed
from central.commands.session import Border, may_be_written, session, show, write_out
from central.owed import FIRST_DAY, LAST_DAY, statements
from central.sheets import Cell, decimal, iso_day, table

MERCHANT_MAX = 65_535
HEAD = (
    "merchant", "name", "day", "what", "tax_rate", "receipts", "amount", "amount_minor",
    "net_minor", "tax_minor",
)  # fmt: skip


def day_untrusted(option: str, text: str, otherwise: int) -> int:
    """A business day as YYYYMMDD from a date as people write it. Raises CommandFailed."""
    if not text:
        return otherwise
    try:
        return int(datetime.date.fromisoformat(text).strftime("%Y%m%d"))
    except ValueError:
        raise CommandFailed(f"{option} {text!r} is no date: as 2026-07-04", USAGE) from None


async def print_statement(
    config_file: Path, border: Border, merchant: int | None, first: str, last: str,
    csv: Path | None, force: bool = False,
) -> int:  # fmt: skip
    """Statements of all merchants or of one, as JSON; with `csv` also as a table there."""
    days = (day_untrusted("--from", first, FIRST_DAY), day_untrusted("--to", last, LAST_DAY))
    if days[0] > days[1]:
        raise CommandFailed(f"--from {first} is after --to {last}", USAGE)
    if merchant is not None and not 1 <= merchant <= MERCHANT_MAX:
        raise CommandFailed(f"--merchant must be 1 to {MERCHANT_MAX}", USAGE)
    if csv is not None:
        may_be_written(csv, "the statement", force)
    async with session(config_file, border) as s, s.still():
        told = await statements(s.connection, s.tenant, merchant, *days)
        if told is None:
            raise CommandFailed("no prices yet: run `gatehouse central cashless set FILE` first")
        if not told.statements and merchant is not None:
            known = await statements(s.connection, s.tenant)
            there = [str(one.merchant) for one in known.statements] if known is not None else []
            numbers = ", ".join(there) or "none yet"
            raise CommandFailed(f"no merchant {merchant} (there are: {numbers})")
    if csv is not None:
        write_out(csv, as_table(told.statements, told.exponent), "the statement")
    show(told)
    return 0


def as_table(told: list[Statement], exponent: int) -> bytes:
    """All statements as one CSV table: a row per day and sum, then the totals."""
    return table(HEAD, (row for one in told for row in _rows(one, exponent)))


def _rows(one: Statement, exponent: int) -> Iterator[list[Cell]]:
    for day in (*one.days, one.total):
        for what, rate, receipts, minor, net, tax in (*_sums(day), *_after(one, day)):
            yield [
                one.merchant, one.name, iso_day(day.day) if day.day else "total", what, rate,
                receipts, decimal(minor, exponent), minor, net, tax,
            ]  # fmt: skip


_Row = tuple[str, Cell, int | None, int, int | None, int | None]


def _sums(day: Day) -> Iterator[_Row]:
    yield "goods", None, day.sales, day.goods_minor, None, None
    yield "given away", None, None, day.given_away_minor, None, None
    yield "deposit out", None, None, day.deposit_out_minor, None, None
    yield "deposit back", None, None, day.deposit_back_minor, None, None
    yield "tips", None, None, day.tips_minor, None, None
    yield "rounding", None, None, day.rounding_minor, None, None
    yield "reversals", None, day.reversals, day.reversed_minor, None, None
    yield "refunds", None, day.refunds, day.refunded_minor, None, None
    yield "payable", None, None, day.payable_minor, None, None
    for rate in day.rates:
        percent = decimal(rate.rate_bp, 2)
        yield "of it taxed", percent, None, rate.gross_minor, rate.net_minor, rate.tax_minor


def _after(one: Statement, day: Day) -> Iterator[_Row]:
    if not day.day and one.commission_bp:
        yield (
            "commission", decimal(one.commission_bp, 2), None, -one.commission_minor,
            -one.commission_net_minor, -one.commission_tax_minor,
        )  # fmt: skip
        yield "payout", None, None, one.payout_minor, None, None
