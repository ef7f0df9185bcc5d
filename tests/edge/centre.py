"""A centre in memory that accepts by the real rule, and can go away, forget and lie."""

from collections.abc import Callable

import msgspec

from crypto import block, receipt
from crypto.block import Block, Fork, Head
from crypto.block import Gap as GapVerdict
from crypto.keys import SigningKey
from edge.transport import EpochHead, Gap, Turned, UplinkLost
from tests.edge.venue import GATEWAY, TENANT

RECEIPT_KEY = SigningKey(b"\x0f" * 32)


class Centre:
    """`Transport`. `calls` counts what was asked of it, also in vain."""

    def __init__(self) -> None:
        self.away = False
        #: So many answers are lost after what they answer was stored.
        self.answers_lost = 0
        #: Turns the blocks of these epochs away, with the problem.
        self.turned: dict[int, str] = {}
        #: What is said instead of the true receipt.
        self.lie: Callable[[receipt.Receipt], bytes] | None = None
        self.stored: dict[int, list[Block]] = {}
        self.puts: list[tuple[int, int, int]] = []
        self.calls: dict[str, int] = {}
        self.bundles: list[bytes | None] = []
        self.guests: list[bytes | None] = []
        #: (have, base) of every question for a bundle.
        self.asked: list[tuple[int, int]] = []
        self.clock: Callable[[], int] = lambda: 0
        #: Called while a put is under way.
        self.meanwhile: Callable[[], None] | None = None

    def _called(self, name: str) -> None:
        self.calls[name] = self.calls.get(name, 0) + 1
        if self.away:
            raise UplinkLost("the centre cannot be reached")

    def head(self, epoch: int) -> Head:
        last = self.stored.get(epoch, [])[-1:]
        return Head(last[0].last_seq, last[0].hash) if last else Head()

    async def put_blocks(self, epoch: int, first_seq: int, run: bytes) -> bytes:
        self._called("put_blocks")
        if epoch in self.turned:
            raise Turned(self.turned[epoch])
        blocks = list(block.read_run_untrusted(run))
        assert blocks[0].first_seq == first_seq
        self.puts.append((epoch, first_seq, blocks[-1].last_seq))
        if self.meanwhile is not None:
            self.meanwhile()
        held = {b.first_seq: b.hash for b in self.stored.get(epoch, [])}
        verdict = block.accept(self.head(epoch), held, blocks)
        if isinstance(verdict, GapVerdict):
            raise Gap(verdict.wanted)
        if isinstance(verdict, Fork):
            raise Turned("fork", f"seq {verdict.seq}")
        self.stored.setdefault(epoch, []).extend(getattr(verdict, "blocks", []))
        if self.answers_lost:
            self.answers_lost -= 1
            raise UplinkLost("the answer was lost")
        return self._receipt(epoch)

    def _receipt(self, epoch: int) -> bytes:
        head = self.head(epoch)
        true = receipt.Receipt(TENANT, GATEWAY, epoch, head.seq, head.hash, 1234)
        return self.lie(true) if self.lie else receipt.sign(true, RECEIPT_KEY)

    async def get_blocks(self, epoch: int, from_seq: int) -> bytes:
        raise AssertionError("the uplink never asks for blocks")

    async def heads(self) -> list[EpochHead]:
        self._called("heads")
        return [
            EpochHead(epoch, self.head(epoch).seq, self.head(epoch).hash.hex())
            for epoch in sorted(self.stored)
        ]

    async def get_bundle(self, have: int, wait_s: int, base: int = 0) -> bytes | None:
        self._called("get_bundle")
        self.asked.append((have, base))
        return self.bundles.pop(0) if self.bundles else None

    async def get_guests(self, have: int, wait_s: int) -> bytes | None:
        self._called("get_guests")
        return self.guests.pop(0) if self.guests else None

    async def clock_ms(self) -> int:
        self._called("clock_ms")
        return self.clock()


def signed(changes: dict[str, object]) -> Callable[[receipt.Receipt], bytes]:
    """A lie, well signed: the true receipt with `changes`."""
    return lambda true: receipt.sign(msgspec.structs.replace(true, **changes), RECEIPT_KEY)
