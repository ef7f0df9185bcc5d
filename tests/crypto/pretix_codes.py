"""Writes pretix `sig1` codes as the shop does; shares no code with `crypto.pretix`.

Every part of the blob can be lied about, which a shop never does and a forger may.
"""

import base64
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FIELDS = {"item": 2, "variation": 3, "subevent": 4, "valid_from": 5, "valid_until": 6}
# RFC 8032, 5.1: the order of the base point.
L = 2**252 + 27742317777372353535851937790883648493


def number(value: int) -> bytes:
    """A proto3 varint; negative numbers as 64-bit two's complement."""
    rest = value % 2**64
    written = []
    while rest > 127:
        written.append(rest % 128 + 128)
        rest //= 128
    return bytes([*written, rest])


def message(seed: str, **numbers: int) -> bytes:
    """The payload: seed, then the numbers in order of their fields, zeros written too."""
    text = seed.encode()
    raw = number(1 * 8 + 2) + number(len(text)) + text
    for name, field in FIELDS.items():
        if name in numbers:
            raw += number(field * 8) + number(numbers[name])
    return raw


def sign(seed32: bytes, payload: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed32).sign(payload)


def public(seed32: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed32).public_key().public_bytes_raw()


def blob(payload: bytes, signature: bytes, **lies: Any) -> bytes:
    """The bytes before base64. Lies: version, payload_length, signature_length, trailing."""
    return b"".join(
        (
            bytes([lies.get("version", 1)]),
            lies.get("payload_length", len(payload)).to_bytes(2, "big"),
            lies.get("signature_length", len(signature)).to_bytes(2, "big"),
            payload,
            signature,
            lies.get("trailing", b""),
        )
    )


def text(raw: bytes) -> bytes:
    return bytes(reversed(base64.standard_b64encode(raw)))


def code(seed32: bytes, payload: bytes, **lies: Any) -> bytes:
    """A signed code as it stands in the QR picture."""
    return text(blob(payload, sign(seed32, payload), **lies))


def plus_order(signature: bytes) -> bytes:
    """The same signature with the scalar S + L: equal for lax verifiers, another text."""
    scalar = int.from_bytes(signature[32:], "little") + L
    return signature[:32] + scalar.to_bytes(32, "little")
