"""What people do with a damaged folder: put blocks back, or set it aside and open without it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from config.gateway import Ledger as LedgerConfig
from crypto.block import ALIGN_BYTES, Block, Head
from edge.ledger import epochs, excuse, first_block, segments, snapshot
from edge.ledger.astray import Astray
from edge.ledger.audit import Audit, audit, good_part, walks, whose
from edge.ledger.chain import Trust
from edge.ledger.errors import LedgerError
from edge.ledger.recover import KnownHead, nothing, recorded_ends
from edge.ledger.segments import SegmentName, SegmentReader, segments_of
from edge.ledger.spares import Spares
from edge.ledger.storage import DiskStorage, Storage
from edge.ledger.tail import Tail
from edge.ledger.walk import EpochEnd, Fetch

_COPY_BYTES = 1 << 20


class Missing(NamedTuple):
    """Facts that are not in the fresh folder; `through` is the last that is known to exist."""

    epoch: int
    from_seq: int
    through_seq: int


class SetAsideDone(NamedTuple):
    """Where the damaged files are now, and what the fresh folder lacks."""

    kept_as: str
    missing: list[Missing]


def offered(blocks: list[Block]) -> tuple[Fetch, list[KnownHead]]:
    """What `repair` wants to know, of blocks that somebody handed over in any order."""
    ordered = sorted(blocks, key=lambda block: (block.epoch, block.first_seq))

    def fetch(epoch: int, seq: int) -> list[Block]:
        return [block for block in ordered if block.epoch == epoch and block.last_seq >= seq]

    return fetch, [KnownHead(b.epoch, b.last_seq, b.hash, "the file") for b in ordered]


def repair(
    storage: Storage, trust: Trust | None, fetch: Fetch, held: list[KnownHead]
) -> tuple[int, Audit]:
    """Put back what is broken or missing; how many blocks, and the folder after it.

    `held`: how far others hold the log that `fetch` hands out. Each block must chain onto what is
    good and bear the epoch's signature: wrong ones are left out. A block that stands in another's
    place is kept in a file before it is written over, and put in its own place. Raises
    `LedgerDamaged` when something is still broken after that, `LedgerFull` when there is no room.
    """
    trust = whose(storage, trust)
    names = segments_of(storage)
    if not names:
        raise LedgerError("this folder holds no segments: there is nothing to put blocks into")
    size = storage.size(names[0].file)
    spares = Spares(storage, trust.gateway, LedgerConfig(segment_bytes=size))
    put_back = 0
    astray = Astray(storage, trust.gateway)
    fetch = astray.before(fetch)
    for epoch, (walk, chain) in walks(storage, trust, nothing, fetch, astray=astray).items():
        tail = Tail(storage, spares, walk, chain, walk.run())
        known = [known for known in held if known.epoch == epoch] + astray.heads(epoch)
        tail.restore(fetch, known, must=False)
        put_back += walk.put_back + tail.put_back
        if not tail.must_cut:  # that one is for the next start, which begins a new epoch first
            tail.clean()
    return put_back, audit(storage, trust, astray.home)


def set_aside(folder: Path, trust: Trust | None, *, reason: str, stamp: str) -> SetAsideDone:
    """Rename `folder` to `folder.set-aside-STAMP` and make a fresh one from what is good.

    The fresh folder gets keys, snapshots, and each epoch's blocks after the snapshot up to the
    first broken one. The next start refetches what it can and begins a new epoch. The folder's
    lock is held throughout, so no gateway runs meanwhile.
    """
    storage = DiskStorage(folder)
    try:
        trust = whose(storage, trust)
        starts = _starts(storage, trust)
        ends, heads = good_part(storage, trust, starts)
        heads = starts | heads
        reach = _reach(storage, heads)
        kept_as = folder.with_name(f"{folder.name}.set-aside-{stamp}")
        fresh_folder = folder.with_name(f"{folder.name}.fresh")
        fresh = DiskStorage(fresh_folder)
        try:
            for file in fresh.list():  # of an attempt that was interrupted
                fresh.remove(file)
            _copy_good(storage, fresh, starts, ends)
            excuse.store(fresh, excuse.SetAside(reason, kept_as.name, heads))
        finally:
            fresh.close()
    finally:
        storage.close()
    os.rename(folder, kept_as)
    os.rename(fresh_folder, folder)
    missing = [
        Missing(epoch, heads.get(epoch, Head()).seq + 1, through)
        for epoch, through in sorted(reach.items())
        if through > heads.get(epoch, Head()).seq
    ]
    return SetAsideDone(str(kept_as), missing)


def _reach(storage: Storage, heads: Mapping[int, Head]) -> dict[int, int]:
    """The last fact of each epoch of which any trace is left."""
    reach = {epoch: head.seq for epoch, head in heads.items()}
    names = segments_of(storage)
    for epoch, head in recorded_ends(storage, names).items():
        reach[epoch] = max(reach.get(epoch, 0), head.seq)
    for name in names:
        reach[name.epoch] = max(reach.get(name.epoch, 0), name.first_seq - 1)
        reader, page = SegmentReader(storage, name), segments.FIRST_BLOCK_AT
        while (at := reader.later_header(page)) is not None:
            header = reader.header_at(at)
            assert header is not None
            last = int.from_bytes(header[16:24], "big") + int.from_bytes(header[6:8], "big") - 1
            epoch = int.from_bytes(header[8:12], "big")
            reach[epoch] = max(reach.get(epoch, 0), last)
            page = at + ALIGN_BYTES
    return reach


def _starts(storage: Storage, trust: Trust) -> dict[int, Head]:
    """What the newest good snapshot covers of this log."""
    for file in snapshot.files(storage):
        found = snapshot.load(storage, file)
        if found is not None:
            return {e: head for (g, e), head in found.vector.items() if g == trust.gateway}
    return {}


def _copy_good(
    old: Storage, fresh: Storage, starts: Mapping[int, Head], ends: Mapping[int, EpochEnd]
) -> None:
    for file in old.list():
        if file.endswith((epochs.SUFFIX, first_block.SUFFIX)):
            _copy(old, fresh, file, old.size(file))
    for file in snapshot.files(old):
        if snapshot.load(old, file) is not None:
            _copy(old, fresh, file, old.size(file))
    for name in segments_of(old):
        end = ends[name.epoch].place
        if end is None or name > end.segment or _is_covered(old, name, starts):
            continue
        _copy(old, fresh, name.file, end.at if name == end.segment else end.size)


def _is_covered(storage: Storage, name: SegmentName, starts: Mapping[int, Head]) -> bool:
    later = [n for n in segments_of(storage) if n.epoch == name.epoch and n > name]
    return bool(later) and later[0].first_seq <= starts.get(name.epoch, Head()).seq


def _copy(old: Storage, fresh: Storage, file: str, through: int) -> None:
    """The first `through` bytes of a file; the rest stays zero."""
    fresh.create(file, old.size(file))
    for at in range(0, through, _COPY_BYTES):
        fresh.write_at(file, at, old.read(file, at, min(_COPY_BYTES, through - at)))
    fresh.datasync(file)
