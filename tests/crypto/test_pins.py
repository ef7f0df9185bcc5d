"""Hashes of PINs: libsodium reads ours, only the right PIN opens, and none costs too much."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl import pwhash

from crypto.errors import BadPinHash
from crypto.pins import PIN_BYTES_MAX, hash_pin, pin_matches, read_hash_untrusted

SALT = bytes(range(16))
TEXT = hash_pin("471100", SALT)
B22, B43 = "A" * 22, "A" * 43


def test_the_form_is_frozen() -> None:
    assert TEXT == (
        "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$"
        "nk9m9NWUgr6YJeoU1E3vjesuqSHI6hYB5OIcle0tCtc"
    )


def test_only_the_right_pin_opens() -> None:
    read = read_hash_untrusted(TEXT)
    assert pin_matches(read, "471100")
    assert not any(pin_matches(read, pin) for pin in ("471101", "4711000", "", "4" * 65, "\ud800"))
    assert pwhash.verify(TEXT.encode(), b"471100")
    least = pwhash.argon2id.MEMLIMIT_MIN
    theirs = pwhash.argon2id.str(b"geheim", opslimit=1, memlimit=least).rstrip(b"\0").decode()
    assert pin_matches(read_hash_untrusted(theirs), "geheim")


@pytest.mark.parametrize("pin", ["", "12345", "x" * (PIN_BYTES_MAX + 1)])
def test_a_pin_that_is_too_short_or_too_long_is_refused(pin: str) -> None:
    with pytest.raises(BadPinHash, match="6 to 64"):
        hash_pin(pin, SALT)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not a hash"),
        ("471100", "not a hash"),
        (TEXT + "\n", "not a hash"),
        (TEXT.replace("p=1", "p=2"), "not a hash"),
        (f"$argon2id$v=19$m=65537,t=2,p=1${B22}${B43}", "costs more"),
        (f"$argon2id$v=19$m=19456,t=9,p=1${B22}${B43}", "costs more"),
    ],
)
def test_what_is_no_hash_or_costs_too_much_is_refused(text: str, told: str) -> None:
    with pytest.raises(BadPinHash, match=told):
        read_hash_untrusted(text)


@given(st.text(max_size=200))
def test_nothing_else_is_raised(text: str) -> None:
    with contextlib.suppress(BadPinHash):
        read_hash_untrusted(text)
