"""What a movement brought in, and the lines it was for."""

import msgspec

from crypto.money import Line
from edge.core.till_rows import Deal


def test_net_is_all_means_together_and_may_be_negative() -> None:
    assert Deal(band_minor=300, cash_minor=200, card_minor=50).net_minor == 550
    assert Deal(cash_minor=-200).net_minor == -200


def test_lines_are_kept_packed() -> None:
    line = Line("article", 1, 2, 300, 600, 1)
    assert Deal(packed=msgspec.msgpack.encode([line])).lines == [line]
    assert Deal().lines == []
