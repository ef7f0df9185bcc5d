"""Everything about siblings that a daemon runs, put together."""

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

import trio

from config.binds import Bind
from config.gateway import Gateway as GatewayConfig
from config.peers import Peers
from crypto.block import Block, read_run_untrusted
from crypto.bundle import Bundle, GatewayCard
from crypto.entry import AnyFact
from crypto.errors import Bad
from crypto.guests import KIND as GUESTS
from crypto.keys import VerifyKey
from edge.bundles import BundleStore
from edge.core.state import State
from edge.gateway import Gateway
from edge.identity import Identity
from edge.ledger.chain import Trust
from edge.ledger.ledger import Ledger
from edge.ledger.snapshot import Vector
from edge.peers import codec
from edge.peers.codec import LogHead
from edge.peers.connections import Connections
from edge.peers.courier import Courier, fetch_all
from edge.peers.discovery import Discovery
from edge.peers.found import Found
from edge.peers.holdings import Holdings
from edge.peers.intake import Forged, Intake, Key
from edge.peers.links import Links
from edge.peers.proofs import Proofs
from edge.peers.regain import Regain
from edge.peers.session import BEAT_S, SILENT_S, Session
from edge.peers.tails import Tails
from edge.transport import EpochHead, HttpTransport, Turned, UplinkLost
from edge.uplink import in_thread, take_bundle, take_guests

log = logging.getLogger(__name__)
FOLDER: Final = "peers"
_LOOK_S: Final = 0.05
_BUNDLES_MAX: Final = 4
_LEARNING: Final = "learning"
#: A sibling that has answered so often and has not shown what it claims has not got it.
ANSWERS: Final = 3
#: So many starts end for a claim that could not be weighed, because who made it went away.
STARTS_MAX: Final = 3
#: So long an empty gateway waits for what siblings add to their own logs, which has no end where
#: one of them lies. What others have signed has one.
OWN_LOGS_S: Final = 600.0
_NEXT_START: Final = "others hold facts of ours; the next start fetches them"


def _write_durably(note: Path) -> None:
    for path, flags in ((note, os.O_CREAT | os.O_WRONLY), (note.parent, os.O_RDONLY)):
        fd = os.open(path, flags | os.O_CLOEXEC, 0o600)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


async def _shows(session: Session, row: LogHead, proofs: Proofs) -> bool | None:
    """Whether a sibling shows the block that it claims to hold; None: it is not heard any more.

    Who answers a few beats and does not show it has not got it.
    """
    for seq in proofs.asks(row):
        session.ask((row.gateway, row.epoch), seq)
        pongs, silent = session.pongs, trio.current_time() + SILENT_S
        while session.pongs < pongs + ANSWERS:
            await trio.sleep(_LOOK_S)
            if seq not in proofs.asks(row):
                break
            if trio.current_time() > silent:
                return None
        else:
            return False
    return True


class NoHistory(Exception):
    """Nobody could tell an empty gateway what has happened so far, and it may not open without."""


class SiblingsAtHome:
    """What this gateway holds of its siblings, before there is a running gateway.

    `open` folds it into `state`, in the thread that replays the ledger.
    """

    def __init__(self, config: GatewayConfig, identity: Identity, bundle: Bundle) -> None:
        assert config.peers is not None
        self.config: Peers = config.peers
        self._cards = bundle.gateways
        self.intake = Intake(
            own=identity.gateway, tenant=identity.tenant, folder=Path(config.data_dir) / FOLDER,
            segment_bytes=config.peers.segment_bytes, cards=lambda: self.cards(), fold=_no_fold,
        )  # fmt: skip
        self.cards: Callable[[], list[GatewayCard]] = lambda: self._cards

    def open(self, state: State, vector: Vector) -> None:
        """Read every mirror and fold what the snapshot (`vector`) has not."""

        def fold(block: Block, facts: list[AnyFact]) -> None:
            state.apply_run(block.gateway, block.epoch, block.first_seq, facts)

        self.intake.fold = fold
        self.intake.open(vector)


def _no_fold(block: Block, facts: list[AnyFact]) -> None:
    raise AssertionError("nothing is folded before there is a state")


class House:
    """Siblings of a running gateway."""

    def __init__(
        self, home: SiblingsAtHome, config: GatewayConfig, identity: Identity, gateway: Gateway,
        ledger: Ledger, bundles: BundleStore, transport: HttpTransport | None,
        jitter: Callable[[], float],
    ) -> None:  # fmt: skip
        self.config = home.config
        self.gateway = gateway
        device = VerifyKey(identity.device_key.public)
        self._trust = Trust(identity.tenant, identity.gateway, device)
        self.intake = home.intake
        # It outlives a crash in the middle of being told: by then there are mirrors, but not all.
        self._learning = Path(config.data_dir) / FOLDER / _LEARNING
        self._centre_heads: list[EpochHead] = []
        #: What siblings say that they hold of our own log, while we are told what happened.
        self._claims: set[tuple[bytes, LogHead]] = set()
        #: Nothing, or not everything, is known of siblings: the disk is new, or the venue.
        self.empty = not home.intake.mirrors or self._learning.exists()
        if self.empty:
            self._learning.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_durably(self._learning)
        home.cards = lambda: gateway.policy.bundle.gateways
        self.holdings = Holdings(ledger, home.intake)
        self._bundles = bundles
        self._send, self._arrived = trio.open_memory_channel[bytes](_BUNDLES_MAX)
        self.links = Links(
            gateway, self.holdings, offset_ms_max=config.clock.sibling_max_ms,
            unheard_after_s=self.config.unheard_after_s, take_bundle=self._bundle_came,
            guests=lambda: bundles.newest_guests,
        )  # fmt: skip
        home.intake.fold = self.links.fold
        gateway.siblings = self.links
        self.regain = Regain(gateway, ledger, self.links, self._trust, transport)
        home.intake.on_own = self.regain.hear
        self.connections = Connections(self.links, identity, self.config, jitter)
        self._jitter = jitter
        self._transport = transport
        self.courier: Courier | None = None
        self.tails: Tails | None = None
        if transport is not None:
            self.tails = Tails(
                home.intake, self.links, self._enrolled, self._folded, transport.of,
                self.config.deliver_after_s,
            )  # fmt: skip
            self.courier = Courier(
                self.holdings, self.links, transport.of, identity.receipt_key,
                self.config.deliver_after_s,
            )  # fmt: skip

    def _enrolled(self) -> list[bytes]:
        return [card.gateway for card in self.links.cards]

    def _folded(self, key: Key) -> int:
        """Through which seq the state knows a log, without a hole."""
        for log_ in self.gateway.state.origins:
            if (log_.gateway, log_.epoch) == key:
                return log_.next - 1
        return 0

    def _bundle_came(self, raw: bytes) -> None:
        try:
            self._send.send_nowait(raw)
        except trio.WouldBlock:
            log.warning("bundles of siblings come faster than they are read")

    async def take_bundles(self) -> None:
        """Apply what siblings bring, if the centre has signed it and it is newer."""
        async for raw in self._arrived:
            try:
                take = take_guests if raw.startswith(GUESTS.magic) else take_bundle
                await take(self.gateway, self._bundles, raw, in_thread)
            except (Bad, ValueError) as error:
                log.info("what a sibling brought is not taken", extra={"why": str(error)})

    async def start(self, nursery: trio.Nursery, bordered: Callable[..., Any]) -> list[Bind]:
        """Listen, dial, store; `bordered` restarts what may crash. The addresses."""
        nursery.start_soon(self.intake.run)
        bound: list[Bind] = await nursery.start(self.connections.listen)
        if self.config.discover:
            self._discover(nursery, bordered, bound[0].port)
        for sibling in self.config.siblings:
            dial = partial(self.connections.dial, sibling)
            nursery.start_soon(bordered, f"sibling {sibling.name}", dial)
        nursery.start_soon(bordered, "siblings' bundles", self.take_bundles)
        nursery.start_soon(bordered, "comparing states", self.links.compare.run)
        nursery.start_soon(bordered, "our older facts", self.regain.run)
        nursery.start_soon(bordered, "our older facts at the centre", self.regain.follow_centre)
        if self.courier is not None:
            nursery.start_soon(bordered, "courier", self.courier.run)
        if self.tails is not None:
            nursery.start_soon(bordered, "tails", self.tails.run)
        return bound

    def _discover(
        self, nursery: trio.Nursery, bordered: Callable[..., Any], port: int
    ) -> None:  # fmt: skip
        found = self.links.found = Found(self.gateway.identity, lambda: set(self._enrolled()))
        host = self.config.address.host
        discovery = Discovery(self.gateway.identity, host, port, found, self._jitter)
        dial = partial(self.connections.dial_found, found, discovery.miss)
        nursery.start_soon(bordered, "mDNS", discovery.run)
        nursery.start_soon(bordered, "found siblings", dial)

    async def learn_history(self) -> None:
        """Wait until one sibling, or the centre, has told everything it knew when asked.

        Raises `NoHistory` when nothing has come for `rebuild_wait_s`. A sibling that was there all
        that time, and gave nothing more, has told what it can: its word for more stops nobody.
        After `OWN_LOGS_S` more of siblings' own logs is nothing more.
        """
        log.warning("nothing is known of siblings: lanes stay closed until they, or the centre,"
                    " have told what happened; --open-without opens at once")  # fmt: skip
        self.regain.paused = True
        centre = [False]
        async with trio.open_nursery() as nursery:
            if self._transport is not None:
                nursery.start_soon(self._ask_centre, self._transport, centre)
            moved, since = -1, trio.current_time()
            endless, until = set[bytes](), since + OWN_LOGS_S
            answered: dict[Session, int] = {}
            while not centre[0]:
                self._note_claims()
                if self._told_all():
                    break
                endless |= {each.other for each in self.links.sessions()}
                still = set[bytes]() if trio.current_time() < until else endless
                folded = sum(c.folded for g, c in self.intake.counts.items() if g not in still)
                if folded != moved:
                    moved, since = folded, trio.current_time()
                    answered = {each: each.pongs for each in self.links.sessions()}
                if trio.current_time() - since > self.config.rebuild_wait_s:
                    if not self._told_what_it_can(answered):
                        raise NoHistory("neither a sibling nor the centre answers")
                    log.error("a sibling claims facts that it does not give: opened without them")
                    break
                await trio.sleep(_LOOK_S)
            nursery.cancel_scope.cancel()
        try:
            await self._look_for_own()
        finally:
            self.intake.on_own = self.regain.hear
            self.regain.paused = False
        self.learned()
        log.warning("the venue's history is here")

    def learned(self) -> None:
        """Nothing need be waited for at the next start: it was told, or opened by order without."""
        self._learning.unlink(missing_ok=True)

    async def _look_for_own(self) -> None:
        """Raises `NoHistory` when others hold epochs of ours that were not asked for in time.

        Only recovery can put them back: so the next start asks again, and has them. The centre is
        believed; a sibling must show a block that we have signed.
        """
        own = self.gateway.identity
        here = {
            log_.epoch: log_.next - 1 for log_ in self.gateway.state.origins
            if log_.gateway == own
        }  # fmt: skip
        if self._transport is not None and not self._centre_heads:
            with suppress(UplinkLost, Turned):
                self._centre_heads = await self._transport.heads()
        if any(head.through_seq > here.get(head.epoch, 0) for head in self._centre_heads):
            raise NoHistory(_NEXT_START)
        await self._weigh_claims(here)

    async def _weigh_claims(self, here: dict[int, int]) -> None:
        """What siblings say that they hold of ours: shown, it is so; not shown, it is not.

        Who is gone before it could show anything is waited for, and then for a few more starts: it
        may be honest. Raises `NoHistory`.
        """
        proofs = Proofs(self._trust)

        async def hear(block: Block) -> None:
            proofs.hear(block)

        self.intake.on_own = hear
        lies: set[tuple[bytes, LogHead]] = set()
        until = trio.current_time() + self.config.rebuild_wait_s
        while True:
            self._note_claims()
            claims = {each for each in self._claims if each[1].seq > here.get(each[1].epoch, 0)}
            for session in self.links.sessions():
                for other, row in sorted(claims - lies, key=lambda each: each[1].epoch):
                    if other != session.other:
                        continue
                    shown = await _shows(session, row, proofs)
                    if shown:
                        raise NoHistory(_NEXT_START)
                    if shown is None:
                        break
                    lies.add((other, row))
            if claims <= lies:
                break
            if trio.current_time() > until:
                if self._starts_ended() < STARTS_MAX:
                    self._note_ended()
                    raise NoHistory("a sibling that is away says that it holds facts of ours")
                break
            await trio.sleep(_LOOK_S)
        if claims:
            log.error("a sibling claims facts of ours and does not show them; they count for"
                      " nothing", extra={"claims": len(claims)})  # fmt: skip

    def claimed(self, claims: set[tuple[bytes, LogHead]]) -> None:
        """What siblings have claimed of our log, and not shown, before it was opened."""
        self._claims |= claims

    def _note_claims(self) -> None:
        """Who says that it holds facts of ours is remembered, also when it goes away."""
        for session in self.links.sessions():
            for row in session.first_heads:
                if row.gateway == self.gateway.identity and len(self._claims) < codec.LOGS_MAX:
                    self._claims.add((session.other, row))

    def _starts_ended(self) -> int:
        """How many starts one after another have ended because of an unproven claim."""
        return self._learning.stat().st_size if self._learning.exists() else 0

    def _note_ended(self) -> None:
        with self._learning.open("ab") as note:
            note.write(b".")
            note.flush()
            os.fsync(note.fileno())

    def _told_all(self) -> bool:
        """Whether somebody's first word, as far as our bundle names its logs, is folded."""
        named = {card.gateway for card in self.links.cards}
        return bool(named) and any(
            all(
                (log_ := self.intake.log((row.gateway, row.epoch))) is not None
                and log_.chain.head.seq >= row.seq
                for row in session.first_heads
                if row.gateway in named
            )
            for session in self.links.sessions()
        )

    def _told_what_it_can(self, answered: dict[Session, int]) -> bool:
        """Whether a sibling that our bundle names was there, and answered, all the time."""
        named = {card.gateway for card in self.links.cards}
        wanted = max(ANSWERS, round(0.7 * self.config.rebuild_wait_s / BEAT_S))
        return any(
            each.other in named and each in answered and each.pongs >= answered[each] + wanted
            for each in self.links.sessions()
        )

    async def _ask_centre(self, transport: HttpTransport, done: list[bool]) -> None:
        async def take(run: bytes) -> None:
            try:
                for block in read_run_untrusted(run):
                    await self.intake.take(block)
            except (Bad, Forged) as error:
                log.error("the centre gave a bad block", extra={"why": str(error)})

        def heads() -> dict[tuple[bytes, int], int]:
            return {
                (gateway, row.epoch): row.chain.head.seq
                for gateway, mirror in self.intake.mirrors.items()
                for row in mirror.logs.values()
            }

        while not done[0]:
            gateways = [card.gateway for card in self.links.cards]
            if gateways and await fetch_all(transport.of, gateways, heads, take):
                with suppress(UplinkLost, Turned):  # its word for the rest must be whole
                    self._centre_heads = await transport.heads()
                    done[0] = True
            await trio.sleep(1.0)
