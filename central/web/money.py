"""What operators see of money: what somebody has to look at, and bands by their digits."""

from __future__ import annotations

from typing import Final

import msgspec

from central.outlook import Line, Outlook, lines
from central.service import Service
from central.store import bands, money
from central.store.bands import DIGITS_MIN, MEDIUM_BYTES
from central.store.wallets import newest_terms
from central.web.answers import Problem, bad_parameter
from config.runtime.openapi import Answer, Operation
from crypto.cashless import Cashless

BANDS_MAX: Final = 20


class Money(msgspec.Struct, frozen=True):
    """What was seen at `looked_ms`; None before the first look, or before prices were set.

    `lines` say what to do, the worst first. Amounts have `exponent` decimals. `trouble`: why the
    newest look failed.
    """

    currency: str
    exponent: int
    looked_ms: int | None
    trouble: str
    lines: list[Line]
    outlook: Outlook | None


class Band(msgspec.Struct, frozen=True):
    """A band by what is booked on it."""

    medium: str
    balance_minor: int
    promo_minor: int
    vouchers: int
    movements: int


class Bands(msgspec.Struct, frozen=True):
    """Bands whose pseudonym begins with the digits; `more`: there are others."""

    bands: list[Band]
    more: bool


async def read_money(service: Service) -> Money:
    """What was seen last."""
    watch = service.watch
    async with service.database.connection() as connection:
        held = await newest_terms(connection, service.keys.tenant)
    if held is None:
        return Money("", 0, None, watch.trouble, [], None)
    told = msgspec.msgpack.decode(held[1], type=Cashless)
    seen = [] if watch.outlook is None else lines(watch.outlook)
    return Money(
        told.currency, told.exponent, watch.looked_ms, watch.trouble, seen, watch.outlook
    )  # fmt: skip


async def read_bands(service: Service, digits: str) -> Bands:
    """Bands by the first hex digits of their pseudonym. Raises Refusal (422)."""
    plain = digits.lower()
    fits = DIGITS_MIN <= len(plain) <= 2 * MEDIUM_BYTES
    if not fits or not set(plain) <= set("0123456789abcdef"):
        raise bad_parameter("digits", f"{DIGITS_MIN} to {2 * MEDIUM_BYTES} hex digits")
    tenant = service.keys.tenant
    async with service.database.connection() as connection:
        found = await bands.matching(connection, tenant, plain, BANDS_MAX + 1)
        rows = [(one, await money.balances(connection, tenant, one)) for one in found[:BANDS_MAX]]
    listed = [
        Band(medium.hex(), *(int(booked[0][name]) for name in Band.__struct_fields__[1:]))
        if booked
        else Band(medium.hex(), 0, 0, 0, 0)
        for medium, booked in rows
    ]
    return Bands(listed, len(found) > BANDS_MAX)


OPERATIONS: Final = [
    Operation("GET", "/v1/ops/money", "What of money needs somebody", {200: Answer("", Money)}),
    Operation(
        "GET",
        "/v1/ops/bands",
        "Bands by the first digits of their pseudonym, as receipts show eight",
        {200: Answer("", Bands), 422: Answer("bad_parameter", Problem)},
        query={"digits": f"{DIGITS_MIN} to {2 * MEDIUM_BYTES} hex digits"},
    ),
]
