"""Ticket codes ``sig1`` of pretix shops, read but never written here (*Formats* 2).

``text = reverse(base64(blob))`` with the padding, so padding stands in front;
``blob = 0x01 | u16 payload length | u16 signature length | payload | Ed25519(payload)``.
The payload is a proto3 message. Only the payload is signed, so everything around it must be
canonical to the bit, or one ticket would have many texts. **Identity = BLAKE2b-256(payload)**.
There is no key id: the caller tries the keys of each configured issuer.
"""

import base64
import binascii
import hashlib
from typing import Final

import msgspec

from crypto.errors import BadCode
from crypto.keys import SIGNATURE_BYTES, VerifyKey

VERSION: Final = 1
HEADER_BYTES: Final = 5
PAYLOAD_BYTES_MAX: Final = 2048
TEXT_BYTES_MAX: Final = 4 * ((HEADER_BYTES + PAYLOAD_BYTES_MAX + SIGNATURE_BYTES + 2) // 3)
SEED_BYTES_MAX: Final = 2000
_INT_FIELDS: Final = {
    2: "item", 3: "variation", 4: "subevent", 5: "valid_from", 6: "valid_until"
}  # fmt: skip


class PretixTicket(msgspec.Struct, frozen=True, gc=False):
    """What a pretix shop signed: numbers of the shop, times in unix seconds (0 = no limit)."""

    seed: str
    item: int = 0
    variation: int = 0
    subevent: int = 0
    valid_from: int = 0
    valid_until: int = 0


class Signed(msgspec.Struct, frozen=True, gc=False):
    """A decoded, not yet verified code; `identity` is the hash that redemption counts by."""

    ticket: PretixTicket
    payload: bytes
    signature: bytes
    identity: bytes


def decode_untrusted(text: bytes) -> Signed:
    """Read a scanned text, already stripped of CR, LF and spaces. Raises `BadCode`."""
    if not text or len(text) > TEXT_BYTES_MAX:
        raise BadCode("no pretix code")
    try:
        blob = binascii.a2b_base64(text[::-1], strict_mode=True)
    except binascii.Error:
        raise BadCode("no pretix code: not base64") from None
    if base64.b64encode(blob)[::-1] != text:
        raise BadCode("another spelling of a pretix code")
    if len(blob) < HEADER_BYTES or blob[0] != VERSION:
        raise BadCode("no pretix code of version 1")
    size = int.from_bytes(blob[1:3], "big")
    if int.from_bytes(blob[3:5], "big") != SIGNATURE_BYTES:
        raise BadCode("a pretix signature has 64 bytes")
    if size > PAYLOAD_BYTES_MAX or len(blob) != HEADER_BYTES + size + SIGNATURE_BYTES:
        raise BadCode("the lengths in the pretix code do not add up")
    payload = blob[HEADER_BYTES : HEADER_BYTES + size]
    identity = hashlib.blake2b(payload, digest_size=32).digest()
    return Signed(_read_message(payload), payload, blob[HEADER_BYTES + size :], identity)


def verify(signed: Signed, key: VerifyKey) -> bool:
    """Whether `key` signed this code. pretix signs the payload alone, without a domain."""
    return key.verify(b"", signed.payload, signed.signature)


def _read_message(payload: bytes) -> PretixTicket:
    """proto3 (encoding reference, *Wire format*): last value wins, unknown fields are skipped."""
    seed = ""
    numbers: dict[str, int] = {}
    at = 0
    while at < len(payload):
        tag, at = _varint(payload, at)
        field, wire = tag >> 3, tag & 7
        if field == 0:
            raise BadCode("field number 0 in a pretix payload")
        if wire == 0:
            value, at = _varint(payload, at)
            if field in _INT_FIELDS:
                numbers[_INT_FIELDS[field]] = value - (1 << 64) if value >> 63 else value
            elif field == 1:
                raise BadCode("a pretix seed is text")
        elif wire == 2:
            length, at = _varint(payload, at)
            raw = payload[at : at + length]
            at += length
            if at > len(payload):
                raise BadCode("a field overruns the pretix payload")
            if field in _INT_FIELDS:
                raise BadCode("a pretix number is written as text")
            if field == 1:
                seed = _seed(raw)
        elif wire in (1, 5):
            at += 8 if wire == 1 else 4
            if at > len(payload) or field <= 6:
                raise BadCode("a field of a wrong type in a pretix payload")
        else:
            raise BadCode(f"wire type {wire} is not used by proto3")
    for name in ("valid_from", "valid_until"):
        numbers[name] = max(0, numbers.get(name, 0))
    return PretixTicket(seed, **numbers)


def _seed(raw: bytes) -> str:
    if len(raw) > SEED_BYTES_MAX:
        raise BadCode("a pretix seed is too long")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise BadCode("a pretix seed is not UTF-8") from None


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(raw):
            raise BadCode("a pretix payload ends in mid-number")
        byte = raw[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >> 64:
                raise BadCode("a number above 64 bits in a pretix payload")
            return value, at
    raise BadCode("a number above 64 bits in a pretix payload")
