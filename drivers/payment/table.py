"""A payment's transitions: for every state and signal, the next state.

`Signal` names what an answer says, whether it answers the authorization itself, an inquiry or a
reversal: the terminal's word counts, not which question it came for. A word that contradicts an
earlier one makes the payment unknown again, since one of the two is wrong and money is at stake.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

from drivers.payment.outcome import State


class Signal(enum.Enum):
    """What can happen to a payment."""

    START = enum.auto()  # the terminal is being asked
    REVERSE = enum.auto()  # the terminal is being asked to give it back
    APPROVED = enum.auto()
    DECLINED = enum.auto()
    REVERSED = enum.auto()
    LATE = enum.auto()  # approved offline, and its host declined afterwards
    MISMATCH = enum.auto()  # an answer that is about something else
    LOST = enum.auto()  # the link or the time ran out while a question was open


N, S, A, D, U, G, R, V, L = (
    State.IDLE,
    State.STARTED,
    State.APPROVED,
    State.DECLINED,
    State.UNKNOWN,
    State.REVERSING,
    State.REVERSED,
    State.REVERSAL_UNKNOWN,
    State.DECLINED_LATE,
)
_ORDER = tuple(Signal)

# One column per signal in the order above. A dot: it may not be done, or says nothing new.
_ROWS: Mapping[State, tuple[State | None, ...]] = {
    #   START REVERSE APPR  DECL  REVD  LATE  MISM  LOST
    N: (S, None, None, None, None, None, None, None),
    S: (None, None, A, D, R, L, U, U),
    A: (None, G, None, U, R, L, None, None),
    D: (None, None, U, None, None, None, None, None),
    U: (None, None, A, D, R, L, None, None),
    G: (None, None, A, V, R, L, V, V),
    R: (None, None, V, None, None, None, None, None),
    V: (None, None, A, V, R, L, None, None),
    L: (None, None, None, None, None, None, None, None),
}

TABLE: Mapping[State, Mapping[Signal, State | None]] = {
    state: dict(zip(_ORDER, row, strict=True)) for state, row in _ROWS.items()
}

# A question is on its way. The terminal must be asked. Nothing more will come by itself.
OPEN = frozenset({S, G})
UNSURE = frozenset({U, V})
SETTLED = frozenset({A, D, R, L})
