"""drivers/turnstile/modbus/codec.py against the examples of the specification's §6."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.turnstile.modbus.codec import (
    READ_COILS,
    READ_INPUTS,
    Answer,
    BadFrame,
    Bits,
    Refused,
    Written,
    decode_untrusted,
    encode_pulse,
    encode_read,
    encode_write_off,
    pulse_echo,
)


def frame(pdu: str, id: int = 0x1501, unit: int = 1) -> bytes:
    body = bytes.fromhex(pdu)
    return (
        id.to_bytes(2, "big") + b"\0\0" + (len(body) + 1).to_bytes(2, "big") + bytes([unit]) + body
    )


def test_questions() -> None:
    assert encode_read(0x1501, 1, READ_COILS, 0x13, 0x13) == frame("01 0013 0013")
    assert encode_read(0x1501, 1, READ_INPUTS, 0xC4, 0x16) == frame("02 00C4 0016")
    assert encode_write_off(0x1501, 1, 10) == frame("0F 0000 000A 02 0000")
    # Waveshare's own example: relay 0 for 700 ms.
    assert encode_pulse(0x1501, 1, 0, 700) == frame("05 02 00 00 07")
    assert encode_pulse(0x1501, 1, 7, 100) == frame("05 02 07 00 01")
    assert pulse_echo(0, 700) == (0x200, 7)


@pytest.mark.parametrize("ms", [0, 50, 250, 3_276_800])
def test_a_pulse_that_the_board_cannot_time_is_our_mistake(ms: int) -> None:
    with pytest.raises(AssertionError):
        encode_pulse(1, 1, 0, ms)


ANSWERS: list[tuple[str, Answer]] = [
    ("01 03 CD6B05", Bits(0x1501, 1, 1, 0x056BCD, 3)),
    ("02 03 ACDB35", Bits(0x1501, 1, 2, 0x35DBAC, 3)),
    ("05 00AC FF00", Written(0x1501, 1, 5, 0xAC, 0xFF00)),
    ("0F 0013 000A", Written(0x1501, 1, 15, 0x13, 10)),
    ("81 02", Refused(0x1501, 1, 1, 2)),
]


@pytest.mark.parametrize(("pdu", "answer"), ANSWERS)
def test_answers(pdu: str, answer: Answer) -> None:
    data = frame(pdu)
    assert decode_untrusted(data + b"next") == (answer, len(data))
    for size in range(len(data)):
        assert decode_untrusted(data[:size]) == (None, 0)


def test_exceptions_have_names() -> None:
    assert Refused(1, 1, 5, 2).name == "illegal data address"
    assert Refused(1, 1, 5, 99).name == "exception 99"


BAD = {
    "is not Modbus": "0001 0001 0003 01 81 02",
    "a length of 2 ": "0001 0000 0002 01 81",
    "a length of 255 ": "0001 0000 00FF 01 81",
    "announces 4 bytes, has 3": "0001 0000 0006 01 01 04 CD6B05",
    "announces 0 bytes": "0001 0000 0003 01 02 00",
    "echoes 3 bytes": "0001 0000 0005 01 05 00ACFF",
    "an exception of 2 bytes": "0001 0000 0004 01 81 0202",
    "function 3 was never": "0001 0000 0005 01 03 02 0000",
}


@pytest.mark.parametrize("why", BAD)
def test_bad_frames_say_why(why: str) -> None:
    with pytest.raises(BadFrame, match=why):
        decode_untrusted(bytes.fromhex(BAD[why]))


heads = st.builds(
    lambda length, body: b"\0\1\0\0" + length.to_bytes(2, "big") + body,
    st.integers(0, 12),
    st.binary(max_size=20),
)


@given(st.one_of(st.binary(max_size=300), heads))
def test_any_bytes_give_an_answer_or_bad_frame(data: bytes) -> None:
    try:
        answer, used = decode_untrusted(data)
    except BadFrame:
        return
    assert (answer is None) == (used == 0) and used <= min(len(data), 260)
