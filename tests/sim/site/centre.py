"""The centre for a whole venue: every gateway's log by `crypto.block.accept`, from whomever."""

from __future__ import annotations

import random

import msgspec
import trio

from crypto import bundle as bundles
from crypto import certificate, receipt
from crypto.block import Block, Fork, Gap, Head, Stored, accept, read_run_untrusted, verify
from crypto.bundle import Gate, GatewayCard
from crypto.entry import EpochBegun, decode_facts_untrusted
from crypto.keys import SigningKey, VerifyKey
from crypto.receipt import Receipt
from edge import transport
from edge.transport import EpochHead, Turned, UplinkLost
from tests.sim import venue
from tests.sim.clock import World
from tests.sim.venue import Lists

RUN_BYTES = 64 << 10
Key = tuple[bytes, int]


def gateway_id(number: int) -> bytes:
    """The identity of gateway `number`, from 0."""
    return b"gateway %d of sim" % number


def device_key(number: int) -> SigningKey:
    return SigningKey(bytes([0x41 + number]) * 32)


def make_bundle(version: int, gateways: int, lists: Lists) -> bytes:
    """Signed: the bundle of a venue with so many gateways, gate n + 1 at gateway n."""
    cards = [
        GatewayCard(gateway_id(n), n + 1, f"g{n}", device_key(n).public) for n in range(gateways)
    ]
    content = msgspec.structs.replace(
        venue.make_bundle(version, lists), gateways=cards,
        gates=[Gate(n + 1, f"Gate {n + 1}") for n in range(gateways)],
    )  # fmt: skip
    return bundles.sign(content, venue.BUNDLE_KEY)


class Centre:
    """What is stored, by (gateway, epoch), and the moods of every gateway's line."""

    def __init__(self, dice: random.Random, gateways: int) -> None:
        self.blocks: dict[Key, list[Block]] = {}
        self.forks: list[str] = []
        self.reachable = True
        #: Chance of trouble for each question.
        self.trouble = 0.0
        self.bundle, self.version = b"", 0
        self.dice = dice
        self.world = World()
        self.published = trio.Event()
        self._devices = {gateway_id(n): VerifyKey(device_key(n).public) for n in range(gateways)}

    def publish(self, version: int, raw: bytes) -> None:
        self.bundle, self.version = raw, version
        self.published.set()
        self.published = trio.Event()

    def head(self, key: Key) -> Head:
        blocks = self.blocks.get(key)
        return Head(blocks[-1].last_seq, blocks[-1].hash) if blocks else Head()

    def take(self, gateway: bytes, epoch: int, blocks: list[Block]) -> bytes:
        """Store a run; the receipt."""
        log = (gateway, epoch)
        held = {b.first_seq: b.hash for b in self.blocks.get(log, [])}
        key = self._key(log, blocks)
        for block in blocks:
            if (block.gateway, block.epoch) != log or not verify(block, key):
                raise Turned("bad_block", f"seq {block.first_seq}")
        verdict = accept(self.head(log), held, blocks)
        if isinstance(verdict, Gap):
            raise transport.Gap(verdict.wanted)
        if isinstance(verdict, Fork):
            self.forks.append(f"{gateway!r} epoch {epoch} seq {verdict.seq}")
            raise Turned("fork", self.forks[-1])
        if isinstance(verdict, Stored):
            self.blocks.setdefault(log, []).extend(verdict.blocks)
        head = self.head(log)
        said = Receipt(venue.TENANT, gateway, epoch, head.seq, head.hash, self.world.true_ms())
        return receipt.sign(said, venue.RECEIPT_KEY)

    def _key(self, log: Key, blocks: list[Block]) -> VerifyKey:
        first = (self.blocks.get(log) or blocks)[0]
        begun = decode_facts_untrusted(first.body)[0]
        if not isinstance(begun, EpochBegun):
            raise transport.Gap(1)
        found = certificate.read_untrusted(begun.certificate, self._devices[log[0]])
        return VerifyKey(found.public)


class Line:
    """`edge.transport.HttpTransport` of one gateway; `of` asks about another one's log."""

    def __init__(self, centre: Centre, gateway: bytes) -> None:
        self._centre = centre
        self._gateway = gateway

    def of(self, gateway: bytes) -> Line:
        return Line(self._centre, gateway)

    async def put_blocks(self, epoch: int, first_seq: int, run: bytes) -> bytes:
        mood = await self._ask()
        answer = self._centre.take(self._gateway, epoch, list(read_run_untrusted(run)))
        await self._answer(mood)
        return answer

    async def get_blocks(self, epoch: int, from_seq: int) -> bytes:
        await self._answer(await self._ask())
        run = b""
        for block in self._centre.blocks.get((self._gateway, epoch), []):
            if block.last_seq < from_seq:
                continue
            if run and len(run) + len(block.raw) > RUN_BYTES:
                break
            run += block.raw
        return run

    async def heads(self) -> list[EpochHead]:
        await self._answer(await self._ask())
        epochs = sorted(epoch for gateway, epoch in self._centre.blocks if gateway == self._gateway)
        heads = ((epoch, self._centre.head((self._gateway, epoch))) for epoch in epochs)
        return [EpochHead(epoch, head.seq, head.hash.hex()) for epoch, head in heads]

    async def get_bundle(self, have: int, wait_s: int, base: int = 0) -> bytes | None:
        mood = await self._ask()
        centre = self._centre
        if centre.version <= have:
            with trio.move_on_after(wait_s):
                await centre.published.wait()
        await self._answer(mood)
        return centre.bundle if centre.version > have else None

    async def get_guests(self, have: int, wait_s: int) -> bytes | None:
        await self._answer(await self._ask())
        return None

    async def clock_ms(self) -> int:
        await self._answer(await self._ask())
        return self._centre.world.true_ms()

    async def _ask(self) -> str:
        dice, mood = self._centre.dice, ""
        if dice.random() < self._centre.trouble:
            mood = dice.choice(("question lost", "answer lost", "late"))
        await trio.sleep(dice.uniform(0.005, 0.08))
        if not self._centre.reachable or mood == "question lost":
            await trio.sleep(dice.uniform(0, 1))
            raise UplinkLost("no route")
        return mood

    async def _answer(self, mood: str) -> None:
        dice = self._centre.dice
        if mood == "late":
            await trio.sleep(dice.uniform(1, 8))
        if not self._centre.reachable or mood == "answer lost":
            await trio.sleep(dice.uniform(0, 2))
            raise UplinkLost("no answer")
