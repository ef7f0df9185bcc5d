"""Everything about siblings that a daemon runs, put together."""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import trio

from config.binds import Bind
from config.gateway import Gateway as GatewayConfig
from config.peers import Peers
from crypto.block import Block
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
from edge.peers.codec import LogHead
from edge.peers.connections import Connections
from edge.peers.courier import Courier
from edge.peers.discovery import Discovery
from edge.peers.found import Found
from edge.peers.holdings import Holdings
from edge.peers.intake import Intake, Key
from edge.peers.learning import Learning, Note
from edge.peers.links import Links
from edge.peers.regain import Regain
from edge.peers.tails import Tails
from edge.transport import HttpTransport
from edge.uplink import in_thread, take_bundle, take_guests

log = logging.getLogger(__name__)
FOLDER: Final = "peers"
_BUNDLES_MAX: Final = 4
_LEARNING: Final = "learning"


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
        trust = Trust(identity.tenant, identity.gateway, device)
        self.intake = home.intake
        note = Note(Path(config.data_dir) / FOLDER / _LEARNING)
        #: Nothing, or not everything, is known of siblings: the disk is new, or the venue.
        self.empty = not home.intake.mirrors or note.stands()
        if self.empty:
            note.begin()
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
        self.regain = Regain(gateway, ledger, self.links, trust, transport)
        home.intake.on_own = self.regain.hear
        self.learning = Learning(
            gateway, home.intake, self.links, self.regain, trust, transport, self.config, note
        )
        self.connections = Connections(self.links, identity, self.config, jitter)
        self._jitter = jitter
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
        """Wait until an empty gateway was told what happened. Raises `NoHistory`."""
        await self.learning.run()

    def learned(self) -> None:
        """Nothing need be waited for at the next start: it was told, or opened by order without."""
        self.learning.note.clear()

    def claimed(self, claims: set[tuple[bytes, LogHead]]) -> None:
        """What siblings have claimed of our log, and not shown, before it was opened."""
        self.learning.claims |= claims
