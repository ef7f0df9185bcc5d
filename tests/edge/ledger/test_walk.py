"""Where an epoch begins for a walk, and what counts as evidence that it went on."""

from __future__ import annotations

import pytest

from crypto.block import Block, Head
from crypto.keys import VerifyKey
from edge.ledger.chain import EpochChain, Trust
from edge.ledger.errors import LedgerDamaged
from edge.ledger.recover import nothing
from edge.ledger.segments import SegmentName, segments_of
from edge.ledger.walk import EpochWalk
from tests.edge.ledger.faulty_disk import FaultyDisk
from tests.edge.ledger.logs import GATEWAY, NOW_S, TENANT, WHO, start, write

TRUST = Trust(TENANT, GATEWAY, VerifyKey(WHO.device.public))


def log_of(count: int) -> tuple[FaultyDisk, list[Block]]:
    disk = FaultyDisk()
    seen = start(disk)
    return disk, [*seen.blocks, *write(seen, range(count))]


def walk_of(disk: FaultyDisk, reach: Head | None = None) -> tuple[EpochWalk, EpochChain]:
    chain = EpochChain(TRUST, NOW_S)
    names = segments_of(disk)
    walk = EpochWalk(disk, chain, names, fold=nothing, proven={}, reach=reach or Head())
    return walk, chain


def test_a_whole_epoch_ends_clean() -> None:
    disk, blocks = log_of(20)
    walk, chain = walk_of(disk)
    end = walk.run()
    assert (end.dirty, end.strays) == (False, False)
    assert chain.head == Head(21, blocks[-1].hash)
    assert end.place is not None and end.place.segment == SegmentName(NOW_S, 16)


def test_it_can_begin_behind_any_block() -> None:
    disk, blocks = log_of(40)
    for block in blocks:
        walk, _ = walk_of(disk)
        assert walk.start_after(Head(block.last_seq, block.hash))
    assert not walk_of(disk)[0].start_after(Head(20, b"\1" * 32))
    assert not walk_of(disk)[0].start_after(Head(99, blocks[-1].hash))


def test_a_record_elsewhere_is_evidence() -> None:
    disk, _ = log_of(5)
    with pytest.raises(LedgerDamaged, match="known to have gone on to seq 9"):
        walk_of(disk, Head(9, b"\1" * 32))[0].run()


def test_a_header_of_a_later_block_is_evidence_and_an_older_copy_is_not() -> None:
    disk, blocks = log_of(8)
    name = segments_of(disk)[0].file
    disk.files[name][4096 * 12 : 4096 * 12 + len(blocks[3].raw)] = blocks[3].raw
    end = walk_of(disk)[0].run()
    assert (end.dirty, end.strays) == (False, True)
    disk.files[name][4096 * 9 : 4096 * 10] = bytes(4096)
    disk.files[name][4096 * 12 : 4096 * 12 + 96] = blocks[8].raw[:96]
    with pytest.raises(LedgerDamaged, match="a later block begins at byte 49152"):
        walk_of(disk)[0].run()
