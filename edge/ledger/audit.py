"""Checks a whole folder from its first block, trusting no snapshot; changes nothing."""

from collections.abc import Mapping
from typing import NamedTuple

from crypto.block import Block, Head
from crypto.entry import AnyFact
from crypto.keys import VerifyKey
from edge.ledger import epochs, first_block
from edge.ledger.chain import EpochChain, Trust
from edge.ledger.errors import LedgerDamaged, LedgerError, LedgerTorn
from edge.ledger.recover import nothing, recorded_ends, refuse_foreign
from edge.ledger.segments import (
    FIRST_BLOCK_AT,
    SegmentName,
    SegmentReader,
    gateway_of,
    segments_of,
)
from edge.ledger.snapshot import Fold
from edge.ledger.storage import Storage
from edge.ledger.walk import EpochEnd, EpochWalk, Fetch, Keep


class Audit(NamedTuple):
    """What a folder holds: `heads` says where each epoch ends.

    `begins`: (epoch, seq) of the first fact here, where retention has deleted what was before it.
    """

    blocks: int
    facts: int
    heads: dict[int, Head]
    begins: tuple[int, int] | None = None

    @property
    def last(self) -> tuple[int, Head]:
        """Epoch and head of the newest block; epoch 0 when there is none."""
        epoch = max((e for e, head in self.heads.items() if head.seq), default=0)
        return epoch, self.heads.get(epoch, Head())


def whose(storage: Storage, trust: Trust | None) -> Trust:
    """`trust`, or what the folder says of itself when nobody has told us.

    Raises `LedgerError` if it is no ledger, `LedgerForeign` if it is another gateway's.
    """
    names = segments_of(storage)
    if trust is None:
        owners = (gateway_of(storage, name) for name in names)
        gateway = next((owner for owner in owners if owner is not None), None)
        if gateway is None:
            hint = "name the gateway's folder, or its ledger folder"
            raise LedgerError(f"this folder holds no ledger, no segment says whose it is: {hint}")
        trust = Trust(b"", gateway, None)
    refuse_foreign(storage, trust.gateway, names)
    return trust


def walks(
    storage: Storage, trust: Trust, fold: Fold, heal: Fetch | None = None,
    starts: Mapping[int, Head] | None = None, astray: Keep | None = None,
) -> dict[int, tuple[EpochWalk, EpochChain]]:  # fmt: skip
    """A walk for each epoch from the first block that is here, or after `starts` where it fits.

    `heal` and `astray`: as for `EpochWalk`.
    """
    every = segments_of(storage)
    reach = recorded_ends(storage, every)
    found = {}
    for epoch in sorted({name.epoch for name in every}):
        names = [name for name in every if name.epoch == epoch]
        kept = epochs.load_key(storage, epoch)
        key = VerifyKey(kept.key.public) if kept is not None else None
        if key is None and names[0].first_seq != 1:
            key = first_block.key(storage, trust, epoch, names)
        chain = EpochChain(trust, epoch, _before(storage, names[0]), key)
        walk = EpochWalk(
            storage, chain, names, fold=fold, proven={}, reach=reach.get(epoch, Head()), heal=heal,
            astray=astray,
        )  # fmt: skip
        start = (starts or {}).get(epoch)
        if start is not None and walk.start_after(start):
            chain.head = start
        found[epoch] = (walk, chain)
    return found


def _before(storage: Storage, name: SegmentName) -> Head:
    """Where the log stood before its first segment here: retention may have deleted some."""
    if name.first_seq == 1:
        return Head()
    header = SegmentReader(storage, name).header_at(FIRST_BLOCK_AT)
    return Head(name.first_seq - 1, header[60:92] if header is not None else bytes(32))


def audit(storage: Storage, trust: Trust | None = None, fold: Fold = nothing) -> Audit:
    """Check every block. Raises `LedgerDamaged` naming the first broken one."""
    counts = [0, 0]

    def count(block: Block, facts: list[AnyFact]) -> None:
        counts[0] += 1
        counts[1] += block.count
        fold(block, facts)

    heads: dict[int, Head] = {}
    ends: dict[int, EpochEnd] = {}
    for epoch, (walk, chain) in walks(storage, whose(storage, trust), count).items():
        ends[epoch] = walk.run()
        heads[epoch] = chain.head
    if ends and ends[max(ends)].dirty:
        last = max(ends)
        place = ends[last].place
        assert place is not None
        seq = heads[last].seq + 1
        raise LedgerTorn(epoch=last, seq=seq, segment=place.segment.file, at_bytes=place.at)
    return Audit(counts[0], counts[1], heads, _begins(storage))


def _begins(storage: Storage) -> tuple[int, int] | None:
    names = segments_of(storage)
    if not names or (names[0].first_seq == 1 and not first_block.epochs(storage)):
        return None
    return names[0].epoch, names[0].first_seq


def good_part(
    storage: Storage, trust: Trust, starts: Mapping[int, Head]
) -> tuple[dict[int, EpochEnd], dict[int, Head]]:
    """How far each epoch is whole from `starts` on: where its blocks end, and its head."""
    ends: dict[int, EpochEnd] = {}
    heads: dict[int, Head] = {}
    for epoch, (walk, chain) in walks(storage, trust, nothing, starts=starts).items():
        try:
            ends[epoch] = walk.run()
        except LedgerDamaged:
            ends[epoch] = EpochEnd(walk.place, True)
        heads[epoch] = chain.head
    return ends, heads
