"""How late a loop is: a task that wakes each millisecond and notes by how much it was late.

Runs inside the gateway that `bench tap` drives; what was noted is written out when it ends. A
stall is ours when the process was computing nearly all the while; else the machine was elsewhere.
"""

import gc
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import msgspec
import trio

from benchmarks.measure import quantile

PERIOD_S: Final = 0.001
STALL_S: Final = 0.005
OURS: Final = 0.8


class Late(msgspec.Struct, array_like=True):
    """One wake: when it was due (CLOCK_MONOTONIC), how late it came, and what processor time all
    threads of the process used from the wake before until this one. Seconds."""

    due_s: float
    late_s: float
    used_s: float


class Pause(msgspec.Struct, array_like=True):
    """One run of the garbage collector."""

    began_s: float
    took_s: float
    generation: int


class Notes(msgspec.Struct):
    """What a watch has seen."""

    lates: list[Late] = []
    pauses: list[Pause] = []

    def between(self, since_s: float, until_s: float) -> "Notes":
        """What fell into a measurement."""
        return Notes(
            [one for one in self.lates if since_s <= one.due_s < until_s],
            [one for one in self.pauses if since_s <= one.began_s < until_s],
        )

    def late_s(self, q: float) -> float:
        """The lateness below which the share `q` of all wakes lies."""
        return quantile([one.late_s for one in self.lates], q)

    @property
    def longest_s(self) -> float:
        """The longest stall."""
        return max((one.late_s for one in self.lates), default=0.0)

    @property
    def stalls(self) -> int:
        """Wakes that came more than 5 ms late."""
        return sum(one.late_s > STALL_S for one in self.lates)

    @property
    def stalls_of_ours(self) -> int:
        """Those of them that the process spent computing. What has gathered while the machine was
        elsewhere takes processor time as well: so it must be nearly all of the time."""
        return sum(one.late_s > STALL_S and one.used_s > OURS * one.late_s for one in self.lates)

    @property
    def longest_pause_s(self) -> float:
        """The longest run of the garbage collector."""
        return max((one.took_s for one in self.pauses), default=0.0)


class Watch:
    """Notes lateness and garbage collection until cancelled, then writes them to `path`."""

    def __init__(
        self, path: Path, *, clock: Callable[[], float] = time.monotonic,
        used: Callable[[], float] = time.process_time,
        sleep: Callable[[float], Awaitable[None]] = trio.sleep,
    ) -> None:  # fmt: skip
        self.notes = Notes([], [])
        self._path = path
        self._clock = clock
        self._used = used
        self._sleep = sleep
        self._began_s = 0.0

    async def run(self) -> None:
        """Serve until cancelled."""
        gc.callbacks.append(self._collected)
        used_s = self._used()
        try:
            while True:
                due_s = self._clock() + PERIOD_S
                await self._sleep(PERIOD_S)
                before_s, used_s = used_s, self._used()
                self.notes.lates.append(Late(due_s, self._clock() - due_s, used_s - before_s))
        finally:
            gc.callbacks.remove(self._collected)
            self._path.write_bytes(msgspec.json.encode(self.notes))

    def _collected(self, phase: str, info: dict[str, int]) -> None:
        now_s = self._clock()
        if phase == "start":
            self._began_s = now_s
            return
        self.notes.pauses.append(Pause(self._began_s, now_s - self._began_s, info["generation"]))


def read(path: Path) -> Notes:
    """What the watch of a gateway that has ended wrote."""
    return msgspec.json.decode(path.read_bytes(), type=Notes)
