"""What lies on the reader of a till: the next band, or still the last one.

The same band that still lies there is the same tap; nothing that a reader may do raises from here.
"""

import contextlib
import logging
from typing import TYPE_CHECKING, Final

import trio

from drivers.errors import DeviceError
from drivers.reader import BandError, BandGone, BandUnknown, Sensed
from edge.till.work import ASKING, TAP_AGAIN, WAITING_BAND, Work

if TYPE_CHECKING:
    from edge.till.till import Till

log = logging.getLogger(__name__)
#: A reader that is away is asked again after this.
AWAY_S: Final = 0.5


class Field:
    """The field of the reader of `till`. `away`: the reader did not answer last time."""

    def __init__(self, till: "Till") -> None:
        self.away = False
        self._till = till
        #: The band of the last tap, until it has left: its UID, and when it counts anew.
        self._lying: tuple[bytes, float] | None = None
        self._idle: trio.CancelScope | None = None

    async def next_band(self, work: Work) -> Sensed:
        """The next tap for `work`."""
        till = self._till
        assert till.reader is not None
        if work.state not in (WAITING_BAND, TAP_AGAIN, ASKING):
            till.show(work, WAITING_BAND)
        while True:
            while work.question is not None and work.question != "goods_given":
                await work.changed.wait()
            try:
                sensed = await till.reader.sense()
            except BandUnknown:
                till.show(work, TAP_AGAIN, "band_unknown")
                await self._until_gone(1.0)
                continue
            except BandGone:
                continue
            except DeviceError:
                await self._wait_for_reader(work)
                continue
            self.away = False
            lying = self._lying
            if lying is None or lying[0] != sensed.uid or trio.current_time() >= lying[1]:
                self._lying = None
                return sensed
            await self._until_gone(lying[1] - trio.current_time())
            self._lying = None

    @property
    def lies_there(self) -> bool:
        """Whether the band of the last tap may still be there."""
        return self._lying is not None

    def lies(self, sensed: Sensed) -> None:
        """The tap is over; until the band leaves, it begins no new one."""
        self._lying = (sensed.uid, trio.current_time() + self._till.place.debounce_s)

    async def until_left(self) -> None:
        """Nobody wants anything: see the last band leave, unless a work comes before."""
        assert self._till.reader is not None
        with trio.CancelScope() as self._idle:
            with contextlib.suppress(BandError, DeviceError):
                await self._till.reader.gone()
            self._lying = None
        self._idle = None

    def wanted(self) -> None:
        """A work comes: the reader serves one call at a time."""
        if self._idle is not None:
            self._idle.cancel()

    async def lifted(self, most_s: float = 0.3) -> None:
        """Give a band that failed a moment to leave, so that it is not tried in a tight circle."""
        await self._until_gone(most_s)

    async def _until_gone(self, most_s: float) -> None:
        assert self._till.reader is not None
        with trio.move_on_after(max(0.0, most_s)):
            try:
                await self._till.reader.gone()
            except (BandError, DeviceError):
                await trio.sleep(AWAY_S)

    async def _wait_for_reader(self, work: Work) -> None:
        if not self.away:
            self.away = True
            log.warning("the reader of a till is away", extra={"till": self._till.number})
        if work.state != TAP_AGAIN or work.because != "reader_away":
            self._till.show(work, TAP_AGAIN, "reader_away")
        await trio.sleep(AWAY_S)
