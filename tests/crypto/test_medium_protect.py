"""How a chip is closed: the key before the lock, and AUTHLIM never."""

import pytest

from crypto.medium import CHIPS
from crypto.medium_keys import ChipSecrets
from crypto.medium_protect import closing, sealing, without_keys

SECRETS = ChipSecrets(b"\xa1\xa2\xa3\xa4", b"\xb1\xb2", bytes(range(16)))
LAST = {"NTAG213": 0x2C, "NTAG215": 0x86, "NTAG216": 0xE6, "UL_EV1_48": 0x13, "UL_EV1_128": 0x28}


@pytest.mark.parametrize("chip", LAST)
def test_a_password_chip(chip: str) -> None:
    last, writes = LAST[chip], closing(CHIPS[chip], SECRETS)
    assert writes[0] == (2, b"\0\0\7\0")
    assert writes[1:3] == ((last - 1, b"\xa1\xa2\xa3\xa4"), (last, b"\xb1\xb2\0\0"))
    page, access = writes[3]
    assert page == last - 2
    assert access[0] & 0x80, "PROT: reading needs the password, too"
    assert not access[0] & 0x07, "AUTHLIM would let a phone kill the band"
    assert not access[0] & 0x40, "configuration stays open for whoever has the password"
    page, auth0 = writes[4]
    assert (page, auth0[3]) == (last - 3, 4 if chip.startswith("UL") else 8)
    assert len(writes) == 5


def test_ultralight_c() -> None:
    assert closing(CHIPS["UL_C"], SECRETS) == (
        (0x03, bytes.fromhex("e1101200")),
        (0x02, bytes.fromhex("00000700")),
        (0x2C, bytes.fromhex("07060504")),
        (0x2D, bytes.fromhex("03020100")),
        (0x2E, bytes.fromhex("0f0e0d0c")),
        (0x2F, bytes.fromhex("0b0a0908")),
        (0x2B, bytes(4)),
        (0x2A, bytes.fromhex("08000000")),
    )


def test_ultralight_aes() -> None:
    assert closing(CHIPS["UL_AES"], SECRETS) == (
        (0x03, bytes.fromhex("e1101200")),
        (0x02, bytes.fromhex("00000700")),
        (0x30, bytes.fromhex("0f0e0d0c")),
        (0x31, bytes.fromhex("0b0a0908")),
        (0x32, bytes.fromhex("07060504")),
        (0x33, bytes.fromhex("03020100")),
        (0x2A, bytes.fromhex("80050000")),
        (0x29, bytes.fromhex("00000008")),
    )


@pytest.mark.parametrize("chip", list(CHIPS))
def test_a_band_that_knows_its_key_is_not_given_it_again(chip: str) -> None:
    plan = CHIPS[chip]
    writes = closing(plan, SECRETS)
    rest = without_keys(plan, writes)
    gone = [page for page, _ in writes if page not in [page for page, _ in rest]]
    keys = {"UL_C": [0x2C, 0x2D, 0x2E, 0x2F], "UL_AES": [0x30, 0x31, 0x32, 0x33]}
    assert gone == keys.get(chip, [])
    assert rest[-1] == writes[-1], "AUTH0 comes last"


def test_only_what_is_proven_is_locked_for_ever() -> None:
    sealed = {chip: sealing(plan) for chip, plan in CHIPS.items() if sealing(plan)}
    assert sealed == {"UL_AES": ((0x2D, bytes.fromhex("c0000000")),)}
