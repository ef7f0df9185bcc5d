"""What operators see of merchants: what each of them is owed, all days together."""

from __future__ import annotations

from typing import Final

import msgspec

from central.owed import statements
from central.service import Service
from config.runtime.openapi import Answer, Operation

#: So many times as long as it took to add up, the same answer is given to all who ask.
PATIENCE: Final = 30


class Owed(msgspec.Struct, frozen=True):
    """A merchant: receipts, what all their lines come to, and that less commission."""

    merchant: int
    name: str
    sales: int
    payable_minor: int
    commission_minor: int
    payout_minor: int


class Merchants(msgspec.Struct, frozen=True):
    """Every merchant as it was at `read_ms`; none before prices were set. Amounts have `exponent`
    decimals."""

    currency: str
    exponent: int
    read_ms: int
    merchants: list[Owed]


async def read_merchants(service: Service) -> Merchants:
    """What is owed now."""
    now_ms = service.now_ms()
    async with service.database.connection() as connection:
        told = await statements(connection, service.keys.tenant)
    if told is None:
        return Merchants("", 0, now_ms, [])
    rows = [
        Owed(
            one.merchant, one.name, one.total.sales, one.total.payable_minor,
            one.commission_minor, one.payout_minor,
        )
        for one in told.statements
    ]  # fmt: skip
    return Merchants(told.currency, told.exponent, now_ms, rows)


OPERATION = Operation(
    "GET", "/v1/ops/merchants", "What merchants are owed", {200: Answer("", Merchants)}
)
