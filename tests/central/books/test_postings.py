"""Every fact of money books what finance expects, and always adds up to nothing."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.books.postings import Known, Posting, moved, postings
from central.books.postings import given as credited
from crypto.entry import kind_of
from crypto.money import (
    MARK_TRAINING,
    CardDeclined,
    CreditVoided,
    DebitHeld,
    DebitPosted,
    Line,
    MoneyConflictFound,
    ShiftClosed,
    Slot,
    Sold,
    ToppedUp,
)
from tests.central.books.baskets import BANDS, DAYS, GATEWAYS, LINES, Story, rates_of, stories
from tests.crypto.money_samples import make_money_facts

GATEWAY, BAND, BASKET = GATEWAYS[0], BANDS[0], b"b" * 16
DRAWER = f"{GATEWAY.hex()}:3"
HEAD = (1 << 40, DAYS[0], 120, b"t" * 16, 3, 7, 2, 0)
BEER = [
    Line("article", 10, 1, 450, 450, 4, 0, 1), Line("deposit", 1, 1, 200, 200, 4),
    Line("tip", 0, 1, 100, 100, 0),
]  # fmt: skip


def hold(net: int, lines: list[Line], movement: str = "sale", part: int = 0) -> DebitHeld:
    return DebitHeld(
        *HEAD, BAND, 1, BASKET, part, movement, max(0, net), max(0, -net), 0, 0, 0, Slot(),
        Slot(), 0, 0, b"", 1, lines,
    )  # fmt: skip


POSTED = DebitPosted(*HEAD, BAND, 1, BASKET, Slot(), "read_back")
LOADED = ToppedUp(*HEAD, BAND, 1, 1, "cash", 5000, 0, 5000, 0, b"", bytes(80))
MERCHANT = [Line("article", 20, 1, 450, 450, 2, 5, 1)]
FREE = [Line("article", 10, 1, 450, 450, 1, 0, 1), Line("voucher", 10, -1, 450, -450, 1, 0, 1, 1)]


def told(found: list[Posting]) -> dict[str, int]:
    return {f"{one.account}:{one.sub}": one.amount_minor for one in found}


TABLE = [
    (LOADED, Known(), {f"cash:{DRAWER}": 5000, f"wallet:{BAND.hex()}": -5000}),
    (
        msgspec.structs.replace(LOADED, method="card"), Known(),
        {"card_clearing:": 5000, f"wallet:{BAND.hex()}": -5000},
    ),
    (
        msgspec.structs.replace(LOADED, method="presale"), Known(),
        {"presale:presale": 5000, f"wallet:{BAND.hex()}": -5000},
    ),
    (
        POSTED, Known(hold(750, BEER)),
        {
            f"wallet:{BAND.hex()}": 750, "sales:1:4": -378, "vat:4": -72, "deposit:": -200,
            "tips:": -100,
        },
    ),
    (
        POSTED, Known(hold(450, MERCHANT)),
        {f"wallet:{BAND.hex()}": 450, "merchant_payable:5": -450},
    ),
    (
        POSTED, Known(hold(-200, [Line("deposit", 1, -1, 200, -200, 1)], "deposit_return")),
        {f"wallet:{BAND.hex()}": -200, "deposit:": 200},
    ),
    (
        POSTED, Known(hold(4250, [], "cash_out")),
        {f"wallet:{BAND.hex()}": 4250, f"cash:{DRAWER}": -4250},
    ),
    (
        POSTED, Known(hold(300, BEER)),
        {
            f"wallet:{BAND.hex()}": 300, f"split:{BASKET.hex()}": 450, "sales:1:4": -378,
            "vat:4": -72, "deposit:": -200, "tips:": -100,
        },
    ),
    (
        Sold(*HEAD, BASKET, 1, "sale", 450, 0, b"", b"", 0, 0, b"", 1, []), Known(),
        {f"cash:{DRAWER}": 450, f"split:{BASKET.hex()}": -450},
    ),
    # Net of six cents is five, of three is three: one cent less for the first group.
    (
        Sold(*HEAD, BASKET, 0, "sale", 6, 0, b"", b"", 0, 0, b"", 1,
             [Line("article", n, 1, 3, 3, 1, 0, n) for n in (1, 2)]), Known(),
        {f"cash:{DRAWER}": 6, "sales:1:1": -2, "sales:2:1": -3, "vat:1": -1},
    ),
    # Given away: sales at their full price, nothing is taxed, nobody pays.
    (
        Sold(*HEAD, BASKET, 0, "sale", 0, 0, b"", BAND, 0, 1, b"", 1, FREE), Known(),
        {"sales:1:1": -375, "promo:1:1": 375},
    ),
    (
        Sold(*HEAD, BASKET, 0, "reversal", 0, 450, b"", b"", 0, 0, b"", 1,
             [Line("article", 20, -1, 450, -450, 2, 5, 1)]), Known(),
        {"card_clearing:": -450, "merchant_payable:5": 450},
    ),
    # 3.00 are missing in the drawer, and what was counted leaves it.
    (
        ShiftClosed(*HEAD, 9700, 10_000), Known(),
        {f"cash:{DRAWER}": -10_000, f"cash_transit:{DRAWER}": 9700, f"over_short:{DRAWER}": 300},
    ),
    (
        CardDeclined(*HEAD, 1, 2000, "r1", "limit", True), Known(),
        {"card_clearing:": -2000, "offline_loss:": 2000},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("fact", "known", "expected"), TABLE)
def test_what_finance_expects(fact: object, known: Known, expected: dict[str, int]) -> None:
    assert told(postings(fact, GATEWAY, rates_of, known)) == expected  # type: ignore[arg-type]


def test_a_top_up_that_was_undone_goes_back_where_it_was_undone() -> None:
    undone = CreditVoided(*HEAD[:4], 9, *HEAD[5:], BAND, 0, "base_current")
    found = told(postings(undone, GATEWAYS[1], rates_of, Known(loaded=LOADED)))
    assert found == {f"cash:{GATEWAYS[1].hex()}:9": -5000, f"wallet:{BAND.hex()}": 5000}
    other = msgspec.structs.replace(LOADED, medium=BANDS[1])
    assert postings(undone, GATEWAY, rates_of, Known(loaded=other)) == []
    assert postings(undone, GATEWAY, rates_of) == []


def test_what_the_centre_gives_and_moves() -> None:
    assert told(credited(BAND, "presale", 2000)) == {
        "presale:presale": 2000, f"wallet:{BAND.hex()}": -2000,
    }  # fmt: skip
    assert credited(BAND, "goodwill", 5)[0].account == "promo"
    assert sum(one.amount_minor for one in moved(BAND, BANDS[1], 7)) == 0


def test_every_kind_balances_and_training_books_nothing() -> None:
    kinds = set()
    for fact in make_money_facts():
        loaded = LOADED if isinstance(fact, CreditVoided) else None
        if loaded is not None:
            loaded = msgspec.structs.replace(loaded, medium=fact.medium)
        known = Known(hold(900, MERCHANT), loaded)
        assert sum(one.amount_minor for one in postings(fact, GATEWAY, rates_of, known)) == 0
        kinds.add(kind_of(fact))
        if not isinstance(fact, MoneyConflictFound):
            trained = msgspec.structs.replace(fact, marks=MARK_TRAINING)
            assert postings(trained, GATEWAY, rates_of, known) == []
    assert kinds == {*range(30, 42), *range(45, 55)}
    trained = msgspec.structs.replace(hold(900, MERCHANT), marks=MARK_TRAINING)
    assert postings(POSTED, GATEWAY, rates_of, Known(trained)) == []
    assert postings(POSTED, GATEWAY, rates_of) == []


@settings(max_examples=40, deadline=None)
@given(LINES, st.integers(0, 9999))
def test_a_reversal_mirrors_its_sale(lines: list[Line], paid: int) -> None:
    story = Story()
    back = [
        msgspec.structs.replace(one, quantity=-one.quantity, total_minor=-one.total_minor)
        for one in lines
    ]
    story.sold(GATEWAY, DAYS[0], paid, 0, lines, basket=BASKET)
    story.sold(GATEWAY, DAYS[0], -paid, 0, back, basket=BASKET, movement="reversal")
    sale, reversal = (
        told(postings(fact, GATEWAY, rates_of)) for _, fact in story.facts
    )  # fmt: skip
    assert reversal == {account: -amount for account, amount in sale.items()}


@settings(max_examples=40, deadline=None)
@given(stories())
def test_whatever_happens_each_fact_adds_up_to_nothing(story: Story) -> None:
    holds = {f.txid: f for _, f in story.facts if isinstance(f, DebitHeld)}
    loads = {f.txid: f for _, f in story.facts if isinstance(f, ToppedUp)}
    for gateway, fact in story.facts:
        assert not isinstance(fact, MoneyConflictFound)
        known = Known(holds.get(fact.txid), loads.get(fact.txid))
        found = postings(fact, gateway, rates_of, known)
        assert sum(one.amount_minor for one in found) == 0
        assert all(one.amount_minor for one in found)
