"""Which gateways of a scenario are heard."""

from edge.scenario.ears import UNHEARD_AFTER_S, Ears
from edge.scenario.node import Time

SOUTH = b"S" * 16


def test_silence_begins_when_it_was_heard_last_or_with_the_start() -> None:
    time = Time(1_000)
    ears = Ears(time)
    assert ears.unheard_after_s == UNHEARD_AFTER_S == 10
    time.ms += 3_000
    assert ears.unheard_s(SOUTH) == 3
    ears.hear(SOUTH)
    time.ms += 2_000
    assert ears.unheard_s(SOUTH) == 2
    time.ms += 1_000
    ears.started()
    assert ears.unheard_s(SOUTH) == 0
    assert ears.rows() == ears.warnings() == []
