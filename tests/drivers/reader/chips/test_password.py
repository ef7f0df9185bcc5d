"""NTAG21x and Ultralight EV1 behind their password; what differs between them."""

from __future__ import annotations

import pytest

from drivers.reader import Chip
from drivers.reader.chips import Ntag21x, UltralightEv1, make
from drivers.reader.chips.password import PasswordChip
from drivers.reader.chips.type2 import ACK, NAK_ARGUMENT, NAK_LIMIT

UID = bytes.fromhex("04a1b2c3d4e5f6")
PWD, PACK = b"wxyz", b"OK"
CHIPS = [Chip.NTAG213, Chip.NTAG215, Chip.NTAG216, Chip.UL_EV1_48, Chip.UL_EV1_128]


def protected(chip: Chip, access: int = 0x80, auth0: int = 8) -> PasswordChip:
    """Issued by commands, as an issuer does; then taken out of the field."""
    band = make(chip, UID)
    assert isinstance(band, PasswordChip)
    band.activate()
    config = band.pages - 4
    for page, data in (
        (config + 2, PWD),
        (config + 3, PACK + bytes(2)),
        (config + 1, bytes((access, 5, 0, 0))),
        (config, bytes((0, 0, 0, auth0))),
    ):
        assert band.receive(bytes((0xA2, page)) + data) == ACK
    band.power_off()
    band.activate()
    return band


@pytest.mark.parametrize(
    ("chip", "version", "pages"),
    [
        (Chip.NTAG213, "0004040201000f03", 45),
        (Chip.NTAG215, "0004040201001103", 135),
        (Chip.NTAG216, "0004040201001303", 231),
        (Chip.UL_EV1_48, "0004030101000b03", 20),
        (Chip.UL_EV1_128, "0004030101000e03", 41),
    ],
)
def test_the_version_and_size_of_the_data_sheet(chip: Chip, version: str, pages: int) -> None:
    band = make(chip, UID)
    band.activate()
    assert band.receive(b"\x60") == bytes.fromhex(version)
    assert len(band.receive(bytes((0x3A, 0, pages - 1))) or b"") == 4 * pages
    assert band.receive(bytes((0x3A, 0, pages))) == NAK_ARGUMENT


@pytest.mark.parametrize("chip", CHIPS)
def test_without_the_password_protected_pages_are_closed(chip: Chip) -> None:
    band = protected(chip)
    assert band.receive(b"\xa2\x08abcd") == NAK_ARGUMENT
    band.activate()
    assert band.receive(b"\x30\x08") == NAK_ARGUMENT
    band.activate()
    assert band.receive(b"\x3a\x07\x08") == NAK_ARGUMENT
    band.activate()
    # Reading rolls over before AUTH0 (section 10.2).
    assert band.receive(b"\x30\x06") == bytes(band.memory[24:32] + band.memory[:8])
    assert band.receive(b"\xa2\x07abcd") == ACK


@pytest.mark.parametrize("chip", CHIPS)
def test_with_the_password_all_is_open_but_the_password(chip: Chip) -> None:
    band = protected(chip)
    assert band.receive(b"\x1b" + PWD) == PACK
    assert band.receive(b"\xa2\x08abcd") == ACK
    everything = band.receive(bytes((0x3A, 0, band.pages - 1))) or b""
    assert everything[32:36] == b"abcd"
    assert everything[-8:] == bytes(8)
    assert (band.receive(bytes((0x30, band.pages - 1))) or b"")[:4] == bytes(4)


@pytest.mark.parametrize("chip", CHIPS)
def test_protection_against_writing_only_leaves_reading_open(chip: Chip) -> None:
    band = protected(chip, access=0)
    assert len(band.receive(b"\x30\x08") or b"") == 16
    assert band.receive(b"\xa2\x08abcd") == NAK_ARGUMENT


@pytest.mark.parametrize("chip", CHIPS)
def test_the_limit_of_wrong_passwords_closes_a_band_for_ever(chip: Chip) -> None:
    band = protected(chip, access=0x80 | 2)
    for nak in (NAK_ARGUMENT, NAK_ARGUMENT, NAK_LIMIT):
        band.activate()
        assert band.receive(b"\x1bnope") == nak
    band.power_off()
    band.activate()
    assert band.receive(b"\x1b" + PWD) == NAK_LIMIT


@pytest.mark.parametrize("chip", CHIPS)
def test_without_a_limit_a_prankster_harms_nobody(chip: Chip) -> None:
    band = protected(chip)
    for _ in range(20):
        assert band.receive(b"\x1bnope") == NAK_ARGUMENT
        band.activate()
    assert band.receive(b"\x1b" + PWD) == PACK


@pytest.mark.parametrize("chip", CHIPS)
def test_a_right_password_forgives_the_wrong_ones_before(chip: Chip) -> None:
    band = protected(chip, access=0x80 | 2)
    for _ in range(3):
        band.receive(b"\x1bnope")
        band.activate()
        assert band.receive(b"\x1b" + PWD) == PACK


@pytest.mark.parametrize("chip", CHIPS)
def test_locked_configuration_leaves_password_writable(chip: Chip) -> None:
    band = protected(chip, access=0x40)
    config = band.pages - 4
    for page, answer in ((config, NAK_ARGUMENT), (config + 1, NAK_ARGUMENT), (config + 2, ACK)):
        band.activate()
        band.receive(b"\x1b" + PWD)
        assert band.receive(bytes((0xA2, page)) + PWD) == answer


@pytest.mark.parametrize("chip", CHIPS)
def test_the_signature_is_shown(chip: Chip) -> None:
    band = make(chip, UID)
    band.signature = bytes(range(32))
    band.activate()
    assert band.receive(b"\x3c\x00") == bytes(range(32))
    assert band.receive(b"\x3c\x01") == NAK_ARGUMENT


def test_a_chip_of_another_family_is_refused() -> None:
    with pytest.raises(ValueError, match="no NTAG21x"):
        Ntag21x(UID, Chip.UL_C)
    with pytest.raises(ValueError, match="no Ultralight EV1"):
        UltralightEv1(UID, Chip.NTAG213)


@pytest.mark.parametrize("chip", CHIPS)
@pytest.mark.parametrize("at_once", [True, False])
def test_protection_counts_at_once_or_from_the_next_activation(chip: Chip, at_once: bool) -> None:
    band = make(chip, UID)
    assert isinstance(band, PasswordChip)
    band.at_once = at_once
    band.activate()
    config = band.pages - 4
    assert band.receive(bytes((0xA2, config, 0, 0, 0, 8))) == ACK
    assert (band.receive(b"\xa2\x08abcd") == ACK) == (not at_once)
    band.activate()
    assert band.receive(b"\xa2\x08abcd") == NAK_ARGUMENT
