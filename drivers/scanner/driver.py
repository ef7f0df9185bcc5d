"""`Scanner`: one scanner of one lane, kept open, its codes handed to a callback."""

from __future__ import annotations

from collections.abc import Callable

from drivers.link import Link
from drivers.scanner.codec import FRAMINGS
from drivers.scanner.machine import IDLE_S, WINDOW_S, Counters, ScannerMachine
from drivers.session import Session
from drivers.supervisor import Health, Report, Supervisor


class Scanner:
    """`on_code(code, at)` is called for each presentation, in the order of reading.

    `framing` is a name in `codec.FRAMINGS`. `jitter` returns 0 to 1. `at` and health times
    are seconds of `trio.current_time`. `on_code` must return quickly and may not raise.
    """

    def __init__(
        self,
        name: str,
        link: Link,
        *,
        on_code: Callable[[bytes, float], None],
        jitter: Callable[[], float],
        framing: str = "line",
        window_s: float = WINDOW_S,
        idle_s: float = IDLE_S,
        on_health: Callable[[Report], None] | None = None,
    ) -> None:
        if framing not in FRAMINGS:
            raise ValueError(f"framing {framing!r} is unknown; use one of {', '.join(FRAMINGS)}")
        self._link = link
        self._on_code = on_code
        self._machine = ScannerMachine(FRAMINGS[framing], window_s=window_s, idle_s=idle_s)
        self._supervisor = Supervisor(name, jitter=jitter, on_health=on_health)

    @property
    def health(self) -> Report:
        """The device's health now."""
        return self._supervisor.report

    @property
    def counters(self) -> Counters:
        """What was presented, repeated, endless, malformed and unfinished so far."""
        return self._machine.counters

    def wake(self) -> None:
        """Something was plugged in: do not wait for the backoff."""
        self._supervisor.wake()

    async def run(self) -> None:
        """Serve until cancelled."""
        await self._supervisor.run(self._attempt)

    async def _attempt(self) -> None:
        async with await self._link.open() as wire:
            # A scanner says nothing until a code is shown: an open link is all there is.
            self._supervisor.became(Health.READY)
            try:
                await Session(wire, self._machine, self._deliver).run(self._link.superseded)
            finally:
                self._machine.lost()

    def _deliver(self) -> None:
        events = self._machine.events
        while events:
            presented = events.popleft()
            self._on_code(presented.code, presented.at)
