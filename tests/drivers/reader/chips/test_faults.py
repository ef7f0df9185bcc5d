"""What the air does to an exchange."""

from __future__ import annotations

import random

import pytest

from drivers.reader import Chip
from drivers.reader.chips import Air, Fault, Mishap, Type2, make
from drivers.reader.chips.faults import Outcome
from drivers.reader.chips.type2 import ACK, NAK_CRC

UID = bytes.fromhex("04a1b2c3d4e5f6")
WRITE = b"\xa2\x08new!"


def carried(mishap: Mishap, byte: int = 0) -> tuple[Type2, Outcome]:
    band, air = make(Chip.NTAG213, UID), Air()
    band.activate()
    air.faults = [Fault(1, mishap, byte)]
    assert air.carry(band, b"\x60").answer == band.version
    return band, air.carry(band, WRITE)


@pytest.mark.parametrize(
    ("mishap", "answer", "written", "away"),
    [
        (Mishap.LEAVES_IN_COMMAND, None, False, True),
        (Mishap.LEAVES_IN_ANSWER, None, True, True),
        (Mishap.COMMAND_LOST, None, False, False),
        (Mishap.COMMAND_GARBLED, NAK_CRC, False, False),
        (Mishap.ANSWER_LOST, None, True, False),
        (Mishap.ANSWER_GARBLED, None, True, False),
        (Mishap.ANSWER_CUT, None, True, False),
        (Mishap.ANSWER_LATE, ACK, True, False),
    ],
)
def test_each_mishap(mishap: Mishap, answer: bytes | None, written: bool, away: bool) -> None:
    band, outcome = carried(mishap)
    assert outcome.answer == answer
    assert (band.memory[32:36] == b"new!") == written
    assert band.away == away


def test_a_late_answer_says_how_late() -> None:
    assert carried(Mishap.ANSWER_LATE, 30)[1].late_ms == 30


def test_losses_follow_the_random_numbers_and_hit_both_ways() -> None:
    band, air = make(Chip.NTAG213, UID), Air()
    assert air.calm
    air.loss, air.random = 0.5, random.Random(1).random
    assert not air.calm
    answers, done = 0, 0
    for number in range(200):
        band.activate()
        page = bytes((number, 0, 0, 0))
        answers += air.carry(band, b"\xa2\x08" + page).answer is not None
        done += band.memory[32] == number
    assert 60 < answers < 140
    assert answers < done < 200
