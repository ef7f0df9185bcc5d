"""Ultralight AES: authentication, counters behind it, keys that nobody reads."""

from __future__ import annotations

import pytest

from drivers.reader.chips import UltralightAes
from drivers.reader.chips.type2 import ACK, NAK_ARGUMENT, NAK_LIMIT
from drivers.reader.ciphers import PURE, turned

UID = bytes.fromhex("04a1b2c3d4e5f6")
KEY = bytes(range(16))
ZERO = bytes(16)


def proved(band: UltralightAes, key: bytes, which: int = 0) -> bytes:
    """Authenticate; "" when done, or the NAK."""
    answer = band.receive(bytes((0x1A, which))) or b""
    if len(answer) == 1:
        return answer
    theirs = PURE.aes_decrypt(key, ZERO, answer[1:])
    proof = PURE.aes_encrypt(key, ZERO, b"random 16 bytes!" + turned(theirs))
    answer = band.receive(b"\xaf" + proof) or b""
    if len(answer) == 1:
        return answer
    assert answer[0] == 0
    assert PURE.aes_decrypt(key, ZERO, answer[1:]) == turned(b"random 16 bytes!")
    return b""


def issued(auth0: int = 8) -> UltralightAes:
    band = UltralightAes(UID, random=lambda n: bytes(range(7, 7 + n)))
    band.set_key(KEY)
    band.memory[0x29 * 4 + 3] = auth0
    band.memory[0x2A * 4] = 0x80
    band.activate()
    return band


def test_it_answers_1a_00_as_ultralight_c_does_and_says_its_version() -> None:
    band = UltralightAes(UID)
    band.activate()
    assert band.receive(b"\x60") == bytes.fromhex("0004030104000f03")
    assert (band.receive(b"\x1a\x00") or b"")[0] == 0xAF


def test_keys_stand_in_memory_last_byte_first_and_are_never_shown() -> None:
    band = issued()
    assert band.memory[0xC0:0xD0] == KEY[::-1]
    assert proved(band, KEY) == b""
    assert (band.receive(b"\x3a\x30\x33") or b"") == bytes(16)
    assert (band.receive(b"\x3a\x2f\x38") or b"")[4:36] == bytes(32)


def test_protected_pages_and_counters_open_by_authentication() -> None:
    band = issued()
    for closed in (b"\x30\x08", b"\xa2\x08abcd", b"\x39\x00", b"\xa5\x00\x01\x00\x00\x00"):
        assert band.receive(closed) == NAK_ARGUMENT
        band.activate()
    assert proved(band, KEY) == b""
    assert band.receive(b"\xa2\x08abcd") == ACK
    assert band.receive(b"\xa5\x00\x01\x00\x00\x00") == ACK
    assert band.receive(b"\x39\x00") == b"\x01\x00\x00"


def test_the_third_counter_has_access_bits_of_its_own() -> None:
    band = issued()
    band.memory[0x2A * 4] |= 0x0C
    assert band.receive(b"\xa5\x02\x01\x00\x00\x00") == ACK
    assert band.receive(b"\x39\x02") == b"\x01\x00\x00"
    assert band.receive(b"\x39\x01") == NAK_ARGUMENT


def test_the_key_for_the_uid_opens_no_page() -> None:
    band = issued()
    band.set_key(bytes(range(1, 17)), 1)
    band.activate()
    assert proved(band, bytes(range(1, 17)), 1) == b""
    assert band.receive(b"\x30\x08") == NAK_ARGUMENT


def test_wrong_keys_are_limited_where_that_is_set() -> None:
    band = issued()
    band.memory[0x2A * 4 + 2] = 2
    for nak in (NAK_ARGUMENT, NAK_ARGUMENT, NAK_LIMIT):
        assert proved(band, bytes(16)) == nak
        band.activate()
    assert proved(band, KEY) == NAK_LIMIT


@pytest.mark.parametrize(("locks", "page"), [(1, 0x30), (2, 0x37)])
def test_a_locked_key_stays(locks: int, page: int) -> None:
    band = issued(auth0=0x3C)
    band.memory[0x2D * 4] = locks
    assert band.receive(bytes((0xA2, page)) + b"abcd") == NAK_ARGUMENT


def test_secure_messaging_is_not_there_and_says_so() -> None:
    band = issued()
    band.memory[0x29 * 4] = 2
    assert proved(band, KEY) == NAK_ARGUMENT
