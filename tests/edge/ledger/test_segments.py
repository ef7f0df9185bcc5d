"""Names and headers of segments."""

from __future__ import annotations

import pytest

from crypto.errors import BadBlock
from edge.ledger.segments import (
    SegmentName,
    SegmentReader,
    disk_bytes,
    gateway_of,
    header_page,
    parse_name,
    segments_of,
)
from tests.edge.ledger.faulty_disk import FaultyDisk
from tests.edge.ledger.logs import GATEWAY, NOW_S, start, write


def test_names_sort_as_the_log_goes_and_nothing_else_is_a_segment() -> None:
    names = [SegmentName(9, 1), SegmentName(10, 1), SegmentName(10, 99), SegmentName(10, 100)]
    assert sorted(name.file for name in names) == [name.file for name in names]
    assert [parse_name(name.file) for name in names] == names
    for other in ("spare-000001", "1-1.segment", "a-b.segment", "0000000001.key", "lock"):
        assert parse_name(other) is None


def test_either_copy_of_the_header_says_whose_it_is() -> None:
    disk = FaultyDisk()
    name = SegmentName(7, 1)
    disk.create(name.file, 8192)
    assert gateway_of(disk, name) is None
    page = header_page(GATEWAY, name)
    for rotten in (0, 2048):
        disk.files[name.file][:4096] = page
        disk.files[name.file][rotten : rotten + 512] = b"\xee" * 512
        assert gateway_of(disk, name) == GATEWAY
    disk.files[name.file][:4096] = b"\xee" * 4096
    assert gateway_of(disk, name) is None


def test_reading_blocks_of_any_size_through_a_small_buffer() -> None:
    disk = FaultyDisk()
    seen = start(disk)
    written = [*seen.blocks, *write(seen, range(500), per_block=250)]
    (name,) = segments_of(disk)
    assert name == SegmentName(NOW_S, 1)
    reader = SegmentReader(disk, name)
    at, found = 4096, []
    for _ in written:
        block, at = reader.block_at(at)
        found.append(block)
    assert found == written
    assert at == 4096 + sum(disk_bytes(len(b.raw)) for b in written)
    with pytest.raises(BadBlock, match="no block header"):
        reader.block_at(at)
    assert list(reader.dirty_from(at)) == []
    assert reader.later_header(at) is None
    assert reader.later_header(4096) == 4096
