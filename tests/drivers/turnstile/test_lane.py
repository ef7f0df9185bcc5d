"""drivers/turnstile/lane.py: what the board says before it fails still counts."""

from __future__ import annotations

from collections import deque

import pytest

from drivers.errors import Fault, Protocol
from drivers.turnstile.board import BoardEvent, Inputs, Pulsed, PulseRefused, Ready
from drivers.turnstile.events import (
    Cause,
    Completed,
    Event,
    InService,
    Lapsed,
    OutOfService,
    Unknown,
    Why,
)
from drivers.turnstile.lane import Lane
from drivers.turnstile.plan import LanePlan
from drivers.turnstile.table import State


class ScriptedBoard:
    """Says what the test put into `script`; raises what is no event."""

    def __init__(self) -> None:
        self.events: deque[BoardEvent] = deque()
        self.script: list[BoardEvent | Exception] = []
        self.pulses: list[tuple[int, int, int, float]] = []
        self.deadline = 9.0
        self.ready = True
        self.started_at = -1.0

    def start(self, now: float) -> None:
        self.started_at = now

    def pulse(self, number: int, relay: int, ms: int, now: float) -> None:
        self.pulses.append((number, relay, ms, now))

    def receive_data(self, data: bytes, now: float) -> None:
        for step in self.script:
            if isinstance(step, Exception):
                self.ready = False
                raise step
            self.events.append(step)

    def timed_out(self, now: float) -> None:
        self.receive_data(b"", now)

    def data_to_send(self) -> bytes:
        return b"bytes"


def taken(lane: Lane) -> list[Event]:
    events = list(lane.events)
    lane.events.clear()
    return events


def serving(plan: LanePlan | None = None) -> tuple[Lane, ScriptedBoard]:
    board = ScriptedBoard()
    lane = Lane(plan or LanePlan(debounce_s=0.0, pulse_period_s=0.0), lambda: board)
    lane.opened(1.0)
    board.script = [Ready(0)]
    lane.receive_data(b"", 1.0)
    assert board.started_at == 1.0 and taken(lane) == [InService()]
    return lane, board


def test_a_grant_is_a_pulse_in_the_same_call() -> None:
    lane, board = serving()
    lane.grant(b"g", 1, 2.0)
    assert board.pulses == [(1, 0, 500, 2.0)]
    assert lane.data_to_send() == b"bytes"
    board.script = [Pulsed(1), Inputs(1)]
    lane.receive_data(b"", 2.1)
    assert taken(lane) == [Completed(b"g", 1)]
    assert lane.linked and lane.deadline == 9.0


def test_the_earlier_deadline_counts() -> None:
    lane, board = serving()
    lane.grant(b"g", 1, 2.0)
    board.script = [Pulsed(1)]
    lane.receive_data(b"", 2.0)
    assert lane.deadline == 7.0
    board.script = []
    lane.timed_out(7.0)
    assert taken(lane) == [Lapsed(b"g", Why.NOT_PASSED)]


def test_what_the_board_said_before_it_failed_counts() -> None:
    lane, board = serving()
    lane.grant(b"g", 1, 2.0)
    lane.grant(b"h", 1, 2.0)
    board.script = [Pulsed(1), Inputs(1), Inputs(0), Protocol("garbage")]
    with pytest.raises(Protocol):
        lane.receive_data(b"", 2.1)
    # The second pulse was due by then, and certainly did not leave.
    assert taken(lane)[:2] == [Completed(b"g", 1), Lapsed(b"h", Why.NO_BOARD)]
    assert len(board.pulses) == 1
    lane.lost(Cause.FAULT, 2.1)
    assert (lane.data_to_send(), lane.state, lane.linked) == (b"", State.FAULT, False)


def test_a_refused_pulse() -> None:
    lane, board = serving()
    lane.grant(b"g", 1, 2.0)
    board.script = [PulseRefused(1, True), Fault("failure")]
    with pytest.raises(Fault):
        lane.timed_out(2.1)
    assert taken(lane) == [Unknown(b"g", Cause.FAULT, 0), OutOfService(Why.NO_BOARD)]


def test_fire_and_return() -> None:
    lane, _ = serving()
    lane.fire(2.0)
    assert lane.state is State.FREE and lane.linked
    assert lane.return_to_service(3.0)
    assert lane.state is State.LOCKED
