"""`product change`, `performance change`, `gate change`: what is not named stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from central.commands.catalogue import recorded, seconds
from central.commands.errors import USAGE, CommandFailed
from central.commands.session import Border, Session
from central.sales.catalogue import find_performance, find_product, number_of
from central.store import sales, versions

ALL = ("any",)


async def change_product(
    config_file: Path, border: Border, which: str, name: str | None, reentry: str | None,
    after_s: int | None,
) -> int:  # fmt: skip
    """Change a product (number or name) and publish it."""
    wanted = {"name": name, "reentry": reentry, "reentry_after_s": after_s}
    changes = given(wanted, "--name, --reentry or --reentry-after-s")

    async def write(s: Session) -> int:
        number = await find_product(s.connection, s.tenant, which)
        rows = {row.product: row for row in await sales.list_products(s.connection, s.tenant)}
        row = msgspec.structs.replace(rows[number], **changes)
        await versions.change_product(s.connection, s.tenant, row, border.now_ms())
        return number

    return await recorded(config_file, border, "product", name or which, write)


async def change_performance(
    config_file: Path, border: Border, which: str, name: str | None, starts: str | None,
    ends: str | None, admission: str | None,
) -> int:  # fmt: skip
    """Change a performance (number or name) and publish it; a time of 0 opens it again."""
    times = {"starts_s": starts, "ends_s": ends, "admission_s": admission}
    typed = {key: seconds(text, f"--{key[:-2]}") for key, text in times.items() if text is not None}
    changes = given({"name": name, **typed}, "--name, --starts, --ends or --admission")

    async def write(s: Session) -> int:
        number = await find_performance(s.connection, s.tenant, which)
        rows = await sales.list_performances(s.connection, s.tenant)
        known = {row.performance: row for row in rows}
        if number not in known:
            raise CommandFailed(f"{which!r} means every performance: name one", USAGE)
        row = msgspec.structs.replace(known[number], **changes)
        await versions.change_performance(s.connection, s.tenant, row, border.now_ms())
        return number

    return await recorded(config_file, border, "performance", name or which, write)


async def change_gate(
    config_file: Path, border: Border, which: str, name: str | None, products: tuple[str, ...],
    performances: tuple[str, ...],
) -> int:  # fmt: skip
    """Change a gate (number or name) and publish it; a list that is given replaces the old one."""
    wanted = {"name": name, "products": products or None, "performances": performances or None}
    given(wanted, "--name, --product or --performance")

    async def write(s: Session) -> int:
        db, tenant = s.connection, s.tenant
        known = {row.gate: row for row in await sales.list_gates(db, tenant)}
        number = number_of(which, {gate: row.name for gate, row in known.items()}, "gate")
        changes: dict[str, object] = {"name": name} if name is not None else {}
        if products:
            listed = () if products == ALL else products
            changes["products"] = [await find_product(db, tenant, one) for one in listed]
        if performances:
            listed = () if performances == ALL else performances
            found = [await find_performance(db, tenant, one) for one in listed]
            if 0 in found:
                raise CommandFailed("--performance any stands alone", USAGE)
            changes["performances"] = found
        row = msgspec.structs.replace(known[number], **changes)
        await versions.change_gate(db, tenant, row, border.now_ms())
        return number

    return await recorded(config_file, border, "gate", name or which, write)


def given(wanted: Mapping[str, object], options: str) -> dict[str, object]:
    """What was said of `wanted`. Raises CommandFailed when nothing was."""
    said = {key: value for key, value in wanted.items() if value is not None}
    if not said:
        raise CommandFailed(f"nothing to change: give {options}", USAGE)
    return said
