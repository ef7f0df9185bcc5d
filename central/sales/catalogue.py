"""Products and performances by number or name, as people type them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from central.store import sales

if TYPE_CHECKING:
    from central.store import Connection

ANY_PERFORMANCE = ("0", "any")


class NotFound(Exception):
    """Nothing has this number or name; says how to create it."""


def number_of(wanted: str, known: dict[int, str], what: str) -> int:
    """The number that `wanted` (a number or an exact name) means. Raises NotFound."""
    if wanted.isascii() and wanted.isdecimal() and int(wanted) in known:
        return int(wanted)
    for number, name in known.items():
        if name == wanted:
            return number
    listed = ", ".join(f"{number} {name}" for number, name in list(known.items())[:10])
    there = f"there are: {listed}" if known else "there is none yet"
    raise NotFound(f"no {what} {wanted!r} ({there}); create it with `gatehouse central {what} add`")


async def find_product(connection: Connection, tenant: bytes, wanted: str) -> int:
    """Number of a product. Raises NotFound."""
    rows = await sales.list_products(connection, tenant)
    return number_of(wanted, {row.product: row.name for row in rows}, "product")


async def find_performance(connection: Connection, tenant: bytes, wanted: str) -> int:
    """Number of a performance; `any` or 0 for every performance. Raises NotFound."""
    if wanted in ANY_PERFORMANCE:
        return 0
    rows = await sales.list_performances(connection, tenant)
    return number_of(wanted, {row.performance: row.name for row in rows}, "performance")
