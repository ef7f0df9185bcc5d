"""drivers/payment/plug/codec.py: against bytes written by hand."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.payment.outcome import State
from drivers.payment.plug.codec import (
    MESSAGE_BYTES_MAX,
    Authorize,
    BadMessage,
    Hello,
    Late,
    Pending,
    Prompt,
    Told,
    Welcome,
    decode_untrusted,
    encode,
)

OUTCOME = {
    "state": "approved", "amount_minor": 450, "currency": "EUR", "reference": "guest-1",
    "terminal": "T1", "trace": "000470", "scheme": "Debit Mastercard", "last4": "4771",
    "authorization_code": "611804", "stored_offline": True, "receipt": ["Beleg", "bezahlt"],
}  # fmt: skip
PAN = "4111111111111111"


def framed(message: object) -> bytes:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return len(body).to_bytes(4, "big") + body


def told_with(**more: object) -> dict[str, object]:
    return {"say": "outcome", "id": 7, "outcome": {**OUTCOME, **more}}


def told(**more: object) -> bytes:
    return framed(told_with(**more))


def test_questions_are_what_the_document_says() -> None:
    assert encode(Hello(1)) == framed(b'{"say":"hello","id":1,"version":1}')
    asked = b'{"say":"authorize","id":2,"reference":"guest-1","amount_minor":450,"currency":"EUR"}'
    assert encode(Authorize(2, "guest-1", 450, "EUR")) == framed(asked)


def test_answers_are_read() -> None:
    assert decode_untrusted(framed({"say": "prompt", "id": 2}))[0] == Prompt(2)
    assert decode_untrusted(framed({"say": "pending", "id": 2}))[0] == Pending(2)
    welcome = framed({"say": "welcome", "id": 1, "version": 1, "terminal": "T1"})
    assert decode_untrusted(welcome + b"more") == (Welcome(1, 1, "T1"), len(welcome))
    answer, _ = decode_untrusted(told())
    assert isinstance(answer, Told)
    assert (answer.id, answer.outcome.state) == (7, State.APPROVED)
    assert answer.outcome.last4 == "4771" and answer.outcome.stored_offline
    late = {"say": "late", "id": 3, "outcome": {**OUTCOME, "state": "declined_late"}}
    assert isinstance(decode_untrusted(framed(late))[0], Late)


def test_a_part_of_a_message_is_waited_for() -> None:
    whole = told()
    for size in range(len(whole)):
        assert decode_untrusted(whole[:size]) == (None, 0)


@pytest.mark.parametrize(
    "more",
    [
        {"last4": "47711"}, {"last4": PAN}, {"trace": PAN}, {"scheme": f"Visa {PAN}"},
        {"authorization_code": PAN}, {"terminal": PAN}, {"decline_code": PAN}, {"pan": PAN},
        {"amount_minor": 0}, {"amount_minor": 10**12}, {"amount_minor": 4.5},
        {"currency": "eur"}, {"state": "idle"}, {"state": "unknown"}, {"state": PAN},
        {"flagged": "amount_minor"}, {"terminal": ""}, {"receipt": ["x" * 65]},
        {"receipt": ["x"] * 121}, {"reference": PAN * 3},
    ],
    ids=str,
)  # fmt: skip
def test_a_message_that_is_not_allowed_is_refused_without_quoting_it(more: dict[str, str]) -> None:
    with pytest.raises(BadMessage) as refused:
        decode_untrusted(told(**more))
    assert "4111" not in str(refused.value)


def test_the_place_is_told_and_nothing_else() -> None:
    for message, told in [
        (told_with(last4=PAN), "it is not as it should at $.outcome.last4"),
        (told_with(**{f"pan-{PAN}": 1}), "unknown fields are not allowed at $.outcome"),
        ([], "it is no JSON object with say and id"),
    ]:
        with pytest.raises(BadMessage) as refused:
            decode_untrusted(framed(message))
        assert str(refused.value) == f"no message of the plug: {told}"


def test_card_numbers_on_receipt_lines_are_masked() -> None:
    answer, _ = decode_untrusted(told(receipt=["4111 1111 1111 1111", "Danke"]))
    assert isinstance(answer, Told)
    assert answer.outcome.receipt == ("**** **** **** 1111", "Danke")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"say":"hello","id":1}', b"null"])
def test_no_answer_is_bad(body: bytes) -> None:
    with pytest.raises(BadMessage):
        decode_untrusted(framed(body))


def test_a_size_that_no_message_has_is_refused_at_once() -> None:
    with pytest.raises(BadMessage):
        decode_untrusted((MESSAGE_BYTES_MAX + 1).to_bytes(4, "big"))


@given(st.binary(max_size=200))
def test_arbitrary_bytes_raise_nothing_else(data: bytes) -> None:
    for buffer in (data, framed(data)):
        try:
            answer, used = decode_untrusted(buffer)
            assert (answer is None) == (used == 0)
        except BadMessage:
            pass


@given(st.integers(0, len(told()) - 5), st.integers(0, 255))
def test_a_changed_byte_raises_nothing_else(at: int, byte: int) -> None:
    body = bytearray(told()[4:])
    body[at] = byte
    with suppress(BadMessage):
        decode_untrusted(framed(bytes(body)))
