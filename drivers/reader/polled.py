"""Readers that have to be asked whether a band is there, and whether it has left."""

from __future__ import annotations

import abc

import trio

from drivers.reader.band import Sensed
from drivers.reader.tap import Tap

POLL_S = 0.03
ABSENT_COUNT = 2  # so many activations without an answer: the band is gone


class Polled(Tap, abc.ABC):
    """A `Tap` that senses by activating again and again."""

    @abc.abstractmethod
    async def activate(self) -> bytes | None:
        """See `Air.activate`."""

    async def sense(self) -> Sensed:
        """See `Reader.sense`."""
        self.forget()
        while True:
            uid = await self.activate()
            if uid is not None:
                return await self.identify(uid)
            await trio.sleep(POLL_S)

    async def gone(self) -> None:
        """See `Reader.gone`."""
        sensed, absent = self.sensed, 0
        self.forget()
        while sensed is not None and absent < ABSENT_COUNT:
            uid = await self.activate()
            absent = absent + 1 if uid != sensed.uid else 0
            await trio.sleep(POLL_S)
