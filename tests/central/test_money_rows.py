"""Facts of money as rows: as many values as columns, and no text that PostgreSQL refuses."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from central.money_rows import (
    LINE_COLUMNS,
    MONEY_COLUMNS,
    line_rows,
    money_row,
    storable,
)
from crypto import medium_credit
from crypto.money import (
    ClosingMade,
    CreditVoided,
    DebitHeld,
    KnownMoney,
    MediumReissued,
    Total,
)
from tests.crypto.money_samples import LINE, MEDIUM, make_money_facts

PLACE = (b"t", b"g", 5, 9)
FACTS = make_money_facts()


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_a_row_has_every_column(fact: KnownMoney) -> None:
    row = money_row(PLACE, fact)
    assert len(row) == len(MONEY_COLUMNS)
    assert row[:4] == PLACE
    named = dict(zip(MONEY_COLUMNS, row, strict=True))
    assert named["hlc"] == fact.hlc and named["day"] == fact.day
    if hasattr(fact, "medium"):
        assert named["medium"] == (fact.medium or None)


def test_a_hold_says_what_the_band_had_and_shall_have() -> None:
    held = next(fact for fact in FACTS if isinstance(fact, DebitHeld))
    named: dict[str, Any] = dict(zip(MONEY_COLUMNS, money_row(PLACE, held), strict=True))
    assert (named["base_seq"], named["band_seq"], named["debited_minor"]) == (0, 1, 900)
    assert (named["medium"], named["debit_minor"], named["movement"]) == (MEDIUM, 900, "sale")


def test_a_replaced_band_says_its_epoch_and_what_the_new_one_has_from_the_centre() -> None:
    fact = next(fact for fact in FACTS if isinstance(fact, MediumReissued))
    certificate = medium_credit.head(medium_credit.Certificate(1, 7, 2, 1, 0, 500, 70)) + bytes(64)
    fact = msgspec.structs.replace(fact, certificate=certificate, replaces_epoch=6)
    named: dict[str, Any] = dict(zip(MONEY_COLUMNS, money_row(PLACE, fact), strict=True))
    assert (named["replaces_epoch"], named["absorbed_minor"]) == (6, 70)
    assert (named["amount_minor"], named["given_minor"]) == (500, 3000)


def test_money_that_went_back_says_how_much_and_by_which_receipt() -> None:
    fact = next(fact for fact in FACTS if isinstance(fact, CreditVoided))
    fact = msgspec.structs.replace(fact, back=b"b" * 16, amount_minor=500, receipt=9)
    named: dict[str, Any] = dict(zip(MONEY_COLUMNS, money_row(PLACE, fact), strict=True))
    assert (named["source"], named["amount_minor"], named["receipt"]) == (b"b" * 16, 500, 9)


def test_lines_stand_in_their_order() -> None:
    held = next(fact for fact in FACTS if isinstance(fact, DebitHeld))
    other = msgspec.structs.replace(LINE, article=2)
    rows = line_rows(PLACE, msgspec.structs.replace(held, lines=[LINE, other]))
    named = [dict(zip(LINE_COLUMNS, row, strict=True)) for row in rows]
    assert [(row["line"], row["article"]) for row in named] == [(0, 1), (1, 2)]
    assert line_rows(PLACE, FACTS[0]) == []


def test_a_zero_byte_in_any_word_cannot_be_stored() -> None:
    for fact in FACTS:
        assert storable(fact)
        for name in fact.__struct_fields__:
            if isinstance(getattr(fact, name), str):
                assert not storable(msgspec.structs.replace(fact, **{name: "a\0"}))
    closing = next(fact for fact in FACTS if isinstance(fact, ClosingMade))
    assert not storable(msgspec.structs.replace(closing, totals=[Total("a\0", 1, 1)]))
