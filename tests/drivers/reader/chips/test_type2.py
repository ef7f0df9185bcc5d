"""What all chips share, chip by chip, and that nothing a reader sends breaks a model."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.reader import Chip
from drivers.reader.chips import Type2, make
from drivers.reader.chips.type2 import ACK, NAK_ARGUMENT, NAK_CRC, State

UID = bytes.fromhex("04a1b2c3d4e5f6")
CHIPS = list(Chip)


def awake(chip: Chip, *, changeable: bool = False) -> Type2:
    band = make(chip, UID, changeable=changeable)
    assert band.activate()
    return band


def again(band: Type2) -> Type2:
    """The band leaves the field and comes back."""
    band.power_off()
    assert band.activate()
    return band


@pytest.mark.parametrize("chip", CHIPS)
def test_the_first_pages_carry_the_uid_and_its_check_bytes(chip: Chip) -> None:
    first = awake(chip).receive(b"\x30\x00")
    assert first is not None
    assert first[:9] == UID[:3] + bytes((0x88 ^ 0x04 ^ 0xA1 ^ 0xB2,)) + UID[3:] + bytes(
        (0xC3 ^ 0xD4 ^ 0xE5 ^ 0xF6,)
    )
    assert make(chip, UID).uid == UID


@pytest.mark.parametrize("chip", CHIPS)
def test_reading_rolls_over_to_page_0_at_the_end(chip: Chip) -> None:
    band = awake(chip)
    last = band.readable - 1
    band.memory[4 * last : 4 * last + 4] = bytes(4)
    assert band.receive(bytes((0x30, last))) == bytes(4) + bytes(band.memory[:12])
    assert band.receive(bytes((0x30, last + 1))) == NAK_ARGUMENT


@pytest.mark.parametrize("chip", CHIPS)
def test_what_is_written_is_there_after_the_field_was_off(chip: Chip) -> None:
    band = awake(chip)
    assert band.receive(b"\xa2\x05beer") == ACK
    assert band.receive(b"\xa0\x06") == ACK
    assert band.receive(b"cup!" + bytes(12)) == ACK
    assert (again(band).receive(b"\x30\x05") or b"")[:8] == b"beercup!"


@pytest.mark.parametrize("chip", CHIPS)
def test_after_a_nak_a_chip_hears_nothing_until_it_is_activated(chip: Chip) -> None:
    band = awake(chip)
    assert band.receive(b"\x30\xff") == NAK_ARGUMENT
    assert band.receive(b"\x30\x00") is None
    assert band.activate()
    assert band.receive(b"\x30\x00") is not None


@pytest.mark.parametrize("chip", CHIPS)
def test_a_halted_chip_answers_wupa_only_and_a_nak_halts_it_again(chip: Chip) -> None:
    band = awake(chip)
    assert band.receive(b"\x50\x00") is None
    assert band.state is State.HALT
    assert not band.wake(halted_too=False)
    assert band.wake()
    band.select()
    assert band.receive(b"\x30\xff") == NAK_ARGUMENT
    assert band.state is State.HALT
    band.power_off()
    assert band.wake(halted_too=False)


@pytest.mark.parametrize("chip", CHIPS)
def test_the_uid_is_written_on_a_changeable_card_only(chip: Chip) -> None:
    assert awake(chip).receive(b"\xa2\x00\x01\x02\x03\x04") == NAK_ARGUMENT
    clone = awake(chip, changeable=True)
    assert clone.receive(b"\xa2\x00\x01\x02\x03\x88") == ACK
    assert clone.uid[:3] == b"\x01\x02\x03"


@pytest.mark.parametrize("chip", CHIPS)
def test_one_time_bits_stay_set(chip: Chip) -> None:
    band = awake(chip)
    band.memory[12:16] = b"\xe1\x10\x00\x00"
    assert band.receive(b"\xa2\x03\x00\x01\x02\x0f") == ACK
    assert band.memory[12:16] == b"\xe1\x11\x02\x0f"


@pytest.mark.parametrize("chip", CHIPS)
@pytest.mark.parametrize("page", range(3, 16))
def test_each_static_lock_bit_locks_its_page_from_the_next_activation(
    chip: Chip, page: int
) -> None:
    band = awake(chip)
    assert band.receive(b"\xa2\x02\xff\xff" + (1 << page).to_bytes(2, "little")) == ACK
    assert band.memory[8:10] != b"\xff\xff"
    again(band)
    for other in range(3, 16):
        answer = band.receive(bytes((0xA2, other)) + b"abcd")
        assert (answer == NAK_ARGUMENT) == (other == page)
        band.activate()


@pytest.mark.parametrize("chip", CHIPS)
@pytest.mark.parametrize(("bit", "held"), [(0, 0x0008), (1, 0x03F0), (2, 0xFC00)])
def test_a_block_locking_bit_holds_its_lock_bits(chip: Chip, bit: int, held: int) -> None:
    band = awake(chip)
    for bits in (1 << bit, 0xFFF8):
        assert band.receive(b"\xa2\x02\x00\x00" + bits.to_bytes(2, "little")) == ACK
    assert int.from_bytes(band.memory[10:12], "little") == (1 << bit) | (0xFFF8 & ~held)


@pytest.mark.parametrize("chip", CHIPS)
def test_a_phone_that_locks_a_band_ends_all_writing_of_user_pages(chip: Chip) -> None:
    band = make(chip, UID)
    band.lock_by_phone()
    for page in range(3, 16 if chip is Chip.UL_EV1_48 else 0x24):
        band.activate()
        assert band.receive(bytes((0xA2, page)) + b"abcd") == NAK_ARGUMENT


def test_a_garbled_command_is_refused_once_and_an_idle_chip_says_nothing() -> None:
    band = awake(Chip.UL_C)
    assert band.refuse(NAK_CRC) == NAK_CRC
    assert band.refuse(NAK_CRC) is None


def test_a_uid_has_seven_bytes() -> None:
    with pytest.raises(ValueError, match="7 bytes"):
        make(Chip.NTAG213, b"\x04")


frames = st.one_of(
    st.binary(max_size=24),
    st.builds(
        lambda code, page, rest: bytes((code, page)) + rest,
        st.sampled_from([0x30, 0xA2, 0xA0, 0x3A, 0x39, 0xA5, 0x1B, 0x3C, 0x1A, 0xAF, 0x50, 0x3E]),
        st.integers(0, 255),
        st.binary(max_size=20),
    ),
)


@pytest.mark.parametrize("chip", CHIPS)
@settings(max_examples=60)
@given(frames=st.lists(st.one_of(st.none(), frames), max_size=40), memory=st.binary(max_size=924))
def test_no_commands_and_no_memory_break_a_model(
    chip: Chip, frames: list[bytes | None], memory: bytes
) -> None:
    band = make(chip, UID)
    band.memory[: len(memory)] = memory[: len(band.memory)]
    size = len(band.memory)
    for frame in frames:
        if frame is None:
            band.power_off()
        elif band.state is not State.ACTIVE:
            band.activate()
        else:
            answer = band.receive(frame)
            assert answer is None or 0 < len(answer) <= 4 * band.pages
        assert len(band.memory) == size
        assert all(0 <= count <= 0xFFFFFF for count in band.counters)
