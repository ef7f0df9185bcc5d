"""badge add | remove | list, and what the bundle says of it."""

from __future__ import annotations

import pytest

from tests.central.commands.conftest import Run

UID = "04a1b2c3d4e5f6"
OTHER = "04:00:00:00:00:00:01"


def published(run: Run) -> list[int]:
    told = run("bundle", "show").out["cashless"]
    return sorted(one["operator"] for one in told.get("badges", []))


def test_a_badge_is_published_moved_and_taken_away(priced: Run) -> None:
    first = priced("badge", "add", UID, "7")
    assert first.out["operator"] == 7 and published(priced) == [7]
    same = priced("badge", "add", UID, "7")
    assert same.out == first.out  # said twice changes nothing
    assert priced("badge", "add", OTHER, "7").code == 0
    assert priced("badge", "add", first.out["medium"], "8").code == 0
    assert published(priced) == [7, 8]
    listed = priced("badge", "list").out["badges"]
    assert {"medium": first.out["medium"], "operator": 8} in listed and len(listed) == 2
    gone = priced("badge", "remove", UID)
    assert gone.out["was_operator"] == 8 and published(priced) == [7]
    again = priced("badge", "remove", UID)
    assert again.code == 1 and "is nobody's badge" in again.err


@pytest.mark.parametrize(
    ("band", "operator", "told"),
    [(UID, "0", "0 is no operator"), (UID, "65536", "[[staff]]"), ("beer", "7", "names no band")],
)
def test_what_is_none_is_named(priced: Run, band: str, operator: str, told: str) -> None:
    answer = priced("badge", "add", band, operator)
    assert answer.code == 65 and told in answer.err
    assert priced("badge", "list").out == {"badges": []}


def test_badges_need_the_keys_of_bands(run: Run) -> None:
    answer = run("badge", "add", UID, "7")
    assert answer.code == 1 and "cashless set FILE" in answer.err
