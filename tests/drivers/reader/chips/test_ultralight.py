"""Ultralight EV1: its dynamic locks and the rest of its commands."""

from __future__ import annotations

from drivers.reader import Chip
from drivers.reader.chips import UltralightEv1
from drivers.reader.chips.type2 import ACK, NAK_ARGUMENT

UID = bytes.fromhex("04a1b2c3d4e5f6")


def test_lock_bits_of_the_larger_chip() -> None:
    band = UltralightEv1(UID)
    band.activate()
    assert band.receive(b"\xa2\x24\x00\x02\x00\x00") == ACK
    band.power_off()
    for page in range(16, 36):
        band.activate()
        refused = band.receive(bytes((0xA2, page)) + b"abcd") == NAK_ARGUMENT
        assert refused == (page in (34, 35))


def test_a_block_locking_bit_of_the_larger_chip() -> None:
    band = UltralightEv1(UID)
    band.activate()
    assert band.receive(b"\xa2\x24\x00\x00\x11\x00") == ACK
    assert band.receive(b"\xa2\x24\xff\xff\x00\x00") == ACK
    assert band.memory[0x90:0x94] == b"\xfc\x00\x11\xbd"


def test_no_counter_was_torn_and_the_virtual_card_answers() -> None:
    band = UltralightEv1(UID, Chip.UL_EV1_48)
    band.activate()
    assert band.receive(b"\x3e\x02") == b"\xbd"
    band.activate()
    assert band.receive(b"\x4b" + bytes(20)) == b"\x05"
