"""Who went in and out, as a function of the *set* of facts (law 3).

`State.apply` is commutative and idempotent by (gateway, epoch, seq): any permutation of the same
facts, with any duplicates, gives the same `dump()`. Outcome facts may arrive before the admission
they settle; they wait in a hold that is not `granted` yet.
"""

import hashlib
from collections.abc import Iterator
from typing import Any, Final, TypeAlias, get_args

import msgspec

from crypto.entry import (
    MARK_INNER,
    MARK_PER_DAY,
    MARK_REENTRY_AFTER_EXIT,
    MARK_REENTRY_UNLIMITED,
    AdmissionRefused,
    Admitted,
    Annulled,
    AnyFact,
    BundleApplied,
    ConflictFound,
    ExitRecorded,
    Overridden,
    PassageCompleted,
    PassageLapsed,
    PassageUnknown,
    UnknownFact,
    Use,
)
from crypto.money import KnownMoney
from edge.core.counts import Counts
from edge.core.holds import ANNULLED, LAPSED, OPEN, UNKNOWN, Hold, Origin, Ticket
from edge.core.till_book import TillBook
from edge.core.till_rows import NO_TILLS, Dumped
from edge.core.wallet_dump import NO_WALLETS, WalletsDump
from edge.core.wallets import Wallets

SNAPSHOT_FORMAT: Final = 5
_REENTRY: Final = MARK_REENTRY_AFTER_EXIT | MARK_REENTRY_UNLIMITED | MARK_PER_DAY | MARK_INNER


class Found(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A recorded conflict, and the place of its record, by which the first of several counts."""

    hlc: int
    gateway: bytes
    epoch: int
    seq: int
    fact: ConflictFound


#: Where a fact stands: gateway, epoch, seq.
Place: TypeAlias = tuple[bytes, int, int]


class _Dump(msgspec.Struct, array_like=True):
    format: int
    origins: list[Origin]
    tickets: dict[bytes, Ticket]
    refused: list[tuple[int, int, int]]
    bundles: dict[bytes, tuple[int, int, bytes]]
    conflicts: list[Found]
    counts: list[tuple[int, int, int]]
    tills: Dumped = NO_TILLS
    wallets: WalletsDump = NO_WALLETS


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(_Dump)


class State:
    """The fold of every fact this gateway knows, its own and its siblings'."""

    def __init__(self) -> None:
        self.origins: list[Origin] = []
        self.tickets: dict[bytes, Ticket] = {}
        self.refused: dict[tuple[int, int], int] = {}
        self.bundles: dict[bytes, tuple[int, int, bytes]] = {}
        #: One per admission that was one too many (its place), however many have recorded it.
        self.conflicts: dict[Place, Found] = {}
        #: Tickets with several holds that changed; whoever looks for conflicts clears it.
        self.suspects: set[bytes] = set()
        self.counts = Counts()
        self.tills = TillBook()
        self.wallets = Wallets()
        self._index: dict[tuple[bytes, int], int] = {}

    @property
    def hlc(self) -> int:
        """The highest clock of all facts."""
        return max((origin.hlc for origin in self.origins), default=0)

    def hlc_of(self, gateway: bytes) -> int:
        """The highest clock of the facts of one gateway, 0 if there is none."""
        own = (origin.hlc for origin in self.origins if origin.gateway == gateway)
        return max(own, default=0)

    def origin(self, gateway: bytes, epoch: int) -> int:
        """Index of the log (gateway, epoch), made on first sight."""
        index = self._index.get((gateway, epoch))
        if index is None:
            index = self._index[(gateway, epoch)] = len(self.origins)
            self.origins.append(Origin(gateway, epoch, 1, [], 0))
        return index

    def apply(self, gateway: bytes, epoch: int, seq: int, fact: AnyFact) -> bool:
        """Fold one fact. False if it was folded before."""
        index = self.origin(gateway, epoch)
        origin = self.origins[index]
        if not origin.mark(seq):
            return False
        hlc = self._fold(index, seq, fact)
        if hlc > origin.hlc:
            origin.hlc = hlc
        return True

    def apply_run(self, gateway: bytes, epoch: int, first_seq: int, facts: list[AnyFact]) -> None:
        """Fold the facts of a block; the fast way of replay."""
        index = self.origin(gateway, epoch)
        origin = self.origins[index]
        top, fold, fresh = origin.hlc, self._fold, first_seq == origin.next and not origin.beyond
        for seq, fact in enumerate(facts, first_seq):
            if fresh or origin.mark(seq):
                hlc = fold(index, seq, fact)
                if hlc > top:
                    top = hlc
        if fresh:
            origin.next += len(facts)
        origin.hlc = top

    def _fold(self, origin: int, seq: int, fact: AnyFact) -> int:
        fold = _FOLDS.get(type(fact))
        if fold is not None:
            fold(self, origin, seq, fact)
        return 0 if isinstance(fact, UnknownFact) else fact.hlc

    def hold(self, ticket: bytes, origin: int, seq: int) -> Hold:
        """The hold (origin, seq) of `ticket`, made empty if none is known."""
        known = self.tickets.get(ticket)
        if known is None:
            known = self.tickets[ticket] = Ticket(0, [])
        elif len(known.holds) > 1 or known.holds[0].origin != origin:
            self.suspects.add(ticket)
        for hold in known.holds:
            if hold.seq == seq and hold.origin == origin:
                return hold
        hold = Hold(origin, seq)
        known.holds.append(hold)
        return hold

    def in_order(self, ticket: Ticket) -> list[Hold]:
        """Granted holds of `ticket`, oldest first, by (HLC, gateway, epoch, seq).

        An exit comes before an entry of the very same clock, which two gateways can give only
        when neither had heard of the other: ties fail closed.
        """
        granted = [hold for hold in ticket.holds if hold.hlc]
        if len(granted) > 1:
            granted.sort(key=self._hold_order)
        return granted

    def _hold_order(self, hold: Hold) -> tuple[int, bool, bytes, int, int]:
        # By name, never by index: that depends on which log was heard of first.
        origin = self.origins[hold.origin]
        return (hold.hlc, not hold.exit, origin.gateway, origin.epoch, hold.seq)

    def open_holds(self, gateway: bytes) -> Iterator[tuple[bytes, Hold]]:
        """(ticket, hold) of every grant of `gateway` that nobody settled, entries and exits."""
        own = {i for i, origin in enumerate(self.origins) if origin.gateway == gateway}
        for ticket, known in self.tickets.items():
            for hold in known.holds:
                if hold.origin in own and hold.hlc and hold.open:
                    yield ticket, hold

    def dump(self) -> bytes:
        """Canonical bytes: equal for equal sets of facts, whatever the order of arrival."""
        order = sorted(range(len(self.origins)), key=lambda i: _origin_key(self.origins[i]))
        place = {old: new for new, old in enumerate(order)}
        tickets = {
            identity: _canonical(self.tickets[identity], place) for identity in sorted(self.tickets)
        }
        refused = [(*where, count) for where, count in sorted(self.refused.items())]
        bundles = {gateway: self.bundles[gateway] for gateway in sorted(self.bundles)}
        origins = [self.origins[i] for i in order]
        conflicts = [self.conflicts[place] for place in sorted(self.conflicts)]
        return _ENCODER.encode(
            _Dump(
                SNAPSHOT_FORMAT, origins, tickets, refused, bundles, conflicts,
                self.counts.dump(), self.tills.dump(), self.wallets.dump(),
            )
        )  # fmt: skip

    def digest(self) -> bytes:
        """SHA-256 of `dump()`."""
        return hashlib.sha256(self.dump()).digest()

    @classmethod
    def load(cls, raw: bytes) -> "State":
        """The state that `dump` wrote. Raises `ValueError` for another format or other bytes."""
        try:
            dumped = _DECODER.decode(raw)
        except (msgspec.DecodeError, RecursionError) as error:
            raise ValueError(f"this is no state of a gateway: {error}") from None
        if dumped.format != SNAPSHOT_FORMAT:
            raise ValueError(f"state format {dumped.format} is not this version's")
        state = cls()
        state.origins = dumped.origins
        state.tickets = dumped.tickets
        state.refused = {(gate, reason): count for gate, reason, count in dumped.refused}
        state.bundles = dumped.bundles
        state.conflicts = {place_of(found.fact.later): found for found in dumped.conflicts}
        state.counts = Counts.load(dumped.counts)
        state.tills = TillBook.load(dumped.tills)
        state.wallets = Wallets.load(dumped.wallets)
        state._index = {(o.gateway, o.epoch): i for i, o in enumerate(dumped.origins)}
        return state


def place_of(use: Use) -> Place:
    """Where the fact of an admission stands."""
    return (use.gateway, use.epoch, use.seq)


def _origin_key(origin: Origin) -> tuple[bytes, int]:
    return (origin.gateway, origin.epoch)


def _canonical(ticket: Ticket, place: dict[int, int]) -> Ticket:
    holds = [msgspec.structs.replace(hold, origin=place[hold.origin]) for hold in ticket.holds]
    holds.sort(key=lambda hold: (hold.origin, hold.seq))
    return Ticket(ticket.issued_at, holds, ticket.product)


def _grant(state: State, origin: int, seq: int, fact: Admitted) -> None:
    known = state.tickets.get(fact.ticket)
    if known is None:  # the common case, written out: replay lives here
        state.tickets[fact.ticket] = Ticket(
            fact.issued_at,
            [
                Hold(
                    origin, seq, fact.hlc, fact.day, fact.offset_min, fact.lane, fact.gate,
                    fact.granted, False, fact.nonce, 0, OPEN, 0, fact.persons,
                    fact.marks & _REENTRY,
                )
            ],
            fact.product,
        )  # fmt: skip
        if fact.hlc:  # 0 would be a hold that nobody granted
            state.counts.add(fact.hlc, fact.gate, fact.product, False, fact.granted)
        return
    hold = state.hold(fact.ticket, origin, seq)
    hold.hlc, hold.day, hold.offset_min = fact.hlc, fact.day, fact.offset_min
    hold.lane, hold.gate, hold.granted, hold.nonce = fact.lane, fact.gate, fact.granted, fact.nonce
    hold.persons, hold.reentry = fact.persons, fact.marks & _REENTRY
    if fact.issued_at > known.issued_at:
        known.issued_at = fact.issued_at
    state.counts.add(hold.hlc, hold.gate, known.product, False, hold.counted)
    if fact.product > known.product:
        _rename(state, known, fact.product)


def _rename(state: State, ticket: Ticket, product: int) -> None:
    """What was counted of a ticket before its product was known."""
    for hold in ticket.holds:
        if persons := hold.counted:
            state.counts.add(hold.hlc, hold.gate, ticket.product, hold.exit, -persons)
            state.counts.add(hold.hlc, hold.gate, product, hold.exit, persons)
    ticket.product = product


def _exit(state: State, origin: int, seq: int, fact: ExitRecorded) -> None:
    hold = state.hold(fact.ticket, origin, seq)
    hold.hlc, hold.day, hold.offset_min = fact.hlc, fact.day, fact.offset_min
    hold.lane, hold.gate, hold.granted, hold.nonce = fact.lane, fact.gate, 1, fact.nonce
    hold.exit = True
    _recounted(state, fact.ticket, hold, 0)


def _recounted(state: State, ticket: bytes, hold: Hold, before: int) -> None:
    persons = hold.counted - before
    if persons:
        product = state.tickets[ticket].product
        state.counts.add(hold.hlc, hold.gate, product, hold.exit, persons)


def _settled(state: State, origin: int, fact: Any) -> Hold:
    gateway = state.origins[origin].gateway  # only the owner settles, maybe in a later epoch
    return state.hold(fact.ticket, state.origin(gateway, fact.epoch), fact.seq)


def _completed(state: State, origin: int, seq: int, fact: PassageCompleted) -> None:
    hold = _settled(state, origin, fact)
    before = hold.counted
    hold.passed = max(hold.passed, fact.passed)
    _recounted(state, fact.ticket, hold, before)


def _close(
    state: State, origin: int, fact: PassageLapsed | PassageUnknown | Annulled, status: int,
    passed: int = 0,
) -> None:  # fmt: skip
    hold = _settled(state, origin, fact)
    before = hold.counted
    hold.passed = max(hold.passed, passed)
    # Two closings of one hold: what was annulled stays so; else the later one counts for everybody.
    closing = (status == ANNULLED, fact.hlc, status)
    if closing > (hold.status == ANNULLED, hold.closed_hlc, hold.status):
        hold.status, hold.closed_hlc = status, fact.hlc
    _recounted(state, fact.ticket, hold, before)


def _lapsed(state: State, origin: int, seq: int, fact: PassageLapsed) -> None:
    _close(state, origin, fact, LAPSED, fact.passed)


def _unknown(state: State, origin: int, seq: int, fact: PassageUnknown) -> None:
    _close(state, origin, fact, UNKNOWN, fact.passed)


def _annulled(state: State, origin: int, seq: int, fact: Annulled) -> None:
    _close(state, origin, fact, ANNULLED)


def _refused(state: State, origin: int, seq: int, fact: AdmissionRefused) -> None:
    where = (fact.gate, fact.reason)
    state.refused[where] = state.refused.get(where, 0) + fact.count


def _bundle(state: State, origin: int, seq: int, fact: BundleApplied) -> None:
    gateway = state.origins[origin].gateway
    applied = (fact.hlc, fact.version, fact.content_hash)
    state.bundles[gateway] = max(state.bundles.get(gateway, (0, 0, b"")), applied)


def _conflict(state: State, origin: int, seq: int, fact: ConflictFound) -> None:
    # Several gateways may find the same one, each beside another earlier admission.
    log = state.origins[origin]
    found = Found(fact.hlc, log.gateway, log.epoch, seq, fact)
    place = place_of(fact.later)
    known = state.conflicts.get(place)
    if known is None or found_order(found) < found_order(known):
        state.conflicts[place] = found


def found_order(found: Found) -> tuple[int, bytes, int, int]:
    """By which the first of several records of one conflict is the one that counts."""
    return (found.hlc, found.gateway, found.epoch, found.seq)


def _money(state: State, origin: int, seq: int, fact: Any) -> None:
    log = state.origins[origin]
    state.tills.fold(log.gateway, fact)
    state.wallets.fold(log.gateway, log.epoch, seq, fact)


_FOLDS: Final[dict[type, Any]] = {
    **dict.fromkeys(get_args(KnownMoney), _money),
    Admitted: _grant,
    Overridden: _grant,
    Annulled: _annulled,
    ExitRecorded: _exit,
    PassageCompleted: _completed,
    PassageLapsed: _lapsed,
    PassageUnknown: _unknown,
    AdmissionRefused: _refused,
    BundleApplied: _bundle,
    ConflictFound: _conflict,
}
