"""Holds of a process that is gone: found by ticket, only our own, only of older epochs."""

from __future__ import annotations

from crypto.entry import Admitted, PassageCompleted, PassageUnknown
from edge import left_open
from edge.core.moments import Moment
from edge.core.state import State

OWN, OTHER, TICKET = b"O" * 16, b"X" * 16, b"festival:12345678"


def entry(minute: int) -> Admitted:
    return Admitted(minute << 16, 20260101, 60, 3, 1, TICKET, 5, 1, 0, 1, 1, b"")


def test_open_holds_of_older_epochs_are_found_and_settled() -> None:
    state = State()
    for number, (gateway, epoch) in enumerate([(OWN, 7), (OWN, 8), (OWN, 9), (OTHER, 7)]):
        state.apply(gateway, epoch, 2, entry(number + 1))
    state.apply(OWN, 8, 3, PassageCompleted(50 << 16, 20260101, 60, 3, TICKET, 8, 2, 1))
    assert not list(left_open.of_older_epochs(state, OWN, 9, [b"another", b""]))
    ((ticket, hold),) = left_open.of_older_epochs(state, OWN, 9, [TICKET])
    assert (ticket, state.origins[hold.origin].epoch, hold.seq) == (TICKET, 7, 2)
    make = left_open.unknown(ticket, hold.lane, 7, hold.seq, hold.passed)
    fact = make(99 << 16, Moment(99, 20260101, 60))
    assert isinstance(fact, PassageUnknown)
    state.apply(OWN, 9, 3, fact)
    assert not list(left_open.of_older_epochs(state, OWN, 9, [TICKET]))
