"""Rows of replaced bands: kept once, read back as they are."""

from __future__ import annotations

import asyncpg
import pytest

from central.ingest import deliver
from central.store import replaced, wallets
from crypto.entry import BundleApplied
from tests.central.store.test_store_money import BAND, NEW_BAND, txid
from tests.central.test_replaced import LOST
from tests.central.world import DAY, GATEWAY, NOW_MS, TENANT, Ledger, hlc, packed

pytestmark = pytest.mark.asyncio


async def bring(db: asyncpg.Connection, *facts: object) -> None:
    ledger = Ledger()
    ledger.begin()
    ledger.add(list(facts))  # type: ignore[arg-type]
    await deliver(db, ledger.log(), 1, packed(ledger.blocks), NOW_MS)


async def test_the_newest_bundle_by_the_log_is_the_one_that_is_followed(
    db: asyncpg.Connection,
) -> None:
    versions = (3, 4, 2)
    await bring(db, *(BundleApplied(hlc(), DAY, 120, one, bytes(32)) for one in versions))
    assert await replaced.applied(db, TENANT) == {GATEWAY: (2, hlc())}


async def test_who_holds_no_key_replaces_no_band(db: asyncpg.Connection) -> None:
    await bring(db, LOST)
    assert (await replaced.reissues(db, TENANT), await replaced.waiting(db, TENANT)) == ([], {})
    await wallets.add_key(db, TENANT, GATEWAY, b"k" * 32, 0, NOW_MS)
    (one,) = await replaced.reissues(db, TENANT, BAND)
    assert (one.medium, one.epoch, one.old, one.old_epoch) == (NEW_BAND, 2, BAND, 1)
    assert (one.carried_minor, one.held_minor, one.released_minor) == (1550, 3000, None)
    assert await replaced.waiting(db, TENANT) == {txid(4): (BAND, 1)}


async def test_the_newest_word_on_a_block_counts(db: asyncpg.Connection) -> None:
    for version, blocks in ((3, True), (5, False), (4, True)):
        await replaced.note_version(db, TENANT, version, {txid(4): blocks})
    assert await replaced.blocked_since(db, TENANT) == {txid(4): (5, False)}


async def test_it_is_let_go_once_and_moved_once(db: asyncpg.Connection) -> None:
    await replaced.let_go(db, TENANT, txid(4), NEW_BAND, 7, NOW_MS, "settled")
    with pytest.raises(asyncpg.UniqueViolationError):
        await replaced.let_go(db, TENANT, txid(4), NEW_BAND, 7, NOW_MS, "settled")
    await replaced.move(db, TENANT, txid(5), BAND, NEW_BAND, 7, DAY)
    with pytest.raises(asyncpg.UniqueViolationError):
        await replaced.move(db, TENANT, txid(5), BAND, NEW_BAND, 7, DAY)
