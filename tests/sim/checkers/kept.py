"""What was acknowledged is there after every crash, or its loss is on record and excused.

Excused is only a block that rotted on the medium, was the last of its epoch, and that nobody who
could be asked holds. A new epoch must then begin ("cut"), and no dirt may be left behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crypto.block import Block
from crypto.entry import EpochBegun, KnownFact, encode_fact
from tests.sim.watch import Checker, Hold, Read

if TYPE_CHECKING:
    from tests.sim.history import History


class Kept(Checker):
    name = "kept"

    def __init__(self, history: History) -> None:
        super().__init__(history)
        self._written: dict[Hold, bytes] = {}
        self._kept: dict[Hold, bytes] = {}
        self._died_opening = self._is_open = False

    def appended(self, epoch: int, seq: int, fact: KnownFact) -> None:
        self._written[Hold(epoch, seq)] = encode_fact(fact)

    def durable(self, epoch: int, through: int) -> None:
        for hold in [h for h in self._written if h.epoch == epoch and h.seq <= through]:
            self._kept[hold] = self._written.pop(hold)

    def deleted(self, blocks: list[Block]) -> None:
        for block in blocks:
            hold, held = Hold(block.epoch, block.last_seq), self.history.centre.head(block.epoch)
            self.expect(held.seq >= hold.seq, f"{hold} was deleted and the centre has it not")

    def opened(self, log: list[Read]) -> None:
        found = {Hold(r.epoch, r.seq): encode_fact(r.fact) for r in log}
        for hold, raw in list(self._kept.items()):
            if hold not in found:
                self._excuse(hold, log)
                del self._kept[hold]
            else:
                self.expect(found[hold] == raw, f"{hold} says something else than it said")
        self._written.clear()
        for one in log:
            self._kept[Hold(one.epoch, one.seq)] = found[Hold(one.epoch, one.seq)]
        self._tidy(log)

    def _excuse(self, hold: Hold, log: list[Read]) -> None:
        history = self.history
        at_centre = history.centre.head(hold.epoch).seq >= hold.seq
        self.expect(not (at_centre and history.could_fetch), f"{hold} was not fetched back")
        rotten = any(
            key in history.rotten and key[1] <= hold.seq <= block.last_seq
            for key, (_, _, block) in history.medium.items() if key[0] == hold.epoch
        )  # fmt: skip
        self.expect(rotten, f"{hold} was acknowledged and is gone")
        said = any(
            isinstance(one.fact, EpochBegun) and one.fact.because == "cut"
            and one.epoch > hold.epoch and (one.fact.last_epoch, one.fact.last_seq) < hold
            for one in log
        )  # fmt: skip
        self.expect(said, f"{hold} rotted and nothing says that it was cut")
        history.lost_tickets.add(history.holder(hold))

    def _tidy(self, log: list[Read]) -> None:
        epochs = sorted(self.history.epochs)
        last = epochs[-1]
        self.expect(not self.history.epochs[last].dirty, "there is dirt behind the log's end")
        # A start that dies between the new epoch and the cleaning leaves harmless dirt behind it.
        if self.history.begun == "cut" and len(epochs) > 1 and not self._died_opening:
            self.expect(not self.history.epochs[epochs[-2]].dirty, "the torn block was left there")
        begun = [one.fact for one in log if isinstance(one.fact, EpochBegun)]
        self.expect(len(begun) == len({b.certificate for b in begun}), "an epoch began twice")

    def started(self) -> None:
        self._is_open = True

    def died(self) -> None:
        self._died_opening, self._is_open = not self._is_open, False
