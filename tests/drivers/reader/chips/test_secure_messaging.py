"""Secure messaging of Ultralight AES, against examples that are not ours."""

from __future__ import annotations

import pytest

from drivers.reader.chips.secure_messaging import MAC_BYTES, Session, cmac, session_key
from drivers.reader.ciphers import PURE

AN13452 = bytes.fromhex("d6b4f8ac7a66cfa041dc179a154543bf")
PRETIX = bytes.fromhex("fca816ce894300d9674a29dc8341010a")


@pytest.mark.parametrize(
    ("length", "mac"),
    [
        (0, "bb1d6929e95937287fa37d129b756746"),
        (16, "070a16b46b4d4144f79bdd9dd04a287c"),
        (40, "dfa66747de9ae63030ca32611497c827"),
        (64, "51f0bebf7e3b9d92fc49741779363cfe"),
    ],
)
def test_cmac_of_rfc_4493(length: int, mac: str) -> None:
    key = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
    message = bytes.fromhex(
        "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
        "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
    )
    assert cmac(PURE, key, message[:length]).hex() == mac


@pytest.mark.parametrize(
    ("key", "reader", "chip", "session"),
    [
        (
            bytes(16),
            "42bdf7e08e110f14b6d3323d14f1c2b9",
            "0d2bba17011098e9864c8aa5192af796",
            AN13452,
        ),
        (
            bytes(range(16)),
            "0293746d6cbe0d637672bd9d3bec4422",
            "4f8a30afa500343a9e850485fba905d7",
            PRETIX,
        ),
    ],
)
def test_the_key_of_a_session(key: bytes, reader: str, chip: str, session: bytes) -> None:
    made = session_key(PURE, key, bytes.fromhex(reader), bytes.fromhex(chip))
    assert made == session


def test_the_first_command_of_two_sessions_that_others_logged() -> None:
    assert Session(PURE, AN13452).sealed(b"\x60").hex() == "60" + "1d5de802d6751670"
    assert Session(PURE, PRETIX).sealed(b"\x30\x29").hex() == "3029" + "218f09e0c13b5ee1"


def test_both_ends_count_and_nothing_counts_twice() -> None:
    ours, theirs = Session(PURE, AN13452), Session(PURE, AN13452)
    for data in (b"\x30\x08", b"sixteen bytes ..", b"\xa2\x08abcd", b""):
        assert theirs.opened(ours.sealed(data)) == data
    # Section 8.8.3: the counter's last byte comes first.
    assert ours.sealed(b"")[:MAC_BYTES] == cmac(PURE, AN13452, b"\x04\x00")[1::2]
    theirs.sealed(b"")
    once = ours.sealed(b"\x30\x08")
    assert theirs.opened(once) == b"\x30\x08"
    assert theirs.opened(once) is None
    assert theirs.opened(bytes(MAC_BYTES - 1)) is None
