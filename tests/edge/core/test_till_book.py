"""What tills sold is a function of the set of facts: any order, any number of times."""

import random
from itertools import permutations
from typing import Any

import msgspec

from crypto import money
from crypto.money import MARK_TRAINING, Line, Slot
from edge.core.till_book import TillBook
from edge.core.till_rows import POSTED, VOIDED, Dumped

HERE, THERE = b"H" * 16, b"T" * 16
MEDIUM = b"m" * 16
BEER = Line("article", 1, 2, 300, 600, 1, 0, 3)
CUPS = Line("deposit", 10, 2, 200, 400, 1)
SLOT = Slot(1, 1000, 0, 0, b"abcd")


def head(n: int, tx: int, shift: int = 1, marks: int = 0, till: int = 2) -> dict[str, Any]:
    return {
        "hlc": n << 16, "day": 20260921, "offset_min": 120, "txid": bytes([tx]) * 16,
        "till": till, "operator": 5, "shift": shift, "marks": marks,
    }  # fmt: skip


def held(n: int, tx: int, debit: int = 1000, **how: Any) -> money.DebitHeld:
    keys = ("shift", "marks", "till")
    given = {
        "medium": MEDIUM, "epoch": 1, "basket": bytes([tx]) * 16, "part": 0, "movement": "sale",
        "debit_minor": debit, "given_minor": 0, "promo_minor": 0, "vouchers": 0,
        "otherwise_minor": 0, "base": Slot(), "target": SLOT, "credited": 5000, "absorbed": 0,
        "reverses": b"", "prices": 1, "lines": [BEER, CUPS],
    }  # fmt: skip
    told = {**given, **{key: value for key, value in how.items() if key not in keys}}
    return money.DebitHeld(**head(n, tx, **{key: how[key] for key in keys if key in how}), **told)


def posted(n: int, tx: int, receipt: int = 0, shift: int = 1) -> money.DebitPosted:
    return money.DebitPosted(
        **head(n, tx, shift), medium=MEDIUM, epoch=1, basket=bytes([tx]) * 16, target=SLOT,
        evidence="read_back", receipt=receipt,
    )  # fmt: skip


def voided(n: int, tx: int) -> money.DebitVoided:
    return money.DebitVoided(
        **head(n, tx), medium=MEDIUM, epoch=1, basket=bytes([tx]) * 16, target=SLOT,
        evidence="base_current",
    )  # fmt: skip


def sold(n: int, tx: int, cash: int = 0, card: int = 0, **how: Any) -> money.Sold:
    given: dict[str, Any] = {
        "basket": bytes([tx]) * 16, "part": 0, "movement": "sale", "cash_minor": cash,
        "card_minor": card, "card": b"", "medium": b"", "promo_minor": 0, "vouchers": 0,
        "reverses": b"", "prices": 1, "lines": [BEER], "receipt": 0,
    }  # fmt: skip
    marks = how.pop("marks", 0)
    return money.Sold(**head(n, tx, marks=marks), **{**given, **how})


def topped(n: int, tx: int, amount: int = 2000, method: Any = "cash") -> money.ToppedUp:
    return money.ToppedUp(
        **head(n, tx), medium=MEDIUM, epoch=1, key_index=1, method=method, amount_minor=amount,
        from_credited=0, to_credited=amount, absorbed=0, source=b"", certificate=b"", receipt=9,
    )  # fmt: skip


def fold(*facts: money.MoneyFact) -> TillBook:
    book = TillBook()
    for fact in facts:
        book.fold(HERE, fact)
    return book


def totals(book: TillBook, shift: int = 1, till: int = 2) -> dict[str, list[int]]:
    return book.shifts[HERE, till, shift].totals


def test_a_sale_counts_once_it_is_posted() -> None:
    book = fold(held(1, 1))
    assert totals(book) == {}
    book.fold(HERE, posted(2, 1, receipt=7))
    assert totals(book) == {
        "kind:sale": [1, 1000], "method:band": [1, 1000], "tax:1": [2, 600], "group:3": [2, 600],
        "deposit:out": [2, 400],
    }  # fmt: skip
    assert book.till(HERE, 2).perpetual_minor == 1000
    assert book.till(HERE, 2).receipt == 7
    book.fold(THERE, posted(3, 1))  # a sibling saw it on the band as well
    assert totals(book)["kind:sale"] == [1, 1000]


def test_posted_beats_voided_and_a_void_counts_nothing() -> None:
    assert totals(fold(held(1, 1), voided(2, 1))) == {}
    for order in ([voided(2, 1), posted(3, 1)], [posted(3, 1), voided(2, 1)]):
        book = fold(held(1, 1), *order)
        assert totals(book)["kind:sale"] == [1, 1000]
        assert book.deals[b"\1" * 16].status == POSTED
    assert fold(held(1, 1), voided(2, 1)).deals[b"\1" * 16].status == VOIDED


def test_cash_card_and_top_ups_by_method() -> None:
    book = fold(
        sold(1, 1, cash=600), sold(2, 2, card=600),
        sold(3, 3, cash=-200, lines=[CUPS]), topped(4, 4), topped(5, 5, method="voucher"),
        sold(6, 6, cash=100, marks=MARK_TRAINING),
    )  # fmt: skip
    found = totals(book)
    assert found["method:cash"] == [2, 400]
    assert found["method:card"] == [1, 600]
    assert found["drawer"] == [3, 2400]
    assert found["top_up:cash"] == [1, 2000]
    assert found["top_up:voucher"] == [1, 2000]
    assert book.shifts[HERE, 2, 1].training["method:cash"] == [1, 100]
    assert book.till(HERE, 2).perpetual_minor == 1000  # neither top-ups nor training


def test_money_of_a_top_up_that_failed_goes_back_where_and_when_it_does() -> None:
    told = {"medium": MEDIUM, "to_credited": 2000, "evidence": "old_certificate"}
    back = {"back": b"\7" * 16, "amount_minor": 2000, "receipt": 10}
    failed = money.CreditVoided(**head(2, 4), **told, **back)
    applied = money.CreditApplied(**head(3, 4), medium=MEDIUM, to_credited=2000)
    for order in permutations([topped(1, 4), failed, applied]):
        book = fold(*order)
        found = totals(book)
        assert found == {
            "top_up:cash": [1, 2000], "top_up_back:cash": [1, -2000], "drawer": [2, 0]
        }  # fmt: skip
        assert book.deals[b"\4" * 16].status == POSTED
        assert [txid for txid, _ in book.reversals(b"\4" * 16)] == [b"\7" * 16]
        assert (book.till(HERE, 2).perpetual_minor, book.till(HERE, 2).receipt) == (0, 10)
    for method, rows in (("card", 2), ("voucher", 2)):
        other = fold(topped(1, 4, method=method), msgspec.structs.replace(failed, method=method))
        assert len(totals(other)) == rows and "drawer" not in totals(other)
    elsewhere = fold(topped(1, 4), msgspec.structs.replace(failed, till=3))
    assert totals(elsewhere)["drawer"] == [1, 2000], "a shift stays as it was counted"
    assert elsewhere.shifts[HERE, 3, 1].totals["drawer"] == [1, -2000]


def test_a_basket_and_what_takes_it_back() -> None:
    book = fold(
        held(1, 1), posted(2, 1), held(3, 2, debit=0, given_minor=1000, movement="reversal",
        reverses=b"\1" * 16, lines=[]), posted(4, 2),
    )  # fmt: skip
    assert [txid for txid, _ in book.of_basket(b"\1" * 16)] == [b"\1" * 16]
    assert [txid for txid, _ in book.reversals(b"\1" * 16)] == [b"\2" * 16]
    book.fold(HERE, voided(5, 3))
    assert book.of_basket(b"\3" * 16) == []
    assert book.till(HERE, 2).perpetual_minor == 0


def test_a_z_forgets_what_is_counted_and_no_number() -> None:
    z = money.ClosingMade(
        **head(9, 9), closing="Z", number=4, totals=[money.Total("x", 1, 1)], perpetual_minor=1000
    )
    book = fold(held(1, 1), posted(2, 1, receipt=3), held(3, 2), z)
    assert set(book.deals) == {b"\2" * 16}  # still open
    assert set(book.done) == {b"\1" * 16}
    assert book.of_basket(b"\1" * 16) == []
    mark = book.till(HERE, 2)
    assert (mark.z, mark.receipt, mark.shift, mark.z_perpetual_minor) == (4, 3, 1, 1000)
    book.fold(THERE, posted(10, 1))
    book.fold(HERE, held(1, 1))
    assert set(book.deals) == {b"\2" * 16}
    x = msgspec.structs.replace(z, closing="X", number=0)
    assert set(fold(held(1, 1), posted(2, 1), x).deals) == {b"\1" * 16}


def test_cards_end_as_the_last_word_says() -> None:
    started = money.CardAuthorizationStarted(
        **head(1, 7), purpose="sale", medium=b"", basket=b"\1" * 16, terminal=1, amount_minor=600,
        reference="r",
    )  # fmt: skip
    unknown = money.CardUnknown(
        **head(2, 7), terminal=1, amount_minor=600, reference="r", cause="lost"
    )
    approved = money.CardApproved(
        **head(3, 7), terminal=1, amount_minor=600, reference="r", trace="1", scheme="x",
        last4="1234", code="c",
    )  # fmt: skip
    sale = msgspec.structs.replace(sold(4, 1, card=600), card=b"\7" * 16)
    card = fold(approved, sale, unknown, started).cards[b"\7" * 16]
    assert (card.status, card.used, card.basket) == ("approved", b"\1" * 16, b"\1" * 16)
    late = money.CardDeclined(
        **head(5, 7), terminal=1, amount_minor=600, reference="r", cause="host", late=True
    )
    assert fold(started, approved, late).cards[b"\7" * 16].status == "declined_late"


def every_kind() -> list[money.MoneyFact]:
    z = money.ClosingMade(
        **head(30, 30), closing="Z", number=1, totals=[money.Total("x", 1, 1)], perpetual_minor=5
    )
    return [
        money.ShiftOpened(**head(1, 20), float_minor=10_000),
        money.CashMoved(**head(2, 21), amount_minor=-500, because="drop"),
        held(3, 1), posted(4, 1, receipt=1), held(5, 2), voided(6, 2), posted(7, 2, receipt=2),
        sold(8, 3, cash=600, receipt=3), topped(9, 4),
        money.CreditApplied(**head(10, 4), medium=MEDIUM, to_credited=2000),
        held(11, 5, shift=2, lines=[]), posted(12, 5, receipt=4, shift=2), held(13, 6),
        money.GoodsAnswered(**head(14, 31), basket=b"\6" * 16, given=True),
        money.GoodsAnswered(**head(15, 32), basket=b"\6" * 16, given=False),
        money.ShiftClosed(**head(16, 22), counted_minor=12_100, expected_minor=12_100),
        money.CardUnknown(
            **head(17, 8), terminal=1, amount_minor=600, reference="r", cause="lost"
        ),
        z,
    ]  # fmt: skip


def test_any_order_gives_the_same_bytes() -> None:
    facts, seed = every_kind(), random.Random(4)
    wanted = msgspec.msgpack.encode(fold(*facts).dump())
    for _ in range(300):
        seed.shuffle(facts)
        assert msgspec.msgpack.encode(fold(*facts).dump()) == wanted


def test_a_snapshot_goes_on_where_it_was() -> None:
    facts = every_kind()
    for cut in range(len(facts)):
        raw = msgspec.msgpack.encode(fold(*facts[:cut]).dump())
        book = TillBook.load(msgspec.msgpack.decode(raw, type=Dumped))
        for fact in facts[cut:]:
            book.fold(HERE, fact)
        assert msgspec.msgpack.encode(book.dump()) == msgspec.msgpack.encode(fold(*facts).dump())
    assert book.answers[b"\6" * 16][1] is False
