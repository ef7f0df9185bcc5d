"""Other shops: lines as typed, recorded whole or not at all, published as gates need them."""

from __future__ import annotations

import asyncpg
import pytest

from central.publish import build
from central.sales.catalogue import NotFound
from central.sales.foreign import NUMBER_MAX, BadIssuer, Line, add_pretix, parse_line
from central.store import sales, trust
from crypto.bundle import ForeignRow
from crypto.keys import SigningKey
from tests.central.world import NOW_MS, TENANT, Ledger, enrol

KEYS = [SigningKey(bytes([n]) * 32).public for n in (1, 2)]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("item=5", Line(5, None, None, "Day", "any")),
        (" item=5 , variation=* ", Line(5, None, None, "Day", "any")),
        ("item=0,variation=0,subevent=0", Line(0, 0, 0, "Day", "any")),
        ("product=2,performance=Sat,item=5,subevent=7", Line(5, None, 7, "2", "Sat")),
        (f"item={NUMBER_MAX}", Line(NUMBER_MAX, None, None, "Day", "any")),
    ],
)
def test_lines(text: str, line: Line) -> None:
    assert parse_line(text, "Day", "any") == line


@pytest.mark.parametrize(
    "text",
    ["", "item", "item=", "item=*", "item=-1", "item=٣", "item=1,,", "item=1;x=2", "item=1,item=1"]
    + [f"item={NUMBER_MAX + 1}", "item=1,variation=x", "variation=1", "item=1,name=x"],
)
def test_lines_that_mean_nothing_are_quoted(text: str) -> None:
    with pytest.raises(BadIssuer) as caught:
        parse_line(text, "Day", "any")
    assert repr(text) in str(caught.value)


async def fill(db: asyncpg.Connection) -> None:
    await enrol(db, Ledger())
    await sales.add_product(db, TENANT, sales.ProductRow(1, "Day"), NOW_MS)
    await sales.add_performance(db, TENANT, sales.PerformanceRow(3, "Sat"), NOW_MS)


@pytest.mark.asyncio
async def test_a_shop_is_published_with_its_mapping(connection: asyncpg.Connection) -> None:
    await fill(connection)
    lines = [Line(5, None, None, "Day", "any"), Line(5, 2, 9, "1", "Sat")]
    texts = [one.hex() for one in KEYS]
    assert await add_pretix(connection, TENANT, "shop", texts, lines, NOW_MS) == KEYS
    (shop,) = (await build(connection, TENANT)).foreign_issuers
    assert shop.name == "shop" and sorted(shop.keys) == sorted(KEYS)
    assert shop.rows == [ForeignRow(5, 1, 0), ForeignRow(5, 1, 3, 2, 9)]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("name", "keys", "lines", "said"),
    [
        ("shop", [KEYS[0].hex()], [Line(5, None, None, "Nothing", "any")], "product add"),
        ("shop", [KEYS[0].hex()], [Line(5, None, None, "Day", "Sun")], "performance add"),
        ("shop", [KEYS[0].hex()], [Line(5, None, None, "Day", "any")] * 2, "two rows"),
        ("shop", [KEYS[0].hex()] * 2, [], "recorded already"),
        ("shop", ["no key"], [], "--key"),
        ("A shop", [KEYS[0].hex()], [], "--name"),
    ],
)
async def test_half_a_shop_is_never_recorded(
    connection: asyncpg.Connection, name: str, keys: list[str], lines: list[Line], said: str
) -> None:
    await fill(connection)
    with pytest.raises((BadIssuer, NotFound), match=said):
        await add_pretix(connection, TENANT, name, keys, lines, NOW_MS)
    assert await trust.list_issuers(connection, TENANT) == []
    assert await trust.list_issuer_keys(connection, TENANT) == []
    assert await sales.list_foreign_rows(connection, TENANT) == []
