"""drivers/turnstile/plan.py: which bit is which contact."""

from __future__ import annotations

from drivers.turnstile.plan import UNLOCK_S, LanePlan


def test_contacts_wired_inverted_and_missing() -> None:
    plan = LanePlan(passage_input=2, fire_input=3, inverted_inputs=frozenset({3}))
    assert plan.is_closed(2, 0b0100) and not plan.is_closed(2, 0b1011)
    assert plan.is_closed(3, 0b0000) and not plan.is_closed(3, 0b1000)
    assert not plan.is_closed(None, 0b1111)


def test_the_times_of_the_field() -> None:
    assert UNLOCK_S == {"tripod": 5.0, "speed_gate": 8.0}
    plan = LanePlan()
    assert plan.pulse_period_s >= plan.pulse_ms / 1000 + 0.5, "500 ms of rest between pulses"
