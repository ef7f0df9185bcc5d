"""Keys of a band: RFC 4493 to the letter, and no two bands alike."""

import hashlib

import pytest
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from crypto.medium_keys import CACHED_MAX, ChipSecrets, KeyRing, cmac

UID = bytes.fromhex("04112233445566")
KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
MESSAGE = bytes.fromhex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)
RFC_4493 = [
    (0, "bb1d6929e95937287fa37d129b756746"),
    (16, "070a16b46b4d4144f79bdd9dd04a287c"),
    (40, "dfa66747de9ae63030ca32611497c827"),
    (64, "51f0bebf7e3b9d92fc49741779363cfe"),
]


@pytest.mark.parametrize(("size", "mac"), RFC_4493)
def test_the_vectors_of_rfc_4493(size: int, mac: str) -> None:
    assert cmac(KEY, MESSAGE[:size]).hex() == mac


def independent(key: bytes, message: bytes) -> bytes:
    made = CMAC(AES(key))
    made.update(message)
    return made.finalize()


def test_a_bands_keys_are_what_the_layout_says() -> None:
    ring = KeyRing({3: KEY}, b"secret")
    kt = independent(KEY, b"\x01" + UID + b"gh-debit" + b"\x03")
    mac = ring.mac(UID, 3)
    assert mac is not None
    assert mac(b"hello") == independent(kt, b"hello")[:8]
    chip = hashlib.sha256(b"gatehouse-chip-1\0secret").digest()[:16]
    words = independent(chip, b"\x01" + UID + b"gh-passw")
    key = independent(chip, b"\x01" + UID + b"gh-chipk")
    assert ring.chip(UID) == ChipSecrets(words[:4], words[4:6], key)


def test_every_band_and_every_version_has_keys_of_its_own() -> None:
    ring = KeyRing({1: KEY, 2: KEY}, b"secret")
    macs = set()
    for uid in (UID, bytes(7)):
        for version in (1, 2):
            mac = ring.mac(uid, version)
            assert mac is not None
            macs.add(mac(b""))
    assert len(macs) == 4
    assert ring.chip(UID) != ring.chip(bytes(7))
    assert KeyRing({}, b"other").chip(UID) != ring.chip(UID)


def test_a_mac_may_be_asked_for_again_and_again() -> None:
    ring = KeyRing({1: KEY}, b"")
    first, again = ring.mac(UID, 1), ring.mac(UID, 1)
    assert first is not None
    assert again is not None
    assert first(b"a") == again(b"a") != first(b"b")
    assert first(b"a") == again(b"a")


def test_what_is_not_known_has_no_mac() -> None:
    ring = KeyRing({1: KEY}, b"")
    assert ring.mac(UID, 2) is None
    assert ring.mac(UID[:6], 1) is None
    assert (ring.newest, KeyRing({}, b"").newest) == (1, 0)


def test_the_cache_is_bounded_and_forgets_the_oldest() -> None:
    ring = KeyRing({1: KEY}, b"")
    for number in range(CACHED_MAX + 5):
        ring.mac(number.to_bytes(7, "big"), 1)
    assert len(ring._cache) == CACHED_MAX
    assert ((5).to_bytes(7, "big"), 1) in ring._cache
    assert ((4).to_bytes(7, "big"), 1) not in ring._cache


def test_no_secret_is_shown() -> None:
    ring = KeyRing({1: KEY}, b"secret")
    shown = repr(ring) + repr(ring.chip(UID))
    assert shown == "<KeyRing [1]><ChipSecrets>"
