"""Movements that are over lie packed: nobody can tell, whatever is packed at whatever moment."""

import random
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto import money
from edge.core.till_book import TillBook
from edge.core.till_packs import SWEEP, Deals, Shelf, packed
from edge.core.till_rows import OPEN, POSTED, VOIDED, Deal, Dumped
from tests.edge.core.test_till_book import HERE, THERE, head, held, posted, sold, topped, voided

DEAL = Deal(
    9 << 16, HERE, 2, 1, 5, 2, b"b" * 16, 1, "sale", "band", b"m" * 16, 800, 10, -20, 30, 4, 5,
    b"c" * 16, b"", 7, b"lines", POSTED, 10 << 16, 77, 1,
)  # fmt: skip
KEY = (HERE, 2, 1)


def kept(**how: Any) -> Deals:
    """A movement of DEAL's shift, and one with `how` between two others of another basket."""
    deals = Deals()
    for number in (1, 2, 3):
        basket = b"x" * 16 if number != 2 else DEAL.basket
        told = how if number == 2 else {}
        deal = msgspec.structs.replace(DEAL, **{"basket": basket, **told})
        deals.hot[bytes([number]) * 16] = deal
        deals.index(bytes([number]) * 16, deal)
        deals.put(bytes([number]) * 16, deal)
    return deals


@given(
    st.fixed_dictionaries(
        {
            "hlc": st.integers(1, 1 << 63), "operator": st.integers(0, 0xFFFF),
            "basket": st.binary(min_size=16, max_size=16), "cash_minor": st.integers(-(10**12), 9),
            "medium": st.sampled_from([b"", b"m" * 16]), "packed": st.binary(max_size=300),
            "receipt": st.integers(0, 1 << 32), "part": st.integers(0, 255),
            "movement": st.sampled_from(["sale", "top_up", "cash_out"]),
        }
    )
)  # fmt: skip
def test_what_is_packed_is_read_back_to_the_letter(how: dict[str, Any]) -> None:
    deals, deal = kept(**how), msgspec.structs.replace(DEAL, **how)
    id = b"\2" * 16
    assert not deals.hot
    assert deals[id] == deal
    assert (id, deal) in deals.of_shift(KEY)
    assert (id, deal) in deals.of_basket(deal.basket)
    assert dict(deals.items())[id] == deal
    assert deals.take(id) == deals.hot[id] == deal
    assert (len(deals), len(deals.of_shift(KEY)), set(deals)) == (
        3,
        3,
        {bytes([n]) * 16 for n in (1, 2, 3)},
    )
    assert {b"\1" * 16, b"\3" * 16} <= {one for one, _ in deals.of_basket(b"x" * 16)}


@pytest.mark.parametrize(
    "odd",
    [
        {"status": OPEN}, {"status": VOIDED}, {"hlc": 0}, {"reverses": b"r" * 16}, {"basket": b""},
        {"packed": bytes(70_000)},
    ],
    ids=lambda odd: next(iter(odd)),
)  # fmt: skip
def test_what_is_out_of_the_ordinary_is_kept_as_it_is(odd: dict[str, Any]) -> None:
    assert packed(msgspec.structs.replace(DEAL, **odd)) is None
    assert list(kept(**odd).hot) == [b"\2" * 16]


def story(chance: random.Random) -> list[tuple[bytes, Any]]:
    """A day at a till: each fact once, and which gateway's it is."""
    facts: list[Any] = []
    for number in range(1, chance.randint(2, 9)):
        basket = bytes([chance.randint(100, 104)]) * 16
        back = bytes([chance.randint(1, 9)]) * 16
        facts += chance.choice(
            [
                [held(number, number, basket=basket), posted(20 + number, number, number)],
                [held(number, number, basket=basket), posted(20 + number, number, number)],
                [held(number, number, shift=2, basket=basket), posted(20, number, number, shift=2)],
                [held(number, number, basket=basket)],
                [held(number, number), voided(20 + number, number)],
                [held(number, number), voided(20, number), posted(30 + number, number)],
                [sold(number, number, cash=500, basket=basket)],
                [topped(number, number)],
                [held(number, number, movement="reversal", reverses=back), posted(40, number)],
            ]
        )  # fmt: skip
    told = [(HERE, fact) for fact in facts]
    told += [
        (THERE, f) for f in facts if isinstance(f, money.DebitPosted) and chance.random() < 0.3
    ]
    for shift in (1, 2):
        if chance.random() < 0.5:
            totals = [money.Total("x", 1, 1)]
            told.append(
                (
                    HERE,
                    money.ClosingMade(
                        **head(50, 60 + shift, shift), closing="Z", number=shift, totals=totals,
                        perpetual_minor=7,
                    ),
                )
            )  # fmt: skip
    return told


def folded(told: list[tuple[bytes, Any]], book: TillBook | None = None) -> TillBook:
    book = book or TillBook()
    for gateway, fact in told:
        book.fold(gateway, fact)
    return book


def known(book: TillBook) -> tuple[object, ...]:
    """Everything that anybody may ask, and the bytes that are compared between gateways."""
    deals = sorted(book.deals.items())
    assert all(book.deals.get(txid) == deal for txid, deal in deals)
    assert len(book.deals) == len(deals)
    names = [bytes([n]) * 16 for n in range(256)]
    return (
        msgspec.msgpack.encode(book.dump()), deals, [n for n in names if n in book.done],
        [book.of_basket(name) for name in names], [sorted(book.reversals(n)) for n in names],
        [book.of_shift((HERE, 2, shift)) for shift in (1, 2)],
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False))
def test_packed_at_any_moment_is_as_never_packed(chance: random.Random) -> None:
    told = story(chance)
    mixed = list(told)
    chance.shuffle(mixed)
    with patch.object(Deals, "put", lambda deals, txid, deal: None):
        never = folded(mixed)
        assert len(never.deals.hot) == len(never.deals)
        expected = known(never)
    assert known(folded(told)) == expected
    put = Deals.put
    with patch.object(Deals, "put", lambda *deal: put(*deal) if chance.random() < 0.5 else None):
        assert known(folded(mixed)) == expected


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False))
def test_late_facts_find_what_a_snapshot_has_packed(chance: random.Random) -> None:
    told = story(chance)
    chance.shuffle(told)
    cut = chance.randint(0, len(told))
    raw = msgspec.msgpack.encode(folded(told[:cut]).dump())
    again = TillBook.load(msgspec.msgpack.decode(raw, type=Dumped))
    assert known(folded(told[cut:], again)) == known(folded(told))


def test_a_shelf_that_is_gone_is_cleared_away_little_by_little() -> None:
    deals = Deals()

    def sell(number: int, shift: int) -> None:
        name = number.to_bytes(16, "big")
        deal = msgspec.structs.replace(DEAL, shift=shift, basket=name)
        deals.hot[name] = deal
        deals.index(name, deal)
        deals.put(name, deal)

    for number in range(40):
        sell(number, 1)
    deals.close(KEY)
    names = {number.to_bytes(16, "big") for number in range(40)}
    assert (len(deals), len(deals.done), deals.found) == (0, 40, 80)
    assert len(deals.done.ids) == 0, "a Z waits for nothing"
    for number in range(100, 100 + 40 // SWEEP + 1):
        assert deals.get((number - 100).to_bytes(16, "big")) is None
        sell(number, 2)
        assert (set(deals.done), len(deals.done)) == (names, 40)
        assert all(name in deals.done for name in names)
    assert (len(deals.done.ids), deals.done.shelves) == (40, {})
    assert number.to_bytes(16, "big") not in deals.done
    assert deals.found == 2 * (40 // SWEEP + 1)
    assert deals.of_basket((7).to_bytes(16, "big")) == []


def test_what_is_cut_off_is_refused() -> None:
    dumped = folded([(HERE, held(1, 1)), (HERE, posted(2, 1))]).dump()
    (shelf,) = dumped.shelves
    torn = msgspec.structs.replace(dumped, shelves=[msgspec.structs.replace(shelf, records=[])])
    with pytest.raises(ValueError, match="cut off"):
        TillBook.load(torn)
    with pytest.raises(ValueError, match="cut off"):
        TillBook.load(msgspec.structs.replace(dumped, done=b"x"))


def test_an_id_that_stands_across_two_others_is_not_taken_for_one() -> None:
    shelf = Shelf(KEY, 0)
    for id in (b"\1" * 8 + b"\2" * 8, b"\3" * 8 + b"\4" * 8, b"\5" * 16):
        shelf.put(id, id, b"")
    assert shelf.index(b"\2" * 8 + b"\3" * 8) == -1
    shelf.put(b"\2" * 8 + b"\3" * 8, b"\3" * 8 + b"\4" * 8, b"")
    assert shelf.index(b"\2" * 8 + b"\3" * 8) == 3
    assert list(shelf.of_basket(b"\3" * 8 + b"\4" * 8)) == [3, 1]
    assert (shelf.index(b"\1" * 8 + b"\2" * 8), shelf.index(b"\5" * 16)) == (0, 2)
