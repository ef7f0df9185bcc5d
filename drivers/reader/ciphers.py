"""The two block ciphers of band chips, as a reader and a chip need them: in CBC mode.

`Ciphers` are four functions, so that a gateway can bring those of its crypto library;
drivers import none. `PURE` computes slowly what FIPS 46-3 and FIPS 197 say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from drivers.reader import aes, des

Cbc = Callable[[bytes, bytes, bytes], bytes]


class Ciphers(NamedTuple):
    """Each takes (16-byte key, initial value, data of whole blocks); 3DES with two keys."""

    des3_encrypt: Cbc
    des3_decrypt: Cbc
    aes_encrypt: Cbc
    aes_decrypt: Cbc


def turned(block: bytes) -> bytes:
    """Rotated left by one byte: the proof of having understood a random number."""
    return block[1:] + block[:1]


def _encrypt(block_encrypt: Callable[[bytes, bytes], bytes], size: int) -> Cbc:
    def cbc(key: bytes, start: bytes, data: bytes) -> bytes:
        out, last = b"", start
        for at in range(0, len(data), size):
            plain = data[at : at + size]
            last = block_encrypt(key, bytes(a ^ b for a, b in zip(plain, last, strict=True)))
            out += last
        return out

    return cbc


def _decrypt(block_decrypt: Callable[[bytes, bytes], bytes], size: int) -> Cbc:
    def cbc(key: bytes, start: bytes, data: bytes) -> bytes:
        out, last = b"", start
        for at in range(0, len(data), size):
            sealed = data[at : at + size]
            opened = block_decrypt(key, sealed)
            out += bytes(a ^ b for a, b in zip(opened, last, strict=True))
            last = sealed
        return out

    return cbc


PURE = Ciphers(
    des3_encrypt=_encrypt(des.des3_encrypt, 8),
    des3_decrypt=_decrypt(des.des3_decrypt, 8),
    aes_encrypt=_encrypt(aes.encrypt, 16),
    aes_decrypt=_decrypt(aes.decrypt, 16),
)
