"""Tables of the venue refuse what they do not know, and times of day that are none."""

from typing import Any

import msgspec
import pytest

from edge.scenario import venue_table as table


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (table.Product, {"name": "A", "nmber": 1}),
        (table.Product, {"name": ""}),
        (table.Product, {"name": "A", "number": 0}),
        (table.Window, {"from_time": "24:30"}),
        (table.Window, {"until_time": "24:01"}),
        (table.Window, {"weekdays": [0]}),
        (table.Policy, {"exit_all_at": "04:10"}),
        (table.Ticket, {"name": "A", "persons": 256}),
        (table.Issuer, {"name": "with:colon"}),
        (table.Limit, {"count": 0}),
    ],
)
def test_what_is_refused(kind: type[msgspec.Struct], values: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(values, kind)


def test_a_window_may_end_with_the_day() -> None:
    window = msgspec.convert({"from_time": "00:00", "until_time": "24:00"}, table.Window)
    assert window == table.Window()
