"""The venue's LAN in memory: wires with a delay, cuts in one or both directions, resets, forgers.

Bytes on a cut direction wait, as TCP's do, until the cut is healed or one side has given up.
"""

from __future__ import annotations

import hashlib
import random
from collections import deque
from collections.abc import Callable, Iterator

import trio

from crypto.block import HEADER_BYTES, TAIL_BYTES, read_run_untrusted
from crypto.entry import decode_facts_untrusted
from crypto.errors import Bad
from edge.peers import codec

CONNECT_S = 5.0
Arrive = Callable[["End", int], None]


class Lan:
    """Gateways are numbers. `blocked`: directions on which nothing passes."""

    def __init__(self, dice: random.Random, note: Callable[..., None]) -> None:
        self.blocked: set[tuple[int, int]] = set()
        #: The longest time that bytes are under way.
        self.delay_s = 0.001
        #: Chance that a message with blocks is replaced by a forged one.
        self.forgery = 0.0
        self.ears: dict[int, Arrive] = {}
        self._dice = dice
        self._note = note
        self._pipes: list[_Pipe] = []

    def passes(self, source: int, target: int) -> bool:
        return (source, target) not in self.blocked

    def change(self, blocked: set[tuple[int, int]]) -> None:
        """Cut and heal: these directions are closed now, all others open."""
        self.blocked = blocked
        for pipe in self._pipes:
            pipe.wake()

    async def connect(self, source: int, target: int) -> End:
        """A connection, as TCP makes one. Raises `OSError`."""
        await trio.sleep(self.delay(source, target))
        if not (self.passes(source, target) and self.passes(target, source)):
            await trio.sleep(CONNECT_S)
            raise OSError("no answer")
        if target not in self.ears:
            raise OSError("connection refused")
        there, back = _Pipe(self, source, target), _Pipe(self, target, source)
        self._pipes = [pipe for pipe in self._pipes if not pipe.over] + [there, back]
        self.ears[target](End(there=back, back=there), source)
        return End(there=there, back=back)

    def delay(self, source: int, target: int) -> float:
        return self._dice.random() * self.delay_s

    def reset(self, choose: Callable[[list[int]], int]) -> None:
        """One connection breaks, and what was under way is lost."""
        standing = [pipe for pipe in self._pipes if not pipe.over]
        if standing:
            pipe = standing[choose(list(range(len(standing))))]
            for one in self._pipes:
                if {one.source, one.target} == {pipe.source, pipe.target}:
                    one.break_off()

    def passed_on(self, data: bytes) -> bytes:
        """What arrives of `data`: mostly the same."""
        if not self.forgery or self._dice.random() >= self.forgery:
            return data
        message, used = codec.decode_untrusted(data)
        if not isinstance(message, codec.Blocks) or used != len(data):
            return data
        run = _forged(self._dice, message.run)
        if run != message.run:
            self._note("forged")
        return codec.encode(codec.Blocks(run))


def _forged(dice: random.Random, run: bytes) -> bytes:
    """A run as a liar passes it on: altered and sealed again, with a hole, or told twice."""
    blocks = list(read_run_untrusted(run))
    how = dice.randrange(3)
    if how == 0 and len(blocks) > 1:
        del blocks[dice.randrange(len(blocks) - 1)]
    elif how == 1:
        blocks.insert(0, blocks[-1])
    else:
        at = dice.randrange(len(blocks))
        raw = _altered(dice, blocks[at].raw)
        return b"".join(b.raw if i != at else raw for i, b in enumerate(blocks))
    return b"".join(block.raw for block in blocks)


def _altered(dice: random.Random, raw: bytes) -> bytes:
    """Another fact under the same signature, which whoever only hashes takes for whole."""
    for _ in range(12):
        new = bytearray(raw)
        at = dice.randrange(HEADER_BYTES, len(raw) - TAIL_BYTES)
        new[at] ^= 1 << dice.randrange(7)
        try:
            decode_facts_untrusted(bytes(new[HEADER_BYTES:-TAIL_BYTES]))
        except Bad:
            continue
        new[-TAIL_BYTES : -TAIL_BYTES + 32] = hashlib.sha256(new[:-TAIL_BYTES]).digest()
        return bytes(new)
    return raw


class _Pipe:
    """One direction of a connection."""

    def __init__(self, lan: Lan, source: int, target: int) -> None:
        self.source, self.target = source, target
        self.over = self.closed = False
        self._lan = lan
        self._on_way: deque[tuple[float, bytes]] = deque()
        self._last_at = 0.0
        self._changed = trio.Event()

    def wake(self) -> None:
        self._changed.set()
        self._changed = trio.Event()

    def break_off(self) -> None:
        self.over = True
        self.wake()

    def close(self) -> None:
        self.closed = True
        self.wake()

    def put(self, data: bytes) -> None:
        if self.over or self.closed:
            raise trio.BrokenResourceError
        at = trio.current_time() + self._lan.delay(self.source, self.target)
        self._last_at = max(at, self._last_at)
        self._on_way.append((self._last_at, self._lan.passed_on(data)))
        self.wake()

    async def get(self, most: int) -> bytes:
        while True:
            if self.over:
                raise trio.BrokenResourceError
            until = trio.current_time() + 3600
            if self._lan.passes(self.source, self.target):
                if self._on_way:
                    until, data = self._on_way[0]
                    if until <= trio.current_time():
                        return self._take(data, most)
                elif self.closed:
                    self.over = True
                    return b""
            changed = self._changed
            with trio.move_on_at(until):
                await changed.wait()

    def _take(self, data: bytes, most: int) -> bytes:
        at, _ = self._on_way.popleft()
        if len(data) > most:
            self._on_way.appendleft((at, data[most:]))
        return data[:most]


class End(trio.abc.Stream):
    """One end of a connection: what is sent goes `there`."""

    def __init__(self, there: _Pipe, back: _Pipe) -> None:
        self._there, self._back = there, back
        self._closed = False

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await trio.lowlevel.checkpoint()
        if self._closed:
            raise trio.ClosedResourceError
        self._there.put(bytes(data))

    async def wait_send_all_might_not_block(self) -> None:
        await trio.lowlevel.checkpoint()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        await trio.lowlevel.checkpoint()
        if self._closed:
            raise trio.ClosedResourceError
        return await self._back.get(max_bytes or 1 << 16)

    async def aclose(self) -> None:
        self.hang_up()
        await trio.lowlevel.checkpoint()

    def hang_up(self) -> None:
        """Also what the kernel does for a process that died."""
        self._closed = True
        self._there.close()
        self._back.over = True


def cut(groups: tuple[set[int], set[int]], one_way: bool) -> set[tuple[int, int]]:
    """The directions that a partition closes: from the first group to the second, or both."""

    def directions() -> Iterator[tuple[int, int]]:
        for one in groups[0]:
            for other in groups[1]:
                yield one, other
                if not one_way:
                    yield other, one

    return set(directions())
