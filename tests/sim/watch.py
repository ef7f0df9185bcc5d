"""What a checker may see, and how it says that a promise is broken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from crypto.block import Block
from crypto.entry import AnyFact, KnownFact

if TYPE_CHECKING:
    from tests.sim.history import History


class Broken(BaseException):
    """A promise is broken. No product code may catch it, so it is no `Exception`."""

    def __init__(self, checker: str, what: str) -> None:
        super().__init__(f"{checker}: {what}")
        self.checker = checker


class Hold(NamedTuple):
    """A grant as the harness names it."""

    epoch: int
    seq: int


class Read(NamedTuple):
    """One fact as it stands in the log."""

    epoch: int
    seq: int
    fact: AnyFact


class Checker:
    """Sees everything, changes nothing. Each checker overrides what it needs."""

    name = ""

    def __init__(self, history: History) -> None:
        self.history = history

    def expect(self, held: bool, what: str) -> None:
        """`held`, or the history ends here."""
        if not held:
            broken = Broken(self.name, what)
            self.history.broken = self.history.broken or broken
            raise broken

    def on_medium(self, block: Block) -> None:
        """A sync has put this block on the medium."""

    def deleted(self, blocks: list[Block]) -> None:
        """A segment with these blocks is removed from the disk."""

    def opened(self, log: list[Read]) -> None:
        """Recovery is done; `log` was read from the disk by other code than the product's."""

    def started(self) -> None:
        """The first facts of this life are recorded."""

    def appended(self, epoch: int, seq: int, fact: KnownFact) -> None:
        """The gateway recorded a fact: in the ledger's line and in the state."""

    def durable(self, epoch: int, through: int) -> None:
        """The ledger says so."""

    def shown(self, lane: int, text: bytes) -> None:
        """Somebody presents `text` at `lane`."""

    def decided(self, lane: int, answer: dict[str, Any]) -> None:
        """The gateway gave an answer."""

    def replied(self, ticket: bytes, nonce: bytes, answer: dict[str, Any]) -> None:
        """The answer to a named presentation reached its client."""

    def granted(self, lane: int, hold: Hold, persons: int) -> None:
        """The barrier's driver is told to let persons through."""

    def pulsed(self, lane: int, hold: Hold) -> None:
        """The command to the relay leaves."""

    def shut(self, lane: int, hold: Hold) -> None:
        """The board says that it did not open."""

    def walked(self, lane: int, hold: Hold) -> None:
        """Somebody has really gone through."""

    def stored(self, epoch: int, blocks: list[Block]) -> None:
        """The centre has taken these blocks."""

    def receipted(self, epoch: int, through: int, head: bytes) -> None:
        """The gateway keeps this receipt."""

    def ticked(self) -> None:
        """About once a second while the gateway lives."""

    def died(self) -> None:
        """The gateway's process ended, in whatever way."""

    def stopped(self) -> None:
        """The gateway ended in order: all is durable."""

    def finished(self) -> None:
        """The history is over, after all was healed and everything had time to arrive."""
