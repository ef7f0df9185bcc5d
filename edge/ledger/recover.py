"""Opening a ledger folder: what is whole is kept, what is torn is cut, what is broken is said.

The rules are those of ARCHITECTURE.md, *Ledger*, Recovery. In short: walk the chain from the newest
good snapshot; a broken *last* block is a torn write or a damaged acknowledged one, so ask everyone
who may hold it and cut only what nobody has; after a cut begin a new epoch, because a sequence
number must never be used twice; anything broken before the last block is never cut.
"""

import contextlib
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from config.gateway import Ledger as LedgerConfig
from crypto.block import Block, Head, header_at
from crypto.entry import AnyFact, EpochBegun, decode_facts_untrusted, encode_fact
from crypto.errors import Bad
from crypto.keys import SigningKey, VerifyKey
from edge.ledger import epochs, excuse, first_block, segments, snapshot
from edge.ledger.chain import EpochChain, Trust
from edge.ledger.epochs import EpochKey
from edge.ledger.errors import LedgerForeign
from edge.ledger.refetch import refetch
from edge.ledger.segments import FIRST_BLOCK_AT, SegmentName, SegmentReader
from edge.ledger.snapshot import Fold, Snapshot
from edge.ledger.spares import Spares
from edge.ledger.storage import Storage
from edge.ledger.tail import Tail
from edge.ledger.walk import EpochWalk, Fetch
from edge.ledger.writer import Place, Writer

log = logging.getLogger(__name__)


class KnownHead(NamedTuple):
    """How far somebody else holds this gateway's log: a receipt, a sibling, the centre."""

    epoch: int
    seq: int
    hash: bytes
    holder: str


class Identity(NamedTuple):
    """Who writes this ledger: 16-byte ids and the key that certifies each epoch."""

    tenant: bytes
    gateway: bytes
    device: SigningKey


class Moment(NamedTuple):
    """Clock and entropy of one start; the ledger reads neither itself.

    `stamp` turns the highest HLC seen so far into (hlc, day, offset_min) of the next fact.
    """

    now_s: int
    stamp: Callable[[int], tuple[int, int, int]]
    wall_ms: Callable[[], int]
    random_bytes: Callable[[int], bytes]


class Helpers(NamedTuple):
    """What others hold of this log, and how to get it. Both may be empty when nobody answers.

    `doubts`: what somebody claims to hold and has not shown. It is no evidence of damage; but
    should it be true, going on in that epoch would use a seq twice, so a new epoch begins.
    """

    known: Sequence[KnownHead] = ()
    fetch: Fetch | None = None
    doubts: Sequence[KnownHead] = ()


class Recovered(NamedTuple):
    """An opened log: where it goes on, and where each of its epochs ended."""

    writer: Writer
    heads: dict[int, Head]
    last_hlc: int
    snapshot: Snapshot | None
    begun: str | None
    put_back: int


def nothing(block: Block, facts: list[AnyFact]) -> None:
    """A fold for callers that only want the folder in order."""


def recover(
    storage: Storage, who: Identity, moment: Moment, config: LedgerConfig, *,
    helpers: Helpers | None = None, load: Callable[[bytes], None] | None = None,
    fold: Fold = nothing,
) -> Recovered:  # fmt: skip
    """Bring the folder in order, replay it into `load` and `fold`, and return where to append.

    `load` gets the snapshot's state once, before any block; it may raise `ValueError` to refuse
    one that it cannot read. Then `fold` gets every block after it, in the order of the log.
    Raises `LedgerDamaged`, `LedgerForeign`, `LedgerFull` (no room for a new epoch's first
    segment) or `StorageFailed`.
    """
    return _Recovery(storage, who, moment, config, helpers or Helpers(), fold).run(load)


class _Recovery:
    def __init__(
        self, storage: Storage, who: Identity, moment: Moment, config: LedgerConfig,
        helpers: Helpers, fold: Fold,
    ) -> None:  # fmt: skip
        self.storage = storage
        self.who = who
        self.moment = moment
        self.config = config
        self.helpers = helpers
        self.fold = fold
        self.trust = Trust(who.tenant, who.gateway, VerifyKey(who.device.public))
        self.spares = Spares(storage, who.gateway, config)
        self.names = segments.segments_of(storage)
        self.excused = excuse.load(storage)
        self.heads: dict[int, Head] = dict(self.excused.heads) if self.excused else {}
        self.last_hlc = 0
        self.put_back = 0

    def run(self, load: Callable[[bytes], None] | None) -> Recovered:
        refuse_foreign(self.storage, self.who.gateway, self.names)
        reach = recorded_ends(self.storage, self.names)
        known = list(self.helpers.known)
        walks, chosen = self._plan(reach, known, load)
        tail: Tail | None = None
        for epoch, (walk, chain) in sorted(walks.items()):
            last = epoch == max(walks)
            names = [name for name in self.names if name.epoch == epoch]
            through = names[0].first_seq - 1 if names else reach.get(epoch, Head()).seq
            if chain.head.seq < through and first_block.load(self.storage, epoch) is not None:
                refetch(walk, chain, through, self.helpers.fetch, self.fold)
            end = walk.run()
            tail = Tail(self.storage, self.spares, walk, chain, end)
            proven = [k for k in known if k.epoch == epoch]
            set_aside = self.excused is not None and epoch in self.excused.heads
            self.put_back += tail.restore(
                self.helpers.fetch, proven, must=last and not set_aside, ask=set_aside
            )
            if tail.put_back or walk.put_back:
                log.warning("epoch %d: %d blocks were missing or damaged here and were put back"
                            " from who else holds them", epoch,
                            walk.put_back + tail.put_back)  # fmt: skip
            if chain.head.seq or epoch not in self.heads:
                self.heads[epoch] = chain.head
            self.last_hlc = max(self.last_hlc, chain.last_hlc)
        return self._continue(walks, tail, chosen)

    def _plan(
        self, reach: dict[int, Head], known: list[KnownHead],
        load: Callable[[bytes], None] | None,
    ) -> tuple[dict[int, tuple[EpochWalk, EpochChain]], Snapshot | None]:  # fmt: skip
        """A walk per epoch, from the newest snapshot from which every one can start."""
        for file in snapshot.files(self.storage):
            found = snapshot.load(self.storage, file)
            if found is None:
                continue
            own = {e: head for (g, e), head in found.vector.items() if g == self.who.gateway}
            known += [KnownHead(e, h.seq, h.hash, f"snapshot {file}") for e, h in own.items()]
            walks = self._walks(own, reach, known)
            if walks is None:
                log.warning("snapshot %s does not fit the log and is ignored", file)
                continue
            try:
                if load is not None:
                    load(found.state)
            except ValueError as error:
                log.warning("snapshot %s cannot be read and is ignored: %s", file, error)
                continue
            self.heads.update(own)
            return walks, found
        walks = self._walks({}, reach, known)
        assert walks is not None
        return walks, None

    def _walks(
        self, starts: dict[int, Head], reach: dict[int, Head], known: list[KnownHead]
    ) -> dict[int, tuple[EpochWalk, EpochChain]] | None:
        walks = {}
        present = {name.epoch for name in self.names}
        excused = set(self.excused.heads) if self.excused else set()
        for epoch in sorted(present | set(starts) | set(reach) | excused):
            start, least = starts.get(epoch, Head()), reach.get(epoch, Head())
            if epoch not in present and (start.seq >= least.seq > 0) and epoch not in excused:
                continue  # deleted by retention; the snapshot holds what it said
            names = [name for name in self.names if name.epoch == epoch]
            chain = EpochChain(self.trust, epoch, start, self._public(epoch, names))
            proven = {k.seq: k.hash for k in known if k.epoch == epoch}
            walk = EpochWalk(
                self.storage, chain, names, fold=self.fold, proven=proven,
                reach=Head() if epoch in excused else least,
            )  # fmt: skip
            if start.seq and names and not walk.start_after(start):
                if epoch not in excused:
                    return None
                walk = EpochWalk(  # the snapshot knows more than what was left; go on after it
                    self.storage, chain, [], fold=self.fold, proven=proven, reach=Head()
                )
            walks[epoch] = (walk, chain)
        return walks

    def _public(self, epoch: int, names: list[SegmentName]) -> VerifyKey | None:
        kept = epochs.load_key(self.storage, epoch)
        if kept is not None:
            return VerifyKey(kept.key.public)
        return first_block.key(self.storage, self.trust, epoch, names)

    def _continue(
        self, walks: dict[int, tuple[EpochWalk, EpochChain]], tail: Tail | None,
        chosen: Snapshot | None,
    ) -> Recovered:  # fmt: skip
        """Go on in the last epoch, or begin a new one where that is not safe."""
        because, writer = self._same_epoch(tail, len(walks) > 1)
        if writer is None:
            assert because is not None
            writer = self._new_epoch(because)
        if tail is not None:
            tail.clean()  # only now: until the new epoch is durable, the dirt is what asks for it
        self.heads[writer.epoch] = writer.head
        return Recovered(writer, self.heads, self.last_hlc, chosen, because, self.put_back)

    def _same_epoch(self, tail: Tail | None, later: bool) -> tuple[str | None, Writer | None]:
        """Where to go on in the epoch of `tail`, or else why a new one must begin."""
        if self.excused is not None and (tail is None or tail.chain.epoch in self.excused.heads):
            return "set-aside", None
        if tail is None or tail.place is None:
            return "first", None
        if tail.must_cut:
            return "cut", None
        chain, key = tail.chain, epochs.load_key(self.storage, tail.chain.epoch)
        if any(d.epoch == chain.epoch and d.seq > chain.head.seq for d in self.helpers.doubts):
            return "doubt", None
        if key is None or (chain.key is not None and key.key.public != chain.key.public):
            return "key-lost", None
        tail.clean()
        writer = self._writer(chain.epoch, key, chain.head, tail.place)
        if chain.head.seq:
            return None, writer
        because = "cut" if later else "first"  # its first block never reached the disk
        self._begin_log(writer, key, because)
        return because, writer

    def _new_epoch(self, because: str) -> Writer:
        """Raises `LedgerFull` before a number is used up, when there is no room to begin."""
        if self.spares.count == 0:
            self.spares.prepare()
        used: Iterable[int] = [
            *self.heads, *epochs.keyed_epochs(self.storage), *(n.epoch for n in self.names),
            *(k.epoch for k in self.helpers.known),
        ]  # fmt: skip
        epoch = epochs.next_epoch(used, self.moment.now_s)
        key = epochs.make_key(
            self.storage, tenant=self.who.tenant, gateway=self.who.gateway, epoch=epoch,
            device=self.who.device, random_bytes=self.moment.random_bytes,
        )  # fmt: skip
        writer = self._writer(epoch, key, Head(), None)
        self._begin_log(writer, key, because)
        return writer

    def _begin_log(self, writer: Writer, key: EpochKey, because: str) -> None:
        ended = {e: h for e, h in self.heads.items() if h.seq and e != writer.epoch}
        for known in self.helpers.known:
            if known.seq > ended.get(known.epoch, Head()).seq:
                ended[known.epoch] = Head(known.seq, known.hash)
        last = max(ended, default=0)
        head = ended.get(last, Head())
        hlc, day, offset_min = self.moment.stamp(self.last_hlc)
        fact = EpochBegun(
            hlc, day, offset_min, certificate=key.certificate, last_epoch=last,
            last_seq=head.seq, last_head=head.hash, because=because,
        )  # fmt: skip
        block = writer.commit([(encode_fact(fact), hlc)])
        self.last_hlc = max(self.last_hlc, hlc)
        log.warning("ledger epoch %d begins (%s)", writer.epoch, because)
        self.fold(block, [fact])

    def _writer(self, epoch: int, key: EpochKey, head: Head, place: Place | None) -> Writer:
        return Writer(
            self.storage, gateway=self.who.gateway, epoch=epoch, key=key.key, head=head,
            place=place, spares=self.spares, config=self.config, wall_ms=self.moment.wall_ms,
        )  # fmt: skip


def refuse_foreign(storage: Storage, gateway: bytes, names: list[SegmentName]) -> None:
    """Raise `LedgerForeign` unless every segment is this gateway's."""
    for name in names:
        owner = segments.gateway_of(storage, name)
        if owner is None:
            page = storage.read(name.file, FIRST_BLOCK_AT, 96)
            owner = page[40:56] if header_at(page) is not None else gateway
        if owner != gateway:
            raise LedgerForeign(
                f"this ledger is of gateway {owner.hex()}, but this gateway is {gateway.hex()}:"
                f" give each gateway a folder of its own ({name.file})"
            )


def recorded_ends(storage: Storage, names: list[SegmentName]) -> dict[int, Head]:
    """How far each epoch went, as the first fact of the epoch after it says."""
    ends: dict[int, Head] = {}
    firsts = [first_block.load(storage, epoch) for epoch in first_block.epochs(storage)]
    for name in names:
        if name.first_seq == 1:
            with contextlib.suppress(Bad):  # the walk of that epoch will say so
                firsts.append(SegmentReader(storage, name).block_at(FIRST_BLOCK_AT)[0])
    for block in firsts:
        if block is None:
            continue
        try:
            first = decode_facts_untrusted(block.body)[0]
        except Bad:
            continue
        if isinstance(first, EpochBegun) and first.last_seq:
            ends[first.last_epoch] = Head(first.last_seq, first.last_head)
    return ends
