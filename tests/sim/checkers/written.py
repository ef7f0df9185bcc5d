"""Nothing moves and nothing is said before its fact is on the medium itself (law 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crypto.block import Block
from crypto.entry import Admitted, AnyFact, ExitRecorded, decode_facts_untrusted
from tests.sim.watch import Checker, Hold, Read

if TYPE_CHECKING:
    from tests.sim.history import History


class Written(Checker):
    name = "written"

    def __init__(self, history: History) -> None:
        super().__init__(history)
        self._facts: dict[Hold, tuple[int, AnyFact]] = {}

    def on_medium(self, block: Block) -> None:
        for seq, fact in enumerate(decode_facts_untrusted(block.body), block.first_seq):
            self._facts[Hold(block.epoch, seq)] = (block.first_seq, fact)

    def opened(self, log: list[Read]) -> None:
        """Unsynced bytes may survive, too: what was read from the medium is on it."""
        for epoch, seq, fact in log:
            self._facts.setdefault(Hold(epoch, seq), (0, fact))

    def _on_medium(self, hold: Hold) -> AnyFact | None:
        first, fact = self._facts.get(hold, (0, None))
        if first == 0 or (hold.epoch, first) in self.history.rotten:
            return fact  # what was damaged on purpose after the sync, was on it
        file, at, block = self.history.medium.get((hold.epoch, first), ("", 0, None))
        if block is None or not self.history.disk.holds(file, at, block.raw):
            return None
        return fact

    def pulsed(self, lane: int, hold: Hold) -> None:
        fact = self._on_medium(hold)
        self.expect(fact is not None, f"lane {lane} opens for {hold}, which is not on disk")
        right = isinstance(fact, Admitted | ExitRecorded) and fact.lane == lane
        self.expect(right, f"lane {lane} opens for {fact}")

    def decided(self, lane: int, answer: dict[str, Any]) -> None:
        life = self.history.life
        assert life is not None
        seq = answer.get("seq", 0)
        if seq:
            hold = Hold(life.ledger.epoch, seq)
            self.expect(self._on_medium(hold) is not None, f"{hold} was answered, not on disk")
