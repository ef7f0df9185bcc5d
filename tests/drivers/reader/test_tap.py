"""What every reader does alike, over the reader in memory: each chip, each lost answer."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.reader import BandError, BandGone, BandRefused, BandUnknown, BandUnsure, Chip, Sensed
from drivers.reader.chips import Fault, Mishap, Type2, UltralightAes, UltralightC, make
from drivers.reader.memory import MemoryReader, now
from drivers.reader.tap import VERSIONS, NoAnswer, Tap

UID = bytes.fromhex("04a1b2c3d4e5f6")
KEY = bytes(range(16))
CHIPS = list(Chip)
PASSIVE = [chip for chip in CHIPS if chip not in (Chip.UL_C, Chip.UL_AES)]
COUNTING = [Chip.UL_EV1_48, Chip.UL_EV1_128, Chip.UL_C, Chip.UL_AES]
PASSING = [m for m in Mishap if not m.value.startswith("leaves")]
HARM = {Mishap.ANSWER_LATE: 500, Mishap.ANSWER_CUT: 3}


def issued(chip: Chip) -> Type2:
    """Protected from page 8 on, where the chip can, and its counter at 41."""
    band = make(chip, UID, random=lambda n: bytes(range(50, 50 + n)))
    if isinstance(band, UltralightC):
        band.set_key(KEY)
        band.memory[0xA4], band.memory[0xA8] = 41, 8
    elif isinstance(band, UltralightAes):
        band.set_key(KEY)
        band.memory[4 * 0x29 + 3], band.memory[4 * 0x2A] = 8, 0x80
        band.counters[0] = 41
    else:
        at = 4 * (band.pages - 4)
        band.memory[at + 3], band.memory[at + 4] = 8, 0x80
        band.memory[at + 8 : at + 14] = b"wordOK"
        band.counters[0] = 41
    return band


def laid(chip: Chip) -> tuple[MemoryReader, Type2]:
    reader, band = MemoryReader(), issued(chip)
    reader.place(band)
    return reader, band


async def tap(reader: MemoryReader, chip: Chip) -> None:
    """A sale: sense, authenticate, read all, write three pages, read back."""
    assert await reader.sense() == Sensed(UID, chip)
    if chip in PASSIVE:
        assert await reader.password(b"word") == b"OK"
    else:
        await reader.authenticate(KEY)
    await reader.read(4, 15)
    for page in (8, 9, 10):
        await reader.write(page, bytes((page,)) * 4)
    assert await reader.read(8, 10) == b"\x08\x08\x08\x08\x09\x09\x09\x09\x0a\x0a\x0a\x0a"


@pytest.mark.parametrize("chip", CHIPS)
def test_a_sale(chip: Chip) -> None:
    reader, _ = laid(chip)
    now(tap(reader, chip))
    now(tap(reader, chip))


@pytest.mark.parametrize("mishap", PASSING)
@pytest.mark.parametrize("chip", CHIPS)
def test_a_sale_with_one_mishap_at_each_exchange(chip: Chip, mishap: Mishap) -> None:
    reader, _ = laid(chip)
    now(tap(reader, chip))
    for exchange in range(reader.exchange_count):
        reader, _ = laid(chip)
        reader.air.faults = [Fault(exchange, mishap, HARM.get(mishap, 0))]
        now(tap(reader, chip))
        assert not reader.air.faults


@pytest.mark.parametrize("chip", CHIPS)
def test_sales_with_one_answer_in_twenty_lost(chip: Chip) -> None:
    seeded, done = random.Random(7), 0
    reader, _ = laid(chip)
    reader.air.loss, reader.air.random = 0.05, seeded.random
    for _ in range(60):
        now(tap(reader, chip))
        done += 1
    assert done == 60


@pytest.mark.parametrize("mishap", [Mishap.LEAVES_IN_COMMAND, Mishap.LEAVES_IN_ANSWER])
@pytest.mark.parametrize("chip", CHIPS)
def test_a_band_that_leaves_at_any_exchange_is_gone(chip: Chip, mishap: Mishap) -> None:
    reader, _ = laid(chip)
    now(tap(reader, chip))
    for exchange in range(reader.exchange_count):
        reader, band = laid(chip)
        reader.air.faults = [Fault(exchange, mishap)]
        with pytest.raises(BandGone):
            now(tap(reader, chip))
        assert band.away


@pytest.mark.parametrize("chip", COUNTING)
def test_counting_is_never_repeated(chip: Chip) -> None:
    for mishap, counted in [(Mishap.COMMAND_LOST, 41), (Mishap.ANSWER_LOST, 42)]:
        reader, _ = laid(chip)
        now(reader.sense())
        if chip not in PASSIVE:
            now(reader.authenticate(KEY))
        assert now(reader.counter()) == 41
        reader.air.faults = [Fault(0, mishap)]
        with pytest.raises(BandUnsure):
            now(reader.increment())
        assert now(reader.counter()) == counted
        now(reader.increment())
        assert now(reader.counter()) == counted + 1


def test_a_phone_may_have_moved_the_counter_of_an_ntag() -> None:
    reader, band = laid(Chip.NTAG213)
    band.memory[4 * 0x2A] = 0x10
    now(reader.sense())
    now(reader.read(0, 0))
    assert now(reader.counter()) == 1
    with pytest.raises(ValueError, match="cannot be increased"):
        now(reader.increment())


@pytest.mark.parametrize("chip", [Chip.UL_C, Chip.UL_AES])
def test_a_wrong_key_is_refused_and_the_band_is_still_there(chip: Chip) -> None:
    reader, _ = laid(chip)
    now(reader.sense())
    with pytest.raises(BandRefused):
        now(reader.authenticate(bytes(16)))
    now(reader.authenticate(KEY))
    now(reader.read(8, 8))


@pytest.mark.parametrize("chip", [Chip.UL_C, Chip.UL_AES])
def test_a_band_that_cannot_prove_its_key_is_told(chip: Chip) -> None:
    reader, band = laid(chip)
    now(reader.sense())
    heard = band.receive

    def forged(command: bytes) -> bytes | None:
        answer = heard(command)
        if command[0] == 0xAF and answer is not None:
            return answer[:-1] + bytes((answer[-1] ^ 1,))
        return answer

    band.receive = forged  # type: ignore[method-assign]
    with pytest.raises(BandRefused, match="may be a copy"):
        now(reader.authenticate(KEY))


@pytest.mark.parametrize("chip", PASSIVE)
def test_a_wrong_password_is_refused_and_not_remembered(chip: Chip) -> None:
    reader, _ = laid(chip)
    now(reader.sense())
    now(reader.password(b"word"))
    with pytest.raises(BandRefused):
        now(reader.password(b"nope"))
    with pytest.raises(BandRefused):
        now(reader.read(8, 8))


def test_another_band_in_the_field_ends_the_tap() -> None:
    reader, _ = laid(Chip.NTAG213)
    now(reader.sense())
    reader.band = make(Chip.NTAG213, bytes.fromhex("04000000000000"))
    with pytest.raises(BandGone, match="another band"):
        now(reader.read(4, 4))
    with pytest.raises(BandGone):
        now(reader.read(4, 4))


def test_something_else_in_the_field_is_told() -> None:
    reader, band = laid(Chip.NTAG213)
    band.version = bytes.fromhex("0004040501021103")  # an NTAG I2C
    with pytest.raises(BandUnknown):
        now(reader.sense())


@pytest.mark.parametrize(
    "call",
    [
        lambda r: r.write(4, b"five!"),
        lambda r: r.read(5, 4),
        lambda r: r.password(b"long password"),
        lambda r: r.authenticate(bytes(16)),
    ],
)
def test_our_own_mistakes_are_said(call: object) -> None:
    reader, _ = laid(Chip.NTAG213)
    now(reader.sense())
    with pytest.raises(ValueError, match=r"bytes|pages"):
        now(call(reader))  # type: ignore[operator]


class Nonsense:
    """An air that says what Hypothesis likes; at the end of its ideas, nothing."""

    def __init__(self, uids: list[bytes | None], answers: list[bytes | None]) -> None:
        self._uids, self._answers = uids, answers

    async def activate(self) -> bytes | None:
        return self._uids.pop() if self._uids else None

    async def exchange(self, command: bytes) -> bytes:
        answer = self._answers.pop() if self._answers else None
        if answer is None:
            raise NoAnswer
        return answer


@settings(max_examples=300)
@given(
    chip=st.sampled_from(CHIPS),
    uids=st.lists(st.sampled_from([UID, UID, UID, UID, None, bytes(4), b""]), max_size=30),
    answers=st.lists(
        st.one_of(
            st.none(),
            st.binary(min_size=1, max_size=20),
            st.sampled_from([b"\x0a", b"\x00", b"\x01", b"\xaf" + bytes(8), b"\xaf" + bytes(16)]),
        ),
        max_size=30,
    ),
    calls=st.lists(st.sampled_from("rwpaci"), max_size=6),
)
def test_no_answers_whatever_raise_anything_but_errors_of_a_band(
    chip: Chip, uids: list[bytes | None], answers: list[bytes | None], calls: list[str]
) -> None:
    version = next((v for v, known in VERSIONS.items() if known is chip), None)
    reader = Tap(Nonsense(uids, [*answers, version]), entropy=bytes)
    ways = {
        "r": lambda: reader.read(4, 39),
        "w": lambda: reader.write(8, b"beer"),
        "p": lambda: reader.password(b"word"),
        "a": lambda: reader.authenticate(KEY),
        "c": reader.counter,
        "i": reader.increment,
    }
    with suppress(BandError):
        now(reader.identify(UID))
    for call in calls:
        with suppress(BandError, ValueError):
            now(ways[call]())


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (None, BandUnsure),
        (b"\x0b", BandUnsure),
        (b"\x05", BandUnsure),  # its EEPROM failed: who knows what it holds
        (b"\x02", BandUnsure),
        (b"\x00\x00\x00", BandUnsure),
        (b"\x01", BandRefused),
        (b"\x00", BandRefused),
        (b"\x04", BandRefused),
    ],
)
def test_only_a_nak_says_that_nothing_was_counted(
    answer: bytes | None, error: type[Exception]
) -> None:
    version = bytes.fromhex("0004030101000e03")
    reader = Tap(Nonsense([], [answer, version]), entropy=bytes)
    now(reader.identify(UID))
    with pytest.raises(error):
        now(reader.increment())
