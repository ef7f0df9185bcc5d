"""CBC, as another implementation chains it."""

from __future__ import annotations

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.reader.ciphers import PURE, turned


@settings(max_examples=30)
@given(key=st.binary(min_size=16, max_size=16), start=st.binary(min_size=16, max_size=16))
def test_chains_of_both(key: bytes, start: bytes) -> None:
    data = bytes(range(64))
    aes = Cipher(AES(key), modes.CBC(start)).encryptor().update(data)
    assert PURE.aes_encrypt(key, start, data) == aes
    assert PURE.aes_decrypt(key, start, aes) == data
    des = Cipher(TripleDES(key + key[:8]), modes.CBC(start[:8])).encryptor().update(data)
    assert PURE.des3_encrypt(key, start[:8], data) == des
    assert PURE.des3_decrypt(key, start[:8], des) == data


def test_turned_is_one_byte_to_the_left() -> None:
    assert turned(b"abcd") == b"bcda"
