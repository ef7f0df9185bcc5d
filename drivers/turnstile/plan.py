"""How one lane is wired to its board."""

from __future__ import annotations

import msgspec

# What vendors set their controllers to: a tripod is pushed at once, a speed gate is walked.
UNLOCK_S = {"tripod": 5.0, "speed_gate": 8.0}


class LanePlan(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers count from 0; None means not wired. Without `passage_input` a passage is
    assumed. `inverted_inputs` are those closed when at rest (fire alarms usually are).

    `pulse_period_s` is from the start of one pulse to the start of the next: at least the
    pulse and 500 ms of rest, 0 only in benchmarks. `debounce_s` must be shorter than the
    contact's pulse less one polling period.
    """

    relay: int = 0
    pulse_ms: int = 500
    pulse_period_s: float = 1.0
    unlock_s: float = UNLOCK_S["tripod"]
    passage_input: int | None = 0
    wrong_way_input: int | None = None
    fire_input: int | None = None
    inverted_inputs: frozenset[int] = frozenset()
    debounce_s: float = 0.03
    tailgate_s: float = 1.5
    jam_s: float = 10.0
    queue_max: int = 16

    def is_closed(self, number: int | None, inputs: int) -> bool:
        """Whether the contact on this input is closed, its inversion taken into account."""
        if number is None:
            return False
        return bool(inputs >> number & 1) != (number in self.inverted_inputs)
