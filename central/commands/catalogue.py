"""`product`, `performance` and `gate`, each `add | list`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

import asyncpg

from central.commands.errors import USAGE, CommandFailed
from central.commands.session import Border, Session, session, show
from central.sales.catalogue import NotFound, find_performance, find_product
from central.store import sales, tickets
from central.store.names import NameTaken

SECONDS_MAX = 0xFFFFFFFF


def seconds(text: str | None, option: str) -> int:
    """Unix seconds of a whole number or an ISO time with its offset; 0 for None."""
    if text is None:
        return 0
    if text.isascii() and text.isdecimal():
        value = int(text)
    else:
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            raise CommandFailed(
                f"{option} {text!r} is no time: as 2026-07-04T18:00+02:00, or unix seconds", USAGE
            ) from None
        if at.tzinfo is None:
            raise CommandFailed(f"{option} {text!r} needs its offset, as {text}+02:00", USAGE)
        value = int(at.timestamp())
    if not 0 <= value <= SECONDS_MAX:
        raise CommandFailed(f"{option} {text!r} is out of range", USAGE)
    return value


async def add_product(
    config_file: Path, border: Border, number: int | None, name: str, reentry: str, after_s: int
) -> int:
    """Record a product and publish it."""

    async def add(s: Session) -> int:
        taken = [row.product for row in await sales.list_products(s.connection, s.tenant)]
        chosen = number or next_free(taken)
        row = sales.ProductRow(chosen, name, reentry, after_s)
        await sales.add_product(s.connection, s.tenant, row, border.now_ms())
        return chosen

    return await recorded(config_file, border, "product", name, add)


async def add_performance(
    config_file: Path, border: Border, number: int | None, name: str,
    starts: str | None, ends: str | None, admission: str | None,
) -> int:  # fmt: skip
    """Record a performance and publish it."""
    times = (
        seconds(starts, "--starts"), seconds(ends, "--ends"), seconds(admission, "--admission"),
    )  # fmt: skip

    async def add(s: Session) -> int:
        rows = await sales.list_performances(s.connection, s.tenant)
        chosen = number or next_free([row.performance for row in rows])
        row = sales.PerformanceRow(chosen, name, *times)
        await sales.add_performance(s.connection, s.tenant, row, border.now_ms())
        return chosen

    return await recorded(config_file, border, "performance", name, add)


async def add_gate(
    config_file: Path, border: Border, number: int | None, name: str,
    products: tuple[str, ...], performances: tuple[str, ...],
) -> int:  # fmt: skip
    """Record a gate and publish it; without products or performances it admits all."""

    async def add(s: Session) -> int:
        rows = await sales.list_gates(s.connection, s.tenant)
        chosen = number or next_free([row.gate for row in rows])
        row = sales.GateRow(
            chosen,
            name,
            [await find_product(s.connection, s.tenant, one) for one in products],
            [await find_performance(s.connection, s.tenant, one) for one in performances],
        )
        await sales.add_gate(s.connection, s.tenant, row, border.now_ms())
        return chosen

    return await recorded(config_file, border, "gate", name, add)


async def recorded(
    config_file: Path, border: Border, what: str, name: str,
    write: Callable[[Session], Awaitable[int]],
) -> int:  # fmt: skip
    """Let `write` record something called `name`; publish it; say number and name."""
    async with session(config_file, border) as s:
        try:
            number = await write(s)
        except NotFound as error:
            raise CommandFailed(str(error)) from error
        except NameTaken as error:
            raise CommandFailed(
                f"a {what} has or had the name {str(error)!r}: choose another"
            ) from error
        except asyncpg.UniqueViolationError as error:
            rule = error.constraint_name or ""
            if rule.endswith("_versions_pk"):
                raise CommandFailed(
                    f"somebody else changed this {what} just now: try again"
                ) from error
            which = "name" if rule.endswith("name_once") else "number"
            raise CommandFailed(f"a {what} with this {which} exists: choose another") from error
        except (asyncpg.CheckViolationError, asyncpg.DataError) as error:
            rule = getattr(error, "constraint_name", None) or str(error)
            raise CommandFailed(f"{what} {name!r} breaks the rule {rule}", USAGE) from error
        version = await s.publish()
    show({what: number, "name": name, "bundle_version": version})
    return 0


def next_free(taken: list[int]) -> int:
    """One more than the highest number in use."""
    return max(taken, default=0) + 1


async def list_products(config_file: Path, border: Border) -> int:
    """Every product."""
    async with session(config_file, border) as s:
        rows = await sales.list_products(s.connection, s.tenant)
    show({"products": rows})
    return 0


async def list_performances(config_file: Path, border: Border) -> int:
    """Every performance with the number of codes issued for it."""
    async with session(config_file, border) as s:
        rows = await sales.list_performances(s.connection, s.tenant)
        issued = await tickets.count_tickets(s.connection, s.tenant)
    counts: dict[int, int] = {}
    for (performance, _), count in issued.items():
        counts[performance] = counts.get(performance, 0) + count
    show(
        {
            "performances": [
                {
                    "performance": row.performance,
                    "name": row.name,
                    "starts_s": row.starts_s,
                    "ends_s": row.ends_s,
                    "admission_s": row.admission_s,
                    "issued": counts.get(row.performance, 0),
                }
                for row in rows
            ]
        }
    )
    return 0


async def list_gates(config_file: Path, border: Border) -> int:
    """Every gate with what it admits."""
    async with session(config_file, border) as s:
        rows = await sales.list_gates(s.connection, s.tenant)
    show({"gates": rows})
    return 0
