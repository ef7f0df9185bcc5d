"""Ultralight C: authentication, the counter that shows late, the odd lock bits."""

from __future__ import annotations

import pytest

from drivers.reader.chips import TearPlan, Torn, UltralightC
from drivers.reader.chips.type2 import ACK, NAK_ARGUMENT
from drivers.reader.chips.ultralight_c import key_from_memory, key_to_memory
from drivers.reader.ciphers import PURE, turned

UID = bytes.fromhex("04a1b2c3d4e5f6")
FACTORY = b"IEMKAERB!NACUOYF"  # what every library calls the default key


def proved(band: UltralightC, key: bytes) -> bool:
    answer = band.receive(b"\x1a\x00") or b""
    assert answer[0] == 0xAF
    theirs = PURE.des3_decrypt(key, bytes(8), answer[1:])
    proof = PURE.des3_encrypt(key, answer[1:], b"entropy!" + turned(theirs))
    answer = band.receive(b"\xaf" + proof) or b""
    if answer == NAK_ARGUMENT:
        return False
    assert answer[0] == 0
    assert PURE.des3_decrypt(key, proof[-8:], answer[1:]) == turned(b"entropy!")
    return True


def awake() -> UltralightC:
    band = UltralightC(UID, random=lambda n: bytes(range(n)))
    band.activate()
    return band


def test_the_key_of_delivery_and_its_order_in_memory() -> None:
    # Section 7.5.7, table 11: the key 00 01 .. 0F.
    assert key_to_memory(bytes(range(16))).hex() == "07060504030201000f0e0d0c0b0a0908"
    assert key_from_memory(b"BREAKMEIFYOUCAN!") == FACTORY
    assert proved(awake(), FACTORY)
    assert not proved(awake(), bytes(16))


@pytest.mark.parametrize(
    ("key", "challenge", "theirs", "proof", "answer"),
    [
        (  # nfc-tools' forum, topic "MIFARE UltraLight C 3DES authentication APDUs"
            FACTORY,
            "63fc19906a77d13f",
            "74bd85757bd28b77",
            "89817fe2a8d71808f703d91bdc40016f",
            "c6fe6c742b68cee8",
        ),
        (  # Stack Overflow 20308871
            FACTORY,
            "ccf489bfb7b98605",
            "6e262630e299f94f",
            "ab7af6c6e76675f52b9ff40021a8e2d6",
            "",
        ),
    ],
)
def test_it_answers_as_the_chips_of_others_did(
    key: bytes, challenge: str, theirs: str, proof: str, answer: str
) -> None:
    ours = PURE.des3_decrypt(key, bytes(8), bytes.fromhex(challenge))
    band = UltralightC(UID, random=lambda _: ours)
    band.activate()
    sealed = band.receive(b"\x1a\x00") or b""
    assert sealed.hex() == "af" + challenge
    made = PURE.des3_encrypt(key, sealed[1:], bytes.fromhex(theirs) + turned(ours))
    assert made.hex() == proof
    told = (band.receive(b"\xaf" + made) or b"").hex()
    assert told.startswith("00" + answer)


def test_there_is_no_version_and_asking_for_it_sends_it_to_sleep() -> None:
    band = awake()
    assert band.receive(b"\x60") == NAK_ARGUMENT
    assert band.receive(b"\x1a\x00") is None


def test_protected_pages_open_by_authentication_and_close_by_a_nak() -> None:
    band = awake()
    assert band.receive(b"\xa2\x2a\x08\x00\x00\x00") == ACK
    band.activate()
    assert band.receive(b"\x30\x08") == NAK_ARGUMENT
    band.activate()
    assert band.receive(b"\x30\x07") == bytes(band.memory[28:32] + band.memory[:12])
    assert proved(band, FACTORY)
    assert band.receive(b"\xa2\x08abcd") == ACK
    assert band.receive(b"\x30\x2c") == NAK_ARGUMENT  # the key is never shown
    band.activate()
    assert band.receive(b"\xa2\x08abcd") == NAK_ARGUMENT


def test_a_new_key_counts_from_the_next_activation() -> None:
    band = awake()
    key = bytes(range(16))
    for at, page in enumerate(range(0x2C, 0x30)):
        data = key_to_memory(key)[4 * at : 4 * at + 4]
        assert band.receive(bytes((0xA2, page)) + data) == ACK
    assert proved(band, FACTORY)
    band.activate()
    assert proved(band, key)


def test_the_counter_shows_an_increment_after_the_next_activation() -> None:
    band = awake()

    def shown() -> int:
        return int.from_bytes((band.receive(b"\x30\x29") or b"")[:2], "little")

    assert band.receive(b"\xa2\x29\x00\x01\x00\x00") == ACK  # the first sets any value
    assert shown() == 0
    band.activate()
    assert shown() == 0x100
    assert band.receive(b"\xa2\x29\x01\xff\xff\xff") == ACK  # then one nibble counts
    band.power_off()
    band.activate()
    assert shown() == 0x101
    band.memory[0xA4:0xA6] = b"\xff\xff"
    assert band.receive(b"\xa2\x29\x01\x00\x00\x00") == NAK_ARGUMENT


@pytest.mark.parametrize(("torn", "shown"), [(Torn.OLD, 0), (Torn.NEW, 1), (Torn.GARBAGE, 0)])
def test_a_torn_increment_is_done_or_not_done(torn: Torn, shown: int) -> None:
    band = awake()
    band.tear = TearPlan(0, torn)
    assert band.receive(b"\xa2\x29\x01\x00\x00\x00") is None
    band.activate()
    assert (band.receive(b"\x30\x29") or b"")[0] == shown


@pytest.mark.parametrize(
    ("bit", "pages"),
    [(1, range(16, 20)), (3, range(24, 28)), (7, range(36, 40)), (12, [0x29]), (15, [0x2D])],
)
def test_lock_bits_of_page_28(bit: int, pages: range | list[int]) -> None:
    band = awake()
    assert band.receive(b"\xa2\x28" + (1 << bit).to_bytes(2, "little") + b"\x00\x00") == ACK
    for page in pages:
        band.activate()
        assert band.receive(bytes((0xA2, page)) + b"\x01\x00\x00\x00") == NAK_ARGUMENT
    band.activate()
    assert band.receive(b"\xa2\x0f\x01\x00\x00\x00") == ACK


def test_a_block_locking_bit_of_page_28_holds_its_lock_bits() -> None:
    band = awake()
    for data in (b"\x01\x01\x00\x00", b"\xee\xf0\x00\x00"):
        assert band.receive(b"\xa2\x28" + data) == ACK
    assert band.memory[0xA0:0xA2] == b"\xe1\xe1"
