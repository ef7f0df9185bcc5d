"""A gateway's signing key of one ledger epoch, certified by its device key (*Formats* 4 and 7).

``u8 version | 16 B tenant | 16 B gateway | u32 epoch | 32 B public key | 64 B signature`` by the
device key over ``gatehouse-epoch-1\\0`` and what stands before. The device key itself is certified
by the tenant's authority (X.509, `crypto.authority`) and listed in every bundle.
"""

import struct
from typing import Final

import msgspec

from crypto.errors import BadCertificate
from crypto.keys import EPOCH_DOMAIN, SIGNATURE_BYTES, SigningKey, VerifyKey

VERSION: Final = 1
_LAYOUT: Final = struct.Struct(">B16s16sI32s")
CERTIFICATE_BYTES: Final = _LAYOUT.size + SIGNATURE_BYTES


class EpochCertificate(msgspec.Struct, frozen=True):
    """`public` signs the blocks of `epoch` in the log of `gateway`."""

    tenant: bytes
    gateway: bytes
    epoch: int
    public: bytes


def certify(certificate: EpochCertificate, device_key: SigningKey) -> bytes:
    """The certificate's bytes, signed by the gateway's device key.

    Raises `ValueError` for ids of a wrong length.
    """
    c = certificate
    if len(c.tenant) != 16 or len(c.gateway) != 16 or len(c.public) != 32:
        raise ValueError("tenant and gateway have 16 bytes, a public key 32")
    raw = _LAYOUT.pack(VERSION, c.tenant, c.gateway, c.epoch, c.public)
    return raw + device_key.sign(EPOCH_DOMAIN, raw)


def read_untrusted(raw: bytes, device_public: VerifyKey) -> EpochCertificate:
    """Check and read a certificate. Raises `BadCertificate` for everything else."""
    if len(raw) != CERTIFICATE_BYTES:
        raise BadCertificate(f"an epoch certificate has {CERTIFICATE_BYTES} bytes")
    version, tenant, gateway, epoch, public = _LAYOUT.unpack_from(raw)
    if version != VERSION:
        raise BadCertificate(f"epoch certificate version {version} is not known here")
    if not device_public.verify(EPOCH_DOMAIN, raw[:-SIGNATURE_BYTES], raw[-SIGNATURE_BYTES:]):
        raise BadCertificate("the epoch certificate is not signed by this gateway's device key")
    return EpochCertificate(tenant, gateway, epoch, public)
