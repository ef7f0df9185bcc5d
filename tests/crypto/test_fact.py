"""What every fact says first, and the ranges that reading keeps."""

import msgspec
import pytest

from crypto.entry import Started, UnknownFact, decode_facts_untrusted, encode_facts
from crypto.fact import HLC_COUNTER_BITS, HLC_MAX


def test_the_wall_time_is_the_clock_without_its_counter() -> None:
    assert Started((7 << HLC_COUNTER_BITS) | 0xFFFF, 20260605, 120, "1").wall_ms == 7


@pytest.mark.parametrize(
    ("hlc", "day", "offset_min"),
    [(HLC_MAX + 1, 0, 0), (-1, 0, 0), (0, 1 << 32, 0), (0, 0, 1441), (0, 0, -1441)],
)
def test_a_number_beyond_its_range_is_carried_and_not_understood(
    hlc: int, day: int, offset_min: int
) -> None:
    body = msgspec.msgpack.encode([[2, hlc, day, offset_min, "1"]])
    assert isinstance(decode_facts_untrusted(body)[0], UnknownFact)


def test_the_ends_of_the_ranges_are_understood() -> None:
    fact = Started(HLC_MAX, 0xFFFF_FFFF, -1440, "1")
    assert decode_facts_untrusted(encode_facts([fact])) == [fact]
