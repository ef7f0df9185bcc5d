"""drivers/turnstile/table.py: a row for every state and signal, each with its action."""

from __future__ import annotations

from drivers.turnstile.machine import TurnstileMachine
from drivers.turnstile.table import IN_SERVICE, TABLE, Signal, State


def test_every_state_has_a_row_for_every_signal() -> None:
    assert set(TABLE) == set(State)
    for state, row in TABLE.items():
        assert set(row) == set(Signal), state


def test_every_action_exists() -> None:
    actions = {action for row in TABLE.values() for _, action in row.values() if action}
    assert all(hasattr(TurnstileMachine, f"_{action}") for action in actions)


def test_fire_frees_from_every_state_and_only_an_operator_ends_it() -> None:
    assert {row[Signal.FIRE][0] for row in TABLE.values()} == {State.FREE}
    leaving = {signal for signal, (to, _) in TABLE[State.FREE].items() if to is not State.FREE}
    assert leaving == {Signal.RETURN}


def test_pulses_come_from_locked_only_and_the_loss_of_the_board_fails_closed() -> None:
    assert [state for state in State if TABLE[state][Signal.NEXT][1]] == [State.LOCKED]
    assert {TABLE[state][Signal.LOST][0] for state in IN_SERVICE} == {State.FAULT}
    for state in set(State) - IN_SERVICE:
        assert TABLE[state][Signal.GRANT] == (state, "turn_away")
