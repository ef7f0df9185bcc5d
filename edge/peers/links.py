"""Who is connected: one connection per sibling, whoever dialled; who was heard when, and its clock.

Both ends may dial at once. Of two connections with one sibling the one stays that the gateway with
the lower id has dialled, and of two that the same side dialled the newer: so both ends choose
alike, and a sibling that was restarted is not kept waiting by the connection it has forgotten.
"""

import logging
import math
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

import trio

from crypto.block import Block
from crypto.bundle import GatewayCard
from crypto.entry import AnyFact, ClockMeasured
from edge.clock import SystemClock
from edge.digests import Digest
from edge.gateway import Gateway
from edge.peers import codec, rows
from edge.peers.clocks import ClockWatch
from edge.peers.compare import Compare
from edge.peers.errors import PeerRefused
from edge.peers.found import Found
from edge.peers.holdings import Holdings
from edge.peers.rows import SiblingRow
from edge.peers.session import Session

log = logging.getLogger(__name__)
_Part = TypeVar("_Part", codec.BundlePart, codec.GuestsPart)
#: Bundles that are larger do not travel between siblings.
BUNDLE_BYTES_MAX: Final = 64 << 20


class _Sibling:
    """What is remembered of one sibling across connections."""

    def __init__(self, limit_ms: int) -> None:
        self.session: Session | None = None
        self.heard_at = -math.inf
        self.through = b""
        self.lag_ms: int | None = None
        self.clock = ClockWatch(limit_ms)
        self.told_lost = False
        self.problem = ""


class Links:
    """The `House` of every session of `gateway`."""

    def __init__(
        self, gateway: Gateway, holdings: Holdings, *, offset_ms_max: int,
        unheard_after_s: float, take_bundle: Callable[[bytes], None],
        guests: Callable[[], tuple[int, bytes]] = lambda: (0, b""),
    ) -> None:  # fmt: skip
        """`take_bundle` gets the bytes of what may be a newer bundle or guest list; must not block.

        `guests`: version and bytes of the guest list that siblings get.
        """
        self.gateway = gateway
        self.holdings = holdings
        self.unheard_after_s = unheard_after_s
        self._take_bundle = take_bundle
        self._guests = guests
        self._offset_ms_max = offset_ms_max
        self._known: dict[bytes, _Sibling] = {}
        self._arriving: dict[tuple[bytes, type[codec.Part]], bytearray] = {}
        #: Where siblings are by mDNS, if it is asked.
        self.found: Found | None = None
        self.refused: dict[str, int] = {}
        self.started_at = trio.current_time()
        self._named = {card.gateway for card in self.cards}
        self.compare = Compare(gateway, self)
        gateway.on_bundle.append(self.bundle_changed)

    def fold(self, block: Block, facts: list[AnyFact]) -> None:
        """Fold a sibling's block, and note how long it was under way."""
        self.gateway.fold_sibling(block, facts)
        sibling = self.sibling(block.gateway)
        measured = sibling.clock.measured
        lead_ms = measured.lead_ms if measured is not None else 0
        sibling.lag_ms = self.gateway.clock.now().ms - lead_ms - block.wall_ms

    def sibling(self, gateway: bytes) -> _Sibling:
        found = self._known.get(gateway)
        if found is None:
            found = self._known[gateway] = _Sibling(self._offset_ms_max)
        return found

    def sessions(self) -> list[Session]:
        """Connections that stand."""
        return [each.session for each in self._known.values() if each.session is not None]

    @property
    def cards(self) -> list[GatewayCard]:
        """Every sibling that the bundle in force names."""
        own = self.gateway.identity
        return [card for card in self.gateway.policy.bundle.gateways if card.gateway != own]

    # -- House of the sessions ---------------------------------------------------------------------

    def hello(self) -> codec.Hello:
        version = self.gateway.policy.version
        return codec.Hello(
            codec.VERSION, self.gateway.identity, version, True, self.holdings.rows(),
            self._guests()[0],
        )  # fmt: skip

    def greeted(self, session: Session) -> None:
        if not session.streams:
            return  # a gateway that begins anew: it asks, and comes again
        sibling = self.sibling(session.other)
        old = sibling.session
        if old is not None and old is not session:
            if old.dialed is not session.dialed and self._is_preferred(old):
                raise PeerRefused("duplicate")
            old.end("replaced")
        sibling.session = session
        sibling.problem = ""
        if sibling.told_lost:
            sibling.told_lost = False
            log.warning("a sibling is heard again", extra={"sibling": self.name(session.other)})
        self.gateway.events.publish("sibling", gateway=session.other.hex(), connected=True)
        session.tell_bundle()
        self._compare_own(session)

    def _is_preferred(self, session: Session) -> bool:
        dialer = self.gateway.identity if session.dialed else session.other
        return dialer < max(self.gateway.identity, session.other)

    def _compare_own(self, session: Session) -> None:
        for (gateway, epoch), row in session.held.items():
            if gateway != self.gateway.identity or epoch < self.gateway.ledger.epoch:
                continue  # older ones are fetched while we run (`edge.peers.regain`)
            ours = self.holdings.own.heads.get(epoch)
            if ours is None or ours.seq < row.seq:
                which = {"sibling": self.name(session.other), "epoch": epoch, "seq": row.seq}
                log.error("a sibling holds facts of ours, the next start fetches them", extra=which)

    def ended(self, session: Session, problem: str) -> None:
        """A connection is over; `problem` "" when we ended it ourselves."""
        sibling = self.sibling(session.other)
        if sibling.session is not session:
            if sibling.session is None and problem:
                sibling.problem = problem  # it did not come to greetings
            return
        sibling.session = None
        if not problem:
            return
        self.unreachable(session.other, problem)
        self.gateway.events.publish("sibling", gateway=session.other.hex(), connected=False)

    def unreachable(self, gateway: bytes, problem: str) -> None:
        """Nobody answers a call; told once, until it is back."""
        sibling = self.sibling(gateway)
        sibling.problem = problem
        if not sibling.told_lost:
            sibling.told_lost = True
            who = {"sibling": self.name(gateway), "why": problem}
            log.warning("a sibling is lost; its tickets may be copied until it is back", extra=who)

    def heard(self, session: Session) -> None:
        sibling = self.sibling(session.other)
        sibling.heard_at, sibling.through = trio.current_time(), b""

    def told_hears(self, session: Session) -> None:
        for row in session.hears.values():
            if row.gateway not in self._named or row.gateway == self.gateway.identity:
                continue  # whom the bundle does not name, of them nothing is kept
            at = trio.current_time() - row.age_ms / 1000
            other = self.sibling(row.gateway)
            if at > other.heard_at:
                other.heard_at, other.through = at, session.other

    def pong(self, session: Session, pong: codec.Pong, round_trip_s: float) -> None:
        sibling, now = self.sibling(session.other), self.gateway.clock.now()
        crossed = sibling.clock.add(now.ms, pong.wall_ms, round_trip_s)
        measured = sibling.clock.measured
        assert measured is not None
        clock = self.gateway.clock
        if pong.sure and isinstance(clock, SystemClock) and clock.offset_ms is None:
            clock.confirm(pong.wall_ms, round(round_trip_s * 1000))
        if not crossed:
            return
        beyond = sibling.clock.beyond
        tell = log.error if beyond else log.warning
        told = "two clocks are too far apart" if beyond else "two clocks agree again"
        who = {"sibling": self.name(session.other), "lead_ms": measured.lead_ms}
        tell(told, extra=who)
        self.gateway.must_record(
            lambda hlc, moment: ClockMeasured(
                hlc, moment.day, moment.offset_min, session.other, measured.lead_ms,
                measured.round_trip_ms, beyond,
            )
        )  # fmt: skip

    def clock_ms(self) -> tuple[int, bool]:
        now = self.gateway.clock.now()
        return now.ms, not now.unsure

    def hears(self, other: bytes) -> list[codec.Heard]:
        now = trio.current_time()
        return [
            codec.Heard(gateway, min(int((now - sibling.heard_at) * 1000), 0xFFFF_FFFF))
            for gateway, sibling in self._known.items()
            if gateway != other and sibling.session is not None
        ][: codec.GATEWAYS_MAX]

    def state_at(self, session: Session, told: codec.StateAt) -> None:
        self.compare.heard(session.other, told)

    def tell_digest(self, digest: Digest) -> None:
        """Every sibling that is connected learns it."""
        for session in self.sessions():
            session.tell_digest(codec.StateAt(digest.vector, digest.state))

    # -- bundles -----------------------------------------------------------------------------------

    def bundle_parts(self, have: int) -> list[codec.BundlePart]:
        version, delta = self.gateway.policy.version, self.gateway.delta_raw
        base = self.gateway.base_version if delta else version
        wanted = [(base, self.gateway.bundle_raw), (version, delta)]
        return [
            part for number, raw in wanted if number > have
            for part in _cut(codec.BundlePart, number, raw)
        ]  # fmt: skip

    def guests_parts(self, have: int) -> list[codec.GuestsPart]:
        version, raw = self._guests()
        return list(_cut(codec.GuestsPart, version, raw)) if version > have else []

    def bundle_part(self, session: Session, part: codec.Part) -> None:
        kept = self._arriving.setdefault((session.other, type(part)), bytearray())
        if part.at == 0:
            kept.clear()
        policy = self.gateway.policy
        newer = isinstance(part, codec.BundlePart) and part.version > policy.version
        if isinstance(part, codec.GuestsPart):
            newer = part.version > self._guests()[0]
        if not newer or part.total_bytes > BUNDLE_BYTES_MAX or part.at != len(kept):
            kept.clear()
            return
        kept += part.part
        if len(kept) >= part.total_bytes:
            self._arriving.pop((session.other, type(part)))
            self._take_bundle(bytes(kept))

    def bundle_changed(self) -> None:
        """A new bundle is in force: who was revoked goes, and the others get it."""
        welcome = {card.gateway for card in self.cards if not card.revoked}
        before, self._named = self._named, {card.gateway for card in self.cards}
        for gateway, sibling in self._known.items():
            if sibling.session is None:
                continue
            sibling.session.tell_bundle()
            if gateway not in welcome:
                sibling.session.end("revoked")
            elif self._named - before:  # logs that were not taken until now: begin with the vectors
                sibling.session.end("new_siblings")

    # -- what people see ---------------------------------------------------------------------------

    def name(self, gateway: bytes) -> str:
        """What the venue calls a gateway."""
        for card in self.gateway.policy.bundle.gateways:
            if card.gateway == gateway:
                return card.name
        return gateway.hex()

    def unheard_s(self, gateway: bytes) -> float:
        """How long a sibling was not heard, itself or through others; since our start at most."""
        sibling = self._known.get(gateway)
        heard_at = sibling.heard_at if sibling is not None else -math.inf
        return trio.current_time() - max(heard_at, self.started_at)

    def lacks(self, gateway: bytes) -> bool:
        """Whether a sibling that is connected holds less of its own log than we: it has burnt."""
        session = self.sibling(gateway).session
        heads = self.holdings.intake.heads() if session is not None else {}
        return session is not None and session.has_lost(heads)

    def rows(self) -> list[SiblingRow]:
        """Every sibling of the bundle, and whoever else was heard."""
        cards = {card.gateway: card for card in self.cards}
        gateways = sorted({*cards, *self._known} - {self.gateway.identity})
        return [rows.row_of(self, gateway, cards.get(gateway)) for gateway in gateways]

    def warnings(self) -> list[str]:
        """What somebody should look at, in words."""
        return rows.warnings(self)

    def status(self) -> dict[str, Any]:
        """For the local API."""
        return {"siblings": self.rows(), "refused": dict(self.refused)}


def _cut(kind: type[_Part], version: int, raw: bytes) -> Iterator[_Part]:
    for at in range(0, len(raw), codec.PART_BYTES_MAX):
        yield kind(version, len(raw), at, raw[at : at + codec.PART_BYTES_MAX])
