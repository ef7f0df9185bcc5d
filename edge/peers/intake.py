"""Blocks of siblings, from whomever they come: verified, folded, then made durable.

A block is folded as soon as chain and signature are proven, before it is on our disk. That is safe
because a fact of a sibling can only make us refuse: if it is lost with this process it still stands
in its owner's log, which told it only after it was durable there. It is passed on, and
acknowledged, once it is durable here.
"""

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
import trio

from crypto.block import Block, Head
from crypto.bundle import GatewayCard
from crypto.errors import Bad
from crypto.keys import VerifyKey
from edge.ledger.chain import Trust
from edge.ledger.errors import LedgerDamaged, LedgerFull
from edge.ledger.snapshot import Fold, Vector
from edge.ledger.storage import DiskStorage, Storage
from edge.peers.mirror import Mirror, MirrorLog
from edge.uplink import Aside, in_thread

log = logging.getLogger(__name__)
PENDING_BYTES_MAX: Final = 32 << 20
RETRY_FULL_S: Final = 10.0
#: Of one sibling. A log begins with a segment of its own, so made-up ones would fill the disk.
EPOCHS_MAX: Final = 256
#: What came of gateways that the bundle does not name is counted of no more than so many.
GATEWAYS_MAX: Final = 1024
_HASHES_MAX: Final = 8192

Key = tuple[bytes, int]


class Counts(msgspec.Struct):
    """What became of the blocks of one sibling. All but `folded` and `same` should stay 0."""

    folded: int = 0
    same: int = 0
    gaps: int = 0
    forged: int = 0
    forks: int = 0
    unknown: int = 0


class Forged(Exception):
    """A block that its gateway never sealed: whoever sent it is not believed any further."""


async def _pass_over(block: Block) -> None:
    """Nobody has asked for it."""


class Intake:
    """Every mirror of this gateway, in `folder`. `cards`: the gateways of the bundle in force."""

    def __init__(
        self, *, own: bytes, tenant: bytes, folder: Path, segment_bytes: int,
        cards: Callable[[], list[GatewayCard]], fold: Fold, aside: Aside = in_thread,
        storage: Callable[[Path], Storage] = DiskStorage,
    ) -> None:  # fmt: skip
        self.own = own
        self.mirrors: dict[bytes, Mirror] = {}
        self.counts: dict[bytes, Counts] = {}
        #: Called on the loop with the blocks that have just become durable.
        self.on_durable: list[Callable[[list[Block]], None]] = []
        #: Gets the blocks of our own log that siblings give when they are asked for them.
        self.on_own: Callable[[Block], Awaitable[None]] = _pass_over
        self.full = False
        self._tenant = tenant
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._cards = cards
        self.fold = fold
        self._aside = aside
        self._storage = storage
        self._pending: list[Block] = []
        self._pending_bytes = 0
        self._due = trio.Event()
        self._room = trio.Event()
        self._told: set[bytes] = set()
        # Hashes by (gateway, epoch, first seq) of what came lately: siblings forward each other.
        self._hashes: OrderedDict[tuple[bytes, int, int], bytes] = OrderedDict()

    def open(self, vector: Vector) -> None:
        """Read every mirror and fold what `vector` has not. In a thread, before anything runs."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(self._folder.iterdir()):
            try:
                gateway = bytes.fromhex(path.name)
            except ValueError:
                continue
            if len(gateway) == 16 and gateway != self.own:
                starts = {e: head for (g, e), head in vector.items() if g == gateway}
                self._mirror(gateway, self._device(gateway)).open(starts, self.fold)

    def _device(self, gateway: bytes) -> VerifyKey | None:
        for card in self._cards():
            if card.gateway == gateway:
                return VerifyKey(card.device_public)
        return None

    def _mirror(self, gateway: bytes, device: VerifyKey | None) -> Mirror:
        found = self.mirrors.get(gateway)
        if found is None:
            storage = self._storage(self._folder / gateway.hex())
            trust = Trust(self._tenant, gateway, device)
            found = self.mirrors[gateway] = Mirror(storage, trust, self._segment_bytes)
        elif found.trust.device is None:  # there was no bundle at the start
            found.trust = Trust(self._tenant, gateway, device)
        return found

    def close(self) -> None:
        """Give the folders up."""
        for mirror in self.mirrors.values():
            if isinstance(mirror.storage, DiskStorage):
                mirror.storage.close()

    def heads(self) -> dict[Key, Head]:
        """How far each log is held durably."""
        return {
            (gateway, row.epoch): row.durable
            for gateway, mirror in self.mirrors.items()
            for row in mirror.logs.values()
            if row.durable.seq
        }

    def folders(self) -> dict[Path, tuple[bytes, dict[int, Head]]]:
        """Where each sibling's blocks stand, whose they are, and how far they are durable."""
        return {
            self._folder / gateway.hex(): (gateway, {e: r.durable for e, r in mirror.logs.items()})
            for gateway, mirror in self.mirrors.items()
        }

    def log(self, key: Key) -> MirrorLog | None:
        """The log (gateway, epoch), if anything of it was taken."""
        mirror = self.mirrors.get(key[0])
        return mirror.logs.get(key[1]) if mirror is not None else None

    async def take(self, block: Block) -> int | None:
        """Verify, fold and line up a block. The seq that is wanted instead, after a gap, or None.

        Raises `Forged`. A fork is kept as evidence and not folded; so is nothing that is refused.
        """
        gateway = block.gateway
        device = self._device(gateway)
        if device is None and gateway not in self.counts and len(self.counts) >= GATEWAYS_MAX:
            return None  # so many are at no venue: somebody makes them up
        counts = self.counts.setdefault(gateway, Counts())
        if gateway == self.own:
            await self.on_own(block)
        if gateway == self.own or device is None:
            counts.unknown += 1  # of a gateway that our bundle does not name (yet)
            return None
        mirror = self._mirror(gateway, device)
        row = mirror.logs.get(block.epoch)
        if row is None and len(mirror.logs) >= EPOCHS_MAX:
            self._too_many(gateway)
            counts.unknown += 1
            return None
        row = row or mirror.begin(block.epoch)
        head = row.chain.head
        if block.first_seq <= head.seq:
            held = await self._held_hash(row, block)
            if held != block.hash:
                await self._forked(mirror, block, counts)
            else:
                counts.same += 1
            return None
        if block.first_seq > head.seq + 1:
            counts.gaps += 1
            return head.seq + 1
        if block.previous != head.hash and mirror.is_signed(block):
            await self._forked(mirror, block, counts)
            return None
        try:
            facts = row.chain.check(block)
        except Bad as error:
            counts.forged += 1
            raise Forged(f"epoch {block.epoch} seq {block.first_seq}: {error}") from None
        mirror.logs[block.epoch] = row
        self.fold(block, facts)
        counts.folded += 1
        self._line_up(block)
        return None

    def _too_many(self, gateway: bytes) -> None:
        if gateway not in self._told:
            self._told.add(gateway)
            who = {"gateway": gateway.hex(), "epochs": EPOCHS_MAX}
            log.error("a sibling has begun more logs than are kept; new ones are not taken",
                      extra=who)  # fmt: skip

    def _line_up(self, block: Block) -> None:
        self._hashes[block.gateway, block.epoch, block.first_seq] = block.hash
        if len(self._hashes) > _HASHES_MAX:
            self._hashes.popitem(last=False)
        self._pending.append(block)
        self._pending_bytes += len(block.raw)
        self._due.set()

    async def _held_hash(self, row: MirrorLog, block: Block) -> bytes | None:
        key = (block.gateway, block.epoch, block.first_seq)
        known = self._hashes.get(key)
        if known is not None:
            return known
        if block.first_seq > row.durable.seq:
            return block.hash  # forgotten, and cannot be read back yet: no word against its owner
        read = partial(row.reading.run_from, block.epoch, block.first_seq, 1, row.durable.seq)
        try:
            held = await self._aside(read)
        except LedgerDamaged:
            return block.hash  # our copy is broken; that is no word against its owner
        return held[0].hash if held and held[0].first_seq == block.first_seq else None

    async def _forked(self, mirror: Mirror, block: Block, counts: Counts) -> None:
        """Raises `Forged` for a block that the gateway itself has not signed."""
        if not mirror.is_signed(block):
            counts.forged += 1
            where = f"epoch {block.epoch} seq {block.first_seq}"
            raise Forged(f"{where}: not signed by the key of its epoch")
        counts.forks += 1
        try:
            fresh = await self._aside(partial(mirror.keep_fork, block))
        except LedgerFull:
            fresh = False
        if fresh:
            which = {"gateway": block.gateway.hex(), "epoch": block.epoch, "seq": block.first_seq}
            log.error("a sibling has written two histories; both are kept", extra=which)

    async def room(self) -> None:
        """Wait while too much waits for the disk: then the sender waits, too."""
        while self._pending_bytes > PENDING_BYTES_MAX:
            await self._room.wait()

    async def run(self) -> None:
        """Make durable what was taken, until cancelled. Raises `StorageFailed`."""
        while True:
            await self._due.wait()
            self._due = trio.Event()
            await self.flush()

    async def flush(self) -> None:
        """Make durable what has been taken so far."""
        while self._pending:
            batch, self._pending = self._pending, []
            written, left = await self._aside(partial(self._write, batch))
            self._wrote(written)
            if left:
                self._pending = left + self._pending
                if not self.full:
                    self.full = True
                    log.error("no room on disk for siblings' blocks: they are not passed on")
                await trio.sleep(RETRY_FULL_S)
            else:
                self.full = False

    def _write(self, batch: list[Block]) -> tuple[list[Block], list[Block]]:
        """(durable now, those without room)."""
        written: list[Block] = []
        left: list[Block] = []
        for gateway in dict.fromkeys(block.gateway for block in batch):
            own = [block for block in batch if block.gateway == gateway]
            count = self.mirrors[gateway].write(own)
            written += own[:count]
            left += own[count:]
        return written, left

    def _wrote(self, batch: list[Block]) -> None:
        if not batch:
            return
        for block in batch:
            self.mirrors[block.gateway].wrote(block)
            self._pending_bytes -= len(block.raw)
        self._room.set()  # for all who wait, and only here made anew: each of them must hear it
        self._room = trio.Event()
        for told in self.on_durable:
            told(batch)
