"""Keeps one device open: again and again, politely, and telling the truth about it.

Health goes gone → opening → ready → busy, or to fault when the device is there and
wrong. The log gets one line when a device is lost and one when it is back, whatever
happens between; a flapping device is counted, and its backoff only starts over after it
has been well for a while.
"""

from __future__ import annotations

import enum
import logging
from collections.abc import Awaitable, Callable

import msgspec
import trio

from drivers.errors import DeviceError, Fault, Protocol

BACKOFF_MIN_S, BACKOFF_MAX_S = 0.25, 5.0
STEADY_S = 10.0

log = logging.getLogger(__name__)


class Health(enum.Enum):
    """What a person wants to know about a device."""

    GONE = "gone"
    OPENING = "opening"
    READY = "ready"
    BUSY = "busy"
    FAULT = "fault"


WELL = frozenset({Health.READY, Health.BUSY})


class Report(msgspec.Struct, frozen=True):
    """Health, since when (seconds of `trio.current_time`), why, and how often it went."""

    state: Health
    since: float
    reason: str
    lost_count: int
    flap_count: int
    crash_count: int


class Backoff:
    """0.25 s, doubling to 5 s, each cut by up to half by the jitter, never outside."""

    def __init__(self, jitter: Callable[[], float]) -> None:
        self._jitter = jitter
        self._step_s = BACKOFF_MIN_S

    def next_s(self) -> float:
        """Seconds to wait before the next attempt, 0.25 to 5."""
        step_s, self._step_s = self._step_s, min(self._step_s * 2, BACKOFF_MAX_S)
        return max(BACKOFF_MIN_S, step_s * (1 - 0.5 * self._jitter()))

    def start_over(self) -> None:
        """The device has proven itself."""
        self._step_s = BACKOFF_MIN_S


class Supervisor:
    """Runs `attempt` for ever. `jitter` returns 0 to 1; `name` is what the log calls it."""

    def __init__(
        self,
        name: str,
        *,
        jitter: Callable[[], float],
        on_health: Callable[[Report], None] | None = None,
    ) -> None:
        self._name = name
        self._backoff = Backoff(jitter)
        self._on_health = on_health
        self._told_lost = False
        self._well_since: float | None = None
        self._wake = trio.Event()
        self._report = Report(Health.GONE, 0.0, "not opened yet", 0, 0, 0)

    @property
    def report(self) -> Report:
        """The device's health now."""
        return self._report

    def became(self, state: Health, reason: str = "") -> None:
        """The device changed: `attempt` says opening, ready, busy; we say gone and fault."""
        if state is self._report.state:
            return
        self._change(state, reason)
        if state in WELL and self._well_since is None:
            self._well_since = trio.current_time()
            if self._told_lost:
                self._told_lost = False
                log.warning("%s is back", self._name)

    def wake(self) -> None:
        """Try now: something was plugged in."""
        self._wake.set()

    async def run(self, attempt: Callable[[], Awaitable[None]]) -> None:
        """Open, serve, lose, wait, open again; returns only by cancellation."""
        self._change(Health.GONE, "not opened yet")
        while True:
            self._wake = trio.Event()
            try:
                await attempt()
            except DeviceError as error:
                wrong = isinstance(error, Fault | Protocol)
                self._failed(Health.FAULT if wrong else Health.GONE, str(error))
            except Exception:  # noqa: BLE001 - the border: a crash here touches no other device
                log.exception("%s: its driver crashed; please report this trace", self._name)
                self._count(crash_count=self._report.crash_count + 1)
                self._failed(Health.FAULT, "its driver crashed; the trace is in the log")
            else:
                self._failed(Health.GONE, "its driver ended")
            with trio.move_on_after(self._backoff.next_s()):
                await self._wake.wait()

    def _failed(self, state: Health, reason: str) -> None:
        now = trio.current_time()
        if self._well_since is not None:
            self._count(lost_count=self._report.lost_count + 1)
            if now - self._well_since >= STEADY_S:
                self._backoff.start_over()
            else:
                self._count(flap_count=self._report.flap_count + 1)
            self._well_since = None
        if not self._told_lost:
            self._told_lost = True
            log.warning("%s lost: %s", self._name, reason)
        if state is not self._report.state or reason != self._report.reason:
            self._change(state, reason)

    def _change(self, state: Health, reason: str) -> None:
        # "Since when" is of the state; a new reason for the same state does not reset it.
        same = state is self._report.state and self._report.since > 0
        since = self._report.since if same else trio.current_time()
        was = self._report
        counts = was.lost_count, was.flap_count, was.crash_count
        self._report = Report(state, since, reason, *counts)
        if self._on_health is not None:
            self._on_health(self._report)

    def _count(self, **counts: int) -> None:
        self._report = msgspec.structs.replace(self._report, **counts)
