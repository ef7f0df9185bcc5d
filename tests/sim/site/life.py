"""One life of one gateway's process: what `edge/daemon.py` does, with siblings on the LAN."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import trio

from config.gateway import Ledger as LedgerConfig
from crypto.block import Block
from crypto.bundle import Bundle
from crypto.entry import AnyFact, KnownFact
from crypto.keys import VerifyKey
from crypto.receipt import Receipt
from edge import centre_clock, rescue, snapshots, uplink
from edge.core.moments import LogicalClock
from edge.core.state import State
from edge.gateway import Gateway
from edge.lane import Lane
from edge.ledger import recover, take
from edge.ledger.committer import InlineCommitter
from edge.ledger.errors import LedgerError
from edge.ledger.ledger import Ledger
from edge.peers.intake import Intake
from edge.peers.rebuild import excuse_emptiness
from tests.sim import venue
from tests.sim.committer import SlowCommitter
from tests.sim.disk import Cable, PowerCut
from tests.sim.reader import read_epochs
from tests.sim.site import peers
from tests.sim.site.centre import Line
from tests.sim.site.machine import Machine, Shelf
from tests.sim.site.model import Place

if TYPE_CHECKING:
    from tests.sim.site.history import History

#: One that opens by itself, one with a barrier, and the way out.
OPEN, BARRED, OUT = 1, 2, 3
HOLD_S = 4
STEP_MS_MIN = 500
SEGMENT_BYTES = 64 << 10
SNAPSHOT_EVERY_FACTS = 60
_CONFIG = LedgerConfig(segment_bytes=SEGMENT_BYTES, spare_segments=1, group_facts_max=64)


class _Gateway(Gateway):
    """Tells the history of each fact in the same breath."""

    life: Life

    def record_fact(self, fact: KnownFact) -> int:
        seq = super().record_fact(fact)
        self.life.recorded(Place(self.identity, self.ledger.epoch, seq), fact)
        return seq

    def fold_sibling(self, block: Block, facts: list[AnyFact]) -> None:
        super().fold_sibling(block, facts)
        self.life.folded(block, facts)


class _Barrier:
    """Steel that is always in service; people walk, turn round, or are never heard of again."""

    service = True

    def __init__(self, nursery: trio.Nursery, life: Life, lane: Lane, dice: random.Random):
        self._nursery, self._life, self._lane, self._dice = nursery, life, lane, dice

    def grant(self, grant_id: int, persons: int) -> None:
        self._nursery.start_soon(self._let_go, grant_id, persons)

    async def _let_go(self, grant_id: int, persons: int) -> None:
        await trio.sleep(self._dice.uniform(0.1, 3))
        if not self._life.alive:
            return
        roll = self._dice.random()
        if roll < 0.7:
            self._lane.completed(grant_id, persons)
        elif roll < 0.8:
            self._lane.completed(grant_id, self._dice.randint(0, persons))
        elif roll < 0.95:
            self._lane.lapsed(grant_id)
        else:
            self._lane.unknown(grant_id, 0, "lost")


class Life:
    """From recovery to death. Nothing that a dead process still does is seen by anybody."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.alive, self.ready = True, False
        self.state = State()
        self.clock = machine.world.clock()
        self.receipt_key = VerifyKey(venue.RECEIPT_KEY.public)
        self._dice = machine.history.dice(f"life {machine.number} {machine.lives}")
        self.jitter = self._dice.random
        self.line = Line(machine.history.centre, machine.identity)
        self.peers_config = peers.config(machine.number, machine.history.gateways)
        self._cables: list[Cable] = []
        self._stop = trio.Event()

    @property
    def history(self) -> History:
        return self.machine.history

    # -- what is seen of it -----------------------------------------------------------------------

    def recorded(self, place: Place, fact: KnownFact) -> None:
        if self.alive:
            self.history.saw("appended", self.machine, place, fact)

    def folded(self, block: Block, facts: list[AnyFact]) -> None:
        if self.alive:
            self.history.saw("folded", self.machine, block, facts)

    def _keep_receipt(self, raw: bytes, receipt: Receipt) -> None:
        if self.alive:
            self.machine.papers.receipts[receipt.epoch] = receipt

    # -- birth ------------------------------------------------------------------------------------

    def _plug(self, disk: Any) -> Cable:
        cable = Cable(disk)
        self._cables.append(cable)
        return cable

    async def open(self) -> None:
        """Ask who may know our log, recover it, fold the mirrors. Raises what the ledger raises."""
        machine, papers = self.machine, cast(Any, self.machine.papers)
        self.bundle = papers.read_untrusted(papers.bundle) if papers.bundle else None
        storage = self._plug(machine.disk)
        asker = peers.SimAsker(machine, self.history.lan, self.peers_config, storage)
        others = rescue.Rescue(papers, cast(Any, self.line), asker)
        helpers = await others.helpers()
        self.claims = set(asker.claims)
        helpers = helpers._replace(fetch=await self._fetched(others, helpers))
        machine.forget()
        excuse_emptiness(storage, helpers.known)
        moment = recover.Moment(
            self.clock.now().ms // 1000, self._stamp, lambda: self.clock.now().ms,
            self._dice.randbytes,
        )  # fmt: skip
        who = recover.Identity(venue.TENANT, machine.identity, machine.device)
        opened = recover.recover(
            storage, who, moment, _CONFIG, helpers=helpers, load=self._load, fold=self._fold
        )
        vector = opened.snapshot.vector if opened.snapshot is not None else {}
        self.history.truth.relearn(machine, vector)
        self.intake = Intake(
            own=machine.identity, tenant=venue.TENANT, folder=cast(Path, Shelf(machine.mirrors)),
            segment_bytes=SEGMENT_BYTES, cards=self._cards, fold=self._fold,
            storage=lambda folder: self._plug(machine.mirror(folder.name)),
        )  # fmt: skip
        self.intake.open(vector)
        slow_s = self._dice.choice((0.0, 0.0, 0.02, 0.3))
        committer = SlowCommitter(self._dice, slow_s) if slow_s else InlineCommitter()
        self.ledger = Ledger(storage, opened, _CONFIG, committer)
        self.history.note("opened", machine.name, self.ledger.epoch, opened.begun or "")
        self.history.saw("opened", machine)

    async def _fetched(
        self, others: rescue.Rescue, helpers: recover.Helpers
    ) -> Callable[[int, int], list[Block]]:
        """Recovery runs in a thread and asks from there; here all is asked before it begins."""
        here = read_epochs(self.machine.disk.files, {})
        found: dict[int, list[Block]] = {}
        for known in helpers.known:
            blocks = found.setdefault(known.epoch, [])
            at = here[known.epoch].head.seq + 1 if known.epoch in here else 1
            at = blocks[-1].last_seq + 1 if blocks else at
            while at <= known.seq:
                more = await others.fetch(known.epoch, at)
                if not more:
                    break
                blocks += more
                at = more[-1].last_seq + 1
        return lambda epoch, seq: [b for b in found.get(epoch, []) if b.last_seq >= seq]

    def _cards(self) -> Any:
        gateway = getattr(self, "gateway", None)
        bundle = gateway.policy.bundle if gateway is not None else self.bundle or Bundle()
        return bundle.gateways

    def _load(self, raw: bytes) -> None:
        self.state = State.load(raw)

    def _fold(self, block: Block, facts: list[AnyFact]) -> None:
        self.state.apply_run(block.gateway, block.epoch, block.first_seq, facts)
        for seq, fact in enumerate(facts, block.first_seq):
            self.machine.learn(Place(block.gateway, block.epoch, seq), fact)

    def _stamp(self, last_hlc: int) -> tuple[int, int, int]:
        now = self.clock.now()
        return LogicalClock(last_hlc).next(now.ms), now.day, now.offset_min

    # -- life -------------------------------------------------------------------------------------

    async def live(self) -> None:
        """Serve until `stop`; a crash cancels it from outside. Raises `NoHistory`."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.ledger.run)
            self.gateway = _Gateway(
                identity=self.machine.identity, name=self.machine.name, ledger=self.ledger,
                state=self.state, clock=self.clock,
            )  # fmt: skip
            self.gateway.life = self
            self.house = peers.SimHouse(self)
            await self._serve()
            await self.ledger.wait(self.ledger.next_seq - 1)
            nursery.cancel_scope.cancel()

    def stop(self) -> None:
        """SIGTERM."""
        self._stop.set()

    async def _serve(self) -> None:
        gateway, papers = self.gateway, self.machine.papers
        gateway.started()
        if self.bundle is not None and papers.bundle is not None:
            gateway.apply_bundle(self.bundle, papers.bundle)
        async with trio.open_nursery() as nursery:
            self._start_uplink(nursery)
            try:
                await self._meet_guests(nursery)
            finally:
                self.history.lan.ears.pop(self.machine.number, None)
            nursery.cancel_scope.cancel()
        self.ready = False
        gateway.stopped()

    async def _meet_guests(self, nursery: trio.Nursery) -> None:
        empty = self.house.empty
        self.house.open(nursery)
        if empty:
            await self.house.learn_history()
        self.history.saw("ready", self.machine, empty)
        self._make_lanes(nursery)
        nursery.start_soon(self._tick)
        nursery.start_soon(self._snapshots)
        self.ready = True
        await self._stop.wait()

    def _make_lanes(self, nursery: trio.Nursery) -> None:
        gate = self.machine.number + 1
        for number in (OPEN, BARRED, OUT):
            way = "exit" if number == OUT else "entry"
            lane = Lane(self.gateway, number, f"Lane {number}", gate, way, HOLD_S)
            self.gateway.lanes[number] = lane
            if number == BARRED:
                lane.barrier = _Barrier(nursery, self, lane, self._dice)

    def _start_uplink(self, nursery: trio.Nursery) -> None:
        papers: Any = self.machine.papers
        backoff = partial(uplink.Backoff, 0.5, 4.0, self.jitter)
        self.uplink = uplink.Uplink(
            gateway=self.gateway, source=self.ledger, transport=self.line,
            receipt_key=self.receipt_key, tenant=venue.TENANT, backoff=backoff(),
            batch_bytes=32 << 10, keep=self._keep_receipt,
        )  # fmt: skip
        nursery.start_soon(self.uplink.run)
        nursery.start_soon(
            uplink.follow_bundles, self.gateway, papers, self.line, backoff(), 20
        )  # fmt: skip
        nursery.start_soon(centre_clock.compare_clocks, self.clock, self.line)

    async def _tick(self) -> None:
        while True:
            await trio.sleep(1.0)
            moved_ms = self.clock.stepped_ms()
            if abs(moved_ms) >= STEP_MS_MIN:
                self.gateway.clock_stepped(moved_ms)
            self.gateway.tick()
            self.history.saw("ticked", self.machine)

    async def _snapshots(self) -> None:
        since = self.ledger.durable.seq
        while True:
            await trio.sleep(self._dice.uniform(3, 9))
            if self.ledger.durable.seq - since < SNAPSHOT_EVERY_FACTS:
                continue
            try:
                taken = take.take_snapshot(
                    self._cables[0], self.machine.identity, dict(self.ledger.heads),
                    lambda raw: State() if raw is None else State.load(raw),
                )  # fmt: skip
            except PowerCut:
                raise
            except LedgerError as error:
                self.history.note("no snapshot", type(error).__name__)
                continue
            since = taken.through_seq
            self.gateway.must_record(snapshots._taken(taken))

    def kill(self) -> None:
        """From now on nothing that it does reaches the world."""
        self.alive = self.ready = False
        for cable in self._cables:
            cable.pulled = True
