"""Store and forward: durable blocks go to the centre, receipts and bundles come back.

Nothing here is on the way of a guest. The centre may be away for days: blocks wait on disk, are
sent in order when it is back, and the centre's receipt says how far it holds them. What it
already holds is compared by hash and skipped there, so sending twice stores once.
"""

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, Protocol, TypeVar

import trio

from crypto.block import Block, Head
from crypto.delta import KIND as DELTA
from crypto.errors import Bad, BadBundle, BadReceipt
from crypto.keys import VerifyKey
from crypto.receipt import Receipt
from crypto.receipt import read_untrusted as read_receipt
from edge.bundles import BundleStore
from edge.gateway import Gateway
from edge.ledger.errors import LedgerDamaged
from edge.transport import EpochHead, Gap, Transport, Turned, UplinkLost

log = logging.getLogger(__name__)
# After the first block is durable: let a few more join the request.
GATHER_S: Final = 0.05
# With nothing to send: how often the centre is asked what it holds.
HEADS_EVERY_S: Final = 60.0


T = TypeVar("T")


class Aside(Protocol):
    """How work is done that takes as long as the disk takes: `in_thread` or `inline`."""

    async def __call__(self, work: Callable[[], T], /) -> T:
        """The result of `work`."""


async def in_thread(work: Callable[[], T], /) -> T:
    """Beside the loop, so that no lane waits for it."""
    return await trio.to_thread.run_sync(work)


async def inline(work: Callable[[], T], /) -> T:
    """At once; for simulated time, which does not see threads."""
    return work()


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
        keep: Callable[[bytes, Receipt], None] | None = None, aside: Aside = inline,
    ) -> None:  # fmt: skip
        self._gateway = gateway
        self._source = source
        self._transport = transport
        self._receipt_key = receipt_key
        self._tenant = tenant
        self._backoff = backoff
        self._batch_bytes = batch_bytes
        self._keep = keep
        self._aside = aside
        self._wake = trio.Event()
        self._told_lost = False
        self._held: dict[int, EpochHead] = {}
        # Epochs of which the centre wanted facts a second time since it was asked for its heads.
        self._resent: set[int] = set()
        self._turned: Turned | LedgerDamaged | None = None
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
                    self._back()
                    with trio.move_on_after(HEADS_EVERY_S) as quiet:
                        await self._wake.wait()
                    if quiet.cancelled_caught:
                        await self._learn_heads()  # is it still there, and holds it what it held?
                    await trio.sleep(GATHER_S)
            except (UplinkLost, Turned, BadReceipt, LedgerDamaged) as error:
                self._lost(error)
                await trio.sleep(self._backoff.next_s())

    async def last_words(self) -> None:
        """Deliver what a stopping gateway wrote last, if the centre was there a moment ago.

        Called after `run` has ended; whatever fails waits on disk for the next start.
        """
        if not self.connected:
            return
        try:
            await self._send_all()
        except (UplinkLost, Turned, BadReceipt, LedgerDamaged) as error:
            log.info("the last facts wait for the next start", extra={"why": str(error)})

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
        """Ask once per connection where to go on; our own receipts may be older or newer.

        Not yet a sign that the centre takes our blocks: it may turn every one of them away.
        """
        self._held = {head.epoch: head for head in await self._transport.heads()}
        self._resent.clear()

    async def _send_all(self) -> None:
        """Send every epoch, oldest first. One that is turned away does not stop the others."""
        # Before the first look, so that a block which comes behind a look wakes us again.
        self._wake = trio.Event()
        self._turned = None
        for epoch in sorted(self._source.heads):
            try:
                await self._send_epoch(epoch)
            except (Turned, LedgerDamaged) as error:
                self._turned = self._turned or error
        if self._turned is not None:
            raise self._turned

    async def _send_epoch(self, epoch: int) -> None:
        held = self._held.get(epoch, EpochHead(epoch, 0, ""))
        ours = self._source.heads[epoch]
        other = held.through_seq == ours.seq > 0 and held.head != ours.hash.hex()
        # Of an older epoch the centre may well hold more: a torn end was cut here, and never again
        # will a block be written behind it.
        if epoch == self._source.epoch and (held.through_seq > ours.seq or other):
            why = f"it holds facts of epoch {epoch} through {held.through_seq} that are not ours"
            raise Turned("fork", why)
        seq = held.through_seq + 1
        while seq <= self._source.heads[epoch].seq:
            seq = await self._send(epoch, seq)

    async def _send(self, epoch: int, seq: int) -> int:
        """Send a run from `seq` on; the next seq to send."""
        read = partial(self._source.blocks_from, epoch, seq, self._batch_bytes)
        blocks = await self._aside(read)
        assert blocks, "whoever asks for facts that are durable gets a block"
        run = b"".join(block.raw for block in blocks)
        try:
            raw = await self._transport.put_blocks(epoch, blocks[0].first_seq, run)
        except Gap as gap:
            return self._go_back(epoch, seq, gap.wanted)
        receipt = read_receipt(raw, self._receipt_key)
        self._check(receipt, blocks[-1])
        self.receipts[epoch] = receipt
        self._keep_receipt(raw, receipt)
        through = receipt.through_seq
        self._held[epoch] = EpochHead(epoch, through, receipt.head.hex())
        if self._turned is None:  # or it would be told as back with every block of another epoch
            self._back()
        self._gateway.events.publish("receipt", epoch=epoch, through_seq=through)
        return through + 1

    def _go_back(self, epoch: int, seq: int, wanted: int) -> int:
        """The centre lacks what it held a moment ago (a restored backup): send it again, once."""
        if not 1 <= wanted < seq:
            raise Turned("gap", f"wants {wanted}, was sent {seq}")
        if epoch in self._resent:
            raise UplinkLost(f"the centre asks for facts from {wanted} on again and again")
        self._resent.add(epoch)
        return wanted

    def _check(self, receipt: Receipt, last: Block) -> None:
        """A receipt is evidence: it must be of our log, and of the blocks that were sent."""
        mine = (receipt.tenant, receipt.gateway, receipt.epoch)
        if mine != (self._tenant, self._gateway.identity, last.epoch):
            raise BadReceipt("a receipt for another log")
        if receipt.through_seq < last.last_seq:
            problem = f"a receipt through {receipt.through_seq} for blocks through {last.last_seq}"
            raise BadReceipt(problem)
        if receipt.through_seq == last.last_seq and receipt.head != last.hash:
            raise BadReceipt("a receipt for other blocks than ours")

    def _keep_receipt(self, raw: bytes, receipt: Receipt) -> None:
        if self._keep is None:
            return
        try:
            self._keep(raw, receipt)
        except OSError as error:
            log.warning("a receipt was not kept on disk", extra={"why": str(error)})

    def _through(self, epoch: int) -> int:
        held = self._held.get(epoch)
        return held.through_seq if held else 0

    def status(self) -> dict[str, Any]:
        """Connected, how many facts of all epochs wait, and the last receipt of this epoch."""
        receipt = self.receipts.get(self._source.epoch)
        heads = self._source.heads.items()
        return {
            "connected": self.connected,
            "problem": self.problem,
            "durable_seq": self._source.durable.seq,
            "receipted_seq": self._through(self._source.epoch),
            "waiting": sum(max(0, head.seq - self._through(epoch)) for epoch, head in heads),
            "receipt_at_ms": receipt.accepted_at_ms if receipt else 0,
        }


async def follow_bundles(
    gateway: Gateway, store: BundleStore, transport: Transport, backoff: Backoff, wait_s: int,
    aside: Aside = in_thread,
) -> None:  # fmt: skip
    """Fetch every newer bundle, or what changed in its lists, keep it, decide by it.

    After one that is refused the full bundle is asked for.
    """
    refused = False

    async def fetch() -> bool:
        nonlocal refused
        base = 0 if refused else gateway.base_version
        raw = await transport.get_bundle(gateway.policy.version, wait_s, base)
        refused = True
        if raw is not None:
            await take_bundle(gateway, store, raw, aside)
        refused = False
        gateway.bundle_confirmed()
        return raw is not None

    await _follow("bundle", fetch, backoff, wait_s)


async def follow_guests(
    gateway: Gateway, store: BundleStore, transport: Transport, backoff: Backoff, wait_s: int,
    aside: Aside = in_thread,
) -> None:  # fmt: skip
    """Fetch every newer guest list, keep it in place of the one before, look guests up in it."""

    async def fetch() -> bool:
        raw = await transport.get_guests(gateway.policy.guests.version, wait_s)
        if raw is None:
            return False
        await take_guests(gateway, store, raw, aside)
        return True

    await _follow("guest list", fetch, backoff, wait_s)


async def _follow(
    what: str, fetch: Callable[[], Awaitable[bool]], backoff: Backoff, wait_s: int
) -> None:
    """`fetch` for ever; it says whether something came.

    Whatever the centre answers, the next question comes at once only after something that was
    applied, or after the centre has waited as long as it was asked to.
    """
    told = ""
    while True:
        asked = trio.current_time()
        try:
            came = await fetch()
        except (UplinkLost, Turned):
            pass  # told by the uplink
        except (Bad, ValueError) as error:
            if told != str(error):
                told = str(error)
                log.error("the centre sent a %s we refuse", what, extra={"why": told})
        else:
            if came or trio.current_time() - asked >= wait_s > 0:
                backoff.reset()
                continue
        await trio.sleep(backoff.next_s())


async def take_bundle(gateway: Gateway, store: BundleStore, raw: bytes, aside: Aside) -> None:
    """Decide by a bundle, or by a delta on the one in force.

    Raises `BadBundle`, also for one that is not newer or on another bundle, and `ValueError`.
    """
    if raw.startswith(DELTA.magic):
        await _take_delta(gateway, store, raw, aside)
        return
    bundle = await aside(partial(store.read_untrusted, raw))
    if bundle.version <= gateway.policy.version:
        raise BadBundle(f"version {bundle.version} is not newer than {gateway.policy.version}")
    try:
        await aside(partial(store.keep, raw))
    except OSError as error:
        # Deny lists must reach the lanes with a full disk, too; after a restart it comes again.
        log.error("a bundle is in force but was not kept", extra={"why": str(error)})
    gateway.apply_bundle(bundle, raw)
    log.info("bundle applied", extra={"version": bundle.version})


async def _take_delta(gateway: Gateway, store: BundleStore, raw: bytes, aside: Aside) -> None:
    delta = await aside(partial(store.read_delta_untrusted, raw))
    # First in force, then on disk: one that does not fit must not take the kept one's place.
    gateway.apply_delta(delta, raw)
    try:
        await aside(partial(store.keep_delta, delta, raw))
    except OSError as error:
        log.error("a delta is in force but was not kept", extra={"why": str(error)})
    log.info("delta applied", extra={"version": delta.version, "base": delta.base_version})


async def take_guests(gateway: Gateway, store: BundleStore, raw: bytes, aside: Aside) -> None:
    """Look guests up in this list, and keep it in place of the one before.

    Raises `BadBundle`, also for one that is not newer.
    """
    guests = await aside(partial(store.read_guests_untrusted, raw))
    have = gateway.policy.guests.version
    if guests.version <= have:
        raise BadBundle(f"guest list {guests.version} is not newer than {have}")
    try:
        await aside(partial(store.keep_guests, guests, raw))
    except OSError as error:
        log.error("a guest list is in use but was not kept", extra={"why": str(error)})
    gateway.apply_guests(guests)
