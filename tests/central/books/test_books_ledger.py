"""The books: the same from any order of facts, each once, and what wallets say agrees."""

from __future__ import annotations

from collections import Counter

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from central.books.ledger import Books
from central.books.postings import moved
from crypto.money import (
    CreditVoided,
    DebitHeld,
    DebitPosted,
    Line,
    MediumReissued,
    Sold,
    ToppedUp,
)
from tests.central.books.baskets import BANDS, DAYS, GATEWAYS, Story, rates_of, stories
from tests.crypto.money_samples import make_money_facts


def books_of(facts: list[tuple[bytes, object]]) -> Books:
    books = Books(rates_of)
    for gateway, fact in facts:
        books.take(gateway, fact)  # type: ignore[arg-type]
    return books


def oracle(story: Story) -> Counter[str]:
    """Wallets by hand: what was loaded, taken and moved, without any account."""
    worth: Counter[str] = Counter()
    posted = {fact.txid for _, fact in story.facts if isinstance(fact, DebitPosted)}
    voided = {fact.txid for _, fact in story.facts if isinstance(fact, CreditVoided)}
    for _, fact in story.facts:
        if isinstance(fact, DebitHeld) and fact.txid in posted:
            worth[fact.medium.hex()] += fact.given_minor - fact.debit_minor
        elif isinstance(fact, ToppedUp) and fact.txid not in voided:
            worth[fact.medium.hex()] += fact.amount_minor
        elif isinstance(fact, MediumReissued):
            worth[fact.medium.hex()] += fact.carried_minor
            worth[fact.replaces.hex()] -= fact.carried_minor
    return worth


@settings(max_examples=40, deadline=None)
@given(stories(), st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_books_the_same(story: Story, random: object) -> None:
    books = books_of(list(story.facts))
    again = [*story.facts, *story.facts]
    random.shuffle(again)  # type: ignore[attr-defined]
    shuffled = books_of(again)
    clean = {key: amount for key, amount in books.balances.items() if amount}
    assert clean == {key: amount for key, amount in shuffled.balances.items() if amount}
    assert sum(books.accounts().values()) == 0
    for day in DAYS:
        assert sum(amount for (at, _), amount in books.days.items() if at == day) == 0
    want = oracle(story)
    assert {k: v for k, v in books.wallets().items() if v} == {k: v for k, v in want.items() if v}
    # Split baskets are paid whole or taken back, in these stories.
    assert books.open_splits() == {}


@settings(max_examples=40, deadline=None)
@given(stories())
def test_lines_are_booked_once(story: Story) -> None:
    books = books_of(list(story.facts))
    posted = {fact.txid for _, fact in story.facts if isinstance(fact, DebitPosted)}
    lines = [
        line
        for _, fact in story.facts
        if isinstance(fact, Sold) or (isinstance(fact, DebitHeld) and fact.txid in posted)
        for line in fact.lines
    ]
    owed = -sum(v for (account, _), v in books.balances.items() if account == "merchant_payable")
    assert owed == sum(line.total_minor for line in lines if line.merchant)
    sold = -sum(v for (account, _), v in books.balances.items() if account in ("sales", "vat"))
    goods = ("article",)
    assert sold == sum(x.total_minor for x in lines if x.kind in goods and not x.merchant)


def test_a_part_that_nobody_pays_stays_open() -> None:
    story = Story()
    beer = Line("article", 1, 1, 750, 750, 1)
    basket = story.new_id()
    first = story.band(GATEWAYS[0], DAYS[0], BANDS[0], 300, [beer], basket=basket)
    books = books_of(list(story.facts))
    assert books.open_splits() == {basket.hex(): 450}
    back = msgspec.structs.replace(beer, quantity=-1, total_minor=-750)
    story.band(
        GATEWAYS[0], DAYS[1], BANDS[0], -300, [back], basket=story.new_id(),
        movement="reversal", reverses=first,
    )  # fmt: skip
    for facts in (story.facts, story.facts[::-1]):
        assert books_of(list(facts)).open_splits() == {}


def test_money_that_two_points_gave_back_is_a_loss_and_no_wallet() -> None:
    story = Story()
    txid = story.new_id()
    loaded = ToppedUp(
        *story.head(DAYS[0], txid=txid), BANDS[0], 1, 1, "cash", 500, 0, 500, 0, b"", bytes(80)
    )
    voids = [
        CreditVoided(
            *story.head(DAYS[0], till, txid), BANDS[0], 0, "base_current", story.new_id(), 500
        )
        for till in (3, 4)
    ]
    facts = [(GATEWAYS[0], loaded), (GATEWAYS[0], voids[0]), (GATEWAYS[1], voids[1])]
    for order in (facts, facts[::-1], facts + facts):
        books = books_of(list(order))
        assert books.accounts() == {"cash": -500, "offline_loss": 500, "wallet": 0}
        assert books.balances["cash", f"{GATEWAYS[1].hex()}:4"] == -500
    code = msgspec.structs.replace(loaded, method="voucher")  # nothing is paid out of a drawer
    books = books_of([(GATEWAYS[0], code), *facts[1:]])
    assert books.accounts() == {"presale": 0, "wallet": 0}


def test_what_the_centre_moves_is_in_the_wallets() -> None:
    books = Books(rates_of)
    books.post(moved(BANDS[0], BANDS[1], 70), DAYS[0])
    assert books.wallets() == {BANDS[0].hex(): -70, BANDS[1].hex(): 70}


def test_facts_of_every_kind_are_taken() -> None:
    books = books_of([(GATEWAYS[0], fact) for fact in make_money_facts()])
    assert sum(books.accounts().values()) == 0
