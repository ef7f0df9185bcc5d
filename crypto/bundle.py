"""The bundle: everything the centre decides, signed, on its way to the gateways (*Formats* 6).

``"GHU1" | u8 format | u64 version | 16 B tenant | i64 issued ms | 4 B key id | u32 body length |
body | 64 B signature`` over ``gatehouse-bundle-1\\0`` and everything before the signature. The body
is MessagePack maps, so that an older gateway skips fields it does not know. A bundle is a full
snapshot; versions only rise, and a gateway refuses an older one.
"""

import hashlib
import struct
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from crypto.cashless import Cashless
from crypto.errors import BadBundle
from crypto.fact import SEQ_MAX, U16, U32, Ticket
from crypto.keys import BUNDLE_DOMAIN, SIGNATURE_BYTES, SigningKey, VerifyKey, key_id
from crypto.terms import Terms

MAGIC: Final = b"GHU1"
FORMAT: Final = 1
BODY_BYTES_MAX: Final = 64 << 20
NAME_CHARS_MAX: Final = 200
_HEAD: Final = struct.Struct(">4sBQ16sq4sI")

# Read aloud, printed, and first part of a ticket's identity: so no colon, no space, no umlaut.
IssuerName = Annotated[str, Meta(pattern=r"\A[!-9;-~]{1,64}\Z")]
Name = Annotated[str, Meta(min_length=1, max_length=NAME_CHARS_MAX)]
Number = Annotated[int, Meta(ge=1, le=0xFFFF)]
PerformanceNumber = Annotated[int, Meta(ge=1, le=0xFFFF_FFFF)]
Time = Annotated[int, Meta(ge=0, le=SEQ_MAX)]
Int64 = Annotated[int, Meta(ge=-SEQ_MAX - 1, le=SEQ_MAX)]
Public = Annotated[bytes, Meta(min_length=32, max_length=32)]
Id16 = Annotated[bytes, Meta(min_length=16, max_length=16)]


class IssuerKey(msgspec.Struct, frozen=True):
    """A public key that signs tickets issued in [not_before, not_after) (unix s, 0 = no limit)."""

    public: Public
    not_before: Time = 0
    not_after: Time = 0


class Issuer(msgspec.Struct, frozen=True):
    """Who signs GH1 codes. `accepted` False: known, but refused here as `wrong_issuer`."""

    name: IssuerName
    keys: list[IssuerKey]
    accepted: bool = True


class ForeignRow(msgspec.Struct, frozen=True):
    """One line of the mapping from a foreign shop's numbers to ours; None matches any."""

    item: Int64
    product: U16
    performance: U32 = 0
    variation: Int64 | None = None
    subevent: Int64 | None = None


class ForeignIssuer(msgspec.Struct, frozen=True):
    """A foreign shop whose codes are admitted; the most specific row wins."""

    name: IssuerName
    keys: list[Public]
    rows: list[ForeignRow]
    scheme: Literal["pretix_sig1"] = "pretix_sig1"


class Product(msgspec.Struct, frozen=True):
    """What a ticket is of. `reentry_after_s`: least seconds between two entries."""

    number: Number
    name: Name
    reentry: Literal["none", "after_exit", "unlimited"] = "none"
    reentry_after_s: U32 = 0


class Performance(msgspec.Struct, frozen=True):
    """The concert: times in unix seconds, 0 = open. Entry is possible in [admission_from, ends)."""

    number: PerformanceNumber
    name: Name
    starts_at: Time = 0
    ends_at: Time = 0
    admission_from: Time = 0


class Gate(msgspec.Struct, frozen=True):
    """A group of lanes; empty lists mean: every product, every performance."""

    number: Number
    name: Name
    products: list[U16] = []
    performances: list[U32] = []


class Revocation(msgspec.Struct, frozen=True):
    """Codes of `ticket` (identity) issued before `min_issued_at` (unix s) are replaced."""

    ticket: Ticket
    min_issued_at: U32


class HolderKey(msgspec.Struct, frozen=True):
    """The secret of a rotating code, shared with the holder's phone."""

    ticket: Ticket
    key: Annotated[bytes, Meta(min_length=16, max_length=64)]


class GatewayCard(msgspec.Struct, frozen=True):
    """A gateway of this tenant: its device key certifies the keys of its ledger epochs."""

    gateway: Id16
    index: Annotated[int, Meta(ge=1, le=255)]
    name: Name
    device_public: Public
    revoked: bool = False


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """The content. `version`, `tenant` and `issued_at_ms` stand in the signed head.

    `terms` and `cashless` unset leave no trace in the bytes: such a bundle is what it was before.
    """

    version: Annotated[int, Meta(ge=0, le=SEQ_MAX)] = 0
    tenant: Id16 = bytes(16)
    issued_at_ms: Int64 = 0
    issuers: list[Issuer] = []
    foreign_issuers: list[ForeignIssuer] = []
    products: list[Product] = []
    performances: list[Performance] = []
    gates: list[Gate] = []
    revoked: list[Revocation] = []
    canceled: list[Ticket] = []
    blocked: list[Ticket] = []
    holder_keys: list[HolderKey] = []
    gateways: list[GatewayCard] = []
    terms: Terms | msgspec.UnsetType = msgspec.UNSET
    cashless: Cashless | msgspec.UnsetType = msgspec.UNSET


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Bundle)


def sign(bundle: Bundle, key: SigningKey) -> bytes:
    """The bytes of `bundle`, signed by the centre's bundle key.

    Raises `ValueError` for a bundle that gateways would refuse, or in which two issuer keys share
    a key id: codes name their key by the id alone.
    """
    body = _ENCODER.encode(bundle)
    if len(body) > BODY_BYTES_MAX:
        raise ValueError(f"a bundle holds at most {BODY_BYTES_MAX} bytes")
    try:
        _DECODER.decode(body)
    except msgspec.ValidationError as error:
        raise ValueError(f"no gateway would take this bundle: {error}") from None
    ids = [key_id(each.public) for issuer in bundle.issuers for each in issuer.keys]
    if len(set(ids)) != len(ids):
        raise ValueError("two issuer keys have the same key id: replace one of them")
    head = _HEAD.pack(
        MAGIC, FORMAT, bundle.version, bundle.tenant, bundle.issued_at_ms, key.key_id, len(body)
    )
    return head + body + key.sign(BUNDLE_DOMAIN, hashlib.sha512(head + body).digest())


def read_untrusted(raw: bytes, key: VerifyKey) -> Bundle:
    """Check and read a bundle signed by `key`. Raises `BadBundle` for everything else."""
    if len(raw) < _HEAD.size + SIGNATURE_BYTES or len(raw) > BODY_BYTES_MAX + 4096:
        raise BadBundle("too short or too long for a bundle")
    magic, fmt, version, tenant, issued_at_ms, signer, size = _HEAD.unpack_from(raw)
    if magic != MAGIC:
        raise BadBundle("this is no bundle")
    if fmt != FORMAT:
        raise BadBundle(f"bundle format {fmt} needs a newer Gatehouse")
    if _HEAD.size + size + SIGNATURE_BYTES != len(raw):
        raise BadBundle("the bundle's length does not add up")
    if signer != key.key_id:
        raise BadBundle(f"signed by key {signer.hex()}, this gateway trusts {key.key_id.hex()}")
    signed, signature = raw[:-SIGNATURE_BYTES], raw[-SIGNATURE_BYTES:]
    if not key.verify(BUNDLE_DOMAIN, hashlib.sha512(signed).digest(), signature):
        raise BadBundle("the bundle's signature does not verify")
    try:
        bundle = _DECODER.decode(signed[_HEAD.size :])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadBundle(f"the bundle's content cannot be read: {error}") from None
    if (bundle.version, bundle.tenant, bundle.issued_at_ms) != (version, tenant, issued_at_ms):
        raise BadBundle("the bundle's head and content disagree")
    return bundle


def content_hash(raw: bytes) -> bytes:
    """SHA-256 of a bundle's bytes: the name facts call it by."""
    return hashlib.sha256(raw).digest()
