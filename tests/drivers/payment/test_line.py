"""drivers/payment/line.py: the plug is a line, and every event of a question names it."""

from __future__ import annotations

from drivers.payment.line import Line, NeverHeard, Prompting, Standing
from drivers.payment.plug.machine import PlugLine


def test_the_plug_is_a_line() -> None:
    line: Line = PlugLine()
    assert not line.ready and not line.events and line.data_to_send() == b""


def test_events_name_their_question() -> None:
    assert Prompting(3).number == Standing(3).number == NeverHeard(3).number == 3
