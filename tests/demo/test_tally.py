from __future__ import annotations

from edge.demo.tally import LaneTally, total


def test_answers_and_outcomes_are_counted_by_lane_and_together() -> None:
    one, other = LaneTally(shown=5), LaneTally(shown=2)
    for answer in ("admitted", "repeated", "invalid", "invalid"):
        one.decided(answer)
    other.decided("invalid")
    other.settled("completed")
    other.settled("lapsed")
    other.settled("unknown")
    assert (one.answered, one.refused_count, one.admitted, one.repeated) == (4, 2, 1, 1)
    whole = total([one, other])
    assert (whole.shown, whole.answered, whole.refused) == (7, 5, {"invalid": 3})
    assert (whole.completed, whole.lapsed, whole.unknown) == (1, 1, 1)
