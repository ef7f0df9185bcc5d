"""Frames between us and the process that runs nfcpy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.reader import codec


def test_a_question_of_the_layout() -> None:
    assert codec.question(codec.EXCHANGE, 0x10007, b"\x00\x64\x60") == bytes.fromhex(
        "0006 58 0007 006460"
    )


def test_answers_of_the_layout() -> None:
    assert codec.decode_untrusted(bytes.fromhex("0003 6e 0001 00")) == (
        codec.Reply(codec.NOBODY, 1, b""),
        5,
    )
    assert codec.decode_untrusted(bytes.fromhex("0004 61 0002 0a")) == (
        codec.Reply(codec.ANSWER, 2, b"\x0a"),
        6,
    )


@pytest.mark.parametrize(
    "frame", ["0002 6e 0001", "0003 7a 0001", "ffff 61 0001", "0004 6e 0001 00", "0003 61 0001"]
)
def test_nonsense_is_told(frame: str) -> None:
    with pytest.raises(codec.BadReply):
        codec.decode_untrusted(bytes.fromhex(frame))


def test_a_frame_in_pieces_waits() -> None:
    whole = bytes.fromhex("000a 75 0001 04112233445566")
    for cut in range(len(whole)):
        assert codec.decode_untrusted(whole[:cut]) == (None, 0)
    assert codec.decode_untrusted(whole)[0] == codec.Reply(codec.UID, 1, whole[5:])


@given(st.binary(max_size=40))
def test_any_bytes_are_an_answer_too_short_or_told(data: bytes) -> None:
    try:
        reply, used = codec.decode_untrusted(data)
    except codec.BadReply:
        return
    assert (reply is None) == (used == 0)
    assert used <= len(data)
