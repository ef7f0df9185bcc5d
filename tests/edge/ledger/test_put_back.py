"""Old blocks that others had kept come back while the ledger is in use, whole or not at all."""

from __future__ import annotations

import pytest

from crypto.block import Block, Head
from crypto.keys import SigningKey, VerifyKey
from edge.ledger import excuse, put_back
from edge.ledger.chain import Trust
from edge.ledger.committer import InlineCommitter
from edge.ledger.errors import LedgerFull
from edge.ledger.ledger import Ledger
from tests.edge.ledger.faulty_disk import FaultyDisk, PowerCut
from tests.edge.ledger.logs import GATEWAY, NOW_S, SMALL, TENANT, WHO, moment, start, write

TRUST = Trust(TENANT, GATEWAY, VerifyKey(WHO.device.public))


def burnt(kept: int) -> tuple[FaultyDisk, Ledger, list[Block]]:
    """A folder in a new epoch that was given `kept` of the 21 blocks of the one before."""
    first = start(FaultyDisk())
    blocks = [*first.blocks, *write(first, range(20))]
    disk = FaultyDisk()
    excuse.store(disk, excuse.SetAside("rebuilt", "", {NOW_S: first.recovered.writer.head}))
    recovered = start(disk, when=moment(2, NOW_S + 9)).recovered
    if kept:
        put_back.write(disk, GATEWAY, blocks[:kept])
        recovered = start(disk, when=moment(3, NOW_S + 20)).recovered
    return disk, Ledger(disk, recovered, SMALL, InlineCommitter()), blocks


@pytest.mark.trio
@pytest.mark.parametrize("kept", (0, 1, 8))
async def test_what_comes_back_is_read_and_replayed_as_if_it_had_never_been_away(
    kept: int,
) -> None:
    disk, ledger, blocks = burnt(kept)
    told: list[Block] = []
    ledger.on_durable.append(told.extend)
    for run in (blocks[kept:12], blocks[12:]):
        await ledger.put_back(run)
    assert told == blocks[kept:] and ledger.heads[NOW_S].seq == 21
    assert ledger.blocks_from(NOW_S, 5, 1 << 20) == blocks[4:]
    again = start(disk, when=moment(4, NOW_S + 30))
    assert again.numbers == list(range(20))
    assert again.recovered.heads[NOW_S] == Head(21, blocks[-1].hash)


@pytest.mark.trio
async def test_nothing_is_ever_put_into_the_epoch_in_use() -> None:
    first = start(FaultyDisk())
    ledger = Ledger(FaultyDisk(), first.recovered, SMALL, InlineCommitter())
    with pytest.raises(AssertionError):
        await ledger.put_back(first.blocks)


@pytest.mark.trio
async def test_it_goes_on_after_what_is_here_by_the_key_that_was_certified() -> None:
    disk, ledger, blocks = burnt(8)
    head = ledger.heads[NOW_S]
    chain = await ledger.chain_after(TRUST, NOW_S, head)
    assert chain is not None and chain.head == head
    for block in blocks[8:]:
        chain.check(block)
    stranger = TRUST._replace(device=VerifyKey(SigningKey(b"s" * 32).public))
    assert await ledger.chain_after(stranger, NOW_S, head) is None
    fresh = put_back.chain_after(disk, TRUST, NOW_S - 5, Head())
    assert fresh is not None and fresh.key is None  # its first block will say


def test_a_crash_in_the_middle_leaves_all_of_it_or_nothing() -> None:
    cuts = 0
    while True:
        disk, _, blocks = burnt(8)
        disk.cut_power_at_step = disk.steps + cuts + 1
        try:
            put_back.write(disk, GATEWAY, blocks[8:])
        except PowerCut:
            cuts += 1
        else:
            break
        for every in (True, False):
            left = disk.copy()
            left.crash(lambda sector, every=every: every)  # type: ignore[misc]
            assert start(left, when=moment(4, NOW_S + 30)).numbers == list(range(7))
    disk.cut_power_at_step = None
    assert start(disk, when=moment(4, NOW_S + 30)).numbers == list(range(20))
    assert cuts > len(blocks[8:])


def test_without_room_nothing_remains_of_it() -> None:
    disk, _, blocks = burnt(0)
    before = disk.list()
    disk.capacity_bytes = 0
    with pytest.raises(LedgerFull):
        put_back.write(disk, GATEWAY, blocks)
    assert disk.list() == before
