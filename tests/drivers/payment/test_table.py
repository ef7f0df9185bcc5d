"""drivers/payment/table.py: a row for every state, and what may never be in it."""

from __future__ import annotations

from drivers.payment.outcome import State
from drivers.payment.table import OPEN, SETTLED, TABLE, UNSURE, Signal


def test_there_is_a_row_for_every_state_and_a_column_for_every_signal() -> None:
    assert set(TABLE) == set(State)
    assert all(list(row) == list(Signal) for row in TABLE.values())
    assert OPEN | UNSURE | SETTLED | {State.IDLE} == set(State)


def test_nothing_is_started_twice_and_only_what_was_approved_is_given_back() -> None:
    for state, row in TABLE.items():
        assert (row[Signal.START] is not None) == (state is State.IDLE)
        assert (row[Signal.REVERSE] is not None) == (state is State.APPROVED)


def test_what_is_lost_is_unknown_and_what_is_settled_cannot_be_lost() -> None:
    lost = {state: row[Signal.LOST] for state, row in TABLE.items() if row[Signal.LOST]}
    assert lost == {
        State.STARTED: State.UNKNOWN,
        State.REVERSING: State.REVERSAL_UNKNOWN,
    }


def test_unknown_ends_by_the_terminals_word_only() -> None:
    for state in UNSURE:
        for signal in (Signal.START, Signal.REVERSE, Signal.LOST, Signal.MISMATCH):
            assert TABLE[state][signal] in (None, state)
        assert TABLE[state][Signal.APPROVED] is State.APPROVED


def test_a_contradiction_is_unknown_again() -> None:
    assert TABLE[State.DECLINED][Signal.APPROVED] is State.UNKNOWN
    assert TABLE[State.APPROVED][Signal.DECLINED] is State.UNKNOWN
    assert TABLE[State.REVERSED][Signal.APPROVED] is State.REVERSAL_UNKNOWN


def test_declined_late_is_a_dead_end() -> None:
    assert set(TABLE[State.DECLINED_LATE].values()) == {None}
