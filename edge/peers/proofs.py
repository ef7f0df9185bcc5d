"""What others can prove of our own log: a word counts when our own signature stands behind it.

A sibling says in its `Hello` how far it holds our log. If the word alone counted, one enrolled
gateway could keep every other from starting: by claiming facts that never were, or another hash
for one that is. So it is asked for the block that it claims to hold, which only we can have signed.
"""

from collections.abc import Iterable
from typing import Final

from crypto.block import Block, verify
from crypto.errors import Bad
from crypto.keys import VerifyKey
from edge.ledger.chain import EpochChain, Trust
from edge.ledger.epochs import load_key
from edge.ledger.storage import Storage
from edge.peers.codec import LogHead

#: More of our epochs than this are not asked about at one sibling; the newest count.
CLAIMS_MAX: Final = 256
#: For one question, and for all questions to one sibling.
ANSWER_S: Final = 1.0
PROOF_S: Final = 5.0


class Proofs:
    """The blocks of our own log that siblings have shown. `trust`: us, with our device key.

    `storage`: our ledger folder, whose key files say which keys were ours; without them a log's
    first block does, by its certificate.
    """

    def __init__(self, trust: Trust, storage: Storage | None = None) -> None:
        self._trust = trust
        self._storage = storage
        self._keys: dict[int, VerifyKey] = {}
        self._shown: dict[int, dict[int, bytes]] = {}

    def key(self, epoch: int) -> VerifyKey | None:
        """The key that seals `epoch`, if that is known for certain."""
        if epoch not in self._keys and self._storage is not None:
            kept = load_key(self._storage, epoch)
            if kept is not None:
                self._keys[epoch] = VerifyKey(kept.key.public)
        return self._keys.get(epoch)

    def hear(self, block: Block) -> bool:
        """Whether `block` is ours, signed; then the head that it makes is proven."""
        if block.gateway != self._trust.gateway:
            return False
        if self.key(block.epoch) is None and block.first_seq == 1:
            chain = EpochChain(self._trust, block.epoch)
            try:
                chain.check(block)
            except Bad:
                return False
            assert chain.key is not None
            self._keys[block.epoch] = chain.key
        key = self.key(block.epoch)
        if key is None or not verify(block, key):
            return False
        self._shown.setdefault(block.epoch, {})[block.last_seq] = block.hash
        return True

    def proves(self, row: LogHead) -> bool:
        """Whether the very block that `row` names was shown."""
        return self._shown.get(row.epoch, {}).get(row.seq) == row.hash

    def asks(self, row: LogHead) -> list[int]:
        """The seqs whose blocks prove `row`, in the order in which to ask for them."""
        if self.proves(row):
            return []
        return [row.seq] if self.key(row.epoch) is not None else [1, row.seq]

    def ours(self, epoch: int, seq: int, blocks: Iterable[Block]) -> list[Block]:
        """Of `blocks` those that follow each other, the first of them holding `seq`, all signed."""
        found: list[Block] = []
        for block in blocks:
            if found:
                last = found[-1]
                fits = (block.first_seq, block.previous) == (last.last_seq + 1, last.hash)
            else:
                fits = block.first_seq <= seq <= block.last_seq
            if block.epoch != epoch or not fits or not self.hear(block):
                break
            found.append(block)
        return found
