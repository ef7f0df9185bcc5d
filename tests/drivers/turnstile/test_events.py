"""drivers/turnstile/events.py: an outcome is a value, and one of three."""

from __future__ import annotations

from typing import get_args

import pytest

from drivers.turnstile.events import Cause, Completed, Lapsed, Outcome, Unknown, Why


def test_three_outcomes_that_name_their_grant() -> None:
    assert set(get_args(Outcome)) == {Completed, Lapsed, Unknown}
    outcomes = [Completed(7, 1), Lapsed(b"g", Why.NOT_PASSED), Unknown(7, Cause.FIRE, 0)]
    assert [outcome.grant_id for outcome in outcomes] == [7, b"g", 7]


def test_an_outcome_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Completed(7, 1).passed = 2  # type: ignore[misc]
