"""Ticket code ``GH1``: 97 signed bytes in 156 base32 characters (ARCHITECTURE.md, *Formats* 1).

Base32 keeps a QR code in its alphanumeric mode and survives keyboards and addresses. One ticket
has exactly one text: other spellings (lower case, padding, set unused bits) are refused. An
upper-case URL prefix ending in ``/`` may stand in front; it is not part of the code.

==== ==== =====================================================================
off  size field
==== ==== =====================================================================
0    1    version = 1
1    4    key id
5    4    performance (0 = any of the issuer's)
9    8    ticket id, random, unique per issuer
17   2    product
19   4    valid from, unix seconds (0 = no limit)
23   4    valid until, unix seconds, exclusive (0 = no limit)
27   1    persons, 1 to 255
28   1    flags: 1 check identity or age, 2 attention, 4 rotating suffix required
29   4    issued at, unix seconds, strictly rising per ticket
33   64   Ed25519 signature over ``gatehouse-ticket-1\\0`` and bytes 0 to 32
==== ==== =====================================================================
"""

import hmac
import re
import struct
from typing import Final

import msgspec

from crypto.errors import BadCode
from crypto.keys import ROTATE_DOMAIN, TICKET_DOMAIN, SigningKey, VerifyKey

MARK: Final = b"GH1"
VERSION: Final = 1
PAYLOAD_BYTES: Final = 33
CODE_BYTES: Final = 97
CODE_CHARS: Final = 156
_PLAIN_CHARS: Final = len(MARK) + CODE_CHARS
PREFIX_CHARS_MAX: Final = 200
TEXT_CHARS_MAX: Final = PREFIX_CHARS_MAX + len(MARK) + CODE_CHARS + 1 + 20

FLAG_CHECK: Final = 1
FLAG_ATTENTION: Final = 2
FLAG_ROTATING: Final = 4
FLAGS_KNOWN: Final = FLAG_CHECK | FLAG_ATTENTION | FLAG_ROTATING

ROTATION_STEP_S: Final = 30
ROTATION_WINDOW_STEPS: Final = 1
_SUFFIX_BYTES: Final = 12
_SUFFIX_CHARS: Final = 20

_LAYOUT: Final = struct.Struct(">B4sI8sHIIBBI")
_PREFIX: Final = re.compile(rb"[0-9A-Z:/.\-+%$*?=&]*/\Z")

# base32 digits (RFC 4648) -> the digits of int(…, 32); every other byte becomes '!', which int()
# refuses. The standard library's b32decode walks in Python and costs 14 µs a code, this 0.8 µs.
_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_DIGITS: Final = b"0123456789abcdefghijklmnopqrstuv"
_TO_DIGITS: Final = bytes(
    _DIGITS[_ALPHABET.index(i)] if i in _ALPHABET else ord("!") for i in range(256)
)
_FROM_DIGITS: Final = bytes.maketrans(_DIGITS, _ALPHABET)


class Ticket(msgspec.Struct, frozen=True, gc=False):
    """The signed content of a GH1 code. Ranges as in the layout above."""

    key_id: bytes
    performance: int
    ticket_id: bytes
    product: int
    valid_from: int
    valid_until: int
    persons: int
    flags: int
    issued_at: int


class Signed(msgspec.Struct, frozen=True, gc=False):
    """A decoded, not yet verified code: payload, signature and the rotating suffix if any."""

    ticket: Ticket
    payload: bytes
    signature: bytes
    rotation: tuple[int, bytes] | None


def encode_payload(ticket: Ticket) -> bytes:
    """The 33 bytes that are signed. Raises `ValueError` for a field out of range."""
    t = ticket
    if not 1 <= t.persons <= 255 or t.flags & ~FLAGS_KNOWN:
        raise ValueError("persons must be 1 to 255 and flags known")
    if len(t.key_id) != 4 or len(t.ticket_id) != 8:
        raise ValueError("a key id has 4 bytes and a ticket id 8")
    if t.valid_until and t.valid_until <= t.valid_from:
        raise ValueError("valid_until must be later than valid_from")
    try:
        return _LAYOUT.pack(
            VERSION, t.key_id, t.performance, t.ticket_id, t.product,
            t.valid_from, t.valid_until, t.persons, t.flags, t.issued_at,
        )  # fmt: skip
    except struct.error as error:
        raise ValueError(f"a field of the ticket is out of range: {error}") from None


def issue(ticket: Ticket, key: SigningKey, prefix: str = "") -> str:
    """The printable code of `ticket`, signed with `key` (whose id the ticket must name)."""
    if ticket.key_id != key.key_id:
        raise ValueError("the ticket names another key than the one that signs it")
    if prefix and (len(prefix) > PREFIX_CHARS_MAX or not _PREFIX.match(prefix.encode())):
        raise ValueError("a prefix is an upper-case address that ends with '/'")
    payload = encode_payload(ticket)
    blob = payload + key.sign(TICKET_DOMAIN, payload)
    return prefix + MARK.decode() + _base32(blob, CODE_CHARS)


def rotation_suffix(payload: bytes, holder_key: bytes, step: int) -> str:
    """The suffix ``.…`` of a rotating code for time step `step` (unix seconds // 30)."""
    raw = step.to_bytes(4, "big") + _rotation_mac(payload, holder_key, step)
    return "." + _base32(raw, _SUFFIX_CHARS)


def decode_untrusted(text: bytes) -> Signed:
    """Read a scanned text; the signature is *not* checked yet (see `verify`).

    Raises `BadCode` for every text that is not exactly what `issue` makes.
    """
    if len(text) == _PLAIN_CHARS and text.startswith(MARK):
        # Nothing stands before or behind: what a '/' or '.' within would be is no base32 digit.
        body, suffix = text[len(MARK) :], None
    else:
        body, suffix = _split(text)
    blob = _unbase32(body, CODE_BYTES)
    version, kid, performance, ticket_id, product, start_s, until_s, persons, flags, issued = (
        _LAYOUT.unpack_from(blob)
    )
    if version != VERSION:
        raise BadCode(f"version {version} of the ticket code is not known here")
    if persons == 0 or flags & ~FLAGS_KNOWN or (until_s and until_s <= start_s):
        raise BadCode("the code's fields contradict each other")
    ticket = Ticket(kid, performance, ticket_id, product, start_s, until_s, persons, flags, issued)
    rotation = _read_rotation(suffix) if suffix is not None else None
    return Signed(ticket, blob[:PAYLOAD_BYTES], blob[PAYLOAD_BYTES:], rotation)


def _split(text: bytes) -> tuple[bytes, bytes | None]:
    """The 156 characters, and the suffix if there is one, of a text that may be longer."""
    if len(text) > TEXT_CHARS_MAX:
        raise BadCode("too long for a ticket code")
    start = text.rfind(b"/") + 1
    if start and (start > PREFIX_CHARS_MAX or not _PREFIX.match(text[:start])):
        raise BadCode("something other than an address stands before the code")
    if not text.startswith(MARK, start):
        raise BadCode("no GH1 code")
    body, dot, suffix = text[start + len(MARK) :].partition(b".")
    if len(body) != CODE_CHARS:
        raise BadCode(f"a GH1 code has {CODE_CHARS} characters after GH1, this has {len(body)}")
    return body, suffix if dot else None


def verify(signed: Signed, key: VerifyKey) -> bool:
    """Whether `key` signed this code."""
    return key.verify(TICKET_DOMAIN, signed.payload, signed.signature)


def rotation_holds(signed: Signed, holder_key: bytes, now_s: int) -> bool:
    """Whether the rotating suffix is the holder's, and at most one step away from `now_s`."""
    if signed.rotation is None:
        return False
    step, mac = signed.rotation
    fresh = abs(now_s // ROTATION_STEP_S - step) <= ROTATION_WINDOW_STEPS
    return fresh and hmac.compare_digest(mac, _rotation_mac(signed.payload, holder_key, step))


def _rotation_mac(payload: bytes, holder_key: bytes, step: int) -> bytes:
    message = ROTATE_DOMAIN + payload + step.to_bytes(4, "big")
    return hmac.digest(holder_key, message, "sha256")[:8]


def _read_rotation(suffix: bytes) -> tuple[int, bytes]:
    if len(suffix) != _SUFFIX_CHARS:
        raise BadCode("the rotating suffix has a wrong length")
    raw = _unbase32(suffix, _SUFFIX_BYTES)
    return int.from_bytes(raw[:4], "big"), raw[4:]


def _base32(raw: bytes, chars: int) -> str:
    value = int.from_bytes(raw, "big") << (chars * 5 - len(raw) * 8)
    digits = bytearray(chars)
    for i in range(chars - 1, -1, -1):
        digits[i] = _DIGITS[value & 31]
        value >>= 5
    return bytes(digits).translate(_FROM_DIGITS).decode()


def _unbase32(text: bytes, size: int) -> bytes:
    unused = len(text) * 5 - size * 8
    try:
        value = int(text.translate(_TO_DIGITS), 32)
    except ValueError:
        raise BadCode("characters outside A-Z and 2-7") from None
    if value & ((1 << unused) - 1):
        raise BadCode("unused bits are set: another spelling of a code")
    return (value >> unused).to_bytes(size, "big")
