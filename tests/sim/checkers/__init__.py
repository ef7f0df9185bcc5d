"""One file for each promise; each sees every step of a history and ends it when it is broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.sim.checkers.answers import Answers
from tests.sim.checkers.counts import Counts
from tests.sim.checkers.folded import Folded
from tests.sim.checkers.holds import Holds
from tests.sim.checkers.kept import Kept
from tests.sim.checkers.numbers import Numbers
from tests.sim.checkers.order import Order
from tests.sim.checkers.rights import Rights
from tests.sim.checkers.settled import Settled
from tests.sim.checkers.written import Written
from tests.sim.watch import Checker

if TYPE_CHECKING:
    from tests.sim.history import History


def make(history: History) -> list[Checker]:
    """All of them, in the order in which they look."""
    kinds = (Written, Kept, Numbers, Folded, Settled, Holds, Rights, Answers, Counts, Order)
    return [kind(history) for kind in kinds]
