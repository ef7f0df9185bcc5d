"""A work as the page shows it: reasons with words, and which field makes it another one."""

from typing import Any

import msgspec
import pytest

from edge.core.pricing import Item, PriceList
from edge.core.till_reasons import TillReason
from edge.core.wallet_reasons import WalletReason
from edge.till.work import Ask, Work, difference, tell
from tests.edge.core.bar import bar

ASK = Ask(kind="sale", id=b"i" * 16, items=(Item(1, 2),))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "refund"}, "kind"),
        ({"method": "cash"}, "method"),
        ({"items": (Item(1, 3),)}, "items"),
        ({"items": (Item(1, 3),), "method": "card"}, "method"),  # the first that differs
        ({"tip_minor": 1}, "tip_minor"),
        ({"vouchers": 0}, "vouchers"),
        ({"take_left": True}, "take_left"),
        ({"reverses": b"x"}, "reverses"),
        ({"operator": 9, "supervised": True, "confirmed_age": 18}, ""),
    ],
)
def test_the_first_field_that_differs(change: dict[str, Any], field: str) -> None:
    assert difference(ASK, msgspec.structs.replace(ASK, **change)) == field


def test_reasons_have_a_number_and_words() -> None:
    work = Work(ASK)
    for because, reason, number in (
        (TillReason.TOO_YOUNG, "too_young", 111),
        (WalletReason.BALANCE, "balance", 262),
        (WalletReason.WORN_OUT, "worn_out", 281),
        ("band_gone", "band_gone", 0),
        ("something_else", "something_else", 0),
    ):
        work.because = because
        told = tell(work, PriceList(bar()))
        assert (told.reason, told.number) == (reason, number)
        assert told.detail
    work.because, work.limit_minor = WalletReason.GIVEN_TOO_MUCH, 1250
    assert "12.50 EUR" in tell(work, PriceList(bar())).detail
    work.because = ""
    assert (tell(work, None).reason, tell(work, None).txid) == ("", None)


def test_changes_wake_who_waits() -> None:
    work = Work(ASK)
    work.tell_all()
    waited = work.changed
    assert not waited.is_set()
    work.tell_all()
    assert waited.is_set() and work.changed is not waited
    assert work.name == (b"i" * 16, 0)
