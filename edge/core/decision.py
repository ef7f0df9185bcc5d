"""What is presented, and what is answered: the two ends of a decision."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from crypto.claim import Claim
from crypto.entry import AdmissionRefused, Admitted, ExitRecorded
from edge.core.holds import Hold
from edge.core.reasons import Reason

Direction = Literal["entry", "exit"]


class Presentation(msgspec.Struct, frozen=True, gc=False):
    """A scanned text at a lane of `gateway`. `nonce` names it across retries; `count`: persons.

    answers        the questions that staff asked and confirmed
    choice         identity of the ticket meant, where a medium holds several that fit
    accept_unpaid  staff took the money, or trust that they will
    ticket         in place of a code: a ticket of the guest list, whose guest was found by name
    """

    code: bytes
    gateway: bytes
    lane: int
    gate: int
    direction: Direction = "entry"
    nonce: bytes = b""
    count: int = 1
    answers: tuple[str, ...] = ()
    choice: bytes = b""
    accept_unpaid: bool = False
    ticket: bytes = b""


class Earlier(msgspec.Struct, frozen=True, gc=False):
    """The use that stands in the way. `gateway` tells whose lane number `lane` is."""

    at_ms: int
    offset_min: int
    gateway: bytes
    gate: int
    lane: int
    possibly: bool
    open: bool


class Hints(msgspec.Struct, frozen=True, gc=False):
    """What staff should see beside the answer; nothing of it decides."""

    name: str = ""
    note: str = ""
    birthday: bool = False
    colour: str = ""


class Decision(msgspec.Struct, frozen=True, gc=False):
    """The answer. `reason` None = admitted. `repeated`: said before, so nothing may move again.

    `fact` is None for repeated answers and for garbage, which is only counted (`refusals`).
    `hold` points at the hold that a repeated answer belongs to; `marks` are the MARK_ bits.

    why         for `rules`: the explanation by language, None where there is none
    questions   for `questions`: those that are open
    choices     for `ambiguous`: the tickets that fit
    opens_ms    for `invalid_time`: when it will be valid (unix ms), 0 = never, or not known
    zone        for `zone_full`: the zone, 0 = the venue
    overridden  the refusal that staff overrode
    """

    reason: Reason | None
    granted: int = 0
    claim: Claim | None = None
    fact: Admitted | ExitRecorded | AdmissionRefused | None = None
    earlier: Earlier | None = None
    hold: Hold | None = None
    repeated: bool = False
    marks: int = 0
    hints: Hints | None = None
    why: Mapping[str, str] | None = None
    questions: tuple[str, ...] = ()
    choices: tuple[Claim, ...] = ()
    opens_ms: int = 0
    zone: int = 0
    overridden: Reason | None = None

    @property
    def admitted(self) -> bool:
        """Whether the guest may pass."""
        return self.reason is None


class Finding(msgspec.Struct, frozen=True, gc=False):
    """A check that failed, and what there is to say about it (as in `Decision`)."""

    reason: Reason
    obstacle: Hold | None = None
    why: Mapping[str, str] | None = None
    questions: tuple[str, ...] = ()
    opens_ms: int = 0
    zone: int = 0
