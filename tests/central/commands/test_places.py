"""Local time and names, as people read them."""

from __future__ import annotations

import pytest

from central.commands import places
from tests.central.world import GATEWAY, NOW_MS, OTHER, hlc


@pytest.mark.parametrize(
    ("offset_min", "told"),
    [
        (120, "2026-07-02T15:46:40+02:00"),
        (-210, "2026-07-02T10:16:40-03:30"),
        (0, "2026-07-02T13:46:40+00:00"),
        (None, "2026-07-02T13:46:40+00:00"),
        (1440, "2026-07-02T13:46:40+00:00"),  # a day is no zone
    ],
)
def test_time_is_that_of_the_wall_where_it_happened(offset_min: int | None, told: str) -> None:
    assert places.moment(hlc(NOW_MS, 7), offset_min) == told


def test_a_row_says_when_and_where_first_and_no_logical_clock() -> None:
    row = {"hlc": hlc(), "offset_min": 120, "gateway": GATEWAY, "till": 3, "txid": b"\1\2"}
    told = places.told(row, {GATEWAY: "bar"})
    assert list(told) == ["at", "at_ms", "where", "gateway", "till", "txid"]
    assert (told["where"], told["at_ms"], told["txid"]) == ("bar, till 3", NOW_MS, "0102")
    assert places.where({}, OTHER, 0) == OTHER.hex()
