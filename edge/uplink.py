"""Store and forward: durable blocks go to the centre, receipts and bundles come back.

Nothing here is on the way of a guest. The centre may be away for days: blocks wait on disk, are
sent in order when it is back, and the centre's receipt says how far it holds them. What it
already holds is compared by hash and skipped there, so sending twice stores once.
"""

import logging
from collections.abc import Callable
from typing import Any, Final, Protocol

import trio

from crypto.block import Block, Head
from crypto.errors import BadBundle, BadReceipt
from crypto.keys import VerifyKey
from crypto.receipt import Receipt
from crypto.receipt import read_untrusted as read_receipt
from edge.bundles import BundleStore
from edge.clock import SystemClock
from edge.gateway import Gateway
from edge.transport import EpochHead, Gap, Transport, Turned, UplinkLost

log = logging.getLogger(__name__)
CLOCK_EVERY_S: Final = 60.0
# After the first block is durable: let a few more join the request.
GATHER_S: Final = 0.05


class BlockSource(Protocol):
    """What the uplink reads (`edge.ledger.ledger.Ledger`): durable blocks only.

    `durable`: the head of the current epoch; `heads`: of every epoch, the current one too.
    """

    durable: Head
    heads: dict[int, Head]
    on_durable: list[Callable[[list[Block]], None]]

    @property
    def epoch(self) -> int:
        """The epoch that is written to now."""

    def blocks_from(self, epoch: int, seq: int, limit_bytes: int) -> list[Block]:
        """Consecutive blocks from the one that holds `seq`; empty at the end."""


class Backoff:
    """`least_s` doubling to `most_s`, cut by up to half by `jitter` (0 to 1)."""

    def __init__(self, least_s: float, most_s: float, jitter: Callable[[], float]) -> None:
        self._least_s, self._most_s, self._jitter = least_s, most_s, jitter
        self._step_s = least_s

    def next_s(self) -> float:
        """Seconds to wait now."""
        step_s, self._step_s = self._step_s, min(self._step_s * 2, self._most_s)
        return step_s * (1 - self._jitter() / 2)

    def reset(self) -> None:
        """The centre answered."""
        self._step_s = self._least_s


class Uplink:
    """Streams `source` to the centre. `status` is what technicians see."""

    def __init__(
        self, *, gateway: Gateway, source: BlockSource, transport: Transport,
        receipt_key: VerifyKey, tenant: bytes, backoff: Backoff, batch_bytes: int = 4 << 20,
        keep: Callable[[bytes, Receipt], None] | None = None,
    ) -> None:  # fmt: skip
        self._gateway = gateway
        self._source = source
        self._transport = transport
        self._receipt_key = receipt_key
        self._tenant = tenant
        self._backoff = backoff
        self._batch_bytes = batch_bytes
        self._keep = keep
        self._wake = trio.Event()
        self._told_lost = False
        self.receipts: dict[int, Receipt] = {}
        self.problem = ""
        self.connected = False
        source.on_durable.append(lambda blocks: self._wake.set())

    async def run(self) -> None:
        """Send for ever; lost connections and refusals are waited out, nothing is dropped."""
        while True:
            try:
                await self._learn_heads()
                while True:
                    await self._send_all()
                    await self._wake.wait()
                    await trio.sleep(GATHER_S)
            except (UplinkLost, Turned, BadReceipt) as error:
                self._lost(error)
                await trio.sleep(self._backoff.next_s())

    def _lost(self, error: Exception) -> None:
        self.connected = False
        self.problem = str(error)
        if not self._told_lost:
            self._told_lost = True
            known = isinstance(error, UplinkLost)
            tell = log.warning if known else log.error
            tell("the centre does not take our blocks; they wait here", extra={"why": str(error)})
        self._gateway.events.publish("uplink", connected=False, why=self.problem)

    def _back(self) -> None:
        if not self.connected:
            self.connected = True
            self.problem = ""
            if self._told_lost:
                self._told_lost = False
                log.warning("the centre takes our blocks again")
            self._gateway.events.publish("uplink", connected=True)
        self._backoff.reset()

    async def _learn_heads(self) -> None:
        """Ask once per connection where to go on; our own receipts may be older or newer."""
        self._held = {head.epoch: head for head in await self._transport.heads()}
        self._back()

    async def _send_all(self) -> None:
        for epoch in sorted(self._source.heads):
            held = self._held.get(epoch)
            seq = (held.through_seq if held else 0) + 1
            while seq <= self._source.heads[epoch].seq:
                seq = await self._send(epoch, seq)
        if self._caught_up():
            self._wake = trio.Event()

    def _caught_up(self) -> bool:
        """No await between this look and the new event, or a block could be overlooked."""
        held = self._held.get(self._source.epoch)
        return held is not None and held.through_seq >= self._source.durable.seq

    async def _send(self, epoch: int, seq: int) -> int:
        """Send a run from `seq` on; the next seq to send."""
        blocks = self._source.blocks_from(epoch, seq, self._batch_bytes)
        run = b"".join(block.raw for block in blocks)
        try:
            raw = await self._transport.put_blocks(epoch, blocks[0].first_seq, run)
        except Gap as gap:
            if gap.wanted >= seq:
                raise Turned("gap", f"wants {gap.wanted}, was sent {seq}") from None
            return gap.wanted
        receipt = read_receipt(raw, self._receipt_key)
        mine = (receipt.tenant, receipt.gateway, receipt.epoch)
        if mine != (self._tenant, self._gateway.identity, epoch):
            raise BadReceipt("a receipt for another log")
        if receipt.through_seq < seq:
            raise BadReceipt(f"a receipt through {receipt.through_seq} for blocks from {seq}")
        self.receipts[epoch] = receipt
        if self._keep is not None:
            self._keep(raw, receipt)
        through = receipt.through_seq
        self._held[epoch] = EpochHead(epoch, through, receipt.head.hex())
        self._back()
        self._gateway.events.publish("receipt", epoch=epoch, through_seq=through)
        return through + 1

    def status(self) -> dict[str, Any]:
        """Connected, how many facts wait, and the last receipt of this epoch."""
        receipt = self.receipts.get(self._source.epoch)
        through = receipt.through_seq if receipt else 0
        return {
            "connected": self.connected,
            "problem": self.problem,
            "durable_seq": self._source.durable.seq,
            "receipted_seq": through,
            "waiting": self._source.durable.seq - through,
            "receipt_at_ms": receipt.accepted_at_ms if receipt else 0,
        }


async def follow_bundles(
    gateway: Gateway, store: BundleStore, transport: Transport, backoff: Backoff, wait_s: int
) -> None:
    """Fetch every newer bundle, keep it, decide by it."""
    while True:
        try:
            raw = await transport.get_bundle(gateway.policy.version, wait_s)
        except (UplinkLost, Turned):
            await trio.sleep(backoff.next_s())
            continue
        backoff.reset()
        if raw is None:
            if not wait_s:
                await trio.sleep(backoff.next_s())
            continue
        try:
            bundle = store.read_untrusted(raw)
        except BadBundle as error:
            log.error("the centre sent a bundle we refuse", extra={"why": str(error)})
            await trio.sleep(backoff.next_s())
            continue
        await trio.to_thread.run_sync(store.keep, raw)
        if gateway.apply_bundle(bundle, raw):
            log.info("bundle applied", extra={"version": bundle.version})


async def compare_clocks(clock: SystemClock, transport: Transport) -> None:
    """Measure our lead over the centre's clock now and then; shown and logged, never obeyed."""
    while True:
        asked = trio.current_time()
        try:
            theirs = await transport.clock_ms()
        except (UplinkLost, Turned):
            pass
        else:
            lead = clock.confirm(theirs, int((trio.current_time() - asked) * 1000))
            if clock.unsure:
                log.error("this gateway's clock is off", extra={"lead_ms": lead})
        await trio.sleep(CLOCK_EVERY_S)
