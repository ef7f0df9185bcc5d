"""One gateway: its state, its ledger, its clock and its lanes.

`record` is the only way a fact comes into being: ledger and state together, synchronously (law 1).
`when_durable` is the only way something moves: after the fact is on disk (law 2).
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, tzinfo
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from crypto.block import Block, Head
from crypto.bundle import Bundle, content_hash
from crypto.delta import Delta
from crypto.delta import apply as apply_delta
from crypto.entry import (
    Admitted,
    Annulled,
    AnyFact,
    BundleApplied,
    ClockStepped,
    ConflictFound,
    ExitRecorded,
    KnownFact,
    Started,
    Stopped,
    UnknownFact,
    Use,
)
from crypto.fact import HLC_COUNTER_BITS
from crypto.guests import GuestList
from edge import left_open
from edge.clock import WallClock
from edge.core.conflicts import as_fact, unrecorded
from edge.core.guests import GuestBook
from edge.core.moments import DRIFT_MS_MAX, DriftExceeded, LogicalClock, Moment
from edge.core.policy import Policy
from edge.core.staff import ANNUL_WINDOW_MS, annulable
from edge.core.state import State
from edge.core.texts import Texts
from edge.digests import Digests
from edge.events import Hub
from edge.ledger.errors import LedgerFull
from edge.recent import Annulment, RecentHolds

if TYPE_CHECKING:
    from edge.lane import Lane

log = logging.getLogger(__name__)
VERSION: Final = "0.1.0"
# What a line about a fact may say: never the ticket, never a nonce.
_LOGGED: Final = ("lane", "gate", "reason", "granted", "passed", "count", "cause", "device")
_PRESENTED: Final = (Admitted, ExitRecorded)


class FactLog(Protocol):
    """What the gateway asks of its ledger (`edge.ledger.ledger.Ledger`).

    `on_durable` callbacks get the blocks as they become durable.
    """

    @property
    def epoch(self) -> int:
        """The epoch that `append` writes to."""

    #: Everything through this seq is on disk.
    durable: Head

    def append(self, fact: KnownFact) -> int:
        """Give `fact` the next seq; raises `LedgerFull` with nothing changed."""

    on_durable: list[Callable[[list[Block]], None]]


class Siblings(Protocol):
    """What is known of the other gateways (`edge.peers.links.Links`)."""

    #: From this on a sibling counts as unheard.
    unheard_after_s: float

    def unheard_s(self, gateway: bytes) -> float:
        """How long a sibling was not heard, itself or through others."""

    def rows(self) -> Sequence[Any]:
        """One row per sibling, ready for JSON."""

    def warnings(self) -> list[str]:
        """What somebody should look at, in words."""


class Gateway:
    """The one place where facts are made. Not a task: plain calls from lanes and tasks."""

    def __init__(
        self, *, identity: bytes, name: str, ledger: FactLog, state: State, clock: WallClock,
        drift_ms_max: int = DRIFT_MS_MAX, zone: tzinfo = UTC,
    ) -> None:  # fmt: skip
        self.identity = identity
        self.name = name
        self.ledger = ledger
        self.state = state
        self.clock = clock
        self.logical = LogicalClock(state.hlc_of(identity))
        #: Of the newest fact of this process; 0 before the first.
        self.last_seq = 0
        self.drift_ms_max = drift_ms_max
        #: Blocks of siblings whose clock is too far ahead to follow.
        self.ahead_count = 0
        self.zone = zone
        self.policy = Policy(Bundle(), zone)
        # What deltas change, and the scans that can still be taken back, by nonce.
        self._base = self.policy.bundle
        self._recent = RecentHolds()
        #: The bytes of the bundle in force, for siblings that have an older one.
        self.bundle_raw = b""
        #: The bytes of the delta in force on that bundle, empty with none.
        self.delta_raw = b""
        #: Called on the loop when another bundle is in force.
        self.on_bundle: list[Callable[[], None]] = []
        #: Called on the loop about once a second.
        self.on_tick: list[Callable[[], None]] = []
        self.texts = Texts()
        self.events = Hub()
        self.lanes: dict[int, Lane] = {}
        #: What is known of the other gateways of the venue; None: none are configured.
        self.siblings: Siblings | None = None
        self.counts: dict[str, int] = {}
        #: What technicians compare gateways by.
        self.digests = Digests(state)
        self._waiting: deque[tuple[int, Callable[[], None]]] = deque()
        self._unsaved: deque[Callable[[int, Moment], KnownFact]] = deque()
        # A snapshot keeps no suspects: at the start everybody with several holds is one.
        self._suspects = {ticket for ticket, known in state.tickets.items() if len(known.holds) > 1}
        ledger.on_durable.append(self._became_durable)
        self._observe(state.hlc)

    def record(self, make: Callable[[int, Moment], KnownFact]) -> int:
        """Stamp, append and fold the fact that `make(hlc, now)` builds; its seq.

        Raises `LedgerFull` with nothing changed.
        """
        now = self.clock.now()
        return self.record_fact(make(self.logical.next(now.ms), now))

    def record_fact(self, fact: KnownFact) -> int:
        """Append and fold a fact that was stamped with `stamp` since the last await."""
        seq = self.last_seq = self.ledger.append(fact)
        self.state.apply(self.identity, self.ledger.epoch, seq, fact)
        if isinstance(fact, ConflictFound):
            self._alert(fact)
        elif isinstance(fact, _PRESENTED) and fact.nonce:
            self._recent.note(fact.nonce, fact.ticket, self.ledger.epoch, seq, fact.wall_ms)
        kind = type(fact).__name__
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if log.isEnabledFor(logging.INFO):
            said = {name: getattr(fact, name) for name in _LOGGED if hasattr(fact, name)}
            log.info(kind, extra={"seq": seq, **said})
        return seq

    def stamp(self) -> tuple[Moment, int]:
        """Now, and an HLC for a fact made now."""
        now = self.clock.now()
        return now, self.logical.next(now.ms)

    def must_record(self, make: Callable[[int, Moment], KnownFact]) -> None:
        """Record something that has happened already. With no room it is kept for `tick`."""
        if self._unsaved:
            self._unsaved.append(make)  # order is kept
            return
        try:
            self.record(make)
        except LedgerFull:
            log.error("no room for facts: they wait in memory; make room on the ledger's disk")
            self._unsaved.append(make)

    def fold_sibling(self, block: Block, facts: list[AnyFact]) -> None:
        """Fold a sibling's verified block. Nothing of it need be on disk here: a fact that is lost
        with this process stands in its owner's log, and until then it can only refuse."""
        self.state.apply_run(block.gateway, block.epoch, block.first_seq, facts)
        hlcs = (fact.hlc for fact in facts if not isinstance(fact, UnknownFact))
        self._observe(max(hlcs, default=0))
        for fact in facts:
            if isinstance(fact, ConflictFound):
                self._alert(fact)

    def _observe(self, hlc: int) -> None:
        try:
            self.logical.observe(hlc, self.clock.now().ms, self.drift_ms_max)
        except DriftExceeded as error:
            self.ahead_count += 1
            if self.ahead_count == 1:
                log.error("a sibling's clock is too far ahead to follow", extra={"why": str(error)})

    def _alert(self, fact: ConflictFound) -> None:
        """Tell the staff of the lanes that are ours; displays of other gateways hear their own."""
        own = [use for use in (fact.earlier, fact.later) if use.gateway == self.identity]
        found = {"id": fact.id.hex(), "earlier": _shown(fact.earlier), "later": _shown(fact.later)}
        for lane in sorted({use.lane for use in own}) or [0]:
            where = {"lane": lane} if lane else {}
            self.events.publish("conflict", **found, **where)

    def _look_for_conflicts(self) -> None:
        """Record what is suspected since the last look but one: an exit or a lapse that explains
        it may be on its way from the same sibling."""
        due, self._suspects, self.state.suspects = self._suspects, self.state.suspects, set()
        for ticket, earlier, later in unrecorded(self.state, due):
            self.must_record(partial(as_fact, ticket, earlier, later))

    def when_durable(self, seq: int, then: Callable[[], None]) -> None:
        """Call `then` once the fact `seq` (of this process) is on disk."""
        if seq <= self.ledger.durable.seq:
            self._call(then)
        else:
            self._waiting.append((seq, then))

    def _became_durable(self, blocks: list[Block]) -> None:
        through = self.ledger.durable.seq
        while self._waiting and self._waiting[0][0] <= through:
            self._call(self._waiting.popleft()[1])

    def _call(self, then: Callable[[], None]) -> None:
        """A border: what one lane's device or client does wrong keeps nobody else waiting."""
        try:
            then()
        except Exception:  # noqa: BLE001
            self.counts["crashed"] = self.counts.get("crashed", 0) + 1
            log.exception("a lane crashed while it let somebody go; please report this trace")

    def started(self) -> None:
        """First facts of a process. Every hold left open by the last one becomes unknown."""
        # With a full disk the process lives, refuses, and resumes when there is room.
        self.must_record(lambda hlc, now: Started(hlc, now.day, now.offset_min, VERSION))
        self._recent.recall(self.state, self.identity, self.clock.now().ms)
        stranded = list(self.state.open_holds(self.identity))
        for ticket, hold in stranded:
            epoch = self.state.origins[hold.origin].epoch
            self.must_record(left_open.unknown(ticket, hold.lane, epoch, hold.seq, hold.passed))
        if stranded:
            log.warning("%d guests were between scan and passage", len(stranded))

    def stopped(self) -> None:
        """Last fact of an orderly stop, after what the lanes have counted."""
        for lane in self.lanes.values():
            lane.flush(force=True)
        self.must_record(lambda hlc, now: Stopped(hlc, now.day, now.offset_min))

    @property
    def base_version(self) -> int:
        """The version of the full bundle in force, whatever a delta has made of it; 0 = none."""
        return self._base.version

    def apply_bundle(
        self, bundle: Bundle, raw: bytes, lists: tuple[Delta, bytes] | None = None
    ) -> bool:
        """Decide by `bundle` from now on. False if it is not newer than the one in force.

        `lists`: the delta that was kept with it, and its bytes. Raises `BadBundle`, with nothing
        changed, if it is not of this bundle.
        """
        if bundle.version <= self.policy.version:
            return False
        digest, now, delta_raw = content_hash(raw), bundle, b""
        if lists is not None:
            delta, delta_raw = lists
            now, digest = apply_delta(bundle, digest, delta, 0), content_hash(delta_raw)
        self._base, self.bundle_raw, self.delta_raw = bundle, raw, delta_raw
        self._decide_by(now, digest)
        return True

    def apply_delta(self, delta: Delta, raw: bytes) -> None:
        """Decide by the bundle in force as `delta` (signed: `raw`) changes its lists.

        Raises `BadBundle` for one that is not newer or not of that bundle: then the full bundle
        must be asked for.
        """
        base_hash = content_hash(self.bundle_raw)
        bundle = apply_delta(self._base, base_hash, delta, self.policy.version)
        self.delta_raw = raw
        self._decide_by(bundle, content_hash(raw))

    def apply_guests(self, guests: GuestList) -> bool:
        """Look guests up in this list from now on. False if it is not newer than the last one."""
        if guests.version <= self.policy.guests.version:
            return False
        book = GuestBook(guests.guests, version=guests.version, issued_at_ms=guests.issued_at_ms)
        self.policy.take_guests(book)
        self.events.publish("guests", version=guests.version)
        return True

    def bundle_confirmed(self) -> None:
        """The centre said just now that nothing is newer: what decisions know is as old as this."""
        self.policy.confirmed_ms = self.clock.now().ms

    def _decide_by(self, bundle: Bundle, digest: bytes) -> None:
        before = self.policy
        self.policy = Policy(bundle, self.zone, before.guests)
        self.policy.confirmed_ms = before.confirmed_ms
        self._listen()
        for fault in self.policy.faults:
            log.error("part of the bundle cannot be decided by", extra={"why": fault})
        known = self.state.bundles.get(self.identity, (0, 0, b""))
        if bundle.version < known[1]:
            why = {"version": bundle.version, "was": known[1]}
            log.error("deciding by an older bundle than before: the newer one is gone", extra=why)
        if known[1:] != (bundle.version, digest):
            self.must_record(
                lambda hlc, now: BundleApplied(hlc, now.day, now.offset_min, bundle.version, digest)
            )
        self.events.publish("bundle", version=bundle.version)
        for told in self.on_bundle:
            told()

    def annul(
        self, nonce: bytes, who: str, why: str, window_ms: int = ANNUL_WINDOW_MS
    ) -> Annulment:
        """Take a scan of this gateway back: "the turnstile did not turn". Gives its ticket back.

        `nonce`: of the presentation. `who` and `why`: codes of at most 64 characters. The answer's
        `problem` is "" when it was done. Raises `LedgerFull` with nothing changed.
        """
        found = self._recent.find(self.state, self.identity, nonce)
        if found is None:
            return Annulment("unknown_nonce")
        ticket, epoch, hold = found
        now, hlc = self.stamp()
        problem = annulable(hold, now.ms, window_ms)
        if problem is not None:
            log.warning("not annulled", extra={"lane": hold.lane, "why": problem})
            return Annulment(problem, hold.lane, hold.seq)
        where = (hold.lane, ticket, epoch, hold.seq)
        seq = self.record_fact(Annulled(hlc, now.day, now.offset_min, *where, who, why))
        self.events.publish("annulled", lane=hold.lane, seq=hold.seq)
        return Annulment("", hold.lane, hold.seq, seq)

    def lane_of(self, nonce: bytes) -> int:
        """The lane of a scan that `annul` would find; 0 if it would not."""
        found = self._recent.find(self.state, self.identity, nonce)
        return found[2].lane if found else 0

    def clock_stepped(self, delta_ms: int) -> None:
        """The wall clock jumped; the order of facts does not, nor do the ends of holds."""
        for lane in self.lanes.values():
            lane.clock_stepped(delta_ms)
        self.must_record(lambda hlc, now: ClockStepped(hlc, now.day, now.offset_min, delta_ms))

    def tick(self) -> None:
        """About once a second: counted refusals, overdue holds, facts that found no room."""
        while self._unsaved:
            try:
                self.record(self._unsaved[0])
            except LedgerFull:
                break
            self._unsaved.popleft()
        for lane in self.lanes.values():
            lane.tick()
        self._look_for_conflicts()
        self._listen()
        for told in self.on_tick:
            self._call(told)

    def _listen(self) -> None:
        """Tell the policy which gateways with exits are not heard: without siblings, all others."""
        links = self.siblings
        self.policy.unheard = tuple(
            name
            for gateway, name in self.policy.exit_gateways.items()
            if gateway != self.identity
            and (links is None or links.unheard_s(gateway) >= links.unheard_after_s)
        )

    @property
    def unsaved_count(self) -> int:
        """Facts that wait for room."""
        return len(self._unsaved)

    def health(self) -> Iterable[dict[str, Any]]:
        """One row per lane, as technicians see it."""
        return [lane.health() for lane in self.lanes.values()]


def _shown(use: Use) -> dict[str, Any]:
    at_ms = use.hlc >> HLC_COUNTER_BITS
    return {"gateway": use.gateway.hex(), "gate": use.gate, "lane": use.lane, "at_ms": at_ms}
