"""Reading a band: whole, authenticated where it can be, and without a word where it cannot."""

import pytest

from crypto.medium import CHIPS
from drivers.reader import BandGone, Chip, Sensed
from drivers.reader.chips import make
from drivers.reader.memory import MemoryReader
from edge.till.bands import read_again, read_band, write_band
from tests.edge.till.counter import Counter


@pytest.mark.trio
@pytest.mark.parametrize("chip", list(Chip))
async def test_a_blank_band_is_read_and_proves_nothing(chip: Chip) -> None:
    reader = MemoryReader()
    reader.place(make(chip, b"\x04blanks"))
    sensed = await reader.sense()
    tap = await read_band(reader, sensed, Counter().tills.secrets(sensed.uid))
    assert (tap.uid, tap.chip, tap.authenticated) == (sensed.uid, chip.name, False)
    assert len(tap.image) == CHIPS[chip.name].image_bytes
    page = CHIPS[chip.name].slot_pages[0]
    await write_band(reader, ((page, b"abcd"),))
    assert b"abcd" in (await read_again(reader, tap)).image


@pytest.mark.trio
async def test_a_band_that_is_gone() -> None:
    reader = MemoryReader()
    secrets = Counter().tills.secrets(b"\x04blanks")
    with pytest.raises(BandGone):
        await read_band(reader, Sensed(b"\x04blanks", Chip.NTAG213), secrets)
