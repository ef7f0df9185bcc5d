"""Snapshots: a state and the vector of logs that it folds, so that a start need not replay all.

::

    "GHSN" | u8 format = 1 | 3 zero bytes | u32 rows | u64 state length
    per row  16 B gateway | u32 epoch | u64 seq | 32 B head
    state    opaque bytes of the core
    32 B SHA-256 over all before = the digest that a SnapshotTaken fact names

A snapshot is only a shortcut: a broken one is ignored with a warning and the log is replayed.
"""

import hashlib
import logging
import struct
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeAlias

from crypto.block import Block, Head
from crypto.entry import AnyFact
from edge.ledger.storage import Storage

log = logging.getLogger(__name__)

SUFFIX: Final = ".snapshot"
KEEP_COUNT: Final = 2
ROWS_MAX: Final = 65536
_MAGIC: Final = b"GHSN"
_HEADER: Final = struct.Struct(">4sB3xIQ")
_ROW: Final = struct.Struct(">16sIQ32s")
_TEMPORARY: Final = "snapshot.tmp"
_CHUNK_BYTES: Final = 1 << 20

Vector: TypeAlias = Mapping[tuple[bytes, int], Head]
Fold: TypeAlias = Callable[[Block, list[AnyFact]], None]


class Snapshot(NamedTuple):
    """A state, what it folds, and the digest over both."""

    vector: dict[tuple[bytes, int], Head]
    state: bytes
    digest: bytes


def name_of(epoch: int, seq: int) -> str:
    """File name of a snapshot that covers the own log through (epoch, seq)."""
    return f"{epoch:010d}-{seq:020d}{SUFFIX}"


def encode(vector: Vector, state: bytes) -> bytes:
    """The bytes of a snapshot file."""
    rows = [_ROW.pack(g, e, head.seq, head.hash) for (g, e), head in sorted(vector.items())]
    raw = b"".join((_HEADER.pack(_MAGIC, 1, len(rows), len(state)), *rows, state))
    return raw + hashlib.sha256(raw).digest()


def decode(raw: bytes) -> Snapshot | None:
    """The snapshot in `raw`, or None if it is not whole."""
    if len(raw) < _HEADER.size + 32 or hashlib.sha256(raw[:-32]).digest() != raw[-32:]:
        return None
    magic, version, rows, size = _HEADER.unpack_from(raw)
    begin = _HEADER.size + rows * _ROW.size
    if magic != _MAGIC or version != 1 or rows > ROWS_MAX or begin + size + 32 != len(raw):
        return None
    table = _ROW.iter_unpack(raw[_HEADER.size : begin])
    vector = {(gateway, epoch): Head(seq, head) for gateway, epoch, seq, head in table}
    return Snapshot(vector, raw[begin:-32], raw[-32:])


def files(storage: Storage) -> list[str]:
    """Snapshot files, newest first."""
    return sorted((f for f in storage.list() if f.endswith(SUFFIX)), reverse=True)


def load(storage: Storage, file: str) -> Snapshot | None:
    """The snapshot in `file`; None, with a warning, when it is broken."""
    size = storage.size(file)
    chunks = (storage.read(file, at, _CHUNK_BYTES) for at in range(0, size, _CHUNK_BYTES))
    found = decode(b"".join(chunks))
    if found is None:
        log.warning("snapshot %s is damaged and is ignored; the log itself is replayed", file)
    return found


def store(storage: Storage, own: tuple[int, int], vector: Vector, state: bytes) -> bytes:
    """Write a snapshot durably and drop all but the newest `KEEP_COUNT`. Returns its digest.

    `own` is (epoch, seq) through which it covers this gateway's log. Raises `LedgerFull`.
    """
    raw = encode(vector, state)
    storage.remove(_TEMPORARY)
    storage.create(_TEMPORARY, len(raw))
    for at in range(0, len(raw), _CHUNK_BYTES):
        storage.write_at(_TEMPORARY, at, raw[at : at + _CHUNK_BYTES])
    storage.datasync(_TEMPORARY)
    storage.rename(_TEMPORARY, name_of(*own))
    for file in files(storage)[KEEP_COUNT:]:
        storage.remove(file)
    return raw[-32:]
