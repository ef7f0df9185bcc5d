"""Holds that others prove to be over end by a fact, without the band."""

from typing import Any

from crypto.money import DebitHeld, DebitPosted, DebitVoided, Slot
from edge.till.settling import HOLDS_MAX
from tests.edge.core.test_till_book import held
from tests.edge.till.counter import OTHER, Counter

LATER = Slot(2, 1500, 0, 0, b"next")


def our(bar: Counter, n: int, tx: int, **how: Any) -> DebitHeld:
    fact = held(n, tx, till=4, **how)
    bar.gateway.record(lambda hlc, now: fact)
    return fact


def ended(bar: Counter) -> list[DebitPosted | DebitVoided]:
    return [one for one in bar.log.facts if isinstance(one, DebitPosted | DebitVoided)]


def test_a_hold_that_a_later_one_stands_on_is_posted_once() -> None:
    bar = Counter()
    fact = our(bar, 1, 1)
    bar.gateway.tick()
    assert ended(bar) == [], "nobody knows yet"
    later = held(2, 2, base=fact.target, target=LATER)
    bar.gateway.state.apply(OTHER, 1, 1, later)
    for _ in range(3):
        bar.gateway.tick()
    (found,) = ended(bar)
    assert isinstance(found, DebitPosted)
    assert (found.txid, found.evidence, found.till, found.receipt) == (fact.txid, "successor", 4, 0)
    assert len(list(bar.gateway.state.wallets.open_holds(OTHER))) == 1, "others say so themselves"


def test_a_hold_that_was_called_void_and_that_a_later_one_stands_on_is_posted() -> None:
    bar = Counter()
    fact = our(bar, 1, 1)
    void = DebitVoided(
        2 << 16, fact.day, fact.offset_min, fact.txid, 4, 0, 1, 0, fact.medium, 1, fact.basket,
        fact.target, "base_current",
    )  # fmt: skip
    bar.gateway.state.apply(OTHER, 1, 1, void)
    bar.gateway.state.apply(OTHER, 1, 2, held(3, 2, base=fact.target, target=LATER))
    bar.gateway.tick()
    assert [type(one) for one in ended(bar)] == [DebitPosted], "the band says more than a void"


def test_a_second_try_that_began_from_the_same_slot_voids_the_first() -> None:
    bar = Counter()
    first = our(bar, 1, 1)
    our(bar, 2, 2, target=LATER)
    bar.gateway.tick()
    assert [(type(one), one.txid) for one in ended(bar)] == [(DebitVoided, first.txid)]


def test_what_a_till_is_working_on_is_left_to_it() -> None:
    bar = Counter()
    first = our(bar, 1, 1)
    our(bar, 2, 2, target=LATER)

    class Serving:
        held = first.txid

    bar.tills.serving[b"uid"] = Serving()  # type: ignore[assignment]
    bar.gateway.tick()
    assert ended(bar) == []
    bar.tills.serving.clear()
    bar.gateway.tick()
    assert len(ended(bar)) == 1


def test_without_room_it_is_found_again_and_many_are_looked_at_in_turn() -> None:
    bar = Counter()
    for number in range(1, HOLDS_MAX):
        medium = number.to_bytes(16, "big")
        our(bar, number, number, medium=medium)
    first = our(bar, 300, 201)
    our(bar, 301, 202, target=LATER)
    bar.log.full = True
    for _ in range(4):
        bar.gateway.tick()
    assert ended(bar) == []
    bar.log.full = False
    for _ in range(2):
        bar.gateway.tick()
    assert [one.txid for one in ended(bar)] == [first.txid]
