"""Before a ledger opens: what do siblings hold of it? And a folder that is empty, filled again.

A gateway whose disk is new has its identity (from a backup of two small files) and nothing else.
Siblings and the centre hold its old blocks: they are put back into the folder, and the log goes on
in a new epoch above every one that anybody knows, so that no number is ever used twice.
"""

import logging
import ssl
from collections.abc import Iterable
from typing import Final

import trio

from config.peers import Peers, Sibling
from crypto.block import Block, Head, read_run_untrusted
from crypto.bundle import GatewayCard
from crypto.errors import BadBlock
from crypto.keys import VerifyKey
from edge.identity import Identity
from edge.ledger import excuse
from edge.ledger.chain import Trust
from edge.ledger.epochs import keyed_epochs
from edge.ledger.recover import KnownHead
from edge.ledger.segments import segments_of
from edge.ledger.storage import Storage
from edge.peers import codec
from edge.peers.discovery import Discovery
from edge.peers.errors import BadFrame, PeerLost, PeerRefused
from edge.peers.found import Found
from edge.peers.proofs import ANSWER_S, CLAIMS_MAX, PROOF_S, Proofs
from edge.peers.tls import Doorkeeper, client_context, host_name

log = logging.getLogger(__name__)
HEADS_S: Final = 2.0
BROWSE_S: Final = 1.5
BLOCKS_S: Final = 30.0
BATCH_BYTES: Final = 4 << 20
_FAILS: Final = (
    OSError, ssl.SSLError, trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError,
    BadFrame, BadBlock, PeerLost, PeerRefused,
)  # fmt: skip


class Asker:
    """Asks each configured sibling about our own log. `cards`: the kept bundle's, maybe none.

    What a sibling says counts when it shows the block, which we must have signed; the rest is in
    `doubts` and stops nothing. `storage`: our ledger folder, with the keys of our epochs.
    """

    def __init__(
        self, identity: Identity, config: Peers, cards: list[GatewayCard],
        storage: Storage | None = None,
    ) -> None:  # fmt: skip
        self._own = identity.gateway
        self._config = config
        self._names = {card.name: card.gateway for card in cards}
        self._doors = Doorkeeper(identity, lambda: cards)
        self._identity = identity
        device = VerifyKey(identity.device_key.public)
        trust = Trust(identity.tenant, identity.gateway, device)
        self.proofs = Proofs(trust, storage)
        self.doubts: list[KnownHead] = []
        #: The same, with who has said it.
        self.claims: set[tuple[bytes, codec.LogHead]] = set()
        self._siblings = list(config.siblings)

    async def heads(self) -> list[KnownHead]:
        """How far siblings hold our log, proven; of those who answer within a short time."""
        known: list[KnownHead] = []
        self.doubts.clear()
        self.claims.clear()
        self._siblings = [*self._config.siblings, *await self._look_around()]

        async def ask(sibling: Sibling) -> None:
            rows: list[codec.LogHead] = []
            other = b""
            try:
                with trio.fail_after(HEADS_S):
                    conversation = await self._connect(sibling)
                async with conversation:
                    rows, other = conversation.heads(self._own), conversation.other
                    with trio.move_on_after(PROOF_S):
                        await self._prove(conversation, rows)
            except _FAILS as error:
                log.info("a sibling was not asked about our ledger", extra={"why": str(error)})
            for row in rows:
                told = known if self.proofs.proves(row) else self.doubts
                if told is self.doubts:
                    self.claims.add((other, row))
                told.append(KnownHead(row.epoch, row.seq, row.hash, f"sibling {sibling.name}"))

        async with trio.open_nursery() as nursery:
            for sibling in self._siblings:
                nursery.start_soon(ask, sibling)
        self._tell_doubts()
        return known

    async def _look_around(self) -> list[Sibling]:
        """Siblings that mDNS finds within a short time and that are not configured."""
        if not self._config.discover:
            return []
        configured = {self._names.get(sibling.name) for sibling in self._config.siblings}
        wanted = set(self._names.values()) - configured
        found = Found(self._own, lambda: wanted)
        host = self._config.address.host
        with trio.move_on_after(BROWSE_S):
            await Discovery(self._own, host, 0, found, lambda: 0.0).run()
        around = []
        for gateway in found.gateways():
            if gateway in configured:
                continue
            self._names[gateway.hex()] = gateway
            for each in found.addresses(gateway, trio.current_time()):
                around.append(Sibling(gateway.hex(), each.host, each.port))
        return around

    async def _prove(self, conversation: "_Conversation", rows: list[codec.LogHead]) -> None:
        """Have every claim shown, the newest epoch first; a question without answer is left."""
        for row in sorted(rows, key=lambda row: row.epoch, reverse=True)[:CLAIMS_MAX]:
            for seq in self.proofs.asks(row):
                with trio.move_on_after(ANSWER_S):
                    for block in await conversation.holding(self._own, row.epoch, seq):
                        self.proofs.hear(block)

    def _tell_doubts(self) -> None:
        for holder in sorted({each.holder for each in self.doubts}):
            count = sum(each.holder == holder for each in self.doubts)
            who = {"holder": holder, "claims": count}
            log.warning("facts of ours are claimed that we never signed, or are not shown; they"
                        " count for nothing", extra=who)  # fmt: skip

    async def fetch(self, epoch: int, seq: int) -> list[Block]:
        """Our own blocks from `seq` on, as the first sibling that has them gives them.

        Signed by us, if the key of the epoch is known; a sibling that gives others is passed over.
        """
        for sibling in self._siblings:
            try:
                with trio.fail_after(BLOCKS_S):
                    async with await self._connect(sibling) as conversation:
                        blocks = await conversation.blocks(self._own, epoch, seq)
            except _FAILS as error:
                log.info("a sibling gave no blocks of ours", extra={"why": str(error)})
                continue
            blocks = self.proofs.ours(epoch, seq, blocks)
            if blocks:
                return blocks
        return []

    async def _connect(self, sibling: Sibling) -> "_Conversation":
        expected = self._names.get(sibling.name)
        context = client_context(self._identity)
        context.check_hostname = expected is not None
        tcp = await trio.open_tcp_stream(sibling.host, sibling.port)
        name = host_name(expected) if expected is not None else None
        stream = trio.SSLStream(tcp, context, server_hostname=name)
        try:
            await stream.do_handshake()
            self._doors.admit(stream.getpeercert(binary_form=True), expected)
            conversation = _Conversation(stream)
            await conversation.greet(codec.Hello(codec.VERSION, self._own, 0, False, []))
        except BaseException:
            await trio.aclose_forcefully(stream)
            raise
        return conversation


class _Conversation:
    """Questions and answers on a connection that streams nothing by itself."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self._buffer = bytearray()
        self._hello: codec.Hello | None = None

    async def __aenter__(self) -> "_Conversation":
        return self

    async def __aexit__(self, *_: object) -> None:
        with trio.CancelScope(shield=True):
            await trio.aclose_forcefully(self._stream)

    async def greet(self, hello: codec.Hello) -> None:
        await self._stream.send_all(codec.encode(hello))
        answer = await self._receive()
        if not isinstance(answer, codec.Hello):
            raise PeerRefused("turned_away", str(answer)[:200])
        self._hello = answer

    @property
    def other(self) -> bytes:
        """Who it is, as it says; its certificate has proven it for the gateway that was dialled."""
        assert self._hello is not None
        return self._hello.gateway

    def heads(self, gateway: bytes) -> list[codec.LogHead]:
        assert self._hello is not None
        return [row for row in self._hello.heads if row.gateway == gateway]

    async def blocks(self, gateway: bytes, epoch: int, seq: int) -> list[Block]:
        """From `seq` on, to the end or about `BATCH_BYTES`; empty when the other has none."""
        end = max((row.seq for row in self.heads(gateway) if row.epoch == epoch), default=0)
        if end < seq:
            return []
        found: list[Block] = []
        size = 0
        await self._stream.send_all(codec.encode(codec.Want(gateway, epoch, seq)))
        while size < BATCH_BYTES and (not found or found[-1].last_seq < end):
            message = await self._receive()
            if isinstance(message, codec.Ping):  # it wants to know that we are still there
                await self._stream.send_all(codec.encode(codec.Ping(message.token)))
            if isinstance(message, codec.Blocks):
                found += read_run_untrusted(message.run)
                size += len(message.run)
        return found

    async def holding(self, gateway: bytes, epoch: int, seq: int) -> list[Block]:
        """The blocks of one message, the one that holds `seq` among them; waits until it comes."""
        await self._stream.send_all(codec.encode(codec.Want(gateway, epoch, seq)))
        while True:
            message = await self._receive()
            if not isinstance(message, codec.Blocks):
                continue
            blocks = list(read_run_untrusted(message.run))
            if any(b.epoch == epoch and b.first_seq <= seq <= b.last_seq for b in blocks):
                return blocks

    async def _receive(self) -> codec.Message:
        while True:
            message, used = codec.decode_untrusted(self._buffer)
            if message is not None:
                del self._buffer[:used]
                return message
            data = await self._stream.receive_some(1 << 16)
            if not data:
                raise PeerLost("the sibling closed the connection")
            self._buffer += data


def excuse_emptiness(storage: Storage, known: Iterable[KnownHead]) -> bool:
    """Let recovery fetch each epoch that others know and that has left no trace here.

    Whether there is any. Also of a folder in which a new epoch has begun, because nobody could be
    asked when it was empty. An epoch's key outlives its log, so what was deleted here, once a
    snapshot held it, is none of these.
    """
    note = excuse.load(storage)
    here = {name.epoch for name in segments_of(storage)} | set(keyed_epochs(storage))
    heads: dict[int, Head] = {}
    for each in known:
        if each.epoch not in here and each.seq > heads.get(each.epoch, Head()).seq:
            heads[each.epoch] = Head(each.seq, each.hash)
    before = note.heads if note is not None else {}
    fresh = {e: head for e, head in heads.items() if head.seq > before.get(e, Head()).seq}
    if not fresh:
        return False
    reason, folder = (note.reason, note.folder) if note is not None else ("rebuilt", "")
    excuse.store(storage, excuse.SetAside(reason, folder, {**before, **fresh}))
    log.warning("others know what is not in the ledger", extra={"epochs": len(fresh)})
    return True
