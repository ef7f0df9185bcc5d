"""What operators see of merchants: what each of them is owed, all days together."""

from __future__ import annotations

import asyncio
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


class Owing:
    """Adds up for one asker at a time: every line that was ever sold is read, half a minute for a
    million sales."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._turn = asyncio.Lock()
        self._told: Merchants | None = None
        self._until = 0.0

    async def read(self) -> Merchants:
        """What is owed now, or was a while ago."""
        clock = asyncio.get_running_loop().time
        async with self._turn:
            began = clock()
            if self._told is None or began >= self._until:
                self._told = await read_merchants(self._service)
                self._until = clock() + PATIENCE * (clock() - began)
            return self._told


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
