"""The end of an epoch: what is put back, what must be cut, what may be zeroed."""

from __future__ import annotations

from crypto.block import Block
from crypto.keys import VerifyKey
from edge.ledger.chain import EpochChain, Trust
from edge.ledger.recover import nothing
from edge.ledger.segments import segments_of
from edge.ledger.spares import Spares
from edge.ledger.tail import Tail
from edge.ledger.walk import EpochWalk
from tests.edge.ledger.faulty_disk import FaultyDisk
from tests.edge.ledger.logs import GATEWAY, NOW_S, SMALL, TENANT, WHO, fetch_from, start, write


def torn(count: int) -> tuple[FaultyDisk, list[Block], Tail]:
    """A log whose last block is broken."""
    disk = FaultyDisk()
    seen = start(disk)
    blocks = [*seen.blocks, *write(seen, range(count))]
    place = seen.recovered.writer.place
    assert place is not None
    disk.flip(place.segment.file, (place.at - 4096 + 150) * 8)
    chain = EpochChain(Trust(TENANT, GATEWAY, VerifyKey(WHO.device.public)), NOW_S)
    walk = EpochWalk(disk, chain, segments_of(disk), fold=nothing, proven={}, reach=chain.head)
    spares = Spares(disk, GATEWAY, SMALL)
    return disk, blocks, Tail(disk, spares, walk, chain, walk.run())


def test_nobody_has_it_so_it_must_be_cut() -> None:
    disk, blocks, tail = torn(5)
    assert tail.restore(fetch_from(blocks[:-1]), [], must=True) == 0
    assert tail.must_cut and tail.place is not None
    name, at = tail.place.segment.file, tail.place.at
    assert any(disk.files[name][at:])
    tail.clean()
    assert not any(disk.files[name][at:])
    assert tail.must_cut, "zeroing does not make it undone"


def test_somebody_has_it_and_more() -> None:
    disk, blocks, tail = torn(5)
    twin = FaultyDisk()
    seen = start(twin)
    more = [*seen.blocks, *write(seen, range(40))]  # the same facts, and thirty-five later ones
    assert [b.raw for b in more[:6]] == [b.raw for b in blocks]
    assert tail.restore(fetch_from(more), [], must=True) == 36
    assert not tail.must_cut
    assert tail.chain.head.seq == 41
    assert len(segments_of(disk)) == 3, "what does not fit goes on in new segments"
    tail.clean()
    assert start(disk).numbers == list(range(40))
