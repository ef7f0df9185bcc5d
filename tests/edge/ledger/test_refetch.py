"""What was deleted is replayed from others: checked as any block, folded once, written nowhere."""

from __future__ import annotations

import pytest

from crypto.block import Block
from crypto.entry import AnyFact
from crypto.keys import VerifyKey
from edge.ledger.chain import EpochChain, Trust
from edge.ledger.errors import LedgerDeleted
from edge.ledger.refetch import refetch
from edge.ledger.walk import EpochWalk
from tests.edge.ledger.faulty_disk import FaultyDisk
from tests.edge.ledger.logs import GATEWAY, NOW_S, TENANT, WHO, fetch_from, start, write


class Case:
    """A log of 21 blocks of which nothing is here."""

    def __init__(self) -> None:
        seen = start(FaultyDisk())
        self.blocks = [*seen.blocks, *write(seen, range(20))]
        self.folded: list[int] = []
        trust = Trust(TENANT, GATEWAY, VerifyKey(WHO.device.public))
        self.chain = EpochChain(trust, NOW_S)
        self.walk = EpochWalk(
            FaultyDisk(), self.chain, [], fold=self.fold, proven={}, reach=self.chain.head
        )

    def fold(self, block: Block, facts: list[AnyFact]) -> None:
        self.folded.append(block.first_seq)

    def ask(self, blocks: list[Block] | None, through_seq: int = 15) -> None:
        fetch = None if blocks is None else lambda e, s: fetch_from(blocks)(e, s)[:4]
        refetch(self.walk, self.chain, through_seq, fetch, self.fold)


def test_runs_are_asked_for_until_all_is_there_and_no_further() -> None:
    case = Case()
    case.ask(case.blocks)
    assert case.folded == list(range(1, 16))


@pytest.mark.parametrize("here", [None, 0, 9])
def test_too_little_is_said(here: int | None) -> None:
    case = Case()
    with pytest.raises(LedgerDeleted) as told:
        case.ask(None if here is None else case.blocks[:here])
    assert (told.value.seq, told.value.through_seq) == ((here or 0) + 1, 15)


def test_a_block_of_another_history_is_not_folded() -> None:
    case = Case()
    other = start(FaultyDisk())
    forged = [*case.blocks[:5], *write(other, range(50, 70))[4:]]
    with pytest.raises(LedgerDeleted) as told:
        case.ask(forged)
    assert (told.value.seq, case.folded) == (6, [1, 2, 3, 4, 5])
