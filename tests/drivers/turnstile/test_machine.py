"""drivers/turnstile/machine.py, as stories: what happens (>>) and what comes of it (<<)."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.turnstile.events import (
    Alarm,
    Alarmed,
    Cause,
    Completed,
    Event,
    InService,
    Lapsed,
    OutOfService,
    Pulse,
    Unknown,
    Why,
)
from drivers.turnstile.machine import TurnstileMachine
from drivers.turnstile.plan import LanePlan
from drivers.turnstile.table import State

PASSAGE, WRONG_WAY, FIRE = 1, 2, 4
PLAN = LanePlan(wrong_way_input=1, fire_input=2, debounce_s=0.0, queue_max=3)


def play(machine: TurnstileMachine) -> list[Event | Pulse]:
    """What came of it: commands, then events."""
    out: list[Event | Pulse] = [*machine.commands, *machine.events]
    machine.commands.clear()
    machine.events.clear()
    return out


def locked(plan: LanePlan = PLAN) -> TurnstileMachine:
    machine = TurnstileMachine(plan)
    machine.ready(0, 0.0)
    assert play(machine) == [InService()]
    return machine


def unlocked(persons: int = 1) -> TurnstileMachine:
    machine = locked()
    machine.grant(b"g", persons, 0.0)
    machine.pulsed(1, 0.0)
    assert machine.state is State.UNLOCKED
    play(machine)
    return machine


def test_one_guest() -> None:
    machine = locked()
    machine.grant(b"g", 1, 1.0)
    assert play(machine) == [Pulse(1, 0, 500)]
    machine.pulsed(1, 1.25)
    assert (machine.state, machine.deadline) == (State.UNLOCKED, 6.25)
    machine.contacts(PASSAGE, 2.0)
    assert play(machine) == [Completed(b"g", 1)]
    assert machine.state is State.LOCKED
    machine.contacts(0, 2.2)
    assert (play(machine), machine.deadline) == ([], math.inf)


def test_a_guest_who_does_not_walk() -> None:
    machine = unlocked()
    machine.timed_out(4.99)
    assert play(machine) == []
    machine.timed_out(5.0)
    assert play(machine) == [Lapsed(b"g", Why.NOT_PASSED)]
    assert machine.state is State.LOCKED


def test_a_passage_that_began_in_time_is_a_passage() -> None:
    machine = locked(LanePlan(debounce_s=0.03))
    machine.grant(b"g", 1, 0.0)
    machine.pulsed(1, 0.0)
    machine.contacts(PASSAGE, 4.99)
    assert machine.deadline == math.inf
    machine.timed_out(5.01)
    assert machine.state is State.UNLOCKED
    machine.contacts(PASSAGE, 5.03)
    assert Completed(b"g", 1) in machine.events


def test_a_contact_that_only_bounced_at_the_end_is_none() -> None:
    machine = locked(LanePlan(debounce_s=0.03))
    machine.grant(b"g", 1, 0.0)
    machine.pulsed(1, 0.0)
    machine.contacts(PASSAGE, 4.99)
    machine.contacts(0, 5.03)
    assert Lapsed(b"g", Why.NOT_PASSED) in machine.events


def test_a_passage_quicker_than_the_answer() -> None:
    machine = locked()
    machine.grant(b"g", 1, 0.0)
    machine.contacts(PASSAGE, 0.05)
    machine.pulsed(1, 0.06)
    assert play(machine) == [Pulse(1, 0, 500), Completed(b"g", 1)]
    assert machine.state is State.LOCKED


def test_a_group_of_four_is_four_pulses_with_a_pause() -> None:
    machine = locked()
    machine.grant(b"g", 4, 0.0)
    now = 0.0
    for number in range(1, 5):
        assert play(machine) == [Pulse(number, 0, 500)]
        machine.pulsed(number, now)
        machine.contacts(PASSAGE, now + 0.2)
        machine.contacts(0, now + 0.3)
        if number < 4:
            assert (play(machine), machine.deadline) == ([], now + 1.0)
            machine.timed_out(now + 0.9)
            assert not machine.commands
            now += 1.0
            machine.timed_out(now)
    assert play(machine) == [Completed(b"g", 4)]


def test_a_group_of_which_one_walked() -> None:
    machine = unlocked(persons=3)
    machine.contacts(PASSAGE, 0.5)
    machine.contacts(0, 0.7)
    machine.timed_out(1.0)
    machine.pulsed(2, 1.0)
    machine.timed_out(6.0)
    assert play(machine) == [Pulse(2, 0, 500), Completed(b"g", 1)]


def test_grants_queue_and_the_queue_is_bounded() -> None:
    machine = locked()
    for grant_id in range(4):
        machine.grant(grant_id, 1, 0.0)
    assert play(machine) == [Pulse(1, 0, 500), Lapsed(3, Why.QUEUE_FULL)]
    machine.contacts(PASSAGE, 0.5)
    machine.contacts(0, 1.1)
    assert play(machine) == [Completed(0, 1), Pulse(2, 0, 500)][::-1]


def test_no_pulse_while_somebody_stands_in_the_passage() -> None:
    machine = unlocked()
    machine.contacts(PASSAGE, 0.5)
    machine.grant(b"h", 1, 2.0)
    assert play(machine) == [Completed(b"g", 1)]
    assert machine.deadline == 10.5
    machine.contacts(0, 2.5)
    assert play(machine) == [Pulse(2, 0, 500)]


def test_an_answer_to_an_older_pulse_means_nothing() -> None:
    machine = locked()
    machine.pulsed(1, 0.0)
    machine.refused(1, True, 0.0)
    machine.grant(b"g", 1, 0.0)
    machine.pulsed(0, 0.0)
    machine.refused(0, True, 0.0)
    assert machine.state is State.PULSED


def test_without_a_sensor_the_passage_is_assumed() -> None:
    machine = locked(LanePlan(passage_input=None, pulse_period_s=0.0))
    machine.grant(b"g", 2, 0.0)
    machine.pulsed(1, 0.0)
    machine.pulsed(2, 0.0)
    assert play(machine) == [Pulse(1, 0, 500), Pulse(2, 0, 500), Completed(b"g", 2, True)]


@pytest.mark.parametrize(("at", "alarm"), [(1.9, Alarm.TAILGATE), (2.1, Alarm.FORCED)])
def test_a_second_passage_is_an_alarm(at: float, alarm: Alarm) -> None:
    machine = unlocked()
    machine.contacts(PASSAGE, 0.5)
    machine.contacts(0, 0.6)
    machine.contacts(PASSAGE, at)
    assert play(machine) == [Completed(b"g", 1), Alarmed(alarm)]


def test_the_wrong_way_is_an_alarm_and_consumes_nothing() -> None:
    machine = unlocked()
    machine.contacts(WRONG_WAY, 0.5)
    machine.contacts(0, 0.6)
    assert play(machine) == [Alarmed(Alarm.WRONG_WAY)]
    assert machine.state is State.UNLOCKED


def test_a_jam_takes_the_lane_out_until_the_contact_opens() -> None:
    machine = unlocked(persons=2)
    machine.contacts(PASSAGE, 0.5)
    assert machine.deadline == 10.5
    machine.timed_out(10.5)
    out = [Alarmed(Alarm.JAMMED), Completed(b"g", 1), OutOfService(Why.JAMMED)]
    assert play(machine) == out
    assert (machine.state, machine.deadline) == (State.JAMMED, math.inf)
    machine.grant(b"h", 1, 11.0)
    machine.contacts(PASSAGE | WRONG_WAY, 12.0)
    assert play(machine) == [Lapsed(b"h", Why.JAMMED), Alarmed(Alarm.WRONG_WAY)]
    machine.contacts(0, 13.0)
    assert play(machine) == [InService()]


def test_a_jam_with_a_pulse_under_way_leaves_it_unknown() -> None:
    machine = locked(LanePlan(debounce_s=0.0, jam_s=0.2))
    machine.grant(b"g", 1, 0.0)
    machine.contacts(PASSAGE, 0.1)
    machine.contacts(0, 0.2)
    machine.grant(b"h", 1, 1.0)
    machine.pulsed(2, 1.0)
    # The contact closes for good while the debounce of a board that samples rarely settles it.
    machine._passage.settle(True, 1.1)
    machine.timed_out(1.4)
    assert list(machine.events)[1:] == [
        Alarmed(Alarm.JAMMED),
        Unknown(b"h", Cause.FAULT, 0),
        OutOfService(Why.JAMMED),
    ]


@pytest.mark.parametrize("acknowledged", [False, True])
def test_the_board_is_lost_with_a_pulse_under_way(acknowledged: bool) -> None:
    machine = locked()
    machine.grant(b"g", 1, 0.0)
    machine.grant(b"h", 1, 0.0)
    if acknowledged:
        machine.pulsed(1, 0.0)
    play(machine)
    machine.lost(Cause.LINK_LOST, 1.0)
    assert play(machine) == [
        Unknown(b"g", Cause.LINK_LOST, 0),
        Lapsed(b"h", Why.NO_BOARD),
        OutOfService(Why.NO_BOARD),
    ]
    machine.grant(b"i", 1, 1.0)
    machine.contacts(PASSAGE | WRONG_WAY, 1.0)
    assert play(machine) == [Lapsed(b"i", Why.NO_BOARD)]


def test_the_board_is_lost_between_two_pulses_of_a_group() -> None:
    machine = unlocked(persons=2)
    machine.contacts(PASSAGE, 0.5)
    machine.lost(Cause.STOPPED, 0.6)
    assert play(machine) == [Completed(b"g", 1), OutOfService(Why.NO_BOARD)]


@pytest.mark.parametrize(
    ("perhaps", "outcome"),
    [(False, Lapsed(b"g", Why.NO_BOARD)), (True, Unknown(b"g", Cause.FAULT, 0))],
)
def test_a_refused_pulse(perhaps: bool, outcome: Event) -> None:
    machine = locked()
    machine.grant(b"g", 1, 0.0)
    machine.refused(1, perhaps, 0.1)
    assert play(machine)[1:] == [outcome, OutOfService(Why.NO_BOARD)]
    assert not machine.linked
    assert machine.return_to_service(1.0)
    assert machine.state is State.FAULT, "a board that refuses is not brought back by hand"


def test_fire_counts_nothing_and_stays_until_an_operator_returns() -> None:
    machine = unlocked()
    machine.grant(b"h", 1, 0.0)
    machine.contacts(FIRE, 1.0)
    assert play(machine) == [
        Unknown(b"g", Cause.FIRE, 0),
        Unknown(b"h", Cause.FIRE, 0),
        OutOfService(Why.FIRE),
    ]
    machine.grant(b"i", 1, 2.0)
    machine.contacts(FIRE | PASSAGE | WRONG_WAY, 2.0)
    machine.contacts(FIRE | PASSAGE, 20.0)
    machine.lost(Cause.LINK_LOST, 21.0)
    machine.ready(FIRE, 22.0)
    assert play(machine) == [Unknown(b"i", Cause.FIRE, 0)]
    assert not machine.return_to_service(23.0)
    assert machine.state is State.FREE
    machine.contacts(0, 24.0)
    assert machine.state is State.FREE
    assert machine.return_to_service(25.0)
    assert play(machine) == [OutOfService(Why.NO_BOARD), InService()]


def test_fire_told_by_others_and_returned_without_a_board() -> None:
    machine = locked()
    machine.fire(1.0)
    machine.lost(Cause.LINK_LOST, 2.0)
    assert play(machine) == [OutOfService(Why.FIRE)]
    assert machine.return_to_service(3.0)
    assert machine.state is State.FAULT


def test_a_board_that_is_ready_during_fire_is_free_at_once() -> None:
    machine = TurnstileMachine(PLAN)
    machine.ready(FIRE, 0.0)
    assert machine.state is State.FREE


steps = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "grant",
                "ack",
                "refuse",
                "unsure",
                "walk",
                "inputs",
                "fire",
                "return",
                "lost",
                "ready",
            ]
        ),
        st.integers(0, 7),
        st.sampled_from([0.0, 0.01, 0.3, 1.0, 5.0, 11.0]),
    ),
    max_size=60,
)


@given(steps, st.booleans())
def test_every_grant_ends_exactly_once(story: list[tuple[str, int, float]], sensor: bool) -> None:
    machine = TurnstileMachine(
        LanePlan(passage_input=0 if sensor else None, wrong_way_input=1, fire_input=2, queue_max=4)
    )
    now, granted = 0.0, 0
    outcomes: list[int] = []
    for what, number, wait in story:
        now += wait
        if now >= machine.deadline:
            machine.timed_out(now)
            assert machine.deadline > now
        if what == "grant":
            granted += 1
            machine.grant(granted, 1 + number % 4, now)
        elif what == "ack":
            machine.pulsed(machine._pulses, now)
        elif what in ("refuse", "unsure"):
            machine.refused(machine._pulses, what == "unsure", now)
        elif what == "walk":
            for inputs in (1, 1, 0, 0):
                now += 0.04
                machine.contacts(inputs, now)
        elif what == "inputs":
            machine.contacts(number, now)
        elif what == "fire":
            machine.fire(now)
        elif what == "return":
            machine.return_to_service(now)
        elif what == "lost":
            machine.lost(Cause.LINK_LOST, now)
        else:
            machine.ready(number & 3, now)
        for pulse in machine.commands:
            assert machine.state is not State.FAULT or what in ("refuse", "unsure", "lost"), pulse
        for event in play(machine):
            if isinstance(event, Completed | Lapsed | Unknown):
                assert isinstance(event.grant_id, int)
                outcomes.append(event.grant_id)
    machine.lost(Cause.STOPPED, now)
    outcomes += [
        event.grant_id
        for event in machine.events
        if isinstance(event, Completed | Lapsed | Unknown) and isinstance(event.grant_id, int)
    ]
    assert sorted(outcomes) == list(range(1, granted + 1))
