"""Ultralight AES: authentication, counters behind it, keys that nobody reads."""

from __future__ import annotations

import pytest

from drivers.reader.chips import TearPlan, Torn, UltralightAes
from drivers.reader.chips.secure_messaging import Session, session_key
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


@pytest.mark.parametrize(
    ("key", "challenge", "theirs", "proof", "answer"),
    [
        (  # MF0AES(H)20, the example of section 8.6.4
            ZERO,
            "d5a847b84862ff3874a7f07b8ddf351b",
            "f29b0123f5c00df612487bbf42468c7e",
            "cdf22c5f7a92f0af0155612b9b236ac7a424bc5238d41ad041b8165b7d99e524",
            "2c743d6b1e128f8076bd197b76012ce8",
        ),
        (  # AN13452
            ZERO,
            "374142dafb0ab97183d846eb7ed379e0",
            "42bdf7e08e110f14b6d3323d14f1c2b9",
            "794693b2a31e7f10964a2bd834590ac485f84e9f8b13197ab32433346f60b821",
            "a17673dcc20d27ee80584accfc39e0a3",
        ),
        (  # a chip of pretix
            KEY,
            "85707404563f8ac0cd2d9a18c7db6239",
            "0293746d6cbe0d637672bd9d3bec4422",
            "79c178d209dd780364fefda24240b757f02e08a6ad0cabf4a2b3f6557509718f",
            "6251131285824545e764e56a5f8592c4",
        ),
    ],
)
def test_it_answers_as_the_chips_of_others_did(
    key: bytes, challenge: str, theirs: str, proof: str, answer: str
) -> None:
    ours = PURE.aes_decrypt(key, ZERO, bytes.fromhex(challenge))
    band = UltralightAes(UID, random=lambda _: ours)
    band.set_key(key)
    band.activate()
    assert (band.receive(b"\x1a\x00") or b"").hex() == "af" + challenge
    made = PURE.aes_encrypt(key, ZERO, bytes.fromhex(theirs) + turned(ours))
    assert made.hex() == proof
    assert (band.receive(b"\xaf" + made) or b"").hex() == "00" + answer


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


def test_a_right_key_takes_sixteen_failures_back_and_not_all() -> None:
    band = issued()
    band.memory[0x2A * 4 + 2 : 0x2A * 4 + 4] = (300).to_bytes(2, "little")
    band.wrong = 40
    for left in (24, 8, 0):
        assert proved(band, KEY) == b""
        assert band.wrong == left
        band.activate()


def test_as_delivered() -> None:
    # A dump of a new chip, as Unleashed's authors published it.
    band = UltralightAes(UID)
    band.activate()
    assert band.receive(b"\x3a\x28\x2d") == bytes.fromhex("00" * 7 + "3c8c05") + bytes(14)
    assert proved(band, ZERO) == proved(band, ZERO, 1) == b""
    assert len(band.receive(b"\x3c\x00") or b"") == 48


@pytest.mark.parametrize(
    ("locks", "page", "closed"),
    [(0x40, 0x30, True), (0x80, 0x37, True), (0x40, 0x34, False), (0x80, 0x33, False)],
)
def test_a_locked_key_stays(locks: int, page: int, closed: bool) -> None:
    band = issued(auth0=0x3C)
    assert band.receive(bytes((0xA2, 0x2D, locks, 0, 0, 0))) == ACK
    assert band.receive(b"\xa2\x2d\x00\x00\x00\x00") == ACK  # one-time: nothing takes it back
    assert band.receive(bytes((0xA2, page)) + b"abcd") == (NAK_ARGUMENT if closed else ACK)


def test_locks_of_keys_may_be_locked_themselves() -> None:
    band = issued(auth0=0x3C)
    for locks in (0x60, 0x80):
        assert band.receive(bytes((0xA2, 0x2D, locks, 0, 0, 0))) == ACK
    assert band.memory[0x2D * 4] == 0x60


def test_locks_of_keys_are_written_whole_or_not_at_all() -> None:
    band = issued(auth0=0x3C)
    band.tear = TearPlan(0, Torn.GARBAGE)
    assert band.receive(b"\xa2\x2d\xc0\x00\x00\x00") is None
    assert band.memory[0x2D * 4] == 0


def test_in_a_secure_session_every_command_and_answer_has_its_mac() -> None:
    band = issued()
    band.memory[0x29 * 4] = 2
    assert proved(band, KEY) == b""
    theirs = bytes(range(7, 23))
    reader = Session(PURE, session_key(PURE, KEY, b"random 16 bytes!", theirs))
    for command, plain in (
        (b"\x60", band.version),
        (b"\xa2\x08abcd", b""),  # where an ACK would be, the MAC stands alone
        (b"\xa5\x00\x01\x00\x00\x00", b""),
        (b"\x39\x00", b"\x01\x00\x00"),
        (b"\x3a\x08\x08", b"abcd"),
    ):
        assert reader.opened(band.receive(reader.sealed(command)) or b"") == plain
    assert band.receive(reader.sealed(b"\x30\x80")) == NAK_ARGUMENT


@pytest.mark.parametrize("sent", ["plain", "replayed", "turned"])
def test_without_the_right_mac_a_secure_session_is_over_in_silence(sent: str) -> None:
    band = issued()
    band.memory[0x29 * 4] = 2
    assert proved(band, KEY) == b""
    theirs = bytes(range(7, 23))
    reader = Session(PURE, session_key(PURE, KEY, b"random 16 bytes!", theirs))
    command = reader.sealed(b"\xa2\x08abcd")
    band.receive(command)
    wrong = {"plain": b"\x30\x08", "replayed": command, "turned": turned(command)}[sent]
    assert band.receive(wrong) is None
    assert band.receive(reader.sealed(b"\x30\x08")) is None
    band.activate()
    assert band.receive(b"\x30\x08") == NAK_ARGUMENT
