"""Spare segments: the thresholds, and that a spare is always clean."""

from __future__ import annotations

import pytest

from config.gateway import Ledger as LedgerConfig
from edge.ledger.errors import LedgerFull
from edge.ledger.segments import SegmentName, gateway_of
from edge.ledger.spares import KEEP_FREE_BYTES, Room, Spares
from tests.edge.ledger.faulty_disk import FaultyDisk, PowerCut
from tests.edge.ledger.logs import GATEWAY

CONFIG = LedgerConfig(
    segment_bytes=65536, spare_segments=4, alarm_spare_segments=3, unready_spare_segments=2
)


def test_the_thresholds_in_order() -> None:
    disk = FaultyDisk()
    spares = Spares(disk, GATEWAY, CONFIG)
    rooms = [spares.room(4096)]
    while spares.wanted:
        spares.prepare()
        rooms.append(spares.room(4096))
    assert rooms == [Room.UNREADY, Room.UNREADY, Room.ALARM, Room.PLENTY, Room.PLENTY]
    assert Spares(FaultyDisk(), GATEWAY, CONFIG).room(0) is Room.NONE


def test_a_reserve_stays_free_for_the_rest_of_the_machine() -> None:
    disk = FaultyDisk(capacity_bytes=KEEP_FREE_BYTES + 2 * 65536)
    spares = Spares(disk, GATEWAY, CONFIG)
    spares.prepare()
    spares.prepare()
    with pytest.raises(LedgerFull, match="needs 65536"):
        spares.prepare()
    assert (spares.count, spares.wanted) == (2, 2)


def test_spares_are_found_again_and_those_of_another_size_are_dropped() -> None:
    disk = FaultyDisk()
    spares = Spares(disk, GATEWAY, CONFIG)
    spares.prepare()
    disk.create("spare-000009", 4096)
    again = Spares(disk, GATEWAY, CONFIG)
    assert again.count == 1
    assert "spare-000009" not in disk.list()
    again.prepare()
    assert "spare-000010" in disk.list()


def test_a_crash_while_taking_leaves_a_spare_or_a_named_clean_segment() -> None:
    for step in range(1, 5):
        disk = FaultyDisk()
        spares = Spares(disk, GATEWAY, CONFIG)
        spares.prepare()
        disk.cut_power_at_step = disk.steps + step
        name = SegmentName(7, 1)
        try:
            assert spares.take(name) == 65536
        except PowerCut:
            disk.crash(lambda n: n % 2 == 0)
        if name.file in disk.list():
            assert gateway_of(disk, name) == GATEWAY
        for data in disk.files.values():
            assert not any(data[4096:])
        assert Spares(disk, GATEWAY, CONFIG).count + (name.file in disk.list()) == 1
