"""What pages send: bounded, and without fields that nobody reads."""

import msgspec
import pytest

from edge.core.pricing import Item
from edge.web import till_bodies as bodies

GOOD = {"basket": "0f" * 16, "items": [{"article": 1, "quantity": 2}]}


@pytest.mark.parametrize(
    "change",
    [
        {"basket": "0f" * 15},
        {"items": [{"article": 1, "quantity": 10_000}]},
        {"items": [{"article": 0}]},
        {"items": [{"article": 1}] * 41},
        {"items": [{"article": 1, "price_minor": 4.5}]},
        {"amount_minor": 0},
        {"amount_minor": 1.0},
        {"tip_percent": 101},
        {"method": "cheque"},
        {"part": 16},
        {"unknown": 1},
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, object]) -> None:
    decoder = bodies.decoder(bodies.Paying)
    decoder.decode(msgspec.json.encode(GOOD))
    with pytest.raises(msgspec.ValidationError):
        decoder.decode(msgspec.json.encode({**GOOD, **change}))


def test_items_are_priced_as_they_were_sent() -> None:
    read = bodies.decoder(bodies.Quoting).decode(
        b'{"items": [{"article": 1, "quantity": -2}, {"article": 2, "price_minor": 5}]}'
    )
    assert bodies.items_of(read.items) == (Item(1, -2), Item(2, None, 5))


def test_every_field_that_can_be_wrong_has_a_hint() -> None:
    sent = (
        bodies.Paying, bodies.ToppingUp, bodies.Reversing, bodies.Refunding, bodies.CashingOut,
        bodies.Answering, bodies.Cancelling, bodies.Shifting, bodies.Closing, bodies.Training,
        bodies.Looking, bodies.Quoting, bodies.Banding,
    )  # fmt: skip
    fields = {field.encode_name for kind in sent for field in msgspec.structs.fields(kind)}
    assert fields == set(bodies.HINTS)
