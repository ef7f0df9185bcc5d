"""AES-128 against FIPS 197 and against another implementation."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.reader import aes

blocks = st.binary(min_size=16, max_size=16)


def test_the_example_of_the_standard() -> None:
    # FIPS 197, appendix C.1
    key, plain = bytes(range(16)), bytes.fromhex("00112233445566778899aabbccddeeff")
    sealed = bytes.fromhex("69c4e0d86a7b0430d8cdb78070b4c55a")
    assert aes.encrypt(key, plain) == sealed
    assert aes.decrypt(key, sealed) == plain


@settings(max_examples=50)
@given(key=blocks, plain=blocks)
def test_as_another_implementation(key: bytes, plain: bytes) -> None:
    other = Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(plain)
    assert aes.encrypt(key, plain) == other
    assert aes.decrypt(key, other) == plain


def test_other_key_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        aes.encrypt(bytes(32), bytes(16))
