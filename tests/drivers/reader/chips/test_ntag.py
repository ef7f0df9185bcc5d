"""NTAG21x: dynamic locks and the counter that phones move."""

from __future__ import annotations

import pytest

from drivers.reader import Chip
from drivers.reader.chips import Ntag21x
from drivers.reader.chips.type2 import ACK, NAK_ARGUMENT

UID = bytes.fromhex("04a1b2c3d4e5f6")


@pytest.mark.parametrize(
    ("chip", "lock_page", "bit", "pages"),
    [
        (Chip.NTAG213, 0x28, 0, range(16, 18)),
        (Chip.NTAG213, 0x28, 11, range(38, 40)),
        (Chip.NTAG215, 0x82, 0, range(16, 32)),
        (Chip.NTAG215, 0x82, 7, range(128, 130)),
        (Chip.NTAG216, 0xE2, 13, range(224, 226)),
    ],
)
def test_a_dynamic_lock_bit_locks_its_pages(
    chip: Chip, lock_page: int, bit: int, pages: range
) -> None:
    band = Ntag21x(UID, chip)
    band.activate()
    data = (1 << bit).to_bytes(2, "little") + b"\x00\x00"
    assert band.receive(bytes((0xA2, lock_page)) + data) == ACK
    band.power_off()
    for page in range(16, lock_page):
        band.activate()
        refused = band.receive(bytes((0xA2, page)) + b"abcd") == NAK_ARGUMENT
        assert refused == (page in pages)


@pytest.mark.parametrize(
    ("chip", "block_bit", "held"),
    [(Chip.NTAG213, 0, 0b11), (Chip.NTAG213, 5, 0b11 << 10), (Chip.NTAG216, 6, 0b11 << 12)],
)
def test_a_dynamic_block_bit_holds_its_lock_bits(chip: Chip, block_bit: int, held: int) -> None:
    band = Ntag21x(UID, chip)
    band.activate()
    page = band.dynamic_page
    for data in (bytes((0, 0, 1 << block_bit, 0)), b"\xff\xff\x00\x00"):
        assert band.receive(bytes((0xA2, page)) + data) == ACK
    bits = int.from_bytes(band.memory[4 * page : 4 * page + 2], "little")
    assert bits == 0xFFFF & ~held
    assert band.memory[4 * page + 3] == 0xBD


def test_the_counter_counts_once_per_stay_when_it_is_switched_on() -> None:
    band = Ntag21x(UID)
    band.activate()
    assert band.receive(b"\x39\x02") == NAK_ARGUMENT
    band.memory[4 * 0x2A] = 0x10
    for stay in range(1, 4):
        band.power_off()
        band.activate()
        band.receive(b"\x30\x00")
        band.receive(b"\x3a\x00\x03")
        assert band.receive(b"\x39\x02") == bytes((stay, 0, 0))
    assert band.receive(b"\x39\x00") == NAK_ARGUMENT


def test_the_counter_may_be_behind_the_password() -> None:
    band = Ntag21x(UID)
    band.memory[4 * 0x2A] = 0x18
    band.activate()
    assert band.receive(b"\x39\x02") == NAK_ARGUMENT
    band.activate()
    band.receive(b"\x1b\xff\xff\xff\xff")
    assert band.receive(b"\x39\x02") == bytes(3)
