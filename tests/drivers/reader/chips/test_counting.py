"""Counters of Ultralight EV1 and AES."""

from __future__ import annotations

import pytest

from drivers.reader import Chip
from drivers.reader.chips import TearPlan, Torn, Type2, make
from drivers.reader.chips.type2 import ACK, NAK_ARGUMENT, NAK_LIMIT

UID = bytes.fromhex("04a1b2c3d4e5f6")
CHIPS = [Chip.UL_EV1_48, Chip.UL_EV1_128, Chip.UL_AES]


def awake(chip: Chip) -> Type2:
    band = make(chip, UID)
    band.activate()
    return band


@pytest.mark.parametrize("chip", CHIPS)
def test_three_counters_only_rise(chip: Chip) -> None:
    band = awake(chip)
    assert band.receive(b"\xa5\x01\x05\x00\x00\x00") == ACK
    assert band.receive(b"\xa5\x01\x00\x01\x00\x00") == ACK
    assert band.receive(b"\x39\x01") == b"\x05\x01\x00"
    assert band.receive(b"\x39\x00") == bytes(3)
    assert band.receive(b"\x39\x03") == NAK_ARGUMENT


@pytest.mark.parametrize("chip", CHIPS)
def test_a_counter_that_would_overflow_stays(chip: Chip) -> None:
    band = awake(chip)
    assert band.receive(b"\xa5\x00\xfe\xff\xff\x00") == ACK
    assert band.receive(b"\xa5\x00\x02\x00\x00\x00") == NAK_LIMIT
    assert band.counters[0] == 0xFFFFFE


@pytest.mark.parametrize("chip", CHIPS)
@pytest.mark.parametrize("torn", list(Torn))
def test_a_torn_increment_is_done_or_not_done(chip: Chip, torn: Torn) -> None:
    band = awake(chip)
    band.tear = TearPlan(1, torn)
    assert band.receive(b"\xa5\x00\x01\x00\x00\x00") == ACK
    assert band.receive(b"\xa5\x00\x01\x00\x00\x00") is None
    assert band.away
    assert band.counters[0] == (2 if torn in (Torn.NEW, Torn.FADED) else 1)
