"""Rows of what bands have shown; a band that is well is not read at all."""

from __future__ import annotations

import asyncpg
import msgspec
import pytest

from central.books.unexplained import HELD, POSTED, REISSUED, State
from central.store import unexplained
from tests.central.delivered import send
from tests.central.store.test_store_money import BAND, NEW_BAND
from tests.central.test_replaced import LOST
from tests.central.test_unexplained import FIRST, UNDONE
from tests.central.world import TENANT, Ledger, enrol

pytestmark = pytest.mark.asyncio


async def test_only_what_is_suspect_is_read(connection: asyncpg.Connection) -> None:
    ledger = Ledger()
    await enrol(connection, ledger)
    ledger.begin()
    ledger.add(FIRST)
    await send(connection, ledger)
    assert await unexplained.suspects(connection, TENANT) == []
    other = msgspec.structs.replace(LOST, medium=NEW_BAND, replaces=NEW_BAND)
    ledger.add([*UNDONE, other])
    await send(connection, ledger)
    assert await unexplained.suspects(connection, TENANT) == [BAND, NEW_BAND]
    rows = await unexplained.told(connection, TENANT, [BAND])
    assert [(row.kind, row.base, row.target) for row in sorted(rows, key=lambda row: row.seq)] == [
        (HELD, State(0, 0, 0), State(1, 450, 0)),
        (POSTED, State(0, 0, 0), State(1, 450, 0)),
        (HELD, State(2, 450, 450), State(3, 550, 450)),
        (POSTED, State(0, 0, 0), State(3, 550, 450)),
    ]
    (began,) = await unexplained.told(connection, TENANT, [NEW_BAND])
    assert (began.kind, began.band_epoch, began.target) == (REISSUED, 2, State(1, 0, 0))
