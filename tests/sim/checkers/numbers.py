"""A number (epoch, seq) stands for one fact for ever, wherever it was ever seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crypto.block import Block
from crypto.entry import AnyFact, decode_facts_untrusted, encode_fact
from tests.sim.watch import Checker, Hold, Read

if TYPE_CHECKING:
    from tests.sim.history import History


class Numbers(Checker):
    name = "numbers"

    def __init__(self, history: History) -> None:
        super().__init__(history)
        self._seen: dict[Hold, bytes] = {}

    def _is(self, epoch: int, seq: int, fact: AnyFact) -> None:
        raw, hold = encode_fact(fact), Hold(epoch, seq)
        self.expect(self._seen.setdefault(hold, raw) == raw, f"{hold} stands for two facts")

    def on_medium(self, block: Block) -> None:
        for seq, fact in enumerate(decode_facts_untrusted(block.body), block.first_seq):
            self._is(block.epoch, seq, fact)

    def opened(self, log: list[Read]) -> None:
        for one in log:
            self._is(*one)
