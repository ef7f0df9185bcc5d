"""How much of a log was folded, and what of a hold counts as used."""

import pytest

from edge.core.holds import LAPSED, UNKNOWN, Hold, Origin
from tests.edge.core.desk import A


def test_a_gap_is_remembered_and_closed() -> None:
    origin = Origin(A, 1, 1, [], 0)
    assert [origin.mark(seq) for seq in (3, 5, 4, 3, 0)] == [True, True, True, False, False]
    assert (origin.next, origin.beyond) == (1, [3, 4, 5])
    assert [origin.mark(seq) for seq in (1, 7, 2, 1)] == [True, True, True, False]
    assert (origin.next, origin.beyond) == (6, [7])


@pytest.mark.parametrize(
    ("passed", "status", "used", "still_open"),
    [(0, 0, 3, True), (3, 0, 3, False), (1, LAPSED, 1, False), (1, UNKNOWN, 3, False)],
)
def test_all_of_a_hold_counts_until_its_owner_gives_some_back(
    passed: int, status: int, used: int, still_open: bool
) -> None:
    hold = Hold(0, 1, 5, granted=3, passed=passed, status=status)
    assert (hold.used, hold.open) == (used, still_open)
