"""The library's ciphers are the ones of the standards that the drivers have in plain code."""

from __future__ import annotations

import random

import pytest

from crypto import chip_ciphers
from drivers.reader.ciphers import PURE, Ciphers

FAST = Ciphers(
    chip_ciphers.des3_encrypt, chip_ciphers.des3_decrypt, chip_ciphers.aes_encrypt,
    chip_ciphers.aes_decrypt,
)  # fmt: skip


@pytest.mark.parametrize("name", Ciphers._fields)
def test_each_is_the_plain_one(name: str) -> None:
    chance, size = random.Random(4), 16 if name.startswith("aes") else 8
    fast, pure = getattr(FAST, name), getattr(PURE, name)
    for count in range(24):
        key, start = chance.randbytes(16), chance.randbytes(size)
        if count == 1:
            key = key[:8] * 2  # 3DES that is DES
        if count == 2:
            key = bytes(16)  # weak, and what a factory leaves
        data = chance.randbytes(size * (count % 4))
        assert fast(key, start, data) == pure(key, start, data)


@pytest.mark.parametrize(("name", "size"), [("des3", 8), ("aes", 16)])
def test_the_way_back_leads_back(name: str, size: int) -> None:
    key, start, data = b"k" * 16, b"s" * size, b"d" * size * 3
    sealed = getattr(chip_ciphers, f"{name}_encrypt")(key, start, data)
    assert sealed != data
    assert getattr(chip_ciphers, f"{name}_decrypt")(key, start, sealed) == data


@pytest.mark.parametrize("name", Ciphers._fields)
def test_half_a_block_is_refused(name: str) -> None:
    size = 16 if name.startswith("aes") else 8
    with pytest.raises(ValueError):
        getattr(FAST, name)(bytes(16), bytes(size), bytes(size - 1))
