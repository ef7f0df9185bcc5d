"""drivers/turnstile/driver.py with the double: the contract every turnstile keeps, on four
wires. Whatever the wire does, a grant ends exactly once and truthfully."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
import trio.testing

from drivers.supervisor import Health, Report
from drivers.turnstile.driver import Turnstile
from drivers.turnstile.events import (
    Alarm,
    Alarmed,
    Cause,
    Completed,
    Event,
    InService,
    Lapsed,
    OutOfService,
    Unknown,
    Why,
)
from drivers.turnstile.modbus.fake import FakeBoard, parser
from drivers.turnstile.modbus.machine import BoardPlan, ModbusBoard
from drivers.turnstile.plan import LanePlan
from drivers.turnstile.table import State
from tests.drivers.wires import WIRES, MemoryLink

PLAN = LanePlan(wrong_way_input=1, fire_input=2)


class Stage:
    """A turnstile, the board and the guests of the double, and what happened."""

    def __init__(
        self, nursery: trio.Nursery, kind: str, seed: int, plan: LanePlan, board: BoardPlan
    ) -> None:
        self.board = FakeBoard(0, nursery, parser().parse_args(["--quiet"]))
        self.link = MemoryLink(nursery, self.board.serve, kind, seed)
        self.events: list[Event] = []
        self.health: list[Report] = []
        self.turnstile = Turnstile(
            "lane 1",
            self.link,
            plan=plan,
            new_board=lambda: ModbusBoard(board),
            on_event=self.on_event,
            jitter=lambda: 0.0,
            on_health=self.health.append,
        )

    def on_event(self, event: Event) -> None:
        self.events.append(event)

    async def served(self) -> None:
        while not self.turnstile.service:
            await trio.sleep(0.05)

    @property
    def outcomes(self) -> list[Event]:
        return [event for event in self.events if isinstance(event, Completed | Lapsed | Unknown)]


@asynccontextmanager
async def stage(
    kind: str = "whole",
    seed: int = 0,
    plan: LanePlan = PLAN,
    board: BoardPlan | None = None,
    **told: Any,
) -> AsyncIterator[Stage]:
    async with trio.open_nursery() as nursery:
        play = Stage(nursery, kind, seed, plan, board or BoardPlan())
        await play.board.obey(told)
        nursery.start_soon(play.turnstile.run)
        if kind != "lossy":
            await play.served()
        yield play
        nursery.cancel_scope.cancel()


@pytest.mark.trio
@pytest.mark.parametrize("kind", ["whole", "bytes", "delayed"])
async def test_guests_walk_stay_and_come_in_groups(
    autojump_clock: trio.testing.MockClock, kind: str
) -> None:
    async with stage(kind) as play:
        play.turnstile.grant(b"walks")
        assert play.turnstile.state is State.PULSED
        await trio.sleep(3)
        await play.board.obey({"next": ["stay"]})
        play.turnstile.grant(b"stays")
        await trio.sleep(7)
        play.turnstile.grant(b"four", 4)
        await trio.sleep(8)
        assert play.events == [
            InService(),
            Completed(b"walks", 1),
            Lapsed(b"stays", Why.NOT_PASSED),
            Completed(b"four", 4),
        ]
        assert play.board.pulses == 6


@pytest.mark.trio
@pytest.mark.parametrize(
    ("kind", "seed"),
    [(kind, seed) for kind in WIRES for seed in range(12 if kind == "lossy" else 1)],
)
async def test_every_grant_ends_exactly_once(
    autojump_clock: trio.testing.MockClock, kind: str, seed: int
) -> None:
    async with stage(kind, seed, board=BoardPlan(poll_s=0.05)) as play:
        for grant in range(20):
            play.turnstile.grant(grant)
            await trio.sleep(2)
        await trio.sleep(6)
        pulses = play.board.pulses
    ended = Counter(event.grant_id for event in play.outcomes)  # type: ignore[union-attr]
    assert ended == Counter(range(20))
    completed = sum(isinstance(event, Completed) for event in play.outcomes)
    unknown = sum(isinstance(event, Unknown) for event in play.outcomes)
    assert completed <= pulses <= completed + unknown, "who passed was pulsed, once"
    if kind != "lossy":
        assert completed == 20


@pytest.mark.trio
async def test_a_disconnect_at_each_byte_of_the_answers(
    autojump_clock: trio.testing.MockClock,
) -> None:
    start = 12 + 10 + 10  # coils off, coils read, inputs read
    for cut in range(start + 12 + 20):
        async with trio.open_nursery() as nursery:
            play = Stage(nursery, "whole", 0, PLAN, BoardPlan(poll_s=0.1))
            play.link.cut_after = cut
            nursery.start_soon(play.turnstile.run)
            await trio.sleep(0.2)
            if cut <= start:
                assert not any(isinstance(event, Unknown) for event in play.events)
            play.turnstile.grant(b"g")
            await trio.sleep(7)
            assert play.link.opened_count == 2 and play.turnstile.service
            assert len(play.outcomes) == 1, cut
            if play.board.pulses == 0:
                assert not isinstance(play.outcomes[0], Completed)
            else:
                assert not isinstance(play.outcomes[0], Lapsed), "the guests here all walk"
            nursery.cancel_scope.cancel()


@pytest.mark.trio
async def test_a_grant_leaves_without_waiting_for_the_next_reading(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with stage() as play:
        await trio.sleep(0.0123)
        before = trio.current_time()
        play.turnstile.grant(b"g")
        await trio.testing.wait_all_tasks_blocked()
        assert (play.board.pulses, trio.current_time()) == (1, before)


@pytest.mark.trio
async def test_without_a_sensor_the_acknowledged_pulse_is_the_passage(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with stage(plan=LanePlan(passage_input=None), guest="stay") as play:
        play.turnstile.grant(1)
        await trio.sleep(0.01)
        assert play.outcomes == [Completed(1, 1, assumed=True)]


@pytest.mark.trio
async def test_the_link_is_lost_with_a_guest_in_the_barrier(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with stage(guest="stay") as play:
        play.turnstile.grant(b"g")
        play.turnstile.grant(b"h")
        await trio.sleep(0.1)
        play.link.gone = True
        await play.link.cut()
        await trio.sleep(1)
        play.turnstile.grant(b"i")
        assert play.events[1:] == [
            Unknown(b"g", Cause.LINK_LOST, 0),
            Lapsed(b"h", Why.NO_BOARD),
            OutOfService(Why.NO_BOARD),
            Lapsed(b"i", Why.NO_BOARD),
        ]
        assert not play.turnstile.service and play.turnstile.health.state is Health.GONE
        play.link.gone = False
        play.turnstile.wake()
        await trio.sleep(1)
        assert play.events[-1] == InService()


@pytest.mark.trio
async def test_a_silent_board_is_lost(autojump_clock: trio.testing.MockClock) -> None:
    async with stage() as play:
        await play.board.obey({"silent": True})
        play.turnstile.grant(b"g")
        await trio.sleep(2)
        assert play.outcomes == [Unknown(b"g", Cause.LINK_LOST, 0)]
        assert play.turnstile.health.state is not Health.READY
        assert "did not answer" in "".join(report.reason for report in play.health)
        await play.board.obey({"silent": False})
        await play.served()


@pytest.mark.trio
async def test_a_refused_pulse_is_given_back_and_an_unsure_one_is_not(
    autojump_clock: trio.testing.MockClock,
) -> None:
    for code, outcome in ((2, Lapsed(1, Why.NO_BOARD)), (4, Unknown(1, Cause.FAULT, 0))):
        async with stage() as play:
            await play.board.obey({"refuse": code})
            play.turnstile.grant(1)
            await trio.sleep(1)
            assert play.outcomes == [outcome]
            assert play.turnstile.health.state is Health.FAULT


@pytest.mark.trio
async def test_a_relay_left_on_is_switched_off_before_service(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with trio.open_nursery() as nursery:
        play = Stage(nursery, "whole", 0, PLAN, BoardPlan())
        play.board.relays[3] = True
        nursery.start_soon(play.turnstile.run)
        await play.served()
        assert not any(play.board.relays)
        await play.board.obey({"stuck": 3})
        await play.link.cut()
        await trio.sleep(10)
        assert not play.turnstile.service
        assert "relay 3 is on" in play.turnstile.health.reason
        nursery.cancel_scope.cancel()


@pytest.mark.trio
async def test_fire_stays_over_a_reconnect_until_the_operator_returns(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with stage(guest="stay") as play:
        play.turnstile.grant(1)
        await play.board.obey({"input": 2, "on": True})
        await trio.sleep(1)
        assert play.events[1:] == [Unknown(1, Cause.FIRE, 0), OutOfService(Why.FIRE)]
        assert play.turnstile.health.state is Health.FAULT
        assert "free" in play.turnstile.health.reason
        await play.link.cut()
        await trio.sleep(1)
        assert play.turnstile.state is State.FREE
        assert play.turnstile.health.state is Health.FAULT
        assert not play.turnstile.return_to_service()
        await play.board.obey({"input": 2, "on": False})
        await trio.sleep(1)
        assert play.turnstile.return_to_service() and play.turnstile.service
        assert play.turnstile.health.state is Health.READY
        play.turnstile.fire()
        assert not play.turnstile.service


@pytest.mark.trio
async def test_operators_may_return_a_lane_whose_board_is_away(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with stage() as play:
        play.turnstile.fire()
        play.link.gone = True
        await play.link.cut()
        await trio.sleep(1)
        assert play.turnstile.return_to_service() and play.turnstile.state is State.FAULT


@pytest.mark.trio
@pytest.mark.parametrize(
    ("guest", "expected"),
    [
        ("wrong_way", [Alarmed(Alarm.WRONG_WAY), Lapsed(1, Why.NOT_PASSED)]),
        ("tailgate", [Completed(1, 1), Alarmed(Alarm.TAILGATE)]),
    ],
)
async def test_guests_who_cheat(
    autojump_clock: trio.testing.MockClock, guest: str, expected: list[Event]
) -> None:
    async with stage(guest=guest) as play:
        play.turnstile.grant(1)
        await trio.sleep(8)
        assert play.events[1:] == expected


@pytest.mark.trio
async def test_forced_and_jammed(autojump_clock: trio.testing.MockClock) -> None:
    async with stage() as play:
        await play.board.obey({"input": 0, "on": True})
        await trio.sleep(11)
        assert play.events[1:] == [
            Alarmed(Alarm.FORCED),
            Alarmed(Alarm.JAMMED),
            OutOfService(Why.JAMMED),
        ]
        await play.board.obey({"input": 0, "on": False})
        await trio.sleep(1)
        assert play.turnstile.service


@pytest.mark.trio
async def test_a_callback_may_grant_again_and_order_is_kept(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with stage(plan=LanePlan(passage_input=None, pulse_period_s=0.0)) as play:

        def again(event: Event) -> None:
            play.events.append(event)
            if isinstance(event, Completed) and int(event.grant_id) < 50:
                play.turnstile.grant(int(event.grant_id) + 1)

        play.turnstile._on_event = again
        play.turnstile.grant(1)
        await trio.sleep(1)
        assert play.outcomes == [Completed(grant, 1, True) for grant in range(1, 51)]


@pytest.mark.trio
async def test_an_orderly_stop_leaves_no_grant_open(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with stage(guest="stay") as play:
        play.turnstile.grant(1)
        play.turnstile.grant(2)
        await trio.sleep(1)
    assert play.outcomes == [Unknown(1, Cause.STOPPED, 0), Lapsed(2, Why.NO_BOARD)]


@pytest.mark.trio
async def test_a_callback_that_crashes_takes_no_grant_with_it(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with stage(guest="wrong_way") as play:

        def crash(event: Event) -> None:
            play.events.append(event)
            if event == Alarmed(Alarm.WRONG_WAY):
                raise ZeroDivisionError

        play.turnstile._on_event = crash
        play.turnstile.grant(1)
        play.turnstile.grant(2)
        await trio.sleep(3)
        assert play.turnstile.health.crash_count == 1
        assert play.outcomes == [Unknown(1, Cause.FAULT, 0), Lapsed(2, Why.NO_BOARD)]
        assert play.turnstile.service
