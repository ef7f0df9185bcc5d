"""Every refusal of a till has a number of its own and words for people."""

from edge.core.till_reasons import WORDS, TillReason, words

#: Frozen: a number is never used for another reason.
NUMBERS = {
    "BASKET_EMPTY": 100, "BASKET_TOO_LARGE": 101, "TIP_WRONG": 102, "UNKNOWN_ARTICLE": 103,
    "NOT_RETURNABLE": 104, "NOT_SOLD_NOW": 105, "PRICE_MISSING": 106, "QUANTITY_UNWANTED": 107,
    "PRICE_WRONG": 108, "PRICE_UNWANTED": 109, "QUANTITY_WRONG": 110, "TOO_YOUNG": 111,
}  # fmt: skip


def test_every_reason_has_words() -> None:
    assert set(WORDS) == set(TillReason) - {TillReason.NONE}
    for reason in WORDS:
        detail, hint = words(reason)
        assert detail and hint and not detail.endswith(".") and detail[0].islower()


def test_numbers_stay() -> None:
    assert {reason.name: reason.value for reason in TillReason}.items() >= NUMBERS.items()
