"""What stands at a till of a scenario: a reader to which a guest holds a band, and a card terminal.

What may go wrong with a band strikes at what a till has resolved to write, never at what it mends
before that.
"""

from typing import Final

import msgspec

from crypto import chip_ciphers
from crypto.medium import CHIPS
from drivers.payment.outcome import Authorization, Outcome, State, outcome_of
from drivers.reader.chips import TearPlan, Torn, Type2
from drivers.reader.chips.type2 import COMPATIBILITY_WRITE, INCR_CNT, WRITE
from drivers.reader.chips.ultralight_c import COUNTER_PAGE
from drivers.reader.ciphers import Ciphers
from drivers.reader.memory import MemoryReader
from drivers.reader.tap import NoAnswer
from edge.till.till import Till
from edge.till.work import WORKING

CIPHERS: Final = Ciphers(
    chip_ciphers.des3_encrypt, chip_ciphers.des3_decrypt, chip_ciphers.aes_encrypt,
    chip_ciphers.aes_decrypt,
)  # fmt: skip
PAGE: Final = 4
#: How Ultralight C is told to count.
_COUNTS_ON: Final = bytes((WRITE, COUNTER_PAGE))
MIDST: Final = 3 * PAGE + 2


class Died(BaseException):
    """The gateway's process is gone. No product code may catch it, so it is no `Exception`."""


class Mishap(msgspec.Struct, frozen=True):
    """What goes wrong while a band is written; as in `till_steps.Writes`."""

    torn: int | None = None
    leaves: str | None = None
    crash: str | None = None

    @property
    def bytes(self) -> int | None:
        """After how many bytes the band leaves, if it does so before the end."""
        return {"before": 0, "in": MIDST}.get(self.leaves or "", self.torn)


NOTHING: Final = Mishap()


class Hand(MemoryReader):
    """The reader of a till, and what goes wrong there in this step."""

    def __init__(self) -> None:
        super().__init__(ciphers=CIPHERS)
        self.till: Till | None = None
        self._mishap = Mishap()
        self._written = False
        self._wants_increment = False

    def hold(self, band: Type2, mishap: Mishap, *, debit: bool) -> None:
        """A guest holds a band here. `debit`: a chip that counts is written when it has counted."""
        self._mishap, self._written = mishap, False
        self._wants_increment = debit and CHIPS[band.chip.name].counts
        self.place(band)

    def let_go(self) -> None:
        """The guest goes away with the band."""
        if self.band is not None:
            self.band.tear = None
        self._mishap = Mishap()
        self.take()

    async def exchange(self, command: bytes) -> bytes:
        """See `Air.exchange`. Raises `Died` where the gateway does."""
        work = self.till.work if self.till is not None else None
        if work is not None and work.state == WORKING and self.band is not None:
            self._strike(self.band, command)
        return await super().exchange(command)

    def _strike(self, band: Type2, command: bytes) -> None:
        if command[0] in (WRITE, COMPATIBILITY_WRITE, INCR_CNT):
            counts = command[0] == INCR_CNT or command[:2] == _COUNTS_ON
            self._wants_increment &= not counts
            if not self._written:
                self._written = True
                self._begins(band)
        elif self._written and not self._wants_increment:
            self._read_back(band)

    def _begins(self, band: Type2) -> None:
        if self._mishap.crash == "before_write":
            raise Died
        count = self._mishap.bytes
        if count is not None:
            torn = Torn.GARBAGE if count % PAGE else Torn.OLD
            band.tear = TearPlan(count // PAGE, torn)

    def _read_back(self, band: Type2) -> None:
        if self._mishap.crash == "after_write":
            raise Died
        if self._mishap.leaves == "after":
            self._mishap = Mishap()
            band.away = True
            band.power_off()
            self.take_away(band)
            raise NoAnswer


class CardTerminal:
    """A terminal that says what the step wants (`drivers.payment.Terminal`)."""

    terminal = "scenario"

    def __init__(self) -> None:
        self.says = "approved"

    async def authorize(self, asked: Authorization) -> Outcome:
        """See `Terminal.authorize`."""
        return self._outcome(asked)

    async def inquire(self, asked: Authorization, terminal: str = "") -> Outcome | None:
        """See `Terminal.inquire`."""
        return None if self.says == "unknown" else self._outcome(asked)

    async def reverse(self, asked: Authorization) -> Outcome:
        """See `Terminal.reverse`."""
        return outcome_of(asked, State.REVERSED)

    async def cancel(self) -> None:
        """See `Terminal.cancel`."""

    def _outcome(self, asked: Authorization) -> Outcome:
        return outcome_of(asked, State(self.says), "limit" if self.says == "declined" else "")
