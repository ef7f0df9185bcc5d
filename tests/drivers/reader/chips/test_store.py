"""Bands on disk, and copies of bands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.reader import Chip
from drivers.reader.chips import BadImage, TearPlan, Torn, copied, from_image_untrusted, image, make
from drivers.reader.chips.store import load, save

UID = bytes.fromhex("04a1b2c3d4e5f6")


@pytest.mark.parametrize("chip", list(Chip))
def test_a_band_comes_back_as_it_was(chip: Chip, tmp_path: Path) -> None:
    band = make(chip, UID)
    band.signature = bytes(range(len(band.signature)))
    band.activate()
    band.receive(b"\xa2\x29\x07\x00\x00\x00" if chip is Chip.UL_C else b"\xa5\x00\x07\x00\x00\x00")
    band.activate()
    band.tear = TearPlan(0, Torn.FADED, leaves=False)
    band.receive(b"\xa2\x08weak")
    save(band, tmp_path / "band.json")
    back = load(tmp_path / "band.json")
    assert (back.chip, back.uid, back.memory) == (chip, UID, band.memory)
    assert (back.counters, back.signature) == (band.counters, band.signature)
    back.activate()
    assert (back.receive(b"\x30\x08") or b"")[:4] == b"weak"
    assert (back.receive(b"\x30\x08") or b"")[:4] != b"weak"
    if chip is Chip.UL_C:
        assert back.memory[0xA4] == 7


def test_a_copy_has_everything_and_another_uid_where_asked() -> None:
    band = make(Chip.NTAG213, UID)
    band.memory[32:36] = b"cash"
    other = bytes.fromhex("04000000000001")
    assert copied(band).memory == band.memory
    clone = copied(band, other)
    assert clone.uid == other
    assert clone.memory[32:36] == b"cash"
    assert clone.changeable
    clone.memory[32:36] = b"less"
    assert band.memory[32:36] == b"cash"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"memory": "00"}, "180 bytes"),
        ({"memory": "zz"}, "not an image"),
        ({"chip": "Mifare Classic"}, "not an image"),
        ({"counters": [1, 2, 1 << 24]}, "24 bits"),
        ({"fading": {"99": "00000000"}}, "fading page"),
        ({"signature": "00"}, "signature of NTAG213 has 32 bytes"),
        ({"wallet": 7}, "not an image"),
    ],
)
def test_a_bad_image_is_told(change: dict[str, object], told: str) -> None:
    good = json.loads(image(make(Chip.NTAG213, UID)))
    with pytest.raises(BadImage, match=told):
        from_image_untrusted(json.dumps(good | change).encode())


@settings(max_examples=200)
@given(data=st.binary(max_size=200))
def test_other_bytes_are_told_too(data: bytes) -> None:
    with pytest.raises(BadImage):
        from_image_untrusted(data)
