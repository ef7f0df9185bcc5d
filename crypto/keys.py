"""Ed25519 keys (RFC 8032), through libsodium.

Every message that Gatehouse signs starts with its own ASCII domain string and a zero byte, so
that a signature for one purpose can never be shown as another.
"""

import base64
import binascii
import hashlib
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
)
from nacl import bindings
from nacl._sodium import ffi, lib  # type: ignore[import-not-found]
from nacl.exceptions import CryptoError

from crypto.errors import BadKey

SEED_BYTES: Final = 32
PUBLIC_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
KEY_ID_BYTES: Final = 4
KEY_TEXT_BYTES_MAX: Final = 4096
MESSAGE_BYTES_MAX: Final = 1 << 25

TICKET_DOMAIN: Final = b"gatehouse-ticket-1\0"
BLOCK_DOMAIN: Final = b"gatehouse-block-1\0"
RECEIPT_DOMAIN: Final = b"gatehouse-receipt-1\0"
BUNDLE_DOMAIN: Final = b"gatehouse-bundle-1\0"
EPOCH_DOMAIN: Final = b"gatehouse-epoch-1\0"
ROTATE_DOMAIN: Final = b"gatehouse-rotate-1\0"
REQUEST_DOMAIN: Final = b"gatehouse-request-1\0"


def key_id(public: bytes) -> bytes:
    """First 4 bytes of BLAKE2b-256 of a 32-byte public key (Formats, *Ticket code GH1*)."""
    return hashlib.blake2b(public, digest_size=32).digest()[:KEY_ID_BYTES]


class SigningKey:
    """A private Ed25519 key, made from a 32-byte seed. Its repr never shows the seed."""

    __slots__ = ("_secret", "key_id", "public")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_BYTES:
            raise BadKey(f"a seed has {SEED_BYTES} bytes, this one has {len(seed)}")
        self.public, self._secret = bindings.crypto_sign_seed_keypair(seed)
        self.key_id = key_id(self.public)

    def sign(self, domain: bytes, message: bytes) -> bytes:
        """64-byte signature over ``domain ‖ message``."""
        signed: bytes = bindings.crypto_sign(domain + message, self._secret)
        return signed[:SIGNATURE_BYTES]

    def __repr__(self) -> str:
        return f"<SigningKey {self.key_id.hex()}>"


# One buffer per process for the message that `crypto_sign_open` hands back: allocating it anew
# costs as much as decoding a whole ticket. Only short messages use it, and nobody reads it.
_SCRATCH_BYTES: Final = 2048
_scratch = ffi.new("unsigned char[]", _SCRATCH_BYTES)
_scratch_len = ffi.new("unsigned long long *")


class VerifyKey:
    """A public Ed25519 key. Non-canonical scalars and small-order points never verify."""

    __slots__ = ("key_id", "public")

    def __init__(self, public: bytes) -> None:
        if len(public) != PUBLIC_BYTES:
            raise BadKey(f"a public key has {PUBLIC_BYTES} bytes, this one has {len(public)}")
        self.public = bytes(public)
        self.key_id = key_id(self.public)

    def verify(self, domain: bytes, message: bytes, signature: bytes) -> bool:
        """Whether `signature` (64 bytes) is this key's over ``domain ‖ message``."""
        signed = signature + domain + message
        size = len(signed)
        if len(signature) != SIGNATURE_BYTES or size > MESSAGE_BYTES_MAX:
            return False
        if size <= _SCRATCH_BYTES:
            # The scratch is written by libsodium with the GIL released: two threads may scribble
            # over each other there, which harms nobody because only the verdict is used.
            verdict: int = lib.crypto_sign_open(_scratch, _scratch_len, signed, size, self.public)
            return verdict == 0
        try:
            bindings.crypto_sign_open(signed, self.public)
        except CryptoError:
            return False
        return True

    def __repr__(self) -> str:
        return f"<VerifyKey {self.key_id.hex()}>"


def parse_public_untrusted(text: str | bytes) -> bytes:
    """The 32 bytes of a public key spelt as hex, PEM, base64 of PEM or base64 of DER.

    pretix shows its event keys as base64 of a PEM ``SubjectPublicKeyInfo`` (RFC 8410).
    Raises `BadKey` for everything else.
    """
    raw = text.encode("utf-8", "replace") if isinstance(text, str) else bytes(text)
    raw = raw.strip()
    if not raw or len(raw) > KEY_TEXT_BYTES_MAX:
        raise BadKey("expected a public key as hex, PEM or base64 of PEM")
    if len(raw) == 2 * PUBLIC_BYTES:
        try:
            return binascii.unhexlify(raw)
        except binascii.Error:
            pass
    if not raw.startswith(b"-----BEGIN"):
        try:
            raw = base64.b64decode(b"".join(raw.split()), validate=True)
        except (binascii.Error, ValueError) as error:
            raise BadKey("expected a public key as hex, PEM or base64 of PEM") from error
    try:
        loaded = (
            load_pem_public_key(raw) if raw.startswith(b"-----BEGIN") else load_der_public_key(raw)
        )
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadKey("this is no public key in PEM or DER") from error
    if not isinstance(loaded, Ed25519PublicKey):
        raise BadKey("this public key is not an Ed25519 key")
    return loaded.public_bytes(Encoding.Raw, PublicFormat.Raw)
