"""One connection between two gateways: `Hello`, then blocks both ways for as long as it lasts.

Reading, writing and the heartbeat are one task each. Only the writer sends, so that frames stay
whole; everybody else leaves messages in its outbox. What the other holds is known from its
`Hello` and its `Held`; what was sent on this connection is noted beside it, and forgotten with it:
the next connection begins with the vectors again.
"""

import math
from typing import Final, NoReturn, Protocol

import trio

from crypto.block import Block, Head, read_run_untrusted
from crypto.errors import BadBlock
from edge.peers import codec
from edge.peers.codec import Hello, LogHead, Message
from edge.peers.errors import BadFrame, OtherVersion, PeerLost, PeerRefused
from edge.peers.holdings import Holdings
from edge.peers.intake import Forged, Key
from edge.peers.outgoing import Outgoing

HELLO_S: Final = 5.0
BEAT_S: Final = 1.0
#: Nothing heard for so long, while a beat was due each second: the other end is gone.
SILENT_S: Final = 5.0
SEND_S: Final = 10.0
#: One gap is asked about once in this time, however many blocks show it.
WANT_EVERY_S: Final = 1.0
#: So many messages wait at most because of what the other asks; a bundle makes a few hundred.
OUTBOX_MAX: Final = 4096
_READ_BYTES: Final = 64 << 10
#: Time is given for so much: a run may take longer than that on a slow line, and go on.
_SEND_BYTES: Final = 16 << 10


class House(Protocol):
    """What a session asks of its gateway (`edge.peers.links.Links`)."""

    def hello(self) -> Hello:
        """Who we are and what we hold."""

    def greeted(self, session: "Session") -> None:
        """The other has said who it is and what it holds. Raises `PeerRefused` to turn it away."""

    def heard(self, session: "Session") -> None:
        """Bytes came from the other."""

    def told_hears(self, session: "Session") -> None:
        """The other has just said with whom it talks."""

    def pong(self, session: "Session", pong: codec.Pong, round_trip_s: float) -> None:
        """The other's clock, as a `Ping` of ours was answered."""

    def clock_ms(self) -> tuple[int, bool]:
        """Our clock, and whether somebody has confirmed it."""

    def hears(self, other: bytes) -> list[codec.Heard]:
        """With whom we talk, but for `other`."""

    def bundle_part(self, session: "Session", part: codec.Part) -> None:
        """A piece of a newer bundle or guest list."""

    def bundle_parts(self, have: int) -> list[codec.BundlePart]:
        """The bundle in force in pieces, then the delta on it, each if newer than `have`."""

    def state_at(self, session: "Session", told: codec.StateAt) -> None:
        """The other's digest."""

    def guests_parts(self, have: int) -> list[codec.GuestsPart]:
        """The guest list in pieces, if it is newer than `have`."""


class Session:
    """A connection on `stream` with gateway `other`, which its certificate has proven.

    `dialed`: we have opened it. `streams` False: the other, or we, only ask.
    """

    def __init__(
        self, stream: trio.abc.Stream, house: House, holdings: Holdings, other: bytes, *,
        dialed: bool,
    ) -> None:  # fmt: skip
        self.other = other
        self.dialed = dialed
        #: Where the other is, and how that was found: "configured", "mdns", or "came" by itself.
        self.address = self.how = ""
        #: When it began, by the clock of the loop.
        self.since = trio.current_time()
        #: How often it has answered.
        self.pongs = 0
        self.streams = True
        self.bundle = self.guests = 0
        #: What is durable there: from its `Hello` and its `Held`.
        self.held: dict[Key, LogHead] = {}
        #: What it held when it said Hello.
        self.first_heads: list[LogHead] = []
        #: With whom it talks, and how long ago it heard them.
        self.hears: dict[bytes, codec.Heard] = {}
        self._stream = stream
        self._house = house
        self._holdings = holdings
        self._buffer = bytearray()
        self.outgoing = Outgoing(holdings, other)
        self._wanted: dict[Key, float] = {}
        self._outbox: list[Message] = []
        self._told_state: codec.StateAt | None = None
        self._news: dict[Key, LogHead] = {}
        self._greeted_with: list[LogHead] = []
        self._wake = trio.Event()
        self._pings: dict[int, float] = {}
        self._token = 0
        self._scope = trio.CancelScope()
        self._ended: PeerRefused | None = None

    async def run(self) -> None:
        """Talk until it ends. Raises `PeerLost`, `PeerRefused`, `BadFrame` or `Forged`."""
        try:
            with self._scope:
                await self._greet()
                await self._talk()
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise PeerLost(str(error.__cause__ or error) or "the connection broke") from None
        finally:
            self._holdings.on_change[:] = [
                told for told in self._holdings.on_change if told != self._changed
            ]
        if self._ended is not None:
            raise self._ended

    def end(self, code: str) -> None:
        """End it from outside: it was replaced, or its gateway was revoked."""
        self._ended = PeerRefused(code)
        self._scope.cancel()

    async def _greet(self) -> None:
        with trio.move_on_after(HELLO_S) as slow:
            mine = self._house.hello()
            await self._stream.send_all(codec.encode(mine))
            try:
                theirs = await self._receive(codec.HELLO_BYTES_MAX)
            except OtherVersion as error:
                await self._refuse("version", str(error))
        if slow.cancelled_caught:
            raise PeerLost(f"no word within {HELLO_S:g} s")
        if isinstance(theirs, codec.Refused):
            raise PeerRefused(theirs.code, theirs.detail)
        if not isinstance(theirs, Hello):
            raise BadFrame("the first message is no Hello")
        if theirs.gateway != self.other:
            raise BadFrame("the Hello is of another gateway than the certificate")
        self.streams = mine.streams and theirs.streams
        self.bundle, self.guests = theirs.bundle, theirs.guests
        self.first_heads = theirs.heads
        self._greeted_with = mine.heads
        self._take_heads(theirs.heads)
        try:
            self._house.greeted(self)
        except PeerRefused as error:
            await self._refuse(error.code, "")

    async def _refuse(self, code: str, detail: str) -> NoReturn:
        with trio.move_on_after(HELLO_S):
            await self._stream.send_all(codec.encode(codec.Refused(code, detail)))
        raise PeerRefused(code, detail)

    async def _talk(self) -> None:
        self._holdings.on_change.append(self._changed)
        # What became durable by another connection since our Hello was told to nobody here.
        told = {(row.gateway, row.epoch): row.seq for row in self._greeted_with}
        for row in self._holdings.rows():
            if row.gateway != self._holdings.gateway and row.seq > told.get(
                (row.gateway, row.epoch), 0
            ):
                self._news[row.gateway, row.epoch] = row
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._write)
                nursery.start_soon(self._beat)
                await self._read()
        except BaseExceptionGroup as group:
            raise _plainest(group) from None

    # -- reading -----------------------------------------------------------------------------------

    async def _receive(self, most_bytes: int, silent_s: float = math.inf) -> Message:
        while True:
            message, used = codec.decode_untrusted(self._buffer, most_bytes)
            if message is not None:
                del self._buffer[:used]
                return message
            with trio.move_on_after(silent_s) as silent:  # a slow line is no silence
                data = await self._stream.receive_some(_READ_BYTES)
            if silent.cancelled_caught:
                raise PeerLost(f"nothing heard for {silent_s:g} s")
            if not data:
                raise PeerLost("the other side closed the connection")
            self._buffer += data
            self._house.heard(self)

    async def _read(self) -> None:
        while True:
            await self._handle(await self._receive(codec.FRAME_BYTES_MAX, SILENT_S))

    async def _handle(self, message: Message) -> None:
        match message:
            case codec.Blocks():
                await self._take_blocks(message.run)
            case codec.Held():
                self._take_heads(message.heads)
                self._wake.set()
            case codec.Want():
                self.outgoing.asked((message.gateway, message.epoch), message.seq)
                self._wake.set()
            case codec.Ping():
                if len(self._outbox) >= OUTBOX_MAX:
                    raise BadFrame("it asks faster than it takes answers")
                self._say(codec.Pong(message.token, *self._house.clock_ms()))
            case codec.Pong():
                sent_at = self._pings.pop(message.token, None)
                if sent_at is not None:
                    self.pongs += 1
                    self._house.pong(self, message, trio.current_time() - sent_at)
            case codec.Hears():
                self.hears = {row.gateway: row for row in message.siblings}
                self._house.told_hears(self)
                self._wake.set()
            case codec.BundlePart():
                self._house.bundle_part(self, message)
            case codec.GuestsPart():
                self.guests = max(self.guests, message.version)  # no need to tell it back
                self._house.bundle_part(self, message)
            case codec.StateAt():
                self._house.state_at(self, message)
            case codec.Refused():
                raise PeerRefused(message.code, message.detail)
            case Hello():
                raise BadFrame("a second Hello")

    def _take_heads(self, heads: list[LogHead]) -> None:
        for row in heads:
            key = (row.gateway, row.epoch)
            self.held[key] = row
            if len(self.held) > codec.LOGS_MAX:
                raise BadFrame(f"more than {codec.LOGS_MAX} logs are claimed")
            self.outgoing.has(key, row.seq)

    async def _take_blocks(self, run: bytes) -> None:
        await self._holdings.intake.room()
        try:
            for block in read_run_untrusted(run):
                await self._take(block)
                await trio.lowlevel.checkpoint()  # a lane may want to decide between two blocks
        except BadBlock as error:
            raise Forged(str(error)) from None

    async def _take(self, block: Block) -> None:
        wanted = await self._holdings.intake.take(block)
        if wanted is None:
            return
        key, now = (block.gateway, block.epoch), trio.current_time()
        if now - self._wanted.get(key, -math.inf) >= WANT_EVERY_S:
            self._wanted[key] = now
            self._say(codec.Want(*key, wanted))

    # -- writing -----------------------------------------------------------------------------------

    def _say(self, message: Message) -> None:
        self._outbox.append(message)
        self._wake.set()

    def ask(self, key: Key, seq: int) -> None:
        """Ask for the blocks of a log from `seq` on."""
        self._say(codec.Want(*key, seq))

    def has_lost(self, heads: dict[Key, Head]) -> bool:
        """Whether the other holds less of an older epoch of its own than `heads` say."""
        own = {epoch: row.seq for (owner, epoch), row in self.held.items() if owner == self.other}
        newest = max(own, default=0)  # of this one it has always more
        return any(
            owner == self.other and epoch < newest and head.seq > own.get(epoch, 0)
            for (owner, epoch), head in heads.items()
        )

    def tell_bundle(self) -> None:
        """Hand over the bundle in force, if the other decides by an older one."""
        parts = self._house.bundle_parts(self.bundle)
        if parts:
            self.bundle = parts[-1].version
            self._outbox += parts
            self._wake.set()

    def tell_digest(self, told: codec.StateAt) -> None:
        """Tell the other our digest, once."""
        if told != self._told_state and self.streams:
            self._told_state = told
            self._say(told)

    def tell_guests(self) -> None:
        """Hand over the guest list, if the other has an older one."""
        parts = self._house.guests_parts(self.guests) if self.streams else []
        if parts:
            self.guests = parts[-1].version
            self._outbox += parts
            self._wake.set()

    def _changed(self, blocks: list[Block]) -> None:
        for block in blocks:
            if block.gateway != self._holdings.gateway:  # our own it gets itself
                key = (block.gateway, block.epoch)
                self._news[key] = LogHead(*key, block.last_seq, block.hash)
        self._wake.set()

    async def _write(self) -> None:
        while True:
            self._wake = trio.Event()
            outbox, self._outbox = self._outbox, []
            if self._news:
                outbox.append(codec.Held(list(self._news.values())))
                self._news = {}
            if outbox:
                await self._send(b"".join(map(codec.encode, outbox)))
            key, wait_s = self.outgoing.next(self.hears, self.streams)
            if key is not None:
                blocks = await self.outgoing.take(key)
                if blocks:
                    run = b"".join(block.raw for block in blocks)
                    await self._send(codec.encode(codec.Blocks(run)))
                continue
            with trio.move_on_after(wait_s):
                await self._wake.wait()

    async def _send(self, data: bytes) -> None:
        for at in range(0, len(data), _SEND_BYTES):
            with trio.move_on_after(SEND_S) as slow:
                await self._stream.send_all(data[at : at + _SEND_BYTES])
            if slow.cancelled_caught:
                raise PeerLost(f"the other side has taken nothing for {SEND_S:g} s")

    async def _beat(self) -> None:
        while True:
            self._token = (self._token + 1) & 0xFFFF_FFFF
            if len(self._pings) > 16:
                self._pings.clear()
            self._pings[self._token] = trio.current_time()
            self._say(codec.Ping(self._token))
            self._say(codec.Hears(self._house.hears(self.other)))
            self.tell_guests()
            await trio.sleep(BEAT_S)


def _plainest(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The one reason why a conversation ended; our own mistakes before the world's."""
    flat: list[BaseException] = []
    for inner in group.exceptions:
        flat.append(_plainest(inner) if isinstance(inner, BaseExceptionGroup) else inner)
    known = (PeerLost, trio.BrokenResourceError, trio.ClosedResourceError)
    for kind in (Forged, BadFrame, PeerRefused):
        flat.sort(key=lambda error, kind=kind: not isinstance(error, kind))  # type: ignore[misc]
    unknown = [e for e in flat if not isinstance(e, (*known, Forged, BadFrame, PeerRefused))]
    return (unknown or flat)[0]
