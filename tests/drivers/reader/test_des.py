"""Triple DES against a known answer and against another implementation."""

from __future__ import annotations

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.reader import des


def test_a_known_answer_of_single_des() -> None:
    # With two equal keys 3DES is DES; NIST SP 500-20, first of the variable plaintexts.
    key = bytes.fromhex("0101010101010101") * 2
    assert des.des3_encrypt(key, bytes.fromhex("8000000000000000")).hex() == "95f8a5e5dd31d900"


@settings(max_examples=50)
@given(key=st.binary(min_size=16, max_size=16), plain=st.binary(min_size=8, max_size=8))
def test_as_another_implementation(key: bytes, plain: bytes) -> None:
    other = Cipher(TripleDES(key + key[:8]), modes.ECB()).encryptor().update(plain)
    assert des.des3_encrypt(key, plain) == other
    assert des.des3_decrypt(key, other) == plain


def test_other_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        des.des3_encrypt(bytes(24), bytes(8))
