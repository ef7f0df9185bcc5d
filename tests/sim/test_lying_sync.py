"""A drive that says "flushed" and forgets: small histories of one log, its centre and its receipts.

No ledger can keep what the drive has lost. What must hold all the same: whoever is asked at the
start and knows more is believed, so the facts come back or the damage is named; no number that a
witness has seen is given to another fact; and where nobody could be asked, the centre finds the
second history as soon as it is delivered. Without lies nothing is ever missing.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest

from crypto.block import Block, Fork, Head, Stored, Verdict, accept
from edge.ledger.errors import LedgerDamaged
from edge.ledger.mend import repair
from edge.ledger.recover import Helpers, KnownHead
from tests.edge.ledger.faulty_disk import FaultyDisk
from tests.edge.ledger.logs import NOW_S, Seen, fetch_from, moment, start, write

SEEDS = 150
LIVES = 4


class LyingDisk(FaultyDisk):
    """While `lying`, a sync returns and leaves everything in the drive's own memory."""

    lying = False

    def datasync(self, name: str) -> None:
        if self.lying:
            self._step()
        else:
            super().datasync(name)

    def rename(self, old: str, new: str) -> None:
        if self.lying:
            self.unsynced = [(new if f == old else f, at, data) for f, at, data in self.unsynced]
        super().rename(old, new)


class Broken(AssertionError):
    """A promise that holds in spite of such a drive was broken."""


class History:
    """What `seed` makes of it; `told` counts how lies came out."""

    def __init__(
        self, seed: int, *, lies: bool = True, deaf: bool = False,
        judge: Callable[[Head, dict[int, bytes], list[Block]], Verdict] = accept,
    ) -> None:  # fmt: skip
        self.dice = random.Random(seed)
        self.disk = LyingDisk()
        self.lies, self.deaf, self.judge = lies, deaf, judge
        self.centre: dict[int, list[Block]] = {}
        self.receipts: dict[int, Head] = {}
        self.log: dict[tuple[int, int], Block] = {}
        self.told: Counter[str] = Counter()

    def run(self) -> Counter[str]:
        for life in range(LIVES):
            self.disk.lying = False
            seen = self._open(life)
            if seen is None or not self._live(seen, life):
                break
            self.disk.crash_by(self.dice)
            if self.dice.random() < 0.5:
                self.receipts.clear()
        return self.told

    # -- a life -----------------------------------------------------------------------------------

    def _live(self, seen: Seen, life: int) -> bool:
        """False once the centre has found a second history."""
        for number in range(self.dice.randint(0, 25)):
            if self.lies and self.dice.random() < 0.2:
                self.disk.lying = not self.disk.lying
            (block,) = write(seen, range(life * 1000 + number, life * 1000 + number + 1))
            self.log[block.epoch, block.first_seq] = block
            if self.dice.random() < 0.2 and not self._deliver():
                return False
        return True

    def _deliver(self) -> bool:
        for epoch in sorted({epoch for epoch, _ in self.log}):
            ours = [block for (e, _), block in sorted(self.log.items()) if e == epoch]
            held = self.centre.setdefault(epoch, [])
            head = Head(held[-1].last_seq, held[-1].hash) if held else Head()
            hashes = {block.first_seq: block.hash for block in held}
            other = any(hashes.get(b.first_seq, b.hash) != b.hash for b in ours)
            verdict = self.judge(head, hashes, ours)
            if isinstance(verdict, Fork):
                self.told["fork"] += 1
                return False
            if other:
                raise Broken(f"epoch {epoch}: the centre took a second history for the first")
            if isinstance(verdict, Stored):
                held += verdict.blocks
            self.receipts[epoch] = Head(held[-1].last_seq, held[-1].hash)
        return True

    # -- a start ----------------------------------------------------------------------------------

    def _open(self, life: int) -> Seen | None:
        reachable = self.dice.random() < 0.5
        known = [KnownHead(e, h.seq, h.hash, "a receipt") for e, h in self.receipts.items()]
        if reachable:
            known += self._centre_heads()
        fetch = fetch_from([b for each in self.centre.values() for b in each])
        helpers = Helpers(known, fetch if reachable else None)
        before = dict(self.log)
        try:
            seen = self._start(helpers, life)
        except LedgerDamaged:
            self.told["damage"] += 1
            try:
                repair(self.disk, None, fetch, self._centre_heads())
                known = self._centre_heads()
                seen = self._start(Helpers(known, fetch), life)
            except LedgerDamaged:
                self.told["beyond repair"] += 1
                return None
        self.log = {(block.epoch, block.first_seq): block for block in seen.blocks}
        self._check(seen, known, before)
        return seen

    def _start(self, helpers: Helpers, life: int) -> Seen:
        when = moment(life + 1, now_s=NOW_S + life * 10)
        return start(self.disk, helpers=None if self.deaf else helpers, when=when)

    def _centre_heads(self) -> list[KnownHead]:
        return [
            KnownHead(epoch, held[-1].last_seq, held[-1].hash, "the centre")
            for epoch, held in self.centre.items() if held
        ]  # fmt: skip

    def _check(
        self, seen: Seen, known: list[KnownHead], before: dict[tuple[int, int], Block]
    ) -> None:
        for witness in known:
            found = self.log.get((witness.epoch, witness.seq))
            writer = seen.recovered.writer
            if found is not None and found.hash != witness.hash:
                raise Broken(f"{witness} is contradicted")
            if found is None and writer.epoch <= witness.epoch:
                raise Broken(f"{witness} was asked, and its numbers are given away again")
        lost = [key for key in before if key not in self.log]
        if lost and not self.lies:
            raise Broken(f"{lost} were acknowledged and are gone")
        self.told["lost"] += bool(lost)
        if any(block.hash != self.log.get(key, block).hash for key, block in before.items()):
            self.told["lost"] += 1


def test_without_lies_nothing_is_missing() -> None:
    for seed in range(SEEDS // 3):
        assert not History(seed, lies=False).run()["lost"]


def test_a_lie_comes_back_or_is_named_wherever_anybody_knows_better() -> None:
    told: Counter[str] = Counter()
    for seed in range(SEEDS):
        told += History(seed).run()
    assert min(told[kind] for kind in ("lost", "damage", "fork")) > 1, told


def test_a_start_that_asks_nobody_is_found() -> None:
    with pytest.raises(Broken, match="numbers are given away again"):
        for seed in range(SEEDS):
            History(seed, deaf=True).run()


def test_a_centre_that_does_not_compare_is_found() -> None:
    def trusting(head: Head, held: dict[int, bytes], blocks: list[Block]) -> Verdict:
        fresh = [block for block in blocks if block.first_seq > head.seq]
        last = fresh[-1] if fresh else blocks[-1]
        return Stored(Head(last.last_seq, last.hash), fresh)

    with pytest.raises(Broken, match="second history"):
        for seed in range(SEEDS):
            History(seed, judge=trusting).run()
