"""The certificate on a band: what was credited, signed at a top-up point (*Formats* 3).

::

    u8 0x11 (version 1, type 1) | u8 key index | u16 event | u16 epoch | u8 class | u8 R class
    u32 Ct | u32 Cc
    64 B Ed25519 over "gatehouse-credit-1\\0" | chip u8 | UID 7 B | the 16 bytes before

R class: 0 plain, 1 authenticated; it picks the offline allowance of the wallet's class. Ct and Cc
in minor units, running totals of one epoch. A bar verifies, it can never sign.
"""

import struct
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from crypto.errors import BadMedium
from crypto.keys import SigningKey, VerifyKey

CERTIFICATE_BYTES: Final = 80
HEAD_BYTES: Final = 16
VERSION_TYPE: Final = 0x11
R_PLAIN: Final = 0
R_AUTHENTICATED: Final = 1
CREDIT_DOMAIN: Final = b"gatehouse-credit-1\0"
#: Certificates whose signature has been checked are kept; one check costs as much as a sale.
CACHED_MAX: Final = 16_384

_HEAD: Final = struct.Struct(">BBHHBBII")


class Certificate(msgspec.Struct, frozen=True, gc=False):
    """What a certificate says. `raw`: its 80 bytes as they are on the band."""

    key_index: int
    event: int
    epoch: int
    wallet_class: int
    r_class: int
    credited: int
    absorbed: int
    raw: bytes = b""

    @property
    def order(self) -> tuple[int, int, int]:
        """By which of two certificates of one band is the newer."""
        return (self.epoch, self.credited, self.absorbed)


def head(certificate: Certificate) -> bytes:
    """The 16 bytes that are signed. Raises `BadMedium` for numbers that do not fit."""
    one = certificate
    try:
        raw = _HEAD.pack(
            VERSION_TYPE, one.key_index, one.event, one.epoch, one.wallet_class, one.r_class,
            one.credited, one.absorbed,
        )  # fmt: skip
    except struct.error as error:
        raise BadMedium(f"this does not fit on a band: {error}") from None
    return raw


def signed(chip: int, uid: bytes, first: bytes) -> bytes:
    """What the signature is over, behind the domain."""
    return bytes((chip,)) + uid + first


def signer(key: SigningKey) -> Callable[[bytes], bytes]:
    """What `seal` takes: signs for credit and nothing else."""
    return lambda message: key.sign(CREDIT_DOMAIN, message)


def seal(
    certificate: Certificate, chip: int, uid: bytes, sign: Callable[[bytes], bytes]
) -> Certificate:
    """The same, with its 80 bytes for the band with this UID. Raises `BadMedium`."""
    first = head(certificate)
    return msgspec.structs.replace(certificate, raw=first + sign(signed(chip, uid, first)))


class CreditRing:
    """The keys by which credit may be signed, and certificates seen before."""

    __slots__ = ("_seen", "_verifiers")

    def __init__(self, verifiers: Mapping[int, VerifyKey]) -> None:
        self._verifiers = dict(verifiers)
        self._seen: OrderedDict[tuple[int, bytes, bytes], Certificate] = OrderedDict()

    def open(self, chip: int, uid: bytes, raw: bytes) -> Certificate | None:
        """The certificate in 80 foreign bytes; None unless it is whole, known and this band's."""
        place = (chip, uid, raw)
        known = self._seen.get(place)
        if known is not None:
            self._seen.move_to_end(place)
            return known
        if len(raw) != CERTIFICATE_BYTES or raw[0] != VERSION_TYPE or raw[7] > R_AUTHENTICATED:
            return None
        key = self._verifiers.get(raw[1])
        first = raw[:HEAD_BYTES]
        if key is None or not key.verify(CREDIT_DOMAIN, signed(chip, uid, first), raw[HEAD_BYTES:]):
            return None
        said: tuple[int, int, int, int, int, int, int] = _HEAD.unpack(first)[1:]
        known = Certificate(*said, raw)
        # Only what verified is kept: garbage cannot push good ones out.
        self._seen[place] = known
        if len(self._seen) > CACHED_MAX:
            self._seen.popitem(last=False)
        return known
