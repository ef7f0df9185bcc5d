"""What a till and the core say to each other about one tap: plain values, no decisions."""

from collections.abc import Callable
from typing import Final, Literal, NamedTuple, TypeAlias

from crypto.money import KnownMoney, Line, Method, Movement, Slot
from edge.core.moments import Moment
from edge.core.wallet_reasons import WalletReason

#: Makes the fact, of a clock and a moment (`Gateway.record` and `must_record` take it).
Make: TypeAlias = Callable[[int, Moment], KnownMoney]
#: Pages in the order of writing: page number and its 4 bytes.
Writes: TypeAlias = tuple[tuple[int, bytes], ...]
Verdict: TypeAlias = Literal["posted", "base", "unknown"]

POSTED: Final = "posted"
BASE: Final = "base"
UNKNOWN: Final = "unknown"


class Tap(NamedTuple):
    """What a reader saw. `chip`: the name in `crypto.medium.CHIPS`, as of drivers.reader.Chip.

    `image`: the pages from 04h to `crypto.medium.layout(chip).last_page`, all of them; fewer are
    no image. `counter`: of UL_AES and UL_C, else 0. `authenticated`: the chip proved its key, or
    took our password.
    """

    uid: bytes
    chip: str
    image: bytes
    counter: int = 0
    authenticated: bool = False


class Who(NamedTuple):
    """At which till, by whom, in which shift, at which gateway (its index of enrolment)."""

    till: int
    operator: int
    shift: int
    gateway_index: int
    marks: int = 0


class Order(NamedTuple):
    """What shall happen to a band. `txid`: of this attempt; `basket` and `part`: what is paid once.

    `debit_minor` is taken from the band, `given_minor` given back to it, both at once if need be.
    `promo_minor` and `vouchers` are taken from the ledger, or given back by a reversal or refund.
    `attempts`: transactions by which this part was tried before at other gateways, as far as the
    till remembers.
    """

    txid: bytes
    basket: bytes
    who: Who
    movement: Movement = "sale"
    debit_minor: int = 0
    given_minor: int = 0
    promo_minor: int = 0
    vouchers: int = 0
    otherwise_minor: int = 0
    part: int = 0
    reverses: bytes = b""
    prices: int = 0
    lines: tuple[Line, ...] = ()
    attempts: tuple[bytes, ...] = ()


class TopUp(NamedTuple):
    """Money that was taken. `source`: 16-byte code hash, the card's txid, the order; cash: empty.

    `sign` signs bytes with the credit key `key_index` (`crypto.medium_credit.signer`).
    """

    txid: bytes
    who: Who
    amount_minor: int
    method: Method
    key_index: int
    sign: Callable[[bytes], bytes]
    source: bytes = b""


class NewBand(NamedTuple):
    """How a blank band becomes a wallet."""

    txid: bytes
    who: Who
    wallet_class: int
    key_index: int
    sign: Callable[[bytes], bytes]


class Refused(NamedTuple):
    """No, why, and the amount that the text speaks of (what is left, what is most)."""

    reason: WalletReason
    amount_minor: int = 0


class AlreadyPaid(NamedTuple):
    """This basket part is on the band: say paid, hand over, write nothing. `txid`: the one.

    `posted`: to be made durable, where the band is the only one that knew.
    """

    txid: bytes
    balance_minor: int
    posted: Make | None = None


class Outcome(NamedTuple):
    """How an open hold or top-up ended, by evidence; `make(who)` gives the fact's maker."""

    txid: bytes
    kind: Literal["posted", "voided", "applied"]
    evidence: str
    make: Callable[[Who], Make]


class Moved(NamedTuple):
    """One of the last movements, newest last."""

    at_ms: int
    movement: str
    amount_minor: int
    till: int
    status: Literal["posted", "voided", "open"]


class Held(NamedTuple):
    """A debit ready to be written: make `fact` durable, write `writes`, if `increments` read back
    and increase the counter once, read back, `judge`, and record `posted` or `voided`.
    """

    txid: bytes
    medium: bytes
    base: Slot
    target: Slot
    fact: Make
    writes: Writes
    increments: bool
    #: Balance once posted.
    balance_minor: int
    posted: Make
    voided: Make
    #: What `judge` compares: chip, where the slot stands, its bytes, the other's, the counter.
    place: tuple[str, int, bytes, bytes, int]
    uid: bytes


class Credit(NamedTuple):
    """A top-up ready to be written: `fact` durable, write, read back, `judge_credit`, `applied`.

    `fact` None: it is a fact already, and only has to reach the band. When the guest goes away
    without it, nothing is said: a later look is `unfinished`, and `finish` or `give_back` ends it.
    """

    txid: bytes
    medium: bytes
    amount_minor: int
    fact: Make | None
    writes: Writes
    balance_minor: int
    applied: Make
    #: What `judge_credit` compares: chip, page (0: this chip has no room), its bytes, what was.
    place: tuple[str, int, bytes, bytes]
    uid: bytes


class Issue(NamedTuple):
    """A new band: make all of `facts` durable, write `writes` (slots, certificate, keys, and
    protection last), read back, `judge_issue`. Not done: issue again.
    """

    medium: bytes
    facts: tuple[Make, ...]
    writes: Writes
    image: bytes
    uid: bytes
