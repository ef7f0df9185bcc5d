"""What others still hold of our own older epochs, taken back while we run.

A gateway that burnt opens with what it was given. Should a sibling that was cut off then hold more
of its old log, or the centre, that is asked for, checked as at a start, put into the ledger's
folder as what it is, folded, and so handed to the centre and to whoever else lacks it. Only what we
have signed can come. Of the epoch in use nothing is taken, and of a later one only recovery can.
"""

import logging
import math
from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

import trio

from crypto.block import Block, Head, read_run_untrusted
from crypto.entry import AnyFact
from crypto.errors import Bad
from edge import left_open
from edge.gateway import Gateway
from edge.ledger.chain import EpochChain, Trust
from edge.ledger.errors import LedgerFull
from edge.peers.codec import LogHead
from edge.peers.intake import Key
from edge.peers.tails import LEAST_S, MOST_S
from edge.transport import EpochHead, Transport, Turned, UplinkLost

log = logging.getLogger(__name__)
LOOK_S: Final = 1.0
#: Who was asked and gave nothing for so long is passed over; doubled while nobody gives anything.
ASK_S: Final = 5.0
ASK_MOST_S: Final = 300.0
#: From so many bytes on the disk comes first, and at twice as many whoever gives them waits.
WRITE_BYTES: Final = 2 << 20
RETRY_FULL_S: Final = 60.0


class OwnLedger(Protocol):
    """What is asked of our ledger (`edge.ledger.ledger.Ledger`)."""

    heads: dict[int, Head]

    @property
    def epoch(self) -> int:
        """The epoch in use."""

    async def chain_after(self, trust: Trust, epoch: int, head: Head) -> EpochChain | None:
        """What must follow `head` in an older epoch."""

    async def put_back(self, blocks: Sequence[Block]) -> None:
        """Make blocks of an older epoch durable."""


class Talk(Protocol):
    """What is asked of a connection (`edge.peers.session.Session`)."""

    other: bytes
    held: dict[Key, LogHead]

    def ask(self, key: Key, seq: int) -> None:
        """Ask for the blocks of a log from `seq` on."""


class Talks(Protocol):
    """Who is connected (`edge.peers.links.Links`)."""

    def sessions(self) -> Sequence[Talk]: ...


class _Came(NamedTuple):
    block: Block
    facts: list[AnyFact]


class _Old:
    """One older epoch: what is checked and waits for the disk, and who was asked for more."""

    def __init__(self, chain: EpochChain) -> None:
        self.chain = chain
        self.came: list[_Came] = []
        self._whom = b""
        self._at_seq = -1
        self._due = -math.inf
        self._wait_s = ASK_S

    def whom_to_ask(self, holders: list[Talk], now: float) -> Talk | None:
        """Of those who say that they hold more: who to ask now, one after the other."""
        there = any(each.other == self._whom for each in holders)
        moved = self.chain.head.seq > self._at_seq >= 0
        if moved:
            self._at_seq, self._wait_s = self.chain.head.seq, ASK_S
        if moved and there:
            self._due = now + ASK_S  # it is coming
        if not holders or (there and now < self._due):
            return None
        holders = sorted(holders, key=lambda each: each.other)
        found = next((each for each in holders if each.other > self._whom), holders[0])
        self._whom, self._at_seq = found.other, self.chain.head.seq
        self._due = now + self._wait_s
        self._wait_s = min(self._wait_s * 2, ASK_MOST_S)
        return found


class Regain:
    """`trust`: us. `transport` None: no centre is configured. `count`: facts that came back."""

    def __init__(
        self, gateway: Gateway, ledger: OwnLedger, talks: Talks, trust: Trust,
        transport: Transport | None,
    ) -> None:  # fmt: skip
        self._gateway = gateway
        self._ledger = ledger
        self._talks = talks
        self._trust = trust
        self._transport = transport
        self._old: dict[int, _Old] = {}
        self._bytes = 0
        self._due = trio.Event()
        self._room = trio.Event()
        self._writing = trio.Lock()
        self._full_until = -math.inf
        self._told: set[str] = set()
        #: While an empty gateway is told, its next start does all this.
        self.paused = False
        self.count = 0

    async def run(self) -> None:
        """Look every second what siblings hold, for ever. Raises `StorageFailed`."""
        while True:
            with trio.move_on_after(LOOK_S):
                await self._due.wait()
            self._due = trio.Event()
            await self._write()
            if not self._waits:
                await self._ask_siblings()

    async def follow_centre(self) -> None:
        """Ask the centre, rarely, for ever. Raises `StorageFailed`."""
        wait_s = LEAST_S
        while self._transport is not None:
            await trio.sleep(wait_s)
            before = self.count
            if not self._waits:
                await self._ask_centre(self._transport)
            wait_s = LEAST_S if self.count > before else min(wait_s * 2, MOST_S)

    @property
    def _waits(self) -> bool:
        return self.paused or trio.current_time() < self._full_until

    async def hear(self, block: Block) -> None:
        """A block of our own log came: taken if it is the next of an older epoch, and ours."""
        old = self._old.get(block.epoch)
        if old is None or block.first_seq != old.chain.head.seq + 1:
            return
        try:
            facts = old.chain.check(block)
        except Bad as error:
            self._tell_once(f"epoch {block.epoch} seq {block.first_seq}: {error}")
            return
        old.came.append(_Came(block, facts))
        self._bytes += len(block.raw)
        if self._bytes >= WRITE_BYTES:
            self._due.set()
        while self._bytes >= 2 * WRITE_BYTES:
            await self._room.wait()

    def _tell_once(self, why: str) -> None:
        if why not in self._told and len(self._told) < 100:
            self._told.add(why)
            log.error("a block that is said to be ours is not taken", extra={"why": why})

    async def _ask_siblings(self) -> None:
        claims: dict[int, list[tuple[int, Talk]]] = {}
        for talk in self._talks.sessions():
            for (owner, epoch), row in talk.held.items():
                if owner == self._trust.gateway:
                    claims.setdefault(epoch, []).append((row.seq, talk))
        for epoch, holders in sorted(claims.items()):
            old = await self._epoch(epoch, max(seq for seq, _ in holders))
            if old is None:
                continue
            here = old.chain.head.seq
            more = [talk for seq, talk in holders if seq > here]
            whom = old.whom_to_ask(more, trio.current_time())
            if whom is not None:
                whom.ask((self._trust.gateway, epoch), here + 1)

    async def _epoch(self, epoch: int, through_seq: int) -> _Old | None:
        """An older epoch that somebody holds through `through_seq`, if that is more than we do."""
        if epoch in self._old or epoch >= self._ledger.epoch:
            return self._old.get(epoch)
        head = self._held(epoch)
        if head is None:
            self._tell_once(f"epoch {epoch} is not whole here; the next start fetches it")
        if head is None or through_seq <= head.seq:
            return None
        chain = await self._ledger.chain_after(self._trust, epoch, head)
        if chain is None:
            self._tell_once(f"the key of epoch {epoch} is not known; the next start fetches it")
            return None
        return self._old.setdefault(epoch, _Old(chain))

    def _held(self, epoch: int) -> Head | None:
        """Where an older epoch ends here; None when that is not for certain.

        What a start could not fetch stands among the heads of the ledger, and is not here.
        """
        folded = 0
        for log_ in self._gateway.state.origins:
            if (log_.gateway, log_.epoch) == (self._trust.gateway, epoch):
                folded = log_.next - 1
        head = self._ledger.heads.get(epoch, Head())
        if folded == head.seq:
            return head
        return Head() if folded == 0 else None

    async def _ask_centre(self, transport: Transport) -> None:
        try:
            for head in await transport.heads():
                await self._fetch(transport, head)
        except (UplinkLost, Turned):
            pass  # our own uplink tells about the centre; we come again
        except Bad as error:
            self._tell_once(str(error))

    async def _fetch(self, transport: Transport, head: EpochHead) -> None:
        old = await self._epoch(head.epoch, head.through_seq)
        while old is not None and old.chain.head.seq < head.through_seq:
            here = old.chain.head.seq
            for block in read_run_untrusted(await transport.get_blocks(head.epoch, here + 1)):
                await self.hear(block)
            await self._write()
            if old.chain.head.seq <= here:
                break  # it does not give what it says that it has

    async def _write(self) -> None:
        async with self._writing:
            for epoch, old in sorted(self._old.items()):
                came, old.came = old.came, []
                if not came:
                    continue
                try:
                    await self._ledger.put_back([block for block, _ in came])
                except LedgerFull as error:
                    del self._old[epoch]  # begun anew with what is here
                    self._full_until = trio.current_time() + RETRY_FULL_S
                    log.error("no room for older facts of ours", extra={"why": str(error)})
                else:
                    await self._fold(epoch, came)
                gone = came if epoch in self._old else came + old.came
                self._bytes -= sum(len(block.raw) for block, _ in gone)
                self._room.set()  # for all who wait, and only here made anew
                self._room = trio.Event()

    async def _fold(self, epoch: int, came: list[_Came]) -> None:
        tickets: dict[bytes, None] = {}
        for block, facts in came:
            self._gateway.fold_sibling(block, facts)
            tickets |= dict.fromkeys(getattr(fact, "ticket", b"") for fact in facts)
            self.count += len(facts)
            await trio.lowlevel.checkpoint()  # a lane may want to decide in between
        state, own = self._gateway.state, self._gateway.identity
        for ticket, hold in left_open.of_older_epochs(state, own, self._ledger.epoch, tickets):
            at = state.origins[hold.origin].epoch
            self._gateway.must_record(
                left_open.unknown(ticket, hold.lane, at, hold.seq, hold.passed)
            )
        which = {"epoch": epoch, "through_seq": came[-1].block.last_seq}
        log.warning("older facts of ours are back: others had kept them", extra=which)
