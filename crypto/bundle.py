"""The bundle: everything the centre decides, signed, on its way to the gateways (*Formats* 6).

``"GHU1" | u8 format | u64 version | 16 B tenant | i64 issued ms | 4 B key id | u32 body length |
body | 64 B signature`` over ``gatehouse-bundle-1\\0`` and everything before the signature. The body
is MessagePack maps, so that an older gateway skips fields it does not know. A bundle is a full
snapshot; versions only rise, and a gateway refuses an older one.
"""

import hashlib
import struct
from typing import Final, Literal

import msgspec

from crypto.errors import BadBundle
from crypto.keys import BUNDLE_DOMAIN, SIGNATURE_BYTES, SigningKey, VerifyKey

MAGIC: Final = b"GHU1"
FORMAT: Final = 1
BODY_BYTES_MAX: Final = 64 << 20
NAME_CHARS_MAX: Final = 120
_HEAD: Final = struct.Struct(">4sBQ16sq4sI")


class IssuerKey(msgspec.Struct, frozen=True):
    """A public key that signs tickets issued in [not_before, not_after) (unix s, 0 = no limit)."""

    public: bytes
    not_before: int = 0
    not_after: int = 0


class Issuer(msgspec.Struct, frozen=True):
    """Who signs GH1 codes. `accepted` False: known, but refused here as `wrong_issuer`."""

    name: str
    keys: list[IssuerKey]
    accepted: bool = True


class ForeignRow(msgspec.Struct, frozen=True):
    """One line of the mapping from a foreign shop's numbers to ours; None matches any."""

    item: int
    product: int
    performance: int = 0
    variation: int | None = None
    subevent: int | None = None


class ForeignIssuer(msgspec.Struct, frozen=True):
    """A foreign shop whose codes are admitted; the most specific row wins."""

    name: str
    keys: list[bytes]
    rows: list[ForeignRow]
    scheme: Literal["pretix_sig1"] = "pretix_sig1"


class Product(msgspec.Struct, frozen=True):
    """What a ticket is of. `reentry_after_s`: least seconds between two entries."""

    number: int
    name: str
    reentry: Literal["none", "after_exit", "unlimited"] = "none"
    reentry_after_s: int = 0


class Performance(msgspec.Struct, frozen=True):
    """The concert: times in unix seconds, 0 = open. Entry is possible in [admission_from, ends)."""

    number: int
    name: str
    starts_at: int = 0
    ends_at: int = 0
    admission_from: int = 0


class Gate(msgspec.Struct, frozen=True):
    """A group of lanes; empty lists mean: every product, every performance."""

    number: int
    name: str
    products: list[int] = []
    performances: list[int] = []


class Revocation(msgspec.Struct, frozen=True):
    """Codes of `ticket` (identity) issued before `min_issued_at` (unix s) are replaced."""

    ticket: bytes
    min_issued_at: int


class HolderKey(msgspec.Struct, frozen=True):
    """The secret of a rotating code, shared with the holder's phone."""

    ticket: bytes
    key: bytes


class GatewayCard(msgspec.Struct, frozen=True):
    """A gateway of this tenant: its device key certifies the keys of its ledger epochs."""

    gateway: bytes
    index: int
    name: str
    device_public: bytes
    revoked: bool = False


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """The content. `version`, `tenant` and `issued_at_ms` stand in the signed head."""

    version: int = 0
    tenant: bytes = bytes(16)
    issued_at_ms: int = 0
    issuers: list[Issuer] = []
    foreign_issuers: list[ForeignIssuer] = []
    products: list[Product] = []
    performances: list[Performance] = []
    gates: list[Gate] = []
    revoked: list[Revocation] = []
    canceled: list[bytes] = []
    blocked: list[bytes] = []
    holder_keys: list[HolderKey] = []
    gateways: list[GatewayCard] = []


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Bundle)


def sign(bundle: Bundle, key: SigningKey) -> bytes:
    """The bytes of `bundle`, signed by the centre's bundle key."""
    body = _ENCODER.encode(bundle)
    if len(body) > BODY_BYTES_MAX:
        raise ValueError(f"a bundle holds at most {BODY_BYTES_MAX} bytes")
    head = _HEAD.pack(
        MAGIC, FORMAT, bundle.version, bundle.tenant, bundle.issued_at_ms, key.key_id, len(body)
    )
    return head + body + key.sign(BUNDLE_DOMAIN, hashlib.sha512(head + body).digest())


def read_untrusted(raw: bytes, key: VerifyKey) -> Bundle:
    """Check and read a bundle signed by `key`. Raises `BadBundle` for everything else."""
    if len(raw) < _HEAD.size + SIGNATURE_BYTES or len(raw) > BODY_BYTES_MAX + 4096:
        raise BadBundle("too short or too long for a bundle")
    magic, fmt, version, tenant, issued_at_ms, key_id, size = _HEAD.unpack_from(raw)
    if magic != MAGIC:
        raise BadBundle("this is no bundle")
    if fmt != FORMAT:
        raise BadBundle(f"bundle format {fmt} needs a newer Gatehouse")
    if _HEAD.size + size + SIGNATURE_BYTES != len(raw):
        raise BadBundle("the bundle's length does not add up")
    if key_id != key.key_id:
        raise BadBundle(f"signed by key {key_id.hex()}, this gateway trusts {key.key_id.hex()}")
    signed, signature = raw[:-SIGNATURE_BYTES], raw[-SIGNATURE_BYTES:]
    if not key.verify(BUNDLE_DOMAIN, hashlib.sha512(signed).digest(), signature):
        raise BadBundle("the bundle's signature does not verify")
    try:
        bundle = _DECODER.decode(signed[_HEAD.size :])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadBundle(f"the bundle's content cannot be read: {error}") from None
    if (bundle.version, bundle.tenant, bundle.issued_at_ms) != (version, tenant, issued_at_ms):
        raise BadBundle("the bundle's head and content disagree")
    return bundle


def content_hash(raw: bytes) -> bytes:
    """SHA-256 of a bundle's bytes: the name facts call it by."""
    return hashlib.sha256(raw).digest()
