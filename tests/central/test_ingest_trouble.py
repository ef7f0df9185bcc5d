"""What is not simply stored: forks, quarantines, facts nobody understands (yet)."""

from __future__ import annotations

from typing import Any

import asyncpg
import msgspec
import pytest

from central import ingest
from central.ingest import Accepted, Refused
from central.store import logs, trouble, wallets
from crypto.entry import encode_facts
from crypto.money import MediumBlocked
from tests.central.delivered import counts, send
from tests.central.world import (
    GATEWAY,
    NOW_MS,
    OTHER,
    TENANT,
    Ledger,
    admitted,
)
from tests.crypto.money_samples import make_money_facts

pytestmark = pytest.mark.asyncio


async def test_a_fork_is_kept_on_both_sides_and_stops_posting(db: asyncpg.Connection) -> None:
    ledger = Ledger().fill(2)
    await send(db, ledger)
    twin = Ledger().fill(1)
    twin.add([admitted(n) for n in (901, 902, 903, 904)])
    assert await send(db, twin) == Refused("fork", 6)
    found = (await trouble.list_forks(db, TENANT))[0]
    assert (found.seq, found.held_hash) == (6, ledger.head.hash)
    assert found.offered_hash == twin.head.hash
    assert await db.fetchval("SELECT offered FROM forks") == twin.blocks[2]
    assert await send(db, twin) == Refused("fork", 6)
    assert len(await trouble.list_forks(db, TENANT)) == 1
    # receiving does not stop, posting does
    ledger.fill(2)
    outcome = await send(db, ledger)
    assert isinstance(outcome, Accepted) and outcome.stored == 8
    assert await counts(db) == (5, 9)
    mark = (await logs.list_watermarks(db, TENANT))[0]
    assert (mark.through_seq, mark.posted_seq) == (17, 9)


async def test_a_block_that_does_not_chain_onto_the_head_is_a_fork(db: asyncpg.Connection) -> None:
    ledger = Ledger().fill(1)
    await send(db, ledger)
    twin = Ledger()
    twin.begin()
    twin.add([admitted(n) for n in (901, 902, 903, 904)])
    twin.add([admitted(905)])
    assert await send(db, twin, 2) == Refused("fork", 6)
    assert (await trouble.list_forks(db, TENANT))[0].held_hash == ledger.head.hash


async def test_release_posts_what_waited(
    db: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger().fill(2)
    await send(db, ledger)
    await trouble.set_quarantine(db, TENANT, GATEWAY, True, "test", NOW_MS)
    await send(db, ledger.fill(300, each=1))
    assert await counts(db) == (303, 9)
    post_waiting, meanwhile = ingest.post_waiting, [ledger.fill(1)]

    async def posts(*args: Any) -> int:
        waited = await post_waiting(*args)
        if meanwhile:  # a delivery that still finds the quarantine
            await send(db, meanwhile.pop())
        return waited

    monkeypatch.setattr(ingest, "post_waiting", posts)
    assert await ingest.release(db, TENANT, GATEWAY, NOW_MS) == 304
    assert await counts(db) == (304, 313)
    await send(db, ledger.fill(1))
    assert await counts(db) == (305, 317)


async def test_a_release_that_was_cut_short_is_finished_by_the_next(
    db: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger().fill(2)
    await trouble.set_quarantine(db, TENANT, GATEWAY, True, "test", NOW_MS)
    await send(db, ledger)

    async def killed(*_: object) -> None:
        raise asyncpg.AdminShutdownError("planted")

    with monkeypatch.context() as patch:
        patch.setattr(ingest, "post_held", killed)
        with pytest.raises(asyncpg.AdminShutdownError):
            await ingest.release(db, TENANT, GATEWAY, NOW_MS)
    assert await trouble.quarantined(db, TENANT, GATEWAY), "what waits would wait for ever"
    assert await ingest.release(db, TENANT, GATEWAY, NOW_MS) == 9
    assert not await trouble.quarantined(db, TENANT, GATEWAY)


async def test_what_waited_is_posted_by_the_next_run_at_the_latest(db: asyncpg.Connection) -> None:
    ledger = Ledger().fill(1)
    await trouble.set_quarantine(db, TENANT, GATEWAY, True, "test", NOW_MS)
    await send(db, ledger)
    await trouble.set_quarantine(db, TENANT, GATEWAY, False, "test", NOW_MS - 10_000)
    await send(db, ledger.fill(1))
    assert await counts(db) == (3, 9)


async def test_quarantine_of_one_gateway_does_not_touch_another(db: asyncpg.Connection) -> None:
    await trouble.set_quarantine(db, TENANT, GATEWAY, True, "test", NOW_MS)
    await send(db, Ledger(OTHER, seed=2).fill(1))
    assert await counts(db) == (2, 5)


UNKNOWN = msgspec.msgpack.encode([999, 7 << 16, 20260704, 0, "from the future"])


async def test_a_block_of_all_epochs_is_a_row_however_it_is_said(db: asyncpg.Connection) -> None:
    """Epochs have 16 bits: a word beyond them must not stop a log for ever."""
    ledger = Ledger()
    ledger.begin()
    blocked = next(fact for fact in make_money_facts() if isinstance(fact, MediumBlocked))
    ledger.add([msgspec.structs.replace(blocked, min_epoch=0xFFFF_FFFF)])
    assert isinstance(await send(db, ledger), Accepted)
    ((least, _, _),) = (await wallets.blocked_by_gateways(db, TENANT)).values()
    assert least == wallets.EVERY_EPOCH


async def test_an_unknown_kind_is_kept_and_blocks_nothing(db: asyncpg.Connection) -> None:
    ledger = Ledger()
    ledger.begin()
    one = encode_facts([admitted(1)])[1:]
    ledger.add([], body=b"\x93" + one + UNKNOWN + one, count=3)
    ledger.fill(1)
    outcome = await send(db, ledger)
    assert isinstance(outcome, Accepted) and outcome.head.seq == 8
    assert await counts(db) == (3, 7)
    letter = (await trouble.list_letters(db, TENANT))[0]
    assert (letter.seq, letter.kind, letter.raw) == (3, 999, UNKNOWN)


@pytest.mark.parametrize("body", [b"\x91\xc0", b"\xc1", b"", b"\x92\x01\x02", b"\x90", UNKNOWN])
async def test_a_body_that_cannot_be_read_is_kept_whole(
    db: asyncpg.Connection, body: bytes
) -> None:
    ledger = Ledger()
    ledger.begin()
    ledger.add([], body=body, count=2)
    outcome = await send(db, ledger)
    assert isinstance(outcome, Accepted) and outcome.head.seq == 3
    letter = (await trouble.list_letters(db, TENANT))[0]
    assert (letter.seq, letter.kind, letter.raw) == (2, 0, body)


@pytest.mark.parametrize(
    "change",
    [
        {"ticket": b"x" * 97},
        {"lane": 1 << 31},
        {"hlc": 1 << 63},
        {"performance": 1 << 63},
        {"offset_min": 1 << 15},
        {"day": -(1 << 31) - 1},
    ],
)
async def test_what_no_row_can_hold_is_kept_raw(
    db: asyncpg.Connection, change: dict[str, object]
) -> None:
    ledger = Ledger()
    ledger.begin()
    ledger.add([admitted(1), msgspec.structs.replace(admitted(2), **change), admitted(3)])
    outcome = await send(db, ledger)
    assert isinstance(outcome, Accepted) and outcome.head.seq == 4
    assert await counts(db) == (2, 3)
    assert [one.seq for one in await trouble.list_letters(db, TENANT)] == [3]
