"""What `ledger set-aside` leaves in the fresh folder: which old epochs are not here, and why.

Recovery then begins a new epoch with the old heads in its first fact, refetches what it can and
does not call the rest damage. One MessagePack file, `set-aside`.
"""

from typing import Final

import msgspec

from crypto.block import Head
from edge.ledger.storage import Storage

FILE: Final = "set-aside"
BYTES_MAX: Final = 1 << 20
_NEW: Final = "set-aside.new"


class SetAside(msgspec.Struct, frozen=True):
    """`heads`: where each old epoch was last known to end. `folder`: where the old files are."""

    reason: str
    folder: str
    heads: dict[int, Head]


def load(storage: Storage) -> SetAside | None:
    """The note in this folder, if there is one that can be read."""
    if FILE not in storage.list():
        return None
    try:
        return msgspec.msgpack.decode(storage.read(FILE, 0, BYTES_MAX), type=SetAside)
    except msgspec.DecodeError:
        return None


def store(storage: Storage, note: SetAside) -> None:
    """Leave the note, durably, in place of the one before."""
    raw = msgspec.msgpack.encode(note)
    storage.create(_NEW, len(raw))
    storage.write_at(_NEW, 0, raw)
    storage.datasync(_NEW)
    storage.rename(_NEW, FILE)
