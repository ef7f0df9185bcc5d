"""One life of the gateway's process: what `edge/daemon.py` does, in a world made of dice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import trio

from crypto import bundle as bundles
from crypto.block import Block, Head
from crypto.bundle import Bundle
from crypto.entry import AnyFact, KnownFact
from crypto.errors import BadBundle
from crypto.keys import VerifyKey
from crypto.receipt import Receipt
from drivers.scanner.driver import Scanner
from drivers.supervisor import WELL
from drivers.turnstile.driver import Turnstile
from drivers.turnstile.plan import LanePlan
from edge import centre_clock, keeping, rescue, snapshots, uplink, wiring
from edge.core.moments import LogicalClock
from edge.core.state import State
from edge.events import Hub
from edge.gateway import Gateway
from edge.lane import Lane
from edge.ledger import recover, take
from edge.ledger.committer import InlineCommitter
from edge.ledger.errors import LedgerError
from edge.ledger.ledger import Ledger
from tests.sim import venue
from tests.sim.board import SimBoard
from tests.sim.committer import SlowCommitter
from tests.sim.disk import Cable, PowerCut
from tests.sim.watch import Hold

if TYPE_CHECKING:
    from tests.sim.history import History

TICK_S = 1.0
BACKOFF_S = (0.5, 4.0)
BUNDLE_WAIT_S = 20
SNAPSHOT_EVERY_FACTS = 40
STEP_MS_MIN = 500


class Papers:
    """Receipts and bundles beside the ledger: `edge.receipts` and `edge.bundles` in memory."""

    def __init__(self) -> None:
        self.receipts: dict[int, Receipt] = {}
        self.bundle: bytes | None = None

    def all(self) -> Iterator[Receipt]:
        yield from (self.receipts[epoch] for epoch in sorted(self.receipts))

    def read_untrusted(self, raw: bytes) -> Bundle:
        content = bundles.read_untrusted(raw, VerifyKey(venue.BUNDLE_KEY.public))
        if content.tenant != venue.TENANT:
            raise BadBundle("another tenant's")
        return content

    def keep(self, raw: bytes) -> None:
        self.bundle = raw


class _Hub(Hub):
    """Hands each event to the history, too, in the same breath."""

    def __init__(self, life: Life) -> None:
        super().__init__()
        self._life = life

    @property
    def heard(self) -> bool:
        return True  # the watch listens

    def publish(self, kind: str, **fields: Any) -> None:
        self._life.published(kind, fields)
        super().publish(kind, **fields)


class _Gateway(Gateway):
    """Tells the history of each fact as soon as it is recorded."""

    life: Life

    def record_fact(self, fact: KnownFact) -> int:
        seq = super().record_fact(fact)
        self.life.recorded(seq, fact)
        return seq


class _Barrier:
    """Tells the history what the barrier's driver is told."""

    def __init__(self, life: Life, lane: int, turnstile: Turnstile) -> None:
        self._life, self._lane, self._turnstile = life, lane, turnstile

    @property
    def service(self) -> bool:
        return self._turnstile.service

    def grant(self, grant_id: int, persons: int) -> None:
        self._life.granted(self._lane, grant_id, persons)
        self._turnstile.grant(grant_id, persons)


class Life:
    """From recovery to death. Nothing that a dead process still does is seen by anybody."""

    def __init__(self, history: History, number: int) -> None:
        self.history = history
        self.number = number
        self.alive = True
        self.ready = False
        self.cable = Cable(history.disk)
        self.state = State()
        self.fact_count = 0
        self.clock = history.world.clock()
        self._stop = trio.Event()
        self._dice = history.dice(f"life {number}")
        self._fact_hook: Callable[[int], None] | None = None

    # -- what is seen of it -----------------------------------------------------------------------

    def recorded(self, seq: int, fact: KnownFact) -> None:
        if self.alive:
            self.fact_count += 1
            self.history.saw("appended", self.ledger.epoch, seq, fact)
            if self._fact_hook is not None:
                self._fact_hook(self.fact_count)

    def published(self, kind: str, fields: dict[str, Any]) -> None:
        if not self.alive:
            return
        if kind == "decision":
            self.history.saw("decided", fields["lane"], fields)
        elif kind == "queued":
            self.history.note("queued", fields["lane"])

    def granted(self, lane: int, seq: int, persons: int) -> None:
        if self.alive:
            self.history.saw("granted", lane, Hold(self.ledger.epoch, seq), persons)

    def _pulsed(self, lane: int, turnstile: Turnstile) -> None:
        # The driver alone knows whose pulse this is: the first of its queue.
        grant_id = turnstile._lane._turnstile._queue[0].grant_id
        assert isinstance(grant_id, int)
        hold = Hold(self.ledger.epoch, grant_id)
        self.history.booths[lane].last = hold
        if self.alive:
            self.history.saw("pulsed", lane, hold)

    def _became_durable(self, blocks: list[Block]) -> None:
        if self.alive:
            self.history.saw("durable", self.ledger.epoch, self.ledger.durable.seq)

    def _keep_receipt(self, raw: bytes, receipt: Receipt) -> None:
        if self.alive:
            self.history.papers.receipts[receipt.epoch] = receipt
            self.history.saw("receipted", receipt.epoch, receipt.through_seq, receipt.head)

    def on_fact(self, hook: Callable[[int], None]) -> None:
        """Call `hook` with the number of facts after each."""
        self._fact_hook = hook

    # -- birth ------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Recover the ledger as the daemon does. Raises what the ledger raises."""
        history = self.history
        papers: Any = history.papers
        line: Any = history.centre
        helpers = await rescue.Rescue(papers, line).helpers()
        fetch = history.centre.fetch if history.centre.reachable else None
        history.could_fetch = fetch is not None
        helpers = helpers._replace(fetch=fetch)
        moment = recover.Moment(
            self.clock.now().ms // 1000, self._stamp, lambda: self.clock.now().ms,
            self._dice.randbytes,
        )  # fmt: skip
        who = recover.Identity(venue.TENANT, venue.GATEWAY, venue.DEVICE_KEY)
        opened = recover.recover(
            self.cable, who, moment, history.ledger_config, helpers=helpers, load=self._load,
            fold=self._fold,
        )  # fmt: skip
        slow_s = self._dice.choice((0.0, 0.0, 0.02, 0.3))
        committer = SlowCommitter(self._dice, slow_s) if slow_s else InlineCommitter()
        self.ledger = Ledger(self.cable, opened, history.ledger_config, committer)
        history.note("opened", self.ledger.epoch, self.ledger.durable.seq, opened.begun or "")
        history.begun = opened.begun
        history.log_was_read()

    def _load(self, raw: bytes) -> None:
        self.state = State.load(raw)

    def _fold(self, block: Block, facts: list[AnyFact]) -> None:
        self.state.apply_run(block.gateway, block.epoch, block.first_seq, facts)

    def _stamp(self, last_hlc: int) -> tuple[int, int, int]:
        now = self.clock.now()
        return LogicalClock(last_hlc).next(now.ms), now.day, now.offset_min

    # -- life -------------------------------------------------------------------------------------

    async def live(self) -> None:
        """Serve until `stop`; ends in order. A crash cancels it from outside."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.ledger.run)
            self.gateway = _Gateway(
                identity=venue.GATEWAY, name="sim", ledger=self.ledger, state=self.state,
                clock=self.clock,
            )  # fmt: skip
            self.gateway.life = self
            self.gateway.events = _Hub(self)
            self.ledger.on_durable.insert(0, self._became_durable)
            await self._serve()
            await self.ledger.wait(self.ledger.next_seq - 1)
            nursery.cancel_scope.cancel()
        self.history.saw("stopped")

    def stop(self) -> None:
        """SIGTERM."""
        self._stop.set()

    async def _serve(self) -> None:
        gateway, papers = self.gateway, self.history.papers
        gateway.started()
        if papers.bundle is not None:
            gateway.apply_bundle(papers.read_untrusted(papers.bundle), papers.bundle)
        self.history.saw("started")
        async with trio.open_nursery() as nursery:
            for plan in venue.LANES:
                for run in self._wire(plan):
                    nursery.start_soon(run)
            nursery.start_soon(self._tick)
            nursery.start_soon(self._snapshots)
            nursery.start_soon(self._keep)
            self._start_uplink(nursery)
            self.ready = True
            await self._stop.wait()
            nursery.cancel_scope.cancel()
        self.ready = False
        gateway.stopped()

    def _wire(self, plan: venue.LanePlan) -> Iterator[Callable[[], Any]]:
        number = plan.number
        lane = Lane(self.gateway, number, f"Lane {number}", venue.GATE, plan.direction)
        self.gateway.lanes[number] = lane
        if plan.barrier:
            booth = self.history.booths[number]
            turnstile = Turnstile(
                f"lane {number}", booth.link, plan=LanePlan(debounce_s=0.0),
                new_board=lambda: SimBoard(lambda: self._pulsed(number, turnstile)),
                on_event=lambda event: wiring.deliver(lane, event), jitter=self._dice.random,
            )  # fmt: skip
            lane.barrier = _Barrier(self, number, turnstile)
            yield turnstile.run
        if plan.scanner:
            scanner = Scanner(
                f"lane {number} scanner", self.history.stands[number].link,
                on_code=lambda code, at: self._scanned(lane, code), jitter=self._dice.random,
                on_health=lambda r: lane.device("scanner", r.state in WELL, r.state.value),
            )  # fmt: skip
            yield scanner.run

    def _scanned(self, lane: Lane, code: bytes) -> None:
        if self.alive:
            self.history.saw("shown", lane.number, code)
            lane.scanned(code)

    def _start_uplink(self, nursery: trio.Nursery) -> None:
        history, line = self.history, self.history.centre
        papers: Any = history.papers
        self.uplink = uplink.Uplink(
            gateway=self.gateway, source=self.ledger, transport=line,
            receipt_key=VerifyKey(venue.RECEIPT_KEY.public), tenant=venue.TENANT,
            backoff=self._backoff(), batch_bytes=32 << 10, keep=self._keep_receipt,
        )  # fmt: skip
        nursery.start_soon(self.uplink.run)
        nursery.start_soon(
            uplink.follow_bundles, self.gateway, papers, line, self._backoff(), BUNDLE_WAIT_S
        )
        nursery.start_soon(centre_clock.compare_clocks, self.clock, line)

    def _backoff(self) -> uplink.Backoff:
        return uplink.Backoff(*BACKOFF_S, self._dice.random)

    async def _tick(self) -> None:
        while True:
            await trio.sleep(TICK_S)
            moved_ms = self.clock.stepped_ms()
            if abs(moved_ms) >= STEP_MS_MIN:
                self.gateway.clock_stepped(moved_ms)
            self.gateway.tick()
            self.history.saw("ticked")

    async def _snapshots(self) -> None:
        """`edge.snapshots.keep_snapshots` without its process."""
        since = self.ledger.durable.seq
        while True:
            await trio.sleep(self._dice.uniform(2, 6))
            if self.ledger.durable.seq - since < SNAPSHOT_EVERY_FACTS:
                continue
            try:
                taken = take.take_snapshot(
                    self.cable, venue.GATEWAY, dict(self.ledger.heads),
                    lambda raw: State() if raw is None else State.load(raw),
                )  # fmt: skip
            except PowerCut:
                raise
            except LedgerError as error:
                self.history.note("no snapshot", type(error).__name__)
                continue
            since = taken.through_seq
            self.gateway.must_record(snapshots._taken(taken))

    async def _keep(self) -> None:
        """`edge.keeping.Keeping`, for which everything is old."""
        dice = self.history.dice(f"keeping {self.number}")
        while True:
            await trio.sleep(dice.uniform(3, 15))
            own = keeping.Log(venue.GATEWAY, self.cable, dict(self.ledger.heads))
            receipted = {r.epoch: Head(r.through_seq, r.head) for r in self.history.papers.all()}
            try:
                gone = keeping.delete_old(own, own, receipted, 1 << 62)
            except PowerCut:
                raise
            except LedgerError as error:
                self.history.note("nothing deleted", type(error).__name__)
                continue
            self.history.note("deleted", len(gone))

    def kill(self) -> None:
        """From now on nothing that it does reaches the world."""
        self.alive = self.ready = False
        self.cable.pulled = True
