"""The emulator of bands, without its socket."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.reader import Chip
from drivers.reader.chips import image, make
from drivers.reader.fake import Emulator

UID = "04a1b2c3d4e5f6"
READER = ("127.0.0.1", 5)


def placed(folder: Path | None = None, chip: Chip = Chip.NTAG213) -> Emulator:
    emulator = Emulator(folder)
    emulator.obey({"new": "anna", "chip": chip.value, "uid": UID})
    emulator.obey({"place": "anna"})
    return emulator


def says(emulator: Emulator, frame: str, reader: Any = READER) -> str | None:
    heard = emulator.heard(f"106A {frame}".encode(), reader)
    return None if heard is None else heard[0].decode()


def activate(emulator: Emulator) -> None:
    assert says(emulator, "26") == "106A 4400"
    assert says(emulator, "9320") == "106A 8804a1b29f"
    assert says(emulator, "93708804a1b29f") == "106A 04"
    assert says(emulator, "9520") == "106A c3d4e5f604"
    assert says(emulator, "9570c3d4e5f604") == "106A 00"


def test_it_is_found_as_iso_14443_3_says_and_then_answers() -> None:
    emulator = placed()
    activate(emulator)
    assert says(emulator, "60") == "106A 0004040201000f03"
    assert says(emulator, "a20862656572") == "106A 0a"
    assert says(emulator, "3a0808") == "106A 62656572"


@pytest.mark.parametrize("ends", ["RFOFF", "another reader"])
def test_a_field_that_was_off_restarts_the_band(ends: str) -> None:
    emulator = placed()
    activate(emulator)
    if ends == "RFOFF":
        assert emulator.heard(b"RFOFF", READER) is None
        assert says(emulator, "3a0808") is None
    else:
        assert says(emulator, "3a0808", ("127.0.0.1", 6)) is None
    activate(emulator)


def test_nobody_in_the_field_is_told_at_once_and_a_band_that_left_is_silent() -> None:
    emulator = placed()
    activate(emulator)
    emulator.obey({"take": True})
    assert says(emulator, "3a0808") is None
    assert says(emulator, "26") == "RFOFF"


def test_a_wrong_uid_is_not_selected() -> None:
    emulator = placed()
    assert says(emulator, "26") == "106A 4400"
    assert says(emulator, "93708804a1b29e") is None


def test_a_band_torn_away_is_told_once() -> None:
    emulator = placed()
    activate(emulator)
    emulator.obey({"tear": {"write": 0, "torn": "new"}})
    assert says(emulator, "a20862656572") is None
    assert emulator.told == [{"left": "anna"}]
    assert says(emulator, "26") == "RFOFF"
    emulator.obey({"place": "anna"})
    activate(emulator)
    assert says(emulator, "3a0808") == "106A 62656572"


def test_bands_are_kept_in_the_folder_with_each_page_that_is_acknowledged(tmp_path: Path) -> None:
    emulator = placed(tmp_path, Chip.UL_EV1_48)
    activate(emulator)
    assert says(emulator, "a20862656572") == "106A 0a"
    assert says(emulator, "a50001000000") == "106A 0a"
    again = Emulator(tmp_path)
    again.obey({"place": "anna"})
    activate(again)
    assert says(again, "3a0808") == "106A 62656572"
    assert says(again, "3900") == "106A 010000"


def test_commands() -> None:
    emulator = placed()
    emulator.obey({"poke": "anna", "page": 8, "hex": "62656572"})
    emulator.obey({"copy": "anna", "as": "ben", "uid": "04000000000001"})
    emulator.obey({"lock": "anna"})
    memory = bytes.fromhex(emulator.obey({"dump": "ben"})["memory"])
    assert memory[32:36] == b"beer"
    assert memory[10:12] == bytes(2)
    assert bytes.fromhex(emulator.obey({"dump": "anna"})["memory"])[10:12] == b"\xff\xff"
    activate(emulator)
    emulator.obey({"faults": [{"exchange": 0, "mishap": "answer_late", "byte": 40}]})
    assert emulator.heard(b"106A 60", READER) == (b"106A 0004040201000f03", 40)
    emulator.obey({"loss": 1.0, "seed": 2})
    assert says(emulator, "60") is None


@pytest.mark.parametrize(
    "command",
    [
        {"fly": 1},
        {"new": "../up", "chip": "NTAG213", "uid": UID},
        {"new": "x", "chip": "Casio", "uid": UID},
        {"new": "x", "chip": "NTAG213", "uid": "04"},
        {"place": "nobody"},
        {"poke": "anna", "page": 99, "hex": "00"},
        {"faults": [{"exchange": 0, "mishap": "rain"}]},
        {},
    ],
)
def test_bad_commands_are_told(command: dict[str, Any]) -> None:
    with pytest.raises((ValueError, KeyError, TypeError, StopIteration)):
        placed().obey(command)


def test_the_image_is_that_of_the_store(tmp_path: Path) -> None:
    placed(tmp_path)
    kept = (tmp_path / "anna.band.json").read_bytes()
    assert kept == image(make(Chip.NTAG213, bytes.fromhex(UID)))
    assert json.loads(kept)["chip"] == "NTAG213"


@settings(max_examples=200)
@given(
    datagrams=st.lists(
        st.one_of(
            st.binary(max_size=30),
            st.binary(max_size=12).map(lambda frame: b"106A " + frame.hex().encode()),
        ),
        max_size=20,
    )
)
def test_no_datagram_ends_it(datagrams: list[bytes]) -> None:
    emulator = placed()
    activate(emulator)
    for datagram in datagrams:
        emulator.heard(datagram, READER)
