"""Numbers and names as people type them."""

from __future__ import annotations

import asyncpg
import pytest

from central.sales.catalogue import NotFound, find_performance, find_product, number_of
from central.store import sales, versions
from tests.central.world import NOW_MS, TENANT, Ledger, enrol

KNOWN = {1: "Day", 2: "1", 7: "Night"}


@pytest.mark.parametrize(("wanted", "number"), [("Day", 1), ("7", 7), ("1", 1), ("Night", 7)])
def test_a_number_counts_before_a_name(wanted: str, number: int) -> None:
    assert number_of(wanted, KNOWN, "product") == number


@pytest.mark.parametrize("wanted", ["", "day", " Day", "3", "٧", "-1", "Da"])
def test_nothing_is_guessed(wanted: str) -> None:
    with pytest.raises(NotFound, match=r"there are: 1 Day, 2 1, 7 Night.*central product add"):
        number_of(wanted, KNOWN, "product")


def test_a_long_list_is_cut_and_an_empty_one_said() -> None:
    with pytest.raises(NotFound, match="there is none yet"):
        number_of("x", {}, "gate")
    with pytest.raises(NotFound) as caught:
        number_of("x", {n: f"P{n}" for n in range(50)}, "product")
    assert "9 P9" in str(caught.value) and "10 P10" not in str(caught.value)


@pytest.mark.asyncio
async def test_any_means_every_performance_and_no_product(connection: asyncpg.Connection) -> None:
    await enrol(connection, Ledger())
    assert await find_performance(connection, TENANT, "any") == 0
    assert await find_performance(connection, TENANT, "0") == 0
    with pytest.raises(NotFound, match="performance add"):
        await find_performance(connection, TENANT, "1")
    with pytest.raises(NotFound, match="product add"):
        await find_product(connection, TENANT, "any")


@pytest.mark.asyncio
async def test_the_newest_name_is_found(connection: asyncpg.Connection) -> None:
    await enrol(connection, Ledger())
    await sales.add_product(connection, TENANT, sales.ProductRow(4, "Day"), NOW_MS)
    await versions.change_product(connection, TENANT, sales.ProductRow(4, "Week"), NOW_MS)
    assert await find_product(connection, TENANT, "Week") == 4
    with pytest.raises(NotFound, match="4 Week"):
        await find_product(connection, TENANT, "Day")
