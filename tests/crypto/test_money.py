"""Facts of money: every kind reads back, nothing that is no amount gets in."""

from typing import get_args

import msgspec
import pytest

from crypto import money
from crypto.entry import UnknownFact, decode_facts_untrusted, encode_fact, encode_facts, kind_of
from tests.crypto.money_samples import make_money_facts

FACTS = make_money_facts()


def test_every_kind_reads_back() -> None:
    assert decode_facts_untrusted(encode_facts(list(FACTS))) == FACTS


def test_the_kinds_are_never_renumbered() -> None:
    kinds = [kind_of(fact) for fact in FACTS]
    assert kinds == [*range(30, 42), *range(45, 55)]
    assert {type(fact) for fact in FACTS} == set(get_args(money.KnownMoney))


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_no_float_and_no_text_is_an_amount(fact: money.KnownMoney) -> None:
    row = msgspec.msgpack.decode(encode_fact(fact))
    for place, value in enumerate(row):
        if type(value) is not int or place == 0:
            continue
        for wrong in (float(value) + 0.5, "4.50"):
            body = msgspec.msgpack.encode([[*row[:place], wrong, *row[place + 1 :]]])
            assert isinstance(decode_facts_untrusted(body)[0], UnknownFact), (place, wrong)


def test_amounts_end_before_any_sum_of_them_could_overflow() -> None:
    over = msgspec.structs.replace(FACTS[17], float_minor=money.AMOUNT_MAX + 1)
    assert isinstance(decode_facts_untrusted(encode_facts([over]))[0], UnknownFact)
    assert money.AMOUNT_MAX * 9000 < 1 << 53
