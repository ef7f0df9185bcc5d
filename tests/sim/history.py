"""One history: a venue, a gateway that dies and is born again, and everybody who watches it.

`run(seed)` is the whole of it. What happens is decided by the seed alone; each checker sees each
step as it happens and ends the history at the first broken promise.
"""

from __future__ import annotations

import hashlib
import logging
import random
from collections import Counter
from typing import Any, NamedTuple

import msgspec
import trio
import trio.testing

from config.gateway import Ledger as LedgerConfig
from crypto.block import Block
from crypto.entry import Admitted, ExitRecorded
from crypto.keys import VerifyKey
from edge.ledger import mend
from edge.ledger.chain import Trust
from edge.ledger.errors import LedgerDamaged, LedgerError, LedgerFull
from edge.ledger.recover import KnownHead
from tests.sim import checkers, determinism, trouble, venue
from tests.sim.booth import Booth
from tests.sim.centre import Centre
from tests.sim.clock import World
from tests.sim.crowd import Crowd, Stand
from tests.sim.disk import CAPACITY_BYTES, PowerCut, SimDisk, StorageFailed
from tests.sim.life import Life, Papers
from tests.sim.reader import Epoch, read_epochs, read_log
from tests.sim.watch import Broken, Hold

OPEN_TRIES = 3
#: After everything was healed: this long for all to arrive at the centre.
HEAL_S = 90.0
_CONFIG = LedgerConfig(segment_bytes=64 << 10, spare_segments=2, group_facts_max=64)


class Result(NamedTuple):
    """One history. `broken`: which checker saw which promise broken."""

    seed: int
    digest: str
    checker: str
    broken: str
    counts: dict[str, int]
    trace: list[str]


def run(seed: int, *, trace: bool = False) -> Result:
    """The history of `seed`."""
    logging.disable(logging.CRITICAL)
    with determinism.repeatable(seed):
        history = History(seed, trace)
        try:
            trio.run(history.main, clock=trio.testing.MockClock(autojump_threshold=0.0))
        except BaseException as error:
            broken = history.broken or _first(error, Broken)
            if broken is None:
                raise
            history.broken = broken  # type: ignore[assignment]
    told = history.broken
    return Result(
        seed, history.digest(), told.checker if told else "", str(told or ""),
        dict(sorted(history.counts.items())), history.lines,
    )  # fmt: skip


def _first(error: BaseException, kind: type[BaseException]) -> BaseException | None:
    if isinstance(error, BaseExceptionGroup):
        found = (_first(inner, kind) for inner in error.exceptions)
        return next((cause for cause in found if cause is not None), None)
    return error if isinstance(error, kind) else None


class History:
    """The world around the lives of one gateway."""

    def __init__(self, seed: int, trace: bool) -> None:
        self.seed = seed
        self.broken: Broken | None = None
        self.counts: Counter[str] = Counter()
        self.lines: list[str] = []
        self._trace = trace
        self._hash = hashlib.sha256()
        self.ledger_config = _CONFIG
        self.world = World()
        self.disk = SimDisk(self.dice("disk"), self._on_medium, self._on_delete)
        self.papers = Papers()
        self.life: Life | None = None
        self.lives = 0
        self.begun: str | None = None
        #: (epoch, first seq) of blocks that were damaged on purpose.
        self.rotten: set[tuple[int, int]] = set()
        self.sabotaged = self.astray = False
        self.ended_damaged = False
        #: Everything that was ever whole on the medium, by (epoch, first seq); and where.
        self.medium: dict[tuple[int, int], tuple[str, int, Block]] = {}
        self.epochs: dict[int, Epoch] = {}
        self._holders: dict[Hold, bytes] = {}
        self.lists = venue.Lists()
        self.published = {1: self.lists}
        #: The lane at which a text was just presented, until something came of it.
        self.deciding_lane = 0
        #: Holders of facts that rotted away and that nobody else had.
        self.lost_tickets: set[bytes] = set()
        self.could_fetch = False
        self.arrived = False

    def dice(self, name: str) -> random.Random:
        return determinism.dice(self.seed, name)

    # -- what is seen -----------------------------------------------------------------------------

    def note(self, kind: str, *what: Any) -> None:
        """One line of the history: it goes into the digest, and into the trace."""
        line = f"{trio.current_time():.6f} {kind} {' '.join(map(_say, what))}"
        self._hash.update(line.encode() + b"\n")
        if self._trace:
            self.lines.append(line)

    def saw(self, kind: str, *what: Any) -> None:
        """Something happened: noted, counted, and shown to every checker."""
        self.counts[kind] += 1
        if kind != "ticked":
            self.note(kind, *what)
        if kind == "appended":
            self._remember(*what)
        elif kind == "shown":
            self.deciding_lane = what[0]
        for checker in self.checkers:
            getattr(checker, kind)(*what)
        if kind in ("appended", "decided"):
            self.deciding_lane = 0

    def _remember(self, epoch: int, seq: int, fact: Any) -> None:
        self.counts[type(fact).__name__] += 1
        if isinstance(fact, Admitted | ExitRecorded):
            self._holders[Hold(epoch, seq)] = fact.ticket

    def holder(self, hold: Hold) -> bytes:
        """Identity of the ticket that `hold` was granted to."""
        return self._holders.get(hold, b"")

    def _on_medium(self, file: str, at: int, block: Block) -> None:
        self.medium[(block.epoch, block.first_seq)] = (file, at, block)
        self.saw("on_medium", block)

    def _on_delete(self, file: str) -> None:
        # What was cut from its end once is not there any more, and nobody promised to keep it.
        there = (
            block for f, at, block in self.medium.values()
            if f == file and self.disk.holds(f, at, block.raw)
        )  # fmt: skip
        self.saw("deleted", sorted(there, key=lambda block: block.first_seq))

    def log_was_read(self) -> None:
        """A life has opened the ledger: read it by other eyes."""
        self.epochs = read_epochs(
            {**self.disk.deleted, **self.disk.files},
            {key: self.medium[key][2] for key in self.rotten & set(self.medium)},
        )
        for epoch in self.epochs.values():
            for block in epoch.blocks:
                where = self.medium.get((block.epoch, block.first_seq), ("", 0, block))
                self.medium[(block.epoch, block.first_seq)] = (*where[:2], block)
        self.saw("opened", read_log(self.epochs))

    def digest(self) -> str:
        """Of all that was seen, and of the bytes that are left."""
        final = self._hash.copy()
        for file in sorted(self.disk.files):
            final.update(file.encode() + hashlib.sha256(self.disk.files[file]).digest())
        if self.life is not None:
            final.update(self.life.state.dump())
        for _, blocks in sorted(self.centre.blocks.items()):
            for block in blocks:
                final.update(block.hash)
        return final.hexdigest()

    # -- what happens -----------------------------------------------------------------------------

    async def main(self) -> None:
        dice = self.dice("plan")
        async with trio.open_nursery() as nursery:
            self.centre = Centre(
                self.world, self.dice("centre"), lambda e, blocks: self.saw("stored", e, blocks)
            )
            self.booths = {
                plan.number: Booth(nursery, plan.number, self.dice(f"booth {plan.number}"),
                                   self.saw)
                for plan in venue.LANES if plan.barrier
            }  # fmt: skip
            self.stands = {
                plan.number: Stand(nursery, plan.number, self.dice(f"stand {plan.number}"))
                for plan in venue.LANES if plan.scanner
            }  # fmt: skip
            self.tickets = venue.make_tickets(self.dice("tickets"), dice.choice((4, 12, 30)))
            self.checkers = checkers.make(self)
            self.centre.publish(venue.make_bundle(1, self.lists))
            until_s = dice.uniform(25, 80)
            self.guests = trio.CancelScope()
            nursery.start_soon(self._guests, until_s)
            async with trio.open_nursery() as moods:
                trouble.start(self, moods)
                while trio.current_time() < until_s and not self.ended_damaged:
                    await self._one_life(trouble.plan_end(self, dice))
                    trouble.between_lives(self, self.dice(f"rot {self.lives}"))
                moods.cancel_scope.cancel()
            trouble.heal(self)
            if not self.ended_damaged:
                await self._last_life()
            if not self.ended_damaged:
                await self._last_look()
            nursery.cancel_scope.cancel()

    async def _guests(self, until_s: float) -> None:
        with self.guests:
            await Crowd(self, self.dice("crowd")).come(until_s)

    async def _one_life(self, end: trouble.End) -> None:
        self.lives += 1
        life = self.life = Life(self, self.lives)
        self.note("life", self.lives, end.kind)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trouble.bring, self, life, end, nursery.cancel_scope)
                if await self._open(life):
                    await life.live()
                nursery.cancel_scope.cancel()
        except* (PowerCut, StorageFailed):
            pass
        except* LedgerFull:
            self.note("no room to begin")
            self.disk.capacity_bytes = CAPACITY_BYTES
        life.kill()
        self.disk.fail_sync = False
        self.disk.cut_power_at_step = None
        self.disk.misdirect = None
        if end.power:
            self.disk.lose_power()
            if self.dice(f"papers {self.lives}").random() < 0.3:
                self.papers.receipts.clear()  # they are not synced
        else:
            self.disk.lose_process()
        self.saw("died")
        await trio.sleep(end.down_s)

    async def _open(self, life: Life) -> bool:
        """As systemd and an operator do: try, and after damage repair from the centre's copy."""
        for _ in range(OPEN_TRIES):
            try:
                await life.open()
                return True
            except LedgerDamaged as damaged:
                self.note("damaged", damaged.epoch, damaged.seq, damaged.problem)
                if not self.sabotaged:
                    self.broken = Broken("damage", f"nothing was damaged, but: {damaged}")
                    raise self.broken from None
                self.centre.reachable = True
                self._repair(life)
                life.state = type(life.state)()
        self.ended_damaged = True
        return False

    def _repair(self, life: Life) -> bool:
        """`ledger repair --centre`."""
        trust = Trust(venue.TENANT, venue.GATEWAY, VerifyKey(venue.DEVICE_KEY.public))
        heads = ((epoch, self.centre.head(epoch)) for epoch in self.centre.blocks)
        held = [KnownHead(epoch, head.seq, head.hash, "the centre") for epoch, head in heads]
        try:
            mend.repair(life.cable, trust, self.centre.fetch, held)
        except LedgerDamaged as damaged:
            self.note("not repaired", damaged.epoch, damaged.seq)
            return False
        except LedgerError:
            self.note("nothing to repair")
        return True

    async def _last_life(self) -> None:
        """Nothing goes wrong any more: everything must arrive."""
        self.lives += 1
        life = self.life = Life(self, self.lives)
        self.note("last life", self.lives)
        if self.astray and not self._repair(life):
            self.ended_damaged = True  # it was said, and nobody has what is missing
            return
        async with trio.open_nursery() as nursery:
            if not await self._open(life):
                return
            nursery.start_soon(life.live)
            with trio.move_on_after(HEAL_S):
                await trio.sleep(30)  # guests who are here go in or home
                self.guests.cancel()
                while not self._arrived(life):
                    await trio.sleep(1)
                self.arrived = True
            life.stop()
        life.kill()
        self.disk.lose_process()
        self.saw("died")

    def _arrived(self, life: Life) -> bool:
        for epoch, head in life.ledger.heads.items():
            if self.centre.head(epoch).seq < head.seq:
                return False
        return True

    async def _last_look(self) -> None:
        """Open once more, and only look."""
        self.lives += 1
        self.life = Life(self, self.lives)
        if await self._open(self.life):
            self.saw("finished")


def _say(what: Any) -> str:
    if isinstance(what, bytes):
        return hashlib.sha256(what).hexdigest()[:8] if len(what) > 40 else what.hex()
    if isinstance(what, Block):
        return f"{what.epoch}:{what.first_seq}+{what.count}={what.hash.hex()[:8]}"
    if isinstance(what, dict):
        return str(sorted((k, v) for k, v in what.items() if v))
    if isinstance(what, list):
        return f"[{len(what)}: {' '.join(map(_say, what[-3:]))}]"
    if isinstance(what, msgspec.Struct):
        return repr(what)
    return str(what)
