"""A reader without a wire: a band model lies on it, and answers in the same breath.

For tests, simulation and benchmarks: the same `Tap` as over a real reader, and `now` for
code that has no loop. Nothing waits but `sense` and `gone`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import trio

from drivers.reader.band import BandGone, Sensed
from drivers.reader.chips.faults import Air
from drivers.reader.chips.type2 import Type2
from drivers.reader.ciphers import PURE, Ciphers
from drivers.reader.tap import NoAnswer, Tap

T = TypeVar("T")
_hurry = False  # `now` is running: nobody may wait, and nobody else runs meanwhile
LATE_MS_MAX = 100  # an answer later than this has missed the reader's own deadline


def now(call: Awaitable[T]) -> T:
    """Run a call of a `MemoryReader` without a loop, at once: `now(reader.read(4, 39))`.

    Whatever it awaits may not wait: `sense` only with a band in the field.
    """
    global _hurry
    steps: Coroutine[Any, Any, T] = call.__await__()  # type: ignore[assignment]
    _hurry = True
    try:
        steps.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        _hurry = False
    raise RuntimeError("the call waits for something: there is no band in the field")


def _no_secret(count: int) -> bytes:
    return bytes(range(count))


class MemoryReader(Tap):
    """`Reader` for one band model at a time. Not random: bring `entropy` where that matters.

    Plan what goes wrong with `air.faults`, and with `band.tear`.
    """

    def __init__(
        self, *, entropy: Callable[[int], bytes] = _no_secret, ciphers: Ciphers = PURE
    ) -> None:
        super().__init__(self, entropy=entropy, ciphers=ciphers)
        self.band: Type2 | None = None
        self.exchange_count = 0
        self.air = Air()
        self._arrived = trio.Event()
        self._departed = trio.Event()

    def place(self, band: Type2) -> None:
        """Lay a band into the field, instead of the one that is there."""
        if self.band is not None:
            self.take()
        band.away = False
        band.power_off()
        self.band = band
        self._departed = trio.Event()
        self._arrived.set()

    def take(self) -> None:
        """Take the band away."""
        self.forget()
        if self.band is not None:
            self.band.power_off()
            self.take_away(self.band)

    async def sense(self) -> Sensed:
        """See `Reader.sense`."""
        # A loop that senses what it cannot use must not keep all others from running.
        if not _hurry:
            await trio.lowlevel.checkpoint()
        if not self._present():
            await self._arrived.wait()
        uid = await self.activate()
        if uid is None:
            raise BandGone("the band left before it was known; hold it a little longer")
        return await self.identify(uid)

    async def gone(self) -> None:
        """See `Reader.gone`."""
        self.forget()
        if self._present():
            await self._departed.wait()

    async def activate(self) -> bytes | None:
        """See `Air.activate`."""
        if not self._present() or self.band is None or not self.band.activate():
            return None
        return self.band.uid

    async def exchange(self, command: bytes) -> bytes:
        """See `Air.exchange`."""
        return self.exchange_now(command)

    def exchange_now(self, command: bytes) -> bytes:
        """`exchange` as a plain call. Raises NoAnswer."""
        band = self.band
        if band is None:
            raise NoAnswer
        self.exchange_count += 1
        if self.air.calm:
            answer = band.receive(command)
        else:
            outcome = self.air.carry(band, command)
            answer = outcome.answer if outcome.late_ms <= LATE_MS_MAX else None
        if band.away:
            self.take_away(band)
        if answer is None:
            raise NoAnswer
        return answer

    def take_away(self, band: Type2) -> None:
        """The band left by itself, in the middle of something; the tap knows nothing of it."""
        if band is self.band:
            self.band = None
            self._arrived = trio.Event()
            self._departed.set()

    def _present(self) -> bool:
        if self.band is not None and self.band.away:
            self.take_away(self.band)
        return self.band is not None
