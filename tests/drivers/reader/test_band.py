"""Errors of a band are no errors of its reader."""

from __future__ import annotations

import pytest

from drivers.errors import DeviceError
from drivers.reader import BandError, BandGone, BandRefused, BandUnknown, BandUnsure, Reader
from drivers.reader.memory import MemoryReader


@pytest.mark.parametrize("error", [BandGone, BandRefused, BandUnknown, BandUnsure])
def test_a_band_that_fails_never_closes_a_reader(error: type[Exception]) -> None:
    assert issubclass(error, BandError)
    assert not issubclass(error, DeviceError)


def test_who_handles_a_band_that_left_handles_an_unsure_one() -> None:
    assert issubclass(BandUnsure, BandGone)


def test_the_reader_in_memory_is_a_reader() -> None:
    reader: Reader = MemoryReader()
    assert reader is not None
