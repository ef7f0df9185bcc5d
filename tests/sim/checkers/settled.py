"""The centre holds what the gateway holds, from the first fact on; receipts only grow; in the end
all of it has arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crypto.block import Block
from tests.sim.watch import Checker, Read

if TYPE_CHECKING:
    from tests.sim.history import History


class Settled(Checker):
    name = "settled"

    def __init__(self, history: History) -> None:
        super().__init__(history)
        self._through: dict[int, int] = {}

    def stored(self, epoch: int, blocks: list[Block]) -> None:
        for block in blocks:
            known = self.history.medium.get((epoch, block.first_seq))
            same = known is not None and known[2].hash == block.hash
            self.expect(same, f"epoch {epoch} seq {block.first_seq} was sent, not on disk")

    def receipted(self, epoch: int, through: int, head: bytes) -> None:
        centre = self.history.centre
        held = {b.last_seq: b.hash for b in centre.blocks.get(epoch, [])}
        self.expect(held.get(through) == head, f"a receipt for epoch {epoch} through {through}")
        least = self._through.get(epoch, 0)
        self.expect(through >= least, f"epoch {epoch}: receipt {through} after {least}")
        self._through[epoch] = through

    def ticked(self) -> None:
        life = self.history.life
        assert life is not None
        self.expect(not self.history.centre.forks, f"a fork: {self.history.centre.forks}")
        said = life.uplink.status()["receipted_seq"]
        held = self.history.centre.head(life.ledger.epoch).seq
        self.expect(said <= held, f"through {said} is called receipted, the centre has {held}")

    def opened(self, log: list[Read]) -> None:
        for epoch, blocks in self.history.centre.blocks.items():
            here = self.history.epochs.get(epoch)
            ours = [b.hash for b in here.blocks] if here else []
            theirs = [b.hash for b in blocks]
            both = min(len(ours), len(theirs))
            self.expect(ours[:both] == theirs[:both], f"epoch {epoch} differs at the centre")

    def finished(self) -> None:
        self.expect(self.history.arrived, "nothing is broken any more, and not all has arrived")
