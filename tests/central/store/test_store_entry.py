"""Terms are appended, the newest counts; guests come and go, and nothing remembers them."""

from __future__ import annotations

import asyncpg
import pytest
import pytest_asyncio

from central.store import ROLE, entry
from crypto.guests import Guest
from tests.central.world import NOW_MS, TENANT, Ledger, enrol

pytestmark = pytest.mark.asyncio
ANNA, BERT = Guest("1", "Anna", b"venue:1", 2, 228, "press"), Guest("2", "Bert")


@pytest_asyncio.fixture
async def service(connection: asyncpg.Connection) -> asyncpg.Connection:
    await enrol(connection, Ledger())
    await connection.execute(f"SET ROLE {ROLE}")
    return connection


async def test_the_newest_terms_count_though_the_clock_was_set_back(
    service: asyncpg.Connection,
) -> None:
    assert await entry.newest_terms(service, TENANT) is None
    await entry.set_terms(service, TENANT, b"one", NOW_MS)
    await entry.set_terms(service, TENANT, b"two", NOW_MS - 5000)
    assert await entry.newest_terms(service, TENANT) == b"two"
    assert await entry.newest_terms(service, b"?" * 16) is None


async def test_guests_come_change_and_go(service: asyncpg.Connection) -> None:
    assert await entry.newest_list(service, TENANT) == (0, 0)
    await entry.put_guests(service, TENANT, [ANNA, BERT], [], NOW_MS)
    assert await entry.list_guests(service, TENANT) == [ANNA, BERT]
    await entry.put_guests(service, TENANT, [Guest("2", "Berta")], ["1"], NOW_MS + 1)
    assert await entry.list_guests(service, TENANT) == [Guest("2", "Berta")]
    assert await entry.newest_list(service, TENANT) == (2, NOW_MS + 1)


async def test_of_a_listed_ticket_the_newest_code_counts(service: asyncpg.Connection) -> None:
    assert await entry.codes_of_guests(service, TENANT) == {}
    await entry.put_guests(service, TENANT, [ANNA, BERT], [], NOW_MS)
    assert await entry.codes_of_guests(service, TENANT) == {}  # a seller that is not ours


async def test_nothing_remembers_who_was_erased(service: asyncpg.Connection) -> None:
    await entry.put_guests(service, TENANT, [ANNA], [], NOW_MS)
    await entry.put_guests(service, TENANT, [], ["1"], NOW_MS)
    for table in ("guests", "guest_lists", "entry_terms"):
        rows = await service.fetch(f"SELECT * FROM {table}")
        assert "Anna" not in str(rows)
