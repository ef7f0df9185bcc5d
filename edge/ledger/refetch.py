"""Replays what retention has deleted here, from whoever has it still: when no snapshot is whole."""

import logging

from crypto.errors import Bad
from edge.ledger.chain import EpochChain
from edge.ledger.errors import LedgerDeleted
from edge.ledger.snapshot import Fold
from edge.ledger.walk import EpochWalk, Fetch

log = logging.getLogger(__name__)


def refetch(
    walk: EpochWalk, chain: EpochChain, through_seq: int, fetch: Fetch | None, fold: Fold
) -> None:
    """Check and fold the facts of an epoch through `through_seq`, then let `walk` go on there.

    They are not written: they were deleted with good reason. Raises `LedgerDeleted` when nobody
    gives them.
    """
    log.warning("no snapshot holds what epoch %d said through seq %d, and it was deleted here:"
                " it is fetched again", chain.epoch, through_seq)  # fmt: skip
    moved = fetch is not None
    while moved and chain.head.seq < through_seq:
        assert fetch is not None
        before = chain.head.seq
        for block in fetch(chain.epoch, before + 1):
            if block.first_seq <= chain.head.seq or block.last_seq > through_seq:
                continue
            try:
                facts = chain.check(block)
            except Bad as error:
                log.warning("a block given for seq %d does not fit: %s", block.first_seq, error)
                break
            fold(block, facts)
        moved = chain.head.seq > before
    if chain.head.seq < through_seq:
        raise LedgerDeleted(epoch=chain.epoch, seq=chain.head.seq + 1, through_seq=through_seq)
    walk.start_after(chain.head)
