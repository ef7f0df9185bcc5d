"""The centre's receipt: it holds this gateway's blocks of this epoch so far (*Formats* 5).

``u8 version | 16 B tenant | 16 B gateway | u32 epoch | u64 through seq | 32 B head | i64 accepted
at, unix ms | 4 B key id | 64 B signature`` over ``gatehouse-receipt-1\\0`` and what stands before.
"""

import struct
from typing import Final

import msgspec

from crypto.errors import BadReceipt
from crypto.keys import RECEIPT_DOMAIN, SIGNATURE_BYTES, SigningKey, VerifyKey

VERSION: Final = 1
_LAYOUT: Final = struct.Struct(">B16s16sIQ32sq4s")
RECEIPT_BYTES: Final = _LAYOUT.size + SIGNATURE_BYTES


class Receipt(msgspec.Struct, frozen=True):
    """What the centre holds. `head` is the hash of the block that ends with `through_seq`."""

    tenant: bytes
    gateway: bytes
    epoch: int
    through_seq: int
    head: bytes
    accepted_at_ms: int


def sign(receipt: Receipt, key: SigningKey) -> bytes:
    """The receipt's bytes. Raises `ValueError` for ids of a wrong length."""
    r = receipt
    if len(r.tenant) != 16 or len(r.gateway) != 16 or len(r.head) != 32:
        raise ValueError("tenant and gateway have 16 bytes, a head 32")
    raw = _LAYOUT.pack(
        VERSION, r.tenant, r.gateway, r.epoch, r.through_seq, r.head, r.accepted_at_ms, key.key_id
    )
    return raw + key.sign(RECEIPT_DOMAIN, raw)


def read_untrusted(raw: bytes, key: VerifyKey) -> Receipt:
    """Check and read a receipt signed by `key`. Raises `BadReceipt` for everything else."""
    if len(raw) != RECEIPT_BYTES:
        raise BadReceipt(f"a receipt has {RECEIPT_BYTES} bytes, this has {len(raw)}")
    version, tenant, gateway, epoch, through, head, at_ms, kid = _LAYOUT.unpack_from(raw)
    if version != VERSION or kid != key.key_id:
        raise BadReceipt("not a receipt of the centre this gateway was enrolled with")
    if not key.verify(RECEIPT_DOMAIN, raw[:-SIGNATURE_BYTES], raw[-SIGNATURE_BYTES:]):
        raise BadReceipt("the receipt's signature does not verify")
    return Receipt(tenant, gateway, epoch, through, head, at_ms)
