"""Times as people write them, through both nights on which the clocks change."""

from zoneinfo import ZoneInfo

import pytest

from edge.scenario import moment

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("2026-12-31T22:00", 1_798_750_800_000),
        ("2026-12-31T22:00:00.250", 1_798_750_800_250),
        ("2026-12-31T21:00:00Z", 1_798_750_800_000),
        ("2026-10-25T02:30", 1_792_888_200_000),
        ("2026-10-25T02:30+02:00", 1_792_888_200_000),
        ("2026-10-25T02:30+01:00", 1_792_891_800_000),
        ("2026-03-29T02:30", 1_774_747_800_000),
        ("2026-03-29T03:30", 1_774_747_800_000),
    ],
)
def test_a_time(text: str, ms: int) -> None:
    assert moment.at_ms(text, BERLIN) == ms
    assert moment.at_ms(moment.shown(ms, BERLIN), BERLIN) == ms


@pytest.mark.parametrize("text", ["", "soon", "22:00", "1999-12-31T23:59", "2101-01-01T00:00"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError):
        moment.at_ms(text, BERLIN)


@pytest.mark.parametrize(
    ("text", "later_ms"),
    [("+1ms", 1), ("+0s", 0), ("+30s", 30_000), ("+5m", 300_000), ("+2h", 7_200_000),
     ("+1d", 86_400_000)],
)  # fmt: skip
def test_a_time_since_the_step_before(text: str, later_ms: int) -> None:
    assert moment.step_ms(text, BERLIN, 1_000_000) == 1_000_000 + later_ms
    with pytest.raises(ValueError):
        moment.step_ms(text, BERLIN, None)


@pytest.mark.parametrize("text", ["+", "+1", "+1w", "+-1s", "-1s", "+1.5s", "+9999999s"])
def test_what_is_no_time_since_a_step(text: str) -> None:
    with pytest.raises(ValueError):
        moment.step_ms(text, BERLIN, 0)


def test_days_and_times_of_day() -> None:
    assert moment.day("2026-12-31") == 20261231
    with pytest.raises(ValueError):
        moment.day("2026-02-30")
    assert (moment.minutes("06:30"), moment.minutes("24:00")) == (390, 1440)
