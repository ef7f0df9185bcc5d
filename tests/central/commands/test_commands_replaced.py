"""What is said of bands that were replaced, and a person who does not wait."""

from __future__ import annotations

import pytest

from tests.central.commands.conftest import Bring, Run
from tests.central.store.test_store_money import BAND, NEW_BAND, held, posted, topped_up
from tests.central.test_replaced import LOST


@pytest.fixture
def venue(priced: Run, bring: Bring) -> Run:
    """A band was lost and replaced at a desk; nobody has heard of the block yet."""
    bring("desk", [topped_up(1, 5000), held(2, 450), posted(2), LOST])
    assert priced("credit-key", "add", "desk", "5b" * 32).code == 0
    return priced


def test_who_is_awaited_is_told_and_a_person_may_let_go(venue: Run) -> None:
    (told,) = venue("wallet", "doubts").out["replaced"]
    assert (told["held_minor"], told["left_minor"], told["released_minor"]) == (3000, 3000, None)
    assert told["awaits"] == ["desk: it has followed no bundle yet, 5 is needed"]
    done = venue("wallet", "release", BAND.hex(), "--reason", "the bar burnt")
    assert done.out["released"] == [{"medium": NEW_BAND.hex(), "amount_minor": 3000}]
    assert venue("wallet", "doubts").out["replaced"] == []
    (told,) = venue("wallet", "show", NEW_BAND.hex()).out["replaced"]
    assert (told["released_minor"], told["awaits"]) == (3000, [])
    again = venue("wallet", "release", NEW_BAND.hex(), "--reason", "again")
    assert again.code == 1 and "nothing is held back" in again.err
    sums = venue("wallet", "totals").out
    assert (sums["agree"], sums["lost_minor"]) == (True, 0)


def test_what_cannot_be_let_go_is_named(priced: Run) -> None:
    answer = priced("wallet", "release", BAND.hex(), "--reason", "")
    assert answer.code == 2 and "say why" in answer.err
    answer = priced("wallet", "release", BAND.hex(), "--reason", "x")
    assert answer.code == 1 and "replaced no band" in answer.err
