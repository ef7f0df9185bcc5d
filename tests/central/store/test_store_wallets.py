"""What the centre says of wallets: the newest word counts, credit and codes count once."""

from __future__ import annotations

import asyncpg
import pytest

from central.store import wallets
from central.store.wallets import Credit
from crypto.cashless import Wallet
from tests.central.world import GATEWAY, NOW_MS, TENANT

pytestmark = pytest.mark.asyncio
BAND = b"band-one-is-here"


@pytest.mark.parametrize("later_ms", [NOW_MS + 5, NOW_MS, NOW_MS - 86_400_000])
async def test_the_newest_word_counts_whatever_the_clock(
    db: asyncpg.Connection, later_ms: int
) -> None:
    await wallets.say(db, TENANT, Wallet(BAND, min_epoch=9, because="lost"), NOW_MS)
    await wallets.say(db, TENANT, Wallet(BAND, hold_minor=100), later_ms)
    word = (await wallets.words(db, TENANT))[BAND]
    assert (word["min_epoch"], word["hold_minor"], word["because"]) == (0, 100, "")


@pytest.mark.parametrize("later_ms", [NOW_MS + 5, NOW_MS, NOW_MS - 86_400_000])
async def test_the_newest_prices_count(db: asyncpg.Connection, later_ms: int) -> None:
    assert await wallets.newest_terms(db, TENANT) is None
    await wallets.set_terms(db, TENANT, b"one", NOW_MS)
    await wallets.set_terms(db, TENANT, b"two", later_ms)
    assert await wallets.newest_terms(db, TENANT) == (2, b"two")


async def test_credit_under_one_reference_is_kept_once(db: asyncpg.Connection) -> None:
    await wallets.add_credits(db, TENANT, [Credit("presale", "A1", None, 2000)], NOW_MS)
    await wallets.add_credits(db, TENANT, [Credit("presale", "A1", BAND, 9000)], NOW_MS)
    assert await wallets.list_credits(db, TENANT) == [Credit("presale", "A1", None, 2000)]


async def test_credit_is_bound_once(db: asyncpg.Connection) -> None:
    credit = Credit("presale", "A1", None, 2000)
    await wallets.add_credits(db, TENANT, [credit], NOW_MS)
    await wallets.bind_credit(db, TENANT, credit, BAND, NOW_MS)
    assert (await wallets.list_credits(db, TENANT))[0].medium == BAND
    with pytest.raises(asyncpg.UniqueViolationError):
        await wallets.bind_credit(db, TENANT, credit, b"band-two-is-here", NOW_MS)


async def test_credit_must_be_more_than_nothing(db: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.CheckViolationError) as error:
        await wallets.add_credits(db, TENANT, [Credit("presale", "A1", None, 0)], NOW_MS)
    assert error.value.constraint_name == "centre_credits_amount_is_positive"


async def test_keys_are_numbered_and_revoked_once(db: asyncpg.Connection) -> None:
    assert await wallets.add_key(db, TENANT, GATEWAY, b"a" * 32, 5000, NOW_MS) == 1
    assert await wallets.add_key(db, TENANT, GATEWAY, b"b" * 32, 0, NOW_MS) == 2
    await wallets.revoke_key(db, TENANT, 1, "stolen", NOW_MS)
    assert [key.revoked for key in await wallets.list_keys(db, TENANT)] == [True, False]
    with pytest.raises(asyncpg.UniqueViolationError):
        await wallets.add_key(db, TENANT, GATEWAY, b"a" * 32, 0, NOW_MS)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await wallets.revoke_key(db, TENANT, 3, "", NOW_MS)


async def test_credit_of_the_centre_is_booked_once(db: asyncpg.Connection) -> None:
    for _ in range(2):
        await wallets.book_credits(db, TENANT, [(BAND, bytes(16), 2000)], 20260704)
    assert await db.fetchval("SELECT sum(amount_minor)::bigint FROM wallet_movements") == 2000
