"""What goes down to the gateways beside the bundle: signed, versioned, one kind per domain.

``magic | u8 format | u64 version | 16 B tenant | i64 issued ms | 4 B key id | u32 body length |
body | 64 B signature`` over the kind's domain and SHA-512 of everything before the signature.
"""

import hashlib
import struct
from typing import Final

import msgspec

from crypto.errors import BadBundle
from crypto.keys import SIGNATURE_BYTES, SigningKey, VerifyKey

FORMAT: Final = 1
BODY_BYTES_MAX: Final = 32 << 20
_HEAD: Final = struct.Struct(">4sBQ16sq4sI")


class Kind(msgspec.Struct, frozen=True):
    """`magic` 4 bytes; `domain` ends in a zero byte; `name` with its article, for errors."""

    magic: bytes
    domain: bytes
    name: str


class Head(msgspec.Struct, frozen=True):
    """What stands before the body, and in it again."""

    version: int
    tenant: bytes
    issued_at_ms: int


def seal(kind: Kind, head: Head, body: bytes, key: SigningKey) -> bytes:
    """The signed bytes. Raises `ValueError` for a body that is too long."""
    if len(body) > BODY_BYTES_MAX:
        raise ValueError(f"{kind.name} holds at most {BODY_BYTES_MAX} bytes")
    start = _HEAD.pack(
        kind.magic, FORMAT, head.version, head.tenant, head.issued_at_ms, key.key_id, len(body)
    )
    raw = start + body
    return raw + key.sign(kind.domain, hashlib.sha512(raw).digest())


def open_untrusted(kind: Kind, raw: bytes, key: VerifyKey) -> tuple[Head, bytes]:
    """(head, body) of something of `kind` signed by `key`. Raises `BadBundle`."""
    if not _HEAD.size + SIGNATURE_BYTES <= len(raw) <= BODY_BYTES_MAX + 4096:
        raise BadBundle(f"too short or too long for {kind.name}")
    magic, fmt, version, tenant, issued_at_ms, signer, size = _HEAD.unpack_from(raw)
    if (magic, fmt) != (kind.magic, FORMAT):
        raise BadBundle(f"this is not {kind.name}, or it needs a newer Gatehouse")
    if _HEAD.size + size + SIGNATURE_BYTES != len(raw):
        raise BadBundle(f"the length of {kind.name} does not add up")
    signed, signature = raw[:-SIGNATURE_BYTES], raw[-SIGNATURE_BYTES:]
    if signer != key.key_id:
        raise BadBundle(f"signed by key {signer.hex()}, this gateway trusts {key.key_id.hex()}")
    if not key.verify(kind.domain, hashlib.sha512(signed).digest(), signature):
        raise BadBundle(f"the signature of {kind.name} does not verify")
    return Head(version, tenant, issued_at_ms), signed[_HEAD.size :]
