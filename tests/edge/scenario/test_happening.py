"""What every step may expect."""

from typing import Any, get_args

import pytest

from edge.scenario.happening import State
from edge.till import work
from tests.edge.scenario.selling import faults, sale


def test_every_end_of_a_work_can_be_expected() -> None:
    said = set(get_args(State))
    assert said >= work.ENDS
    waiting = {work.TAP_AGAIN, work.ASKING, work.WAITING_BAND, work.WAITING_CARD}
    assert said - work.ENDS == waiting | {"already_paid", "none"}


@pytest.mark.parametrize(
    ("expect", "where", "hint"),
    [
        ({"state": "payed"}, "state", "did you mean paid?"),
        ({"balence": "1.00"}, "balence", "did you mean balance?"),
        ({"question": "agee"}, "question", "did you mean age?"),
        ({"exposure": "-1"}, "exposure", 'an amount as "4.50"'),
    ],
)
def test_a_word_that_is_not_known_is_told_with_the_nearest(
    expect: dict[str, Any], where: str, hint: str
) -> None:
    (fault,) = faults(sale(expect=expect))
    assert fault.path == f"steps[0].expect.{where}"
    assert hint in fault.hint
