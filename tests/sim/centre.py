"""The centre in memory: takes blocks by `crypto.block.accept`, signs receipts, sends bundles.

It can be cut off, lose a question or an answer, answer late, and mix up two answers, as proxies do.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import trio

from crypto import bundle as bundles
from crypto import certificate, receipt
from crypto.block import Block, Fork, Gap, Head, Stored, accept, read_run_untrusted, verify
from crypto.entry import EpochBegun, decode_facts_untrusted
from crypto.keys import VerifyKey
from crypto.receipt import Receipt
from edge import transport
from edge.transport import EpochHead, Turned, UplinkLost
from tests.sim.clock import World
from tests.sim.venue import BUNDLE_KEY, DEVICE_KEY, GATEWAY, RECEIPT_KEY, TENANT

RUN_BYTES = 64 << 10


class Centre:
    """What is stored, and the moods of the line. `on_stored` is told of each new run."""

    def __init__(
        self, world: World, dice: random.Random, on_stored: Callable[[int, list[Block]], None]
    ) -> None:
        self.blocks: dict[int, list[Block]] = {}
        self.reachable = True
        #: Chance of trouble for each question.
        self.trouble = 0.0
        self.bundle = b""
        self.version = 0
        self.forks: list[str] = []
        self._world = world
        self._dice = dice
        self._on_stored = on_stored
        self._published = trio.Event()
        self._receipts: list[bytes] = []

    def head(self, epoch: int) -> Head:
        blocks = self.blocks.get(epoch)
        return Head(blocks[-1].last_seq, blocks[-1].hash) if blocks else Head()

    def publish(self, content: bundles.Bundle) -> None:
        self.bundle, self.version = bundles.sign(content, BUNDLE_KEY), content.version
        self._published.set()
        self._published = trio.Event()

    def fetch(self, epoch: int, seq: int) -> list[Block]:
        """What a gateway that starts asks for, or an operator exports."""
        return [b for b in self.blocks.get(epoch, []) if b.last_seq >= seq]

    # -- the line: `edge.transport.Transport` -----------------------------------------------------

    async def put_blocks(self, epoch: int, first_seq: int, run: bytes) -> bytes:
        mood = await self._ask()
        answer = self._take(epoch, list(read_run_untrusted(run)))
        await self._answer(mood)
        if mood == "mixed up" and self._receipts:
            return self._dice.choice(self._receipts)
        self._receipts.append(answer)
        return answer

    async def get_blocks(self, epoch: int, from_seq: int) -> bytes:
        await self._answer(await self._ask())
        run = b""
        for block in self.fetch(epoch, from_seq):
            if run and len(run) + len(block.raw) > RUN_BYTES:
                break
            run += block.raw
        return run

    async def heads(self) -> list[EpochHead]:
        await self._answer(await self._ask())
        heads = ((epoch, self.head(epoch)) for epoch in sorted(self.blocks))
        return [EpochHead(epoch, head.seq, head.hash.hex()) for epoch, head in heads]

    async def get_bundle(self, have: int, wait_s: int, base: int = 0) -> bytes | None:
        mood = await self._ask()
        if self.version <= have:
            with trio.move_on_after(wait_s):
                await self._published.wait()
        await self._answer(mood)
        return self.bundle if self.version > have else None

    async def get_guests(self, have: int, wait_s: int) -> bytes | None:
        await self._answer(await self._ask())
        return None

    async def clock_ms(self) -> int:
        await self._answer(await self._ask())
        return self._world.true_ms()

    async def _ask(self) -> str:
        mood = ""
        if self._dice.random() < self.trouble:
            mood = self._dice.choice(("question lost", "answer lost", "late", "mixed up"))
        await trio.sleep(self._dice.uniform(0.005, 0.08))
        if not self.reachable or mood == "question lost":
            await trio.sleep(self._dice.uniform(0, 1))
            raise UplinkLost("no route")
        return mood

    async def _answer(self, mood: str) -> None:
        if mood == "late":
            await trio.sleep(self._dice.uniform(1, 8))
        if not self.reachable or mood == "answer lost":
            await trio.sleep(self._dice.uniform(0, 2))
            raise UplinkLost("no answer")

    # -- the store --------------------------------------------------------------------------------

    def _take(self, epoch: int, blocks: list[Block]) -> bytes:
        held = {b.first_seq: b.hash for b in self.blocks.get(epoch, [])}
        key = self._key(epoch, blocks)
        for block in blocks:
            if (block.gateway, block.epoch) != (GATEWAY, epoch) or not verify(block, key):
                raise Turned("bad_block", f"seq {block.first_seq}")
        verdict = accept(self.head(epoch), held, blocks)
        if isinstance(verdict, Gap):
            raise transport.Gap(verdict.wanted)
        if isinstance(verdict, Fork):
            self.forks.append(f"epoch {epoch} seq {verdict.seq}")
            raise Turned("fork", self.forks[-1])
        if isinstance(verdict, Stored):
            self.blocks.setdefault(epoch, []).extend(verdict.blocks)
            self._on_stored(epoch, verdict.blocks)
        head = self.head(epoch)
        said = Receipt(TENANT, GATEWAY, epoch, head.seq, head.hash, self._world.true_ms())
        return receipt.sign(said, RECEIPT_KEY)

    def _key(self, epoch: int, blocks: list[Block]) -> VerifyKey:
        first = (self.blocks.get(epoch) or blocks)[0]
        begun = decode_facts_untrusted(first.body)[0]
        if not isinstance(begun, EpochBegun):
            raise transport.Gap(1)
        found = certificate.read_untrusted(begun.certificate, VerifyKey(DEVICE_KEY.public))
        return VerifyKey(found.public)
