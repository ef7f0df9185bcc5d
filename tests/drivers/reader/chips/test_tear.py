"""Pages that were torn, and pages that fade."""

from __future__ import annotations

import pytest

from drivers.reader import Chip
from drivers.reader.chips import TearPlan, Torn, make
from drivers.reader.chips.type2 import ACK

UID = bytes.fromhex("04a1b2c3d4e5f6")
WRITE = b"\xa2\x08new!"


@pytest.mark.parametrize("chip", list(Chip))
@pytest.mark.parametrize(
    ("torn", "first", "later"),
    [
        (Torn.OLD, b"old.", b"old."),
        (Torn.NEW, b"new!", b"new!"),
        (Torn.GARBAGE, b"junk", b"junk"),
        (Torn.FADED, b"new!", b"junk"),
    ],
)
@pytest.mark.parametrize("leaves", [True, False])
def test_a_torn_page(chip: Chip, torn: Torn, first: bytes, later: bytes, leaves: bool) -> None:
    band = make(chip, UID)
    band.memory[32:36] = b"old."
    band.activate()
    band.tear = TearPlan(0, torn, leaves, b"junk")
    assert band.receive(WRITE) == (None if leaves else ACK)
    assert band.away == leaves
    band.activate()
    assert (band.receive(b"\x30\x08") or b"")[:4] == first
    assert (band.receive(b"\x30\x08") or b"")[:4] == later
    assert band.tear is None


def test_the_plan_waits_for_its_write() -> None:
    band = make(Chip.NTAG213, UID)
    band.activate()
    band.tear = TearPlan(2, Torn.GARBAGE)
    assert [band.receive(WRITE) for _ in range(3)] == [ACK, ACK, None]
    assert band.memory[32:36] == TearPlan(0, Torn.GARBAGE).bits(b"new!")


def test_a_page_that_is_written_again_fades_no_more() -> None:
    band = make(Chip.NTAG213, UID)
    band.activate()
    band.tear = TearPlan(0, Torn.FADED, leaves=False)
    band.receive(b"\xa2\x08weak")
    band.receive(WRITE)
    assert [(band.receive(b"\x30\x08") or b"")[:4] for _ in range(2)] == [b"new!", b"new!"]


@pytest.mark.parametrize("torn", [Torn.GARBAGE, Torn.FADED])
def test_pages_with_anti_tearing_keep_what_they_held(torn: Torn) -> None:
    band = make(Chip.NTAG213, UID)
    band.activate()
    band.tear = TearPlan(0, torn)
    held = bytes(band.memory)
    band.receive(b"\xa2\x03\xff\xff\xff\xff")
    assert bytes(band.memory) == held
