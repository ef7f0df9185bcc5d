"""Batches become blocks: limits, places, and the array prefix."""

from __future__ import annotations

import msgspec
import pytest

from config.gateway import Ledger as LedgerConfig
from crypto.entry import encode_fact
from edge.ledger.segments import segments_of
from edge.ledger.writer import OVERHEAD_BYTES, Place, body_of
from tests.edge.ledger.faulty_disk import FaultyDisk
from tests.edge.ledger.logs import NOW_S, fact, start, write


@pytest.mark.parametrize("count", [1, 15, 16, 65535, 65536])
def test_the_body_is_the_canonical_array(count: int) -> None:
    raws = [msgspec.msgpack.encode([n]) for n in range(count)]
    assert body_of(raws) == msgspec.msgpack.encode([[n] for n in range(count)])


def test_a_group_keeps_both_limits_and_always_takes_one() -> None:
    disk = FaultyDisk()
    config = LedgerConfig(segment_bytes=65536, group_facts_max=5, group_bytes_max=4096)
    writer = start(disk, config=config).recovered.writer
    raw = encode_fact(fact(1))
    queue = [(raw, 1)] * 7
    assert len(writer.group(queue)) == 5 and len(queue) == 2
    queue = [(bytes(3000), 1)] * 3
    assert len(writer.group(queue)) == 1 and len(queue) == 2
    queue = [(bytes(9000), 1)] * 2
    assert len(writer.group(queue)) == 1


def test_blocks_stand_on_pages_and_segments_follow_each_other() -> None:
    disk = FaultyDisk()
    seen = start(disk)
    blocks = [*seen.blocks, *write(seen, range(400), per_block=180), *write(seen, range(20))]
    names = segments_of(disk)
    assert names[0] == (NOW_S, 1) and len(names) > 1
    for name in names:
        data = bytes(disk.files[name.file])
        here = [b for b in blocks if b.raw in data]
        assert here[0].first_seq == name.first_seq
        assert all(data.find(b.raw) % 4096 == 0 for b in here)
    place = seen.recovered.writer.place
    assert place == Place(names[-1], 65536, place.at if place else 0)
    assert OVERHEAD_BYTES == 197
