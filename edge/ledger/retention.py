"""Which segments may be deleted: receipted, old enough, and before every snapshot that is kept.

A snapshot counts only when its digest is itself a durable fact of the log: the state that stands
for deleted facts is then as provable as they were. Full replay refetches them from the centre.
"""

from collections.abc import Container, Mapping

from crypto.block import HEADER_BYTES, header_at
from edge.ledger import snapshot
from edge.ledger.segments import FIRST_BLOCK_AT, SegmentName, segments_of
from edge.ledger.storage import Storage


def deletable(
    storage: Storage, gateway: bytes, *, receipted: Mapping[int, int], digests: Container[bytes],
    before_ms: int,
) -> list[SegmentName]:  # fmt: skip
    """Segments that nobody needs here any more, oldest first.

    `receipted`: through which seq of each epoch the centre has given a receipt. `digests`: those
    of durable SnapshotTaken facts. `before_ms`: unix ms; younger segments stay.
    """
    covered = _covered(storage, gateway, digests)
    names = segments_of(storage)
    found: list[SegmentName] = []
    kept_epochs: set[int] = set()
    for name, after in zip(names, names[1:], strict=False):
        last_seq = after.first_seq - 1 if after.epoch == name.epoch else covered.get(name.epoch, 0)
        holder = min(covered.get(name.epoch, 0), receipted.get(name.epoch, 0))
        if name.epoch in kept_epochs or not 0 < last_seq <= holder:
            kept_epochs.add(name.epoch)
            continue
        written_ms = _begins_ms(storage, after)
        if written_ms is None or written_ms >= before_ms:
            kept_epochs.add(name.epoch)
            continue
        found.append(name)
    return found


def _covered(storage: Storage, gateway: bytes, digests: Container[bytes]) -> dict[int, int]:
    """Per epoch: the seq that every snapshot kept here has folded; empty if one is unproven."""
    least: dict[int, int] | None = None
    for file in snapshot.files(storage):
        found = snapshot.load(storage, file)
        if found is None or found.digest not in digests:
            return {}
        own = {e: head.seq for (g, e), head in found.vector.items() if g == gateway}
        least = own if least is None else {e: min(s, own.get(e, 0)) for e, s in least.items()}
    return least or {}


def _begins_ms(storage: Storage, name: SegmentName) -> int | None:
    header = storage.read(name.file, FIRST_BLOCK_AT, HEADER_BYTES)
    # Only the header stands here, and only it is asked: wall ms at offset 24.
    return None if header_at(header) is None else int.from_bytes(header[24:32], "big", signed=True)
