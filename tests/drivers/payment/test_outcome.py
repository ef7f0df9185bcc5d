"""drivers/payment/outcome.py: no room for a card number, and the fields that must agree."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.payment.outcome import (
    Authorization,
    Outcome,
    State,
    difference,
    outcome_of,
    without_card_numbers,
)

ASKED = Authorization(txid16=b"1" * 16, amount_minor=450, currency="EUR", reference="guest-1")
PAN = "4111111111111111"


@pytest.mark.parametrize(
    ("field", "value"),
    [("reference", "guest-2"), ("amount_minor", 451), ("currency", "CHF"), ("txid16", b"2" * 16)],
)
def test_the_first_difference_is_named(field: str, value: object) -> None:
    assert difference(ASKED, ASKED) == ""
    assert difference(ASKED, msgspec.structs.replace(ASKED, **{field: value})) == field
    if field != "txid16":
        told = msgspec.structs.replace(outcome_of(ASKED, State.APPROVED), **{field: value})
        assert difference(ASKED, told) == field


def test_what_we_conclude_is_about_what_was_asked() -> None:
    told = outcome_of(ASKED, State.UNKNOWN, "silent", "amount_minor")
    assert (told.amount_minor, told.currency, told.reference) == (450, "EUR", "guest-1")
    assert (told.decline_code, told.flagged, told.last4) == ("silent", "amount_minor", "")


@pytest.mark.parametrize(
    "field", ["last4", "trace", "terminal", "authorization_code", "scheme", "decline_code"]
)
@pytest.mark.parametrize("digits", [12, 13, 16, 19])
def test_no_field_has_room_for_a_card_number(field: str, digits: int) -> None:
    fields = {"state": "approved", "amount_minor": 1, "currency": "EUR", "reference": "r"}
    msgspec.convert(fields, Outcome)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**fields, field: (PAN + "123")[:digits]}, Outcome)


@pytest.mark.parametrize("last4", ["47711", "477", "x771"])
def test_last4_is_four_digits_or_nothing(last4: str) -> None:
    fields = {"state": "approved", "amount_minor": 1, "currency": "EUR", "reference": "r"}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**fields, "last4": last4}, Outcome)


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("Karte 4111111111111111", "Karte ************1111"),
        ("4111 1111 1111 1111 EUR", "**** **** **** 1111 EUR"),
        ("4111-1111-1111-1111", "****-****-****-1111"),
        ("################4771", "################4771"),
        ("Beleg 000470 Terminal 28004869", "Beleg 000470 Terminal 28004869"),
        ("21.11.2026 22:39", "21.11.2026 22:39"),
    ],
)
def test_what_looks_like_a_card_number_is_masked(line: str, masked: str) -> None:
    assert without_card_numbers(line) == masked


@given(st.integers(12, 19).flatmap(lambda n: st.text("0123456789", min_size=n, max_size=n)))
def test_no_card_number_survives(number: str) -> None:
    masked = without_card_numbers(f"Nr. {number}.")
    assert masked == f"Nr. {'*' * (len(number) - 4)}{number[-4:]}."
