"""Which segments may be deleted: receipted, old enough, and before every snapshot that is kept.

A snapshot counts only when its digest is itself a durable fact of the log: the state that stands
for deleted facts is then as provable as they were. Who must replay them asks the centre.
The first block of an epoch is kept: it names the key of all that follow.
"""

import logging
from collections.abc import Container, Mapping

from crypto.block import HEADER_BYTES, header_at
from crypto.entry import SnapshotTaken, decode_facts_untrusted
from crypto.errors import Bad
from edge.ledger import first_block, snapshot
from edge.ledger.errors import LedgerDamaged, LedgerFull
from edge.ledger.reading import Reading
from edge.ledger.segments import FIRST_BLOCK_AT, SegmentName, segments_of
from edge.ledger.storage import Storage

log = logging.getLogger(__name__)
_RUN_BYTES = 1 << 20


def deletable(
    storage: Storage, *, ends: Mapping[int, int], covered: Mapping[int, int],
    receipted: Mapping[int, int], before_ms: int, growing: bool = False,
) -> list[SegmentName]:  # fmt: skip
    """Segments that nobody needs here any more, oldest first; never the last one.

    `growing`: old epochs may still get blocks, as a mirror's do; the last segment of each stays.

    Per epoch: `ends`, its last durable seq; `covered`, as the function of that name says;
    `receipted`, through which seq the centre has given a receipt. `before_ms`: unix ms; what was
    written later stays.
    """
    names = segments_of(storage)
    found: list[SegmentName] = []
    kept_epochs: set[int] = set()
    for name, after in zip(names, names[1:], strict=False):
        here = after.epoch == name.epoch
        if growing and not here:
            continue
        last_seq = after.first_seq - 1 if here else ends.get(name.epoch, 0)
        holder = min(covered.get(name.epoch, 0), receipted.get(name.epoch, 0))
        if name.epoch in kept_epochs or not name.first_seq <= last_seq <= holder:
            kept_epochs.add(name.epoch)
            continue
        written_ms = _begins_ms(storage, after)
        if written_ms is None or written_ms >= before_ms:
            kept_epochs.add(name.epoch)
            continue
        found.append(name)
    return found


def delete(storage: Storage, names: list[SegmentName]) -> list[SegmentName]:
    """Delete segments, oldest first, each durably; those that are gone now.

    Stops where the first block of an epoch cannot be kept. Raises `StorageFailed`.
    """
    gone: list[SegmentName] = []
    for name in names:
        try:
            kept = first_block.keep(storage, name)
        except LedgerFull:
            kept = False
        if not kept:
            log.warning("%s stays: its first block cannot be kept aside", name.file)
            break
        storage.remove(name.file)
        gone.append(name)
    return gone


def covered(storage: Storage, gateway: bytes, digests: Container[bytes]) -> dict[int, int]:
    """Per epoch of `gateway`: the seq that every snapshot in `storage` has folded.

    Empty if one of them is damaged or not in `digests`, those of durable SnapshotTaken facts.
    """
    least: dict[int, int] | None = None
    for file in snapshot.files(storage):
        found = snapshot.load(storage, file)
        if found is None or found.digest not in digests:
            return {}
        own = {e: head.seq for (g, e), head in found.vector.items() if g == gateway}
        least = own if least is None else {e: min(s, own.get(e, 0)) for e, s in least.items()}
    return least or {}


def proven(storage: Storage, gateway: bytes, ends: Mapping[int, int]) -> set[bytes]:
    """Digests of the snapshots here that are durable facts of the log of `gateway`.

    Reads the log from where each snapshot ends until it finds the fact, which is not far.
    """
    found: set[bytes] = set()
    reading = Reading(storage)
    for file in snapshot.files(storage):
        one = snapshot.load(storage, file)
        if one is None:
            continue
        starts = {e: head.seq for (g, e), head in one.vector.items() if g == gateway}
        for epoch in sorted(ends):
            if epoch >= max(starts, default=0) and _says(
                reading, epoch, starts.get(epoch, 0), ends[epoch], one.digest
            ):
                found.add(one.digest)
                break
    return found


def _says(reading: Reading, epoch: int, seq: int, end: int, digest: bytes) -> bool:
    while seq < end:
        try:
            run = reading.run_from(epoch, seq + 1, _RUN_BYTES, end)
        except LedgerDamaged:
            return False
        for block in run:
            # Looked for in the raw bytes first: decoding every fact would take the loop's time.
            if digest in block.body and _takes(block.body, digest):
                return True
        if not run:
            return False
        seq = run[-1].last_seq
    return False


def _takes(body: bytes, digest: bytes) -> bool:
    try:
        facts = decode_facts_untrusted(body)
    except Bad:
        return False
    return any(isinstance(fact, SnapshotTaken) and fact.digest == digest for fact in facts)


def _begins_ms(storage: Storage, name: SegmentName) -> int | None:
    header = storage.read(name.file, FIRST_BLOCK_AT, HEADER_BYTES)
    # Only the header stands here, and only it is asked: wall ms at offset 24.
    return None if header_at(header) is None else int.from_bytes(header[24:32], "big", signed=True)
