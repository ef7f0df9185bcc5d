"""The daemon of a gateway: opens the ledger, starts what runs, stops it in order.

What holds what: the ledger outlives the lanes, the lanes outlive the API and the uplink. A crash of
the API, of one device or of the uplink is caught at its own border; a failed disk ends everything
(exit 74), because nothing may move that is not written.
"""

import gc
import logging
import os
import signal
import time
from collections.abc import Awaitable, Callable
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
from edge.gateway import Gateway
from edge.identity import Identity, load_identity, tls_context
from edge.keeping import Keeping, make_keeping
from edge.ledger import errors as ledger_errors
from edge.ledger import recover
from edge.ledger.ledger import Ledger
from edge.ledger.storage import DiskStorage
from edge.peers.house import House, NoHistory, SiblingsAtHome
from edge.peers.rebuild import Asker, excuse_emptiness
from edge.receipts import ReceiptStore
from edge.rescue import Rescue
from edge.snapshots import keep_snapshots
from edge.transport import HttpTransport
from edge.uplink import Backoff, Uplink, compare_clocks, follow_bundles, follow_guests, in_thread
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
    try:
        trio.run(partial(_main, config, identity, ready_fd, open_without))
    except Exception as error:
        for kind, code, what in _ENDINGS:
            cause = _first(error, kind)
            if cause is not None:
                log.error(what, extra={"why": str(cause), "exit": code})
                return code
        raise
    return 0


# What ends a gateway, its exit code, and the line in the log. 78 is not restarted by systemd.
_ENDINGS: Final = (
    (ledger_errors.StorageFailed, 74, "the ledger's disk failed; a write is never retried"),
    (ledger_errors.LedgerFull, 74, "there is no room to begin a ledger"),
    (ledger_errors.LedgerDeleted, 69, "no snapshot is whole, and the centre gave not what it has"),
    (ledger_errors.LedgerDamaged, 78, "the ledger is damaged and was not touched"),
    (ledger_errors.LedgerForeign, 78, "the ledger is another gateway's"),
    (NoHistory, 69, "the gateway is empty and nobody tells it what happened; --open-without opens"),
    (ledger_errors.LedgerBusy, 69, "the ledger is in use by another process"),
    (ConfigInvalid, 78, "the configuration cannot be used"),
    (OSError, 69, "the gateway cannot start"),
)


def _first(error: BaseException, kind: type[BaseException]) -> BaseException | None:
    if isinstance(error, BaseExceptionGroup):
        found = (_first(inner, kind) for inner in error.exceptions)
        return next((cause for cause in found if cause is not None), None)
    return error if isinstance(error, kind) else None


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
    transport = _transport(config, identity)
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


def _transport(config: GatewayConfig, identity: Identity) -> HttpTransport | None:
    if config.central is None:
        return None
    return HttpTransport(
        config.central.url, identity.gateway, tls_context(identity),
        config.central.request_timeout_s,
    )  # fmt: skip


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
        self.uplink = self._make_uplink()
        self.siblings: House | None = None
        self.keeping: Keeping | None = None
        if home is not None:
            self.siblings = House(
                home, config, identity, gateway, ledger, bundles, transport, _jitter
            )

    def _make_uplink(self) -> Uplink | None:
        if self.transport is None or self.config.central is None:
            return None
        row = self.config.central
        return Uplink(
            gateway=self.gateway, source=self.ledger, transport=self.transport,
            receipt_key=self.identity.receipt_key, tenant=self.identity.tenant,
            backoff=self._backoff(), batch_bytes=row.batch_bytes_max, keep=self.receipts.keep,
            aside=in_thread,
        )  # fmt: skip

    def _backoff(self) -> Backoff:
        row = self.config.central
        assert row is not None
        return Backoff(row.backoff_min_s, row.backoff_max_s, _jitter)

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
            nursery.start_soon(self._until_signal, nursery.cancel_scope)
            peers = await self._start_siblings(nursery, open_without)
            devices = wire(self.gateway, self.config)
            ports = await self._start_devices(nursery, devices)
            nursery.start_soon(self._tick)
            mirrors = self.siblings.intake.folders if self.siblings is not None else dict
            nursery.start_soon(keep_snapshots, self.ledger, self.gateway, self.config, mirrors)
            assert self.keeping is not None
            nursery.start_soon(self.keeping.run)
            tills = start_tills(nursery, self.gateway, self.config, _bordered)
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
        self._start_uplink(nursery)
        if self.siblings is None:
            return []
        bound = await self.siblings.start(nursery, _bordered)
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

    def _start_uplink(self, nursery: trio.Nursery) -> None:
        if self.uplink is None or self.transport is None or self.config.central is None:
            return
        nursery.start_soon(_bordered, "uplink", self.uplink.run)
        for name, follow in (("bundles", follow_bundles), ("guests", follow_guests)):
            work = partial(
                follow, self.gateway, self.bundles, self.transport, self._backoff(),
                self.config.central.bundle_wait_s,
            )  # fmt: skip
            nursery.start_soon(_bordered, name, work)
        nursery.start_soon(_bordered, "clocks", partial(compare_clocks, self.clock, self.transport))

    async def _until_signal(self, scope: trio.CancelScope) -> None:
        with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as received:
            async for number in received:
                log.info("stopping", extra={"signal": signal.Signals(number).name})
                scope.cancel()
                return

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


async def _bordered(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """A supervision border: a crash is logged with its trace, and the task begins anew."""
    while True:
        try:
            await work()
        except ledger_errors.StorageFailed:
            raise  # of a sibling's mirror: no write is retried there either
        except Exception:  # the border: what feeds the centre must not end the gate
            log.exception("%s crashed and is started again; please report this trace", name)
        await trio.sleep(TICK_S)


def _jitter() -> float:
    return int.from_bytes(os.urandom(2), "big") / 65535


def _quiet_collector() -> None:
    """What lives now lives for ever: the garbage collector need not look at it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
    gc.enable()
