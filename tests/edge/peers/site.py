"""Real gateways on loopback: real TLS, ledgers and mirrors on disk, in one process and one loop."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import trio

from config.gateway import Gate
from config.gateway import Gateway as GatewayConfig
from config.gateway import Lane as LaneRow
from config.gateway import Ledger as LedgerConfig
from config.peers import Peers, Sibling
from crypto import authority, bundle
from crypto.block import Block
from crypto.entry import AnyFact, KnownFact
from crypto.keys import SigningKey
from crypto.trust import Trust
from edge.answers import Answer
from edge.bundles import BundleStore
from edge.clock import SystemClock
from edge.core.moments import LogicalClock
from edge.core.state import State
from edge.gateway import Gateway
from edge.identity import Identity
from edge.lane import Lane
from edge.ledger import recover
from edge.ledger.ledger import Ledger
from edge.ledger.storage import DiskStorage
from edge.peers.house import House, SiblingsAtHome
from edge.peers.rebuild import Asker, excuse_emptiness
from edge.receipts import ReceiptStore
from edge.rescue import Rescue
from tests.edge.core.desk import NORTH, make_bundle, make_code

TENANT = b"T" * 16
CA = authority.make_authority(b"\x51" * 32, TENANT, int(time.time()), 1)
BUNDLE_SEED, RECEIPT_SEED = b"\x52" * 32, b"\x53" * 32
NAMES = {"a": 1, "b": 2, "c": 3}
SEGMENT = 1 << 20


def gateway_id(name: str) -> bytes:
    return bytes([NAMES.get(name, 0x70)]) * 16


def device(name: str) -> bytes:
    return bytes([0x60 + NAMES.get(name, 9)]) * 32


def identity(folder: Path, name: str, root: authority.Authority = CA) -> Identity:
    """What `edge init` and the centre's approval would have made."""
    key = SigningKey(device(name))
    pem = authority.make_device_certificate(
        root, TENANT, gateway_id(name), key.public, int(time.time()), 2
    )
    trust = Trust(
        tenant=TENANT.hex(), gateway=gateway_id(name).hex(), index=NAMES.get(name, 9), name=name,
        device_pem=pem, ca_pem=root.pem, bundle_key=SigningKey(BUNDLE_SEED).public.hex(),
        receipt_key=SigningKey(RECEIPT_SEED).public.hex(), central_url="https://localhost:1",
    )  # fmt: skip
    return Identity(folder, trust, device(name), key)


def venue_bundle(version: int = 1, names: str = "abc", revoked: str = "") -> bytes:
    cards = [
        bundle.GatewayCard(
            gateway_id(n), NAMES[n], n, SigningKey(device(n)).public, revoked=n in revoked
        )
        for n in names
    ]
    made = make_bundle(version=version, tenant=TENANT, gateways=cards)
    return bundle.sign(made, SigningKey(BUNDLE_SEED))


class Node:
    """Gateway `name` with one lane at the north gate, as long as `running` holds."""

    def __init__(self, folder: Path, name: str, **changes: Any) -> None:
        self.name = name
        self.folder = folder / name
        self.folder.mkdir(exist_ok=True)
        self.identity = identity(self.folder, name)
        peers = msgspec.structs.replace(
            Peers(bind="127.0.0.1:0", segment_bytes=SEGMENT, backoff_min_s=0.05), **changes
        )
        self.config = GatewayConfig(
            name=f"gw-{name}", identity_dir=str(self.folder), timezone="Europe/Vienna",
            gates=(Gate(NORTH, "North"),), lanes=(LaneRow(1, "One", NORTH),), peers=peers,
            ledger=LedgerConfig(
                segment_bytes=SEGMENT, spare_segments=1, alarm_spare_segments=1,
            ),
        )  # fmt: skip
        self.bundle_raw = venue_bundle()
        self.lead_ms = 0
        self.port = 0
        self.gateway: Gateway
        self.house: House
        self.ledger: Ledger
        self.state: State
        self._dials: dict[str, trio.CancelScope] = {}
        self._nursery: trio.Nursery

    def clock(self) -> SystemClock:
        return SystemClock(
            self.config.zone, 360, wall_ns=lambda: time.time_ns() + self.lead_ms * 1_000_000
        )

    @asynccontextmanager
    async def running(self, siblings: tuple[Sibling, ...] = ()) -> AsyncIterator[Node]:
        """`siblings`: who is asked about our log before it opens."""
        clock = self.clock()
        bundles = BundleStore(self.folder / "bundle", self.identity.bundle_key, TENANT)
        if self.bundle_raw:
            bundles.keep(self.bundle_raw)
        kept = bundles.current()
        home = SiblingsAtHome(self.config, self.identity, kept[0] if kept else bundle.Bundle())
        storage = DiskStorage(self.config.ledger_dir)
        receipts = ReceiptStore(
            self.folder / "receipts", self.identity.receipt_key, self.identity.gateway
        )
        asked = msgspec.structs.replace(home.config, siblings=siblings)
        asker = Asker(self.identity, asked, kept[0].gateways if kept else [], storage)
        helpers = await Rescue(receipts, None, asker).helpers()
        excuse_emptiness(storage, helpers.known)
        self.state = State()
        recovered = await trio.to_thread.run_sync(
            partial(self._open, storage, clock, helpers, home)
        )
        self.recovered = recovered
        self.ledger = Ledger(storage, recovered.writer and recovered, self.config.ledger)
        try:
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                nursery.start_soon(self.ledger.run)
                self.gateway = Gateway(
                    identity=self.identity.gateway, name=self.name, ledger=self.ledger,
                    state=self.state, clock=clock,
                )  # fmt: skip
                self.gateway.lanes[1] = Lane(self.gateway, 1, "One", NORTH, "entry")
                self.house = House(
                    home, self.config, self.identity, self.gateway, self.ledger, bundles, None,
                    lambda: 0.5,
                )  # fmt: skip
                if kept is not None:
                    self.gateway.apply_bundle(*kept)
                self.gateway.started()
                try:
                    (bound,) = await self.house.start(nursery, _plainly)
                    self.port = bound.port
                    yield self
                finally:
                    nursery.cancel_scope.cancel()
        finally:
            self.ledger.close()
            home.intake.close()
            storage.close()

    def _open(
        self, storage: DiskStorage, clock: SystemClock, helpers: Any, home: SiblingsAtHome
    ) -> Any:
        def fold(block: Block, facts: list[AnyFact]) -> None:
            self.state.apply_run(block.gateway, block.epoch, block.first_seq, facts)

        def stamp(last_hlc: int) -> tuple[int, int, int]:
            now = clock.now()
            return LogicalClock(last_hlc).next(now.ms), now.day, now.offset_min

        moment = recover.Moment(clock.now().ms // 1000, stamp, lambda: clock.now().ms, _seed)
        who = recover.Identity(TENANT, self.identity.gateway, self.identity.device_key)
        opened = recover.recover(
            storage, who, moment, self.config.ledger, helpers=helpers, fold=fold
        )
        home.open(self.state, {})
        return opened

    def at(self, other: Node) -> Sibling:
        """The way to `other`."""
        return Sibling(other.name, "127.0.0.1", other.port)

    def join(self, other: Node) -> None:
        """Keep dialling `other` until `part`."""
        scope = self._dials[other.name] = trio.CancelScope()

        async def dial() -> None:
            with scope:
                await self.house.connections.dial(self.at(other))

        self._nursery.start_soon(dial)

    def part(self, other: Node) -> None:
        """The cable is pulled."""
        self._dials.pop(other.name).cancel()
        for one, two in ((self, other), (other, self)):
            session = one.house.links.sibling(two.identity.gateway).session
            if session is not None:
                session.end("replaced")

    def scan(self, code: bytes) -> list[Answer]:
        """Present a code; the list fills when the answer is durable."""
        answers: list[Answer] = []
        self.gateway.lanes[1].present(code, answers.append)
        return answers

    def record(self, make: Callable[..., KnownFact]) -> int:
        return self.gateway.record(make)

    def knows(self, other: Node) -> bool:
        """Whether everything durable of `other` is folded here."""
        index = self.state._index.get((other.identity.gateway, other.ledger.epoch))
        return index is not None and self.state.origins[index].next > other.ledger.durable.seq

    def holds(self, other: Node) -> bool:
        """Whether everything durable of `other` is durable here."""
        head = self.house.intake.heads().get((other.identity.gateway, other.ledger.epoch))
        return head == other.ledger.durable

    @property
    def links(self) -> Any:
        return self.house.links


async def _plainly(_name: str, work: Callable[[], Any]) -> None:
    await work()


def _seed(count: int) -> bytes:
    return os.urandom(count)


async def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Give the others their turns until it is so."""
    with trio.fail_after(seconds):
        while not condition():
            await trio.sleep(0.005)


@asynccontextmanager
async def site(folder: Path, *names: str, **changes: Any) -> AsyncIterator[list[Node]]:
    """These gateways, running and not yet joined."""
    nodes = [Node(folder, name, **changes) for name in names]
    async with trio.open_nursery() as nursery:
        stop = trio.Event()

        async def keep(node: Node, task_status: Any = trio.TASK_STATUS_IGNORED) -> None:
            async with node.running():
                task_status.started()
                await stop.wait()

        for node in nodes:
            await nursery.start(keep, node)
        try:
            yield nodes
        finally:
            stop.set()


def same_state(*nodes: Node) -> bool:
    """Whether all have folded the same facts: equal bytes."""
    return len({node.state.dump() for node in nodes}) == 1


def settled(*nodes: Node) -> bool:
    """Whether each has folded everything durable of the others."""
    return all(one.knows(two) for one in nodes for two in nodes if one is not two)


async def scanned(node: Node, number: int) -> str:
    """What `node` says to the code of this number: "admitted", or why not."""
    answers = node.scan(make_code(number))
    await until(lambda: bool(answers))
    (answer,) = answers
    return answer.reason or answer.decision
