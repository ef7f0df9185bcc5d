"""A name that was ever used stays its owner's, each kind of thing and each tenant for itself."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from central.store.names import NameTaken, claim_name
from tests.central.world import TENANT

pytestmark = pytest.mark.asyncio


async def test_a_name_has_one_owner(connection: asyncpg.Connection) -> None:
    await claim_name(connection, TENANT, "gate", "North", 1)
    await claim_name(connection, TENANT, "gate", "North", 1)
    with pytest.raises(NameTaken):
        await claim_name(connection, TENANT, "gate", "North", 2)
    await claim_name(connection, TENANT, "product", "North", 2)
    await claim_name(connection, bytes(16), "gate", "North", 2)


async def test_of_two_at_once_one_gets_it(dsn: str) -> None:
    several = [await asyncpg.connect(dsn) for _ in range(4)]
    said = await asyncio.gather(
        *(claim_name(db, TENANT, "gate", "North", n) for n, db in enumerate(several)),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in said) == ["NameTaken"] * 3 + ["NoneType"]
    for db in several:
        await db.close()
