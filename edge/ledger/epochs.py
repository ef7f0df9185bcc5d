"""Numbers and signing keys of epochs.

The key of an epoch lives in one file of the ledger folder (mode 0600) and is on stable storage
before it signs anything::

    "GHK1" | 32 B seed | certificate (crypto.certificate) | 32 B SHA-256 of what stands before

A key file outlives its log: also an epoch that never got a block has used up its number.
"""

import hashlib
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from crypto.certificate import CERTIFICATE_BYTES, EpochCertificate, certify
from crypto.keys import SEED_BYTES, SigningKey
from edge.ledger.storage import Storage

SUFFIX: Final = ".key"
EPOCH_MAX: Final = (1 << 32) - 1
_MAGIC: Final = b"GHK1"
_BYTES: Final = len(_MAGIC) + SEED_BYTES + CERTIFICATE_BYTES + 32


class EpochKey(NamedTuple):
    """What signs an epoch, and the proof that it may."""

    key: SigningKey
    certificate: bytes


def file_of(epoch: int) -> str:
    """Name of the epoch's key file."""
    return f"{epoch:010d}{SUFFIX}"


def keyed_epochs(storage: Storage) -> list[int]:
    """Epochs that have a key file, whole or not."""
    stems = (file.removesuffix(SUFFIX) for file in storage.list() if file.endswith(SUFFIX))
    return sorted(int(stem) for stem in stems if stem.isdecimal())


def next_epoch(known: Iterable[int], now_s: int) -> int:
    """max(last known + 1, unix seconds), so that no seq is ever used twice."""
    return min(max(max(known, default=0) + 1, now_s), EPOCH_MAX)


def make_key(
    storage: Storage, *, tenant: bytes, gateway: bytes, epoch: int, device: SigningKey,
    random_bytes: Callable[[int], bytes],
) -> EpochKey:  # fmt: skip
    """A new key for `epoch`, certified by the device and durable when this returns."""
    seed = random_bytes(SEED_BYTES)
    key = SigningKey(seed)
    certificate = certify(EpochCertificate(tenant, gateway, epoch, key.public), device)
    raw = _MAGIC + seed + certificate
    file = file_of(epoch)
    storage.create(file, _BYTES)
    storage.write_at(file, 0, raw + hashlib.sha256(raw).digest())
    storage.datasync(file)
    return EpochKey(key, certificate)


def load_key(storage: Storage, epoch: int) -> EpochKey | None:
    """The key of `epoch`, or None when its file is missing or damaged."""
    file = file_of(epoch)
    if file not in storage.list():
        return None
    raw = storage.read(file, 0, _BYTES)
    if raw[:4] != _MAGIC or hashlib.sha256(raw[:-32]).digest() != raw[-32:]:
        return None
    return EpochKey(SigningKey(raw[4 : 4 + SEED_BYTES]), raw[4 + SEED_BYTES : -32])
