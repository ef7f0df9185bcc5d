"""`Turnstile`: one barrier, kept open to us and shut to others."""

from __future__ import annotations

from collections.abc import Callable

import trio

from drivers.errors import DeviceError, Fault, Protocol
from drivers.link import Link, Wire
from drivers.session import Session
from drivers.supervisor import Health, Report, Supervisor
from drivers.turnstile.board import Board
from drivers.turnstile.events import Cause, Event, GrantId
from drivers.turnstile.lane import Lane
from drivers.turnstile.plan import LanePlan
from drivers.turnstile.table import IN_SERVICE, State

BUSY = frozenset({State.PULSED, State.UNLOCKED})


class Turnstile:
    """`new_board` makes the vendor's machine for each new link, for instance
    `lambda: ModbusBoard(BoardPlan())`. `jitter` returns 0 to 1.

    `on_event(event)` is called in the order of happening, from within `run`, `grant`,
    `fire` and `return_to_service`; it may call `grant` again. Every grant ends in exactly
    one of Completed, Lapsed, Unknown, also when `run` is cancelled.
    """

    def __init__(
        self,
        name: str,
        link: Link,
        *,
        plan: LanePlan,
        new_board: Callable[[], Board],
        on_event: Callable[[Event], None],
        jitter: Callable[[], float],
        on_health: Callable[[Report], None] | None = None,
    ) -> None:
        self._link = link
        self._on_event = on_event
        self._lane = Lane(plan, new_board)
        self._supervisor = Supervisor(name, jitter=jitter, on_health=on_health)
        self._session: Session | None = None

    @property
    def state(self) -> State:
        """What the turnstile is doing."""
        return self._lane.state

    @property
    def service(self) -> bool:
        """Whether a grant now would open the barrier, now or after those before it."""
        return self._lane.state in IN_SERVICE

    @property
    def health(self) -> Report:
        """The board's health now."""
        return self._supervisor.report

    def grant(self, grant_id: GrantId, persons: int = 1) -> None:
        """Let `persons` (1 or more) through. Never waits; the outcome is an event.

        The command to the relay has left when this returns, if the wire takes it at once. Out of
        service it lapses at once, within this call.
        """
        self._lane.grant(grant_id, persons, trio.current_time())
        self._deliver()
        self._poke()

    def fire(self) -> None:
        """The fire alarm was heard elsewhere."""
        self._lane.fire(trio.current_time())
        self._deliver()

    def return_to_service(self) -> bool:
        """An operator ends fire. False while the fire contact is still closed."""
        done = self._lane.return_to_service(trio.current_time())
        self._deliver()
        self._poke()
        return done

    def wake(self) -> None:
        """Something was plugged in: do not wait for the backoff."""
        self._supervisor.wake()

    async def run(self) -> None:
        """Serve until cancelled."""
        await self._supervisor.run(self._attempt)

    async def _attempt(self) -> None:
        async with await self._link.open() as wire:
            await self._serve(wire)

    async def _serve(self, wire: Wire) -> None:
        cause = Cause.STOPPED
        try:
            self._supervisor.became(Health.OPENING)
            self._lane.opened(trio.current_time())
            self._session = Session(wire, self._lane, self._deliver)
            await self._session.run(self._link.superseded)
        except DeviceError as error:
            cause = Cause.FAULT if isinstance(error, Fault | Protocol) else Cause.LINK_LOST
            raise
        except Exception:
            cause = Cause.FAULT
            raise
        finally:
            self._session = None
            self._lane.lost(cause, trio.current_time())
            self._deliver()

    def _poke(self) -> None:
        if self._session is not None:
            self._session.poke()

    def _deliver(self) -> None:
        events = self._lane.events
        while events:
            self._on_event(events.popleft())
        if self._lane.state in IN_SERVICE:
            busy = self._lane.state in BUSY
            self._supervisor.became(Health.BUSY if busy else Health.READY)
        elif self._lane.linked:
            # Jammed or free: the board is well, the lane is not.
            self._supervisor.became(Health.FAULT, f"the lane is {self._lane.state.value}")
