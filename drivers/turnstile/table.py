"""The turnstile's transitions: for every state and signal the next state and the action.

"" is no action: the signal means nothing in that state. `machine.py` explains the states.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping


class State(enum.Enum):
    """See `machine.py`."""

    # Each signal is looked up in the table: the hash of the object, not of its name in Python.
    __hash__ = object.__hash__

    FAULT = "fault"
    LOCKED = "locked"
    PULSED = "pulsed"
    UNLOCKED = "unlocked"
    JAMMED = "jammed"
    FREE = "free"


IN_SERVICE = frozenset({State.LOCKED, State.PULSED, State.UNLOCKED})


class Signal(enum.Enum):
    """What can happen to a turnstile."""

    __hash__ = object.__hash__

    READY = enum.auto()  # the board is safe and answers
    LOST = enum.auto()  # the board is gone
    REFUSED = enum.auto()  # the board refused the pulse and did not move
    UNSURE = enum.auto()  # the board refused the pulse and may have moved
    FIRE = enum.auto()
    RETURN = enum.auto()  # an operator ends FREE
    GRANT = enum.auto()  # a grant stands at the end of the queue
    NEXT = enum.auto()  # the first of the queue may be pulsed
    ACK = enum.auto()  # the board acknowledged the pulse
    PASSAGE = enum.auto()
    WRONG_WAY = enum.auto()
    EXPIRED = enum.auto()  # nobody passed in time
    STUCK = enum.auto()  # the passage contact has been closed for too long
    CLEAR = enum.auto()  # the passage contact opened


F, L, P, U, J, X = (
    State.FAULT,
    State.LOCKED,
    State.PULSED,
    State.UNLOCKED,
    State.JAMMED,
    State.FREE,
)

TABLE: Mapping[State, Mapping[Signal, tuple[State, str]]] = {
    F: {
        Signal.READY: (L, ""),
        Signal.LOST: (F, ""),
        Signal.REFUSED: (F, ""),
        Signal.UNSURE: (F, ""),
        Signal.FIRE: (X, "free"),
        Signal.RETURN: (F, ""),
        Signal.GRANT: (F, "turn_away"),
        Signal.NEXT: (F, ""),
        Signal.ACK: (F, ""),
        Signal.PASSAGE: (F, ""),
        Signal.WRONG_WAY: (F, ""),
        Signal.EXPIRED: (F, ""),
        Signal.STUCK: (F, ""),
        Signal.CLEAR: (F, ""),
    },
    L: {
        Signal.READY: (L, ""),
        Signal.LOST: (F, "close"),
        Signal.REFUSED: (L, ""),
        Signal.UNSURE: (L, ""),
        Signal.FIRE: (X, "free"),
        Signal.RETURN: (L, ""),
        Signal.GRANT: (L, "enqueue"),
        Signal.NEXT: (P, "pulse"),
        Signal.ACK: (L, ""),  # late: the passage was quicker
        Signal.PASSAGE: (L, "intrude"),
        Signal.WRONG_WAY: (L, "warn_wrong_way"),
        Signal.EXPIRED: (L, ""),
        Signal.STUCK: (J, "jam"),
        Signal.CLEAR: (L, ""),
    },
    P: {
        Signal.READY: (P, ""),
        Signal.LOST: (F, "darken"),
        Signal.REFUSED: (F, "close"),
        Signal.UNSURE: (F, "darken"),
        Signal.FIRE: (X, "free"),
        Signal.RETURN: (P, ""),
        Signal.GRANT: (P, "enqueue"),
        Signal.NEXT: (P, ""),
        Signal.ACK: (U, "unlock"),
        Signal.PASSAGE: (L, "count"),
        Signal.WRONG_WAY: (P, "warn_wrong_way"),
        Signal.EXPIRED: (P, ""),
        Signal.STUCK: (J, "jam_open"),
        Signal.CLEAR: (P, ""),
    },
    U: {
        Signal.READY: (U, ""),
        Signal.LOST: (F, "darken"),
        Signal.REFUSED: (U, ""),
        Signal.UNSURE: (U, ""),
        Signal.FIRE: (X, "free"),
        Signal.RETURN: (U, ""),
        Signal.GRANT: (U, "enqueue"),
        Signal.NEXT: (U, ""),
        Signal.ACK: (U, ""),
        Signal.PASSAGE: (L, "count"),
        Signal.WRONG_WAY: (U, "warn_wrong_way"),
        Signal.EXPIRED: (L, "lapse"),
        Signal.STUCK: (J, "jam_open"),
        Signal.CLEAR: (U, ""),
    },
    J: {
        Signal.READY: (J, ""),
        Signal.LOST: (F, ""),
        Signal.REFUSED: (J, ""),
        Signal.UNSURE: (J, ""),
        Signal.FIRE: (X, "free"),
        Signal.RETURN: (J, ""),
        Signal.GRANT: (J, "turn_away"),
        Signal.NEXT: (J, ""),
        Signal.ACK: (J, ""),
        Signal.PASSAGE: (J, ""),
        Signal.WRONG_WAY: (J, "warn_wrong_way"),
        Signal.EXPIRED: (J, ""),
        Signal.STUCK: (J, ""),
        Signal.CLEAR: (L, ""),
    },
    X: {
        Signal.READY: (X, ""),
        Signal.LOST: (X, ""),
        Signal.REFUSED: (X, ""),
        Signal.UNSURE: (X, ""),
        Signal.FIRE: (X, ""),
        Signal.RETURN: (F, ""),
        Signal.GRANT: (X, "turn_away"),
        Signal.NEXT: (X, ""),
        Signal.ACK: (X, ""),
        Signal.PASSAGE: (X, ""),
        Signal.WRONG_WAY: (X, ""),
        Signal.EXPIRED: (X, ""),
        Signal.STUCK: (X, ""),
        Signal.CLEAR: (X, ""),
    },
}
