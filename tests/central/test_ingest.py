"""Deliveries: stored once, whole or not at all, whatever comes and however often."""

from __future__ import annotations

import asyncio

import asyncpg
import msgspec
import pytest
import zstandard

from central import ingest
from central.ingest import Accepted, BadRun, NotEnrolled, Refused, TooLarge, deliver
from central.store import facts, logs, money, trust
from crypto.certificate import EpochCertificate, certify
from crypto.entry import ClockMeasured, ConflictFound, EpochBegun, Use
from tests.central.delivered import counts, send
from tests.central.store.test_store_money import held, posted
from tests.central.world import (
    DAY,
    GATEWAY,
    NOW_MS,
    OTHER,
    TENANT,
    Ledger,
    admitted,
    completed,
    enrol,
    hlc,
    packed,
)

pytestmark = pytest.mark.asyncio


async def test_a_run_becomes_blocks_rows_and_a_head(db: asyncpg.Connection) -> None:
    ledger = Ledger().fill(3)
    outcome = await send(db, ledger)
    assert outcome == Accepted(ledger.head, 13, NOW_MS)
    assert await counts(db) == (4, 13)
    assert await logs.read_blocks(db, TENANT, GATEWAY, 5, 1, 10) == ledger.blocks
    mark = (await logs.list_watermarks(db, TENANT))[0]
    assert (mark.through_seq, mark.posted_seq, mark.head) == (13, 13, ledger.head.hash)


async def test_admissions_carry_their_outcome(db: asyncpg.Connection) -> None:
    ledger = Ledger()
    ledger.begin()
    ledger.add([admitted(1), admitted(2)])
    ledger.add([completed(5, 2, admitted(1).ticket)])
    await send(db, ledger)
    rows = {row.seq: row for row in await facts.list_admissions(db, TENANT)}
    assert rows[2].outcome_kind == 12 and rows[2].passed == 1
    assert rows[3].outcome_kind is None
    assert rows[2].ticket == admitted(1).ticket and rows[2].lane == 1 and rows[2].gate == 1


async def test_the_same_run_twice_is_stored_once(db: asyncpg.Connection) -> None:
    ledger = Ledger().fill(3)
    await send(db, ledger)
    assert await send(db, ledger) == Accepted(ledger.head, 0, NOW_MS)
    assert await counts(db) == (4, 13)


async def test_overlap_is_skipped_and_the_rest_appended(db: asyncpg.Connection) -> None:
    ledger = Ledger().fill(5)
    await send(db, ledger, 0, 3)
    assert await send(db, ledger, 1) == Accepted(ledger.head, 12, NOW_MS)
    assert await counts(db) == (6, 21)


async def test_an_old_part_gets_the_receipt_of_the_head(db: asyncpg.Connection) -> None:
    ledger = Ledger().fill(5)
    await send(db, ledger)
    outcome = await send(db, ledger, 1, 2)
    assert isinstance(outcome, Accepted) and outcome.head == ledger.head


async def test_out_of_order_says_what_is_wanted(db: asyncpg.Connection) -> None:
    ledger = Ledger().fill(4)
    assert await send(db, ledger, 2) == Refused("gap", 1)
    await send(db, ledger, 0, 2)
    assert await send(db, ledger, 3) == Refused("gap", 6)
    assert await counts(db) == (2, 5)


async def test_a_later_epoch_stands_beside_the_first(db: asyncpg.Connection) -> None:
    await send(db, Ledger().fill(1))
    await send(db, Ledger(epoch=6, key_seed=10).fill(1))
    assert [m.epoch for m in await logs.list_watermarks(db, TENANT)] == [5, 6]


@pytest.mark.parametrize("at", [0, 5, 60, 92, 100, -200, -97, -96, -65, -64, -1])
async def test_an_altered_block_is_refused_whole(db: asyncpg.Connection, at: int) -> None:
    ledger = Ledger().fill(3)
    altered = bytearray(ledger.blocks[2])
    altered[at] ^= 1
    ledger.blocks[2] = bytes(altered)
    with pytest.raises(BadRun, match="seq 6"):
        await deliver(db, ledger.log(), 1, packed(ledger.blocks), NOW_MS)
    assert await counts(db) == (0, 0)


async def test_a_cut_off_run_is_refused_whole(db: asyncpg.Connection) -> None:
    ledger = Ledger().fill(2)
    body = zstandard.ZstdCompressor().compress(b"".join(ledger.blocks)[:-10])
    with pytest.raises(BadRun, match="cut off"):
        await deliver(db, ledger.log(), 1, body, NOW_MS)
    assert await counts(db) == (0, 0)


async def test_the_address_must_name_the_log_that_comes(db: asyncpg.Connection) -> None:
    ledger = Ledger().fill(1)
    body = packed(ledger.blocks)
    with pytest.raises(BadRun, match="another log"):
        await deliver(db, msgspec.structs.replace(ledger.log(), epoch=6), 1, body, NOW_MS)
    with pytest.raises(BadRun, match="another log"):
        await deliver(db, msgspec.structs.replace(ledger.log(), gateway=OTHER), 1, body, NOW_MS)
    with pytest.raises(BadRun, match="stands where 2 belongs"):
        await deliver(db, ledger.log(), 2, body, NOW_MS)


async def test_blocks_of_a_run_must_follow_each_other(db: asyncpg.Connection) -> None:
    ledger = Ledger().fill(3)
    with pytest.raises(BadRun, match="stands where 2 belongs"):
        await deliver(db, ledger.log(), 1, packed([ledger.blocks[0], ledger.blocks[2]]), NOW_MS)


async def test_an_empty_run_is_refused(db: asyncpg.Connection) -> None:
    with pytest.raises(BadRun, match="empty"):
        await deliver(db, Ledger().log(), 1, packed([]), NOW_MS)


async def test_unknown_and_revoked_gateways_are_not_heard(db: asyncpg.Connection) -> None:
    stranger = Ledger(b"nobody-knows-me!", seed=3).fill(1)
    with pytest.raises(NotEnrolled, match="not known"):
        await send(db, stranger)
    ledger = Ledger().fill(2)
    await send(db, ledger, 0, 2)
    await trust.revoke_gateway(db, TENANT, GATEWAY, NOW_MS, "stolen")
    with pytest.raises(NotEnrolled, match="revoked"):
        await send(db, ledger, 2)
    assert await counts(db) == (2, 5)


async def test_the_epochs_key_must_be_certified_by_the_device(db: asyncpg.Connection) -> None:
    foreign = Ledger(seed=3).fill(1)  # signed by a device key that is not gateway 1's
    with pytest.raises(BadRun, match="device key"):
        await send(db, foreign)


@pytest.mark.parametrize("field", ["tenant", "gateway", "epoch"])
async def test_a_certificate_of_another_log_is_refused(db: asyncpg.Connection, field: str) -> None:
    ledger = Ledger()
    other = {"tenant": bytes(16), "gateway": OTHER, "epoch": 99}
    said = EpochCertificate(TENANT, GATEWAY, 5, ledger.key.public)
    raw = certify(msgspec.structs.replace(said, **{field: other[field]}), ledger.device)
    ledger.add([EpochBegun(1, 1, 1, raw, 0, 0, bytes(32), "first")])
    with pytest.raises(BadRun, match="another log"):
        await send(db, ledger)


async def test_an_epoch_must_begin_with_its_certificate(db: asyncpg.Connection) -> None:
    ledger = Ledger()
    ledger.add([admitted(1)])
    with pytest.raises(BadRun, match="EpochBegun"):
        await send(db, ledger)


async def test_another_key_cannot_go_on_with_the_log(db: asyncpg.Connection) -> None:
    ledger = Ledger().fill(1)
    await send(db, ledger)
    thief = Ledger(key_seed=77)
    thief.head = ledger.head
    thief.add([admitted(9)])
    with pytest.raises(BadRun, match="not signed"):
        await send(db, thief)


async def test_a_sibling_delivers_for_one_that_burnt(db: asyncpg.Connection) -> None:
    ledger = Ledger().fill(1)
    outcome = await deliver(db, ledger.log(OTHER), 1, packed(ledger.blocks), NOW_MS)
    assert isinstance(outcome, Accepted) and outcome.stored == 5


async def test_a_sibling_brings_the_rest_of_one_that_burnt_and_was_revoked(
    db: asyncpg.Connection,
) -> None:
    ledger = Ledger().fill(2)
    await send(db, ledger, 0, 2)
    await trust.revoke_gateway(db, TENANT, GATEWAY, NOW_MS, "burnt")
    with pytest.raises(NotEnrolled, match="revoked"):
        await send(db, ledger, 2)
    outcome = await deliver(db, ledger.log(OTHER), 6, packed(ledger.blocks[2:]), NOW_MS)
    assert isinstance(outcome, Accepted) and outcome.head == ledger.head


async def test_conflicts_and_measured_clocks_are_rows(db: asyncpg.Connection) -> None:
    ledger = Ledger()
    ledger.begin()
    uses = [Use(gateway, 5, seq, hlc(), 120, 1, 2) for gateway, seq in ((OTHER, 3), (GATEWAY, 4))]
    found = ConflictFound(hlc(), DAY, 120, bytes(16), b"house:12345678", *uses)
    ledger.add([found, ClockMeasured(hlc(), DAY, 120, OTHER, -70_000, 3, True)])
    await send(db, ledger)
    rows = await db.fetch("SELECT * FROM facts WHERE kind IN (9, 18) ORDER BY seq")
    assert (rows[0]["kind"], rows[0]["ticket"]) == (18, b"house:12345678")
    assert (rows[0]["of_epoch"], rows[0]["of_seq"]) == (5, 4)
    assert rows[0]["cause"] == f"{OTHER.hex()}:5:3 {GATEWAY.hex()}:5:4"
    assert rows[1]["cause"] == f"{OTHER.hex()}: -70000 ms ahead, beyond limits"


async def test_two_workers_with_the_same_blocks_store_them_once(
    dsn: str, connection: asyncpg.Connection
) -> None:
    await enrol(connection, Ledger())
    ledger = Ledger().fill(30)
    workers = [await asyncpg.connect(dsn) for _ in range(4)]
    try:
        for end in range(3, 31, 3):
            outcomes = await asyncio.gather(
                *(send(worker, ledger, max(0, end - 5), end) for worker in workers)
            )
            assert sorted(o.stored for o in outcomes if isinstance(o, Accepted))[:3] == [0, 0, 0]
            assert {o.head for o in outcomes if isinstance(o, Accepted)} == {
                outcomes[0].head  # type: ignore[union-attr]
            }
        await asyncio.gather(*(send(worker, ledger) for worker in workers))
    finally:
        for worker in workers:
            await worker.close()
    assert await counts(connection) == (31, 121)


async def test_halves_of_a_sale_that_arrive_at_once_are_booked_whatever_the_database_defaults_to(
    dsn: str, connection: asyncpg.Connection
) -> None:
    """Each delivery has read something before it waits its turn to book: with one snapshot for
    all of a transaction neither would see the other's half."""
    bar, desk = Ledger(), Ledger(OTHER, seed=2)
    await enrol(connection, bar, desk)
    for ledger, fact in ((bar, held(1, 450)), (desk, posted(1))):
        ledger.begin()
        ledger.add([fact])
    workers = [await asyncpg.connect(dsn) for _ in range(2)]
    waiting = (
        "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY($1) AND wait_event = 'advisory'"
    )
    try:
        for worker in workers:
            await worker.execute("SET default_transaction_isolation = 'repeatable read'")
        async with connection.transaction():
            await money.one_at_a_time(connection, TENANT)
            sends = [
                asyncio.create_task(send(*each)) for each in zip(workers, (bar, desk), strict=True)
            ]
            pids = [worker.get_server_pid() for worker in workers]
            while await connection.fetchval(waiting, pids) < 2:
                assert not any(one.done() for one in sends)
        await asyncio.gather(*sends)
    finally:
        for worker in workers:
            await worker.close()
    (row,) = await money.balances(connection, TENANT)
    assert row["balance_minor"] == -450


async def test_an_error_in_the_middle_leaves_nothing(
    db: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger().fill(2)

    async def fail(*_: object) -> None:
        raise asyncpg.DiskFullError("no space")

    with monkeypatch.context() as patch:
        patch.setattr(logs, "move_watermark", fail)
        with pytest.raises(asyncpg.DiskFullError):
            await send(db, ledger)
    assert await counts(db) == (0, 0)
    assert await logs.list_watermarks(db, TENANT) == []
    assert isinstance(await send(db, ledger), Accepted)


@pytest.mark.parametrize("now_ms", [0, NOW_MS - 86_400_000, NOW_MS + 86_400_000])
async def test_the_centres_clock_decides_nothing(db: asyncpg.Connection, now_ms: int) -> None:
    ledger = Ledger().fill(2)
    outcome = await deliver(db, ledger.log(), 1, packed(ledger.blocks), now_ms)
    assert outcome == Accepted(ledger.head, 9, NOW_MS)
    row = await db.fetchrow("SELECT hlc, day FROM facts WHERE seq = 2")
    assert (row["hlc"] >> 16, row["day"]) == (NOW_MS, 20260704)


def bomb(size: int, *, tell: bool) -> bytes:
    return zstandard.ZstdCompressor(write_content_size=tell).compress(bytes(size))


@pytest.mark.parametrize("tell", [True, False])
async def test_a_bomb_is_refused_by_its_size(tell: bool) -> None:
    with pytest.raises(TooLarge):
        ingest.unpack_run(bomb(ingest.RUN_BYTES_MAX + 1, tell=tell))
    assert len(ingest.unpack_run(bomb(ingest.RUN_BYTES_MAX, tell=tell))) == ingest.RUN_BYTES_MAX


@pytest.mark.parametrize(
    "body", [b"", b"plain", bomb(100, tell=True)[:-2], bomb(100, tell=True) + b"more"]
)
async def test_what_is_not_one_frame_is_refused(body: bytes) -> None:
    with pytest.raises(BadRun, match="zstd"):
        ingest.unpack_run(body)


async def test_a_frame_that_lies_about_its_size_is_refused() -> None:
    honest = bytearray(bomb(200, tell=True))
    assert zstandard.frame_content_size(bytes(honest)) == 200
    honest[5] = 100  # the one-byte content size of a small frame
    with pytest.raises(BadRun):
        ingest.unpack_run(bytes(honest))


async def test_the_first_portion_is_small_and_none_is_lost() -> None:
    """PostgreSQL waits for the first while we verify it, for no other."""
    blocks = Ledger().fill(300).read()
    found = list(ingest.portions(blocks))
    assert [block for portion in found for block in portion] == blocks
    sizes = [sum(block.count for block in portion) for portion in found]
    assert sizes[0] < 2 * ingest.FIRST_PORTION_FACTS < ingest.PORTION_FACTS <= min(sizes[1:-1])
