"""The daemon of a gateway: opens the ledger, starts what runs, stops it in order.

What holds what: the ledger outlives the lanes, the lanes outlive the API and the uplink. A crash of
the API, of one device or of the uplink is caught at its own border; a failed disk ends everything
(exit 74), because nothing may move that is not written.
"""

import gc
import logging
import os
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Final

import trio

from config.binds import Bind
from config.credentials import read_credential
from config.faults import ConfigInvalid, Fault
from config.gateway import Gateway as GatewayConfig
from config.runtime import logs
from config.runtime.listen import Connections
from config.runtime.notify import notify, report_ready, watchdog_s
from crypto.block import Block
from crypto.bundle import Bundle
from crypto.entry import AnyFact
from crypto.errors import Bad
from crypto.keys import SEED_BYTES
from edge.bundles import BundleStore
from edge.clock import SystemClock
from edge.core.moments import LogicalClock
from edge.core.state import State
from edge.endings import ending_of, until_signal
from edge.gateway import Gateway
from edge.identity import Identity, load_identity
from edge.keeping import Keeping, make_keeping
from edge.ledger import recover
from edge.ledger.ledger import Ledger
from edge.ledger.storage import DiskStorage
from edge.peers.house import House, SiblingsAtHome
from edge.peers.rebuild import Asker, excuse_emptiness
from edge.receipts import ReceiptStore
from edge.rescue import Rescue
from edge.services import bordered, jitter, make_transport, make_uplink, start_uplink
from edge.snapshots import keep_snapshots
from edge.transport import HttpTransport
from edge.venue_texts import venue_texts
from edge.web.serve import serve_api
from edge.wiring import Device, wire
from edge.wiring_tills import start_tills

log = logging.getLogger(__name__)
STOP_S: Final = 4.0
LAST_WORDS_S: Final = 2.0
# Filling a spare segment at full speed held blocks up for 5 ms; so it takes a second longer.
SPARE_PACE_S: Final = 0.002
TICK_S: Final = 1.0


def run(config: GatewayConfig, *, ready_fd: int | None = None, open_without: bool = False) -> int:
    """Run until SIGTERM or SIGINT. The exit code; raises `ConfigInvalid`.

    `open_without`: an empty gateway opens at once, though nobody has told it what happened.
    """
    logs.setup(config.log.level)
    identity = load_identity(Path(config.identity_dir), _device_seed(config))
    if config.name != identity.trust.name:
        # The gate opens all the same: lanes may be right, and somebody stands before them.
        log.error(
            "this configuration is of another gateway than this identity; were two swapped?",
            extra={"configured": config.name, "approved": identity.trust.name},
        )
    try:
        trio.run(partial(_main, config, identity, ready_fd, open_without))
    except Exception as error:
        ending = ending_of(error)
        if ending is not None:
            log.error(ending.what, extra={"why": ending.why, "exit": ending.code})
            return ending.code
        raise
    return 0


def _device_seed(config: GatewayConfig) -> bytes | None:
    if config.device_key is None:
        return None
    raw = read_credential(config.device_key, at="device_key")
    try:
        seed = bytes.fromhex(raw.decode("ascii").strip())
    except ValueError:
        seed = b""
    if len(seed) != SEED_BYTES:
        fault = Fault(config.device_key.credential, "device_key", "holds no 32-byte key in hex")
        raise ConfigInvalid([fault])
    return seed


async def _main(
    config: GatewayConfig, identity: Identity, ready_fd: int | None, open_without: bool
) -> None:
    clock = SystemClock(
        config.zone, config.cutover_minutes, trusted_ms_max=config.clock.drift_max_ms
    )
    receipts = ReceiptStore(
        Path(config.data_dir) / "receipts", identity.receipt_key, identity.gateway
    )
    bundles = BundleStore(Path(config.bundle_dir), identity.bundle_key, identity.tenant)
    kept = bundles.current()
    transport = make_transport(config, identity)
    home = None
    bundle = kept[0] if kept is not None else Bundle()
    if config.peers is not None:
        home = SiblingsAtHome(config, identity, bundle)
    with closing(DiskStorage(config.ledger_dir)) as storage:
        asker = Asker(identity, config.peers, bundle.gateways, storage) if config.peers else None
        helpers = await Rescue(receipts, transport, asker).helpers()
        if asker is not None:
            excuse_emptiness(storage, helpers.known)
        state = State()
        gc.disable()  # replay makes a million objects that all stay: looking at them is in vain
        opened = await trio.to_thread.run_sync(
            partial(_open, storage, identity, clock, config, helpers, state, home)
        )
        storage.pace_s = SPARE_PACE_S
        ledger = Ledger(storage, opened[0], config.ledger)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(ledger.run)
                gateway = Gateway(
                    identity=identity.gateway, name=config.name, ledger=ledger,
                    state=opened[1], clock=clock, drift_ms_max=config.clock.drift_max_ms,
                    zone=config.zone,
                )  # fmt: skip
                gateway.texts = venue_texts(config)
                daemon = _Daemon(
                    config, identity, gateway, ledger, clock, receipts, transport, bundles, home
                )
                daemon.keeping = make_keeping(
                    storage, ledger, receipts, clock, config.ledger.retention_days,
                    home.intake if home is not None else None, transport,
                )  # fmt: skip
                daemon.weigh(asker)
                await daemon.serve(ready_fd, kept, open_without)
                with trio.CancelScope(shield=True), trio.move_on_after(STOP_S):
                    await _drain(ledger)
                    gateway.stopped()
                    await _drain(ledger)
                    with trio.move_on_after(LAST_WORDS_S):
                        await daemon.last_words()
                nursery.cancel_scope.cancel()
        finally:
            ledger.close()
            if home is not None:
                home.intake.close()
            if transport is not None:
                with trio.CancelScope(shield=True), trio.move_on_after(1):
                    await transport.aclose()


async def _drain(ledger: Ledger) -> None:
    """What becomes durable may record an outcome: wait until nothing is left."""
    while ledger.durable.seq < ledger.next_seq - 1:
        await ledger.wait(ledger.next_seq - 1)


def _open(
    storage: DiskStorage, identity: Identity, clock: SystemClock, config: GatewayConfig,
    helpers: recover.Helpers, empty: State, home: SiblingsAtHome | None,
) -> tuple[recover.Recovered, State]:  # fmt: skip
    """Recover the ledger into a state (in a thread: folding a million facts takes seconds)."""
    found = [empty]

    def load(raw: bytes) -> None:
        found[0] = State.load(raw)

    def fold(block: Block, facts: list[AnyFact]) -> None:
        found[0].apply_run(block.gateway, block.epoch, block.first_seq, facts)

    def stamp(last_hlc: int) -> tuple[int, int, int]:
        now = clock.now()
        return LogicalClock(last_hlc).next(now.ms), now.day, now.offset_min

    moment = recover.Moment(
        clock.now().ms // 1000, stamp, lambda: time.time_ns() // 1_000_000, os.urandom
    )
    who = recover.Identity(identity.tenant, identity.gateway, identity.device_key)
    opened = recover.recover(
        storage, who, moment, config.ledger, helpers=helpers, load=load, fold=fold
    )
    if home is not None:
        home.open(found[0], opened.snapshot.vector if opened.snapshot is not None else {})
    return opened, found[0]


class _Daemon:
    """Everything that runs beside the ledger, and the order in which it starts and stops."""

    def __init__(
        self, config: GatewayConfig, identity: Identity, gateway: Gateway, ledger: Ledger,
        clock: SystemClock, receipts: ReceiptStore, transport: HttpTransport | None,
        bundles: BundleStore, home: SiblingsAtHome | None,
    ) -> None:  # fmt: skip
        self.config = config
        self.identity = identity
        self.gateway = gateway
        self.ledger = ledger
        self.clock = clock
        self.receipts = receipts
        self.transport = transport
        self.bundles = bundles
        self.uplink = make_uplink(config, identity, gateway, ledger, transport, receipts)
        self.siblings: House | None = None
        self.keeping: Keeping | None = None
        if home is not None:
            self.siblings = House(
                home, config, identity, gateway, ledger, bundles, transport, jitter
            )

    async def serve(
        self, ready_fd: int | None, kept: tuple[Bundle, bytes] | None, open_without: bool
    ) -> None:
        """Run the lanes until a signal asks to stop."""
        self.gateway.started()
        self._apply_bundle(kept)
        guests = self.bundles.guests()
        if guests is not None:
            self.gateway.apply_guests(guests)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(until_signal, nursery.cancel_scope)
            peers = await self._start_siblings(nursery, open_without)
            devices = wire(self.gateway, self.config)
            ports = await self._start_devices(nursery, devices)
            nursery.start_soon(self._tick)
            mirrors = self.siblings.intake.folders if self.siblings is not None else dict
            nursery.start_soon(keep_snapshots, self.ledger, self.gateway, self.config, mirrors)
            assert self.keeping is not None
            nursery.start_soon(self.keeping.run)
            tills = start_tills(nursery, self.gateway, self.config, bordered)
            connections = Connections(self.config.local_api.connections_max)
            bound = await nursery.start(
                partial(serve_api, self.gateway, self.config, self.ledger,
                        self.uplink, devices, connections, self.keeping, tills)
            )  # fmt: skip
            _quiet_collector()
            report_ready(
                ready_fd, api=[str(bind) for bind in bound], scanners=ports, pid=os.getpid(),
                peers=[str(bind) for bind in peers],
                gateway=self.identity.gateway.hex(), epoch=self.ledger.epoch,
            )  # fmt: skip
            notify("READY=1", f"STATUS={len(self.gateway.lanes)} lanes in service")
            log.info("ready", extra={"lanes": len(self.gateway.lanes), "epoch": self.ledger.epoch})
        notify("STOPPING=1")

    def weigh(self, asker: Asker | None) -> None:
        """What siblings claimed before the ledger was opened is asked for once more."""
        if asker is not None and self.siblings is not None:
            self.siblings.claimed(asker.claims)

    async def last_words(self) -> None:
        """Hand the centre what was written while stopping."""
        if self.uplink is not None:
            await self.uplink.last_words()

    async def _start_siblings(self, nursery: trio.Nursery, open_without: bool) -> list[Bind]:
        """Uplink and siblings run before the lanes: an empty gateway is told first."""
        start_uplink(
            nursery, self.config, self.gateway, self.clock, self.transport, self.bundles,
            self.uplink,
        )  # fmt: skip
        if self.siblings is None:
            return []
        bound = await self.siblings.start(nursery, bordered)
        others = self.siblings.config.siblings or self.siblings.config.discover
        if self.siblings.empty and others:
            if open_without:
                log.error("opened without knowing what happened: copies may be admitted")
                self.siblings.learned()
            else:
                await self.siblings.learn_history()
        return bound

    def _apply_bundle(self, kept: tuple[Bundle, bytes] | None) -> None:
        if kept is None:
            log.warning("no bundle yet: nobody is admitted until the centre has sent one")
            return
        try:
            self.gateway.apply_bundle(*kept, self.bundles.lists(kept[1]))
        except (Bad, ValueError) as error:
            log.error("the kept bundle cannot be applied", extra={"why": str(error)})

    async def _start_devices(self, nursery: trio.Nursery, devices: list[Device]) -> dict[str, int]:
        ports: dict[str, int] = {}
        for device in devices:
            if device.server is not None:
                ports[str(device.lane)] = await device.server.bind()
            nursery.start_soon(device.run)
        return ports

    async def _tick(self) -> None:
        watchdog = watchdog_s()
        next_kick = trio.current_time()
        while True:
            await trio.sleep(TICK_S)
            moved_ms = self.clock.stepped_ms()
            if abs(moved_ms) >= self.config.clock.step_min_ms:
                log.warning("the clock was set", extra={"moved_ms": moved_ms})
                self.gateway.clock_stepped(moved_ms)
            self.gateway.tick()
            if watchdog is not None and trio.current_time() >= next_kick:
                next_kick = trio.current_time() + watchdog
                notify("WATCHDOG=1")


def _quiet_collector() -> None:
    """What lives now lives for ever: the garbage collector need not look at it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
    gc.enable()
