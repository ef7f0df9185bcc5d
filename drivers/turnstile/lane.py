"""One turnstile on one board: still no I/O, still no clock.

Board events become signals of the turnstile, the turnstile's commands become pulses of the
board, at once and in the same call: between a grant and its bytes there is no waiting.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from drivers.turnstile.board import Board, Inputs, Pulsed, Ready
from drivers.turnstile.events import Cause, Event, GrantId
from drivers.turnstile.machine import TurnstileMachine
from drivers.turnstile.plan import LanePlan
from drivers.turnstile.table import State


class Lane:
    """A session's machine (see `drivers/session.py`) with a turnstile's commands."""

    def __init__(self, plan: LanePlan, new_board: Callable[[], Board]) -> None:
        self._turnstile = TurnstileMachine(plan)
        self._new_board = new_board
        self._board: Board | None = None

    @property
    def events(self) -> deque[Event]:
        """What happened, oldest first; whoever reads it empties it."""
        return self._turnstile.events

    @property
    def state(self) -> State:
        """The turnstile's state."""
        return self._turnstile.state

    @property
    def linked(self) -> bool:
        """Whether the board is ready, be the lane in service or not."""
        return self._turnstile.linked

    @property
    def deadline(self) -> float:
        """When `timed_out` wants to be called."""
        assert self._board is not None, "a lane has deadlines while its link is open"
        return min(self._board.deadline, self._turnstile.deadline)

    def opened(self, now: float) -> None:
        """The link has just been opened. Nothing of an older link is remembered."""
        self._board = self._new_board()
        self._board.start(now)

    def lost(self, cause: Cause, now: float) -> None:
        """The link is gone, or given up."""
        self._board = None
        self._turnstile.lost(cause, now)

    def grant(self, grant_id: GrantId, persons: int, now: float) -> None:
        """Let persons through; the pulse, if it is due, is among `data_to_send`."""
        self._turnstile.grant(grant_id, persons, now)
        self._settle(now)

    def fire(self, now: float) -> None:
        """See `TurnstileMachine.fire`."""
        self._turnstile.fire(now)

    def return_to_service(self, now: float) -> bool:
        """See `TurnstileMachine.return_to_service`."""
        return self._turnstile.return_to_service(now)

    def receive_data(self, data: bytes, now: float) -> None:
        """Take bytes. Raises DeviceError, after what came before the error was settled."""
        assert self._board is not None
        try:
            self._board.receive_data(data, now)
        finally:
            self._settle(now)

    def timed_out(self, now: float) -> None:
        """Do what is due. Raises DeviceError."""
        assert self._board is not None
        try:
            self._board.timed_out(now)
        finally:
            self._settle(now)
        self._turnstile.timed_out(now)
        self._settle(now)

    def data_to_send(self) -> bytes:
        """Hand over, once, what is to be sent."""
        return self._board.data_to_send() if self._board is not None else b""

    def _settle(self, now: float) -> None:
        board, turnstile = self._board, self._turnstile
        while board is not None and board.events:
            event = board.events.popleft()
            if isinstance(event, Inputs):
                turnstile.contacts(event.inputs, now)
            elif isinstance(event, Pulsed):
                turnstile.pulsed(event.number, now)
            elif isinstance(event, Ready):
                turnstile.ready(event.inputs, now)
            else:
                turnstile.refused(event.number, event.perhaps, now)
        while turnstile.commands:
            assert board is not None, "only a turnstile in service commands pulses"
            pulse = turnstile.commands.popleft()
            if board.ready:
                board.pulse(pulse.number, pulse.relay, pulse.ms, now)
            else:
                # The board failed behind the answer that made this pulse due: not sent.
                turnstile.refused(pulse.number, False, now)
