"""What gateways have found is told once, and a copy only where it is not proven already."""

from __future__ import annotations

import asyncpg
import msgspec
import pytest

from central.store import conflicts, money
from crypto.money import DebitPosted, MoneyConflictFound, Slot
from tests.central.store.test_store_money import BAND, deliver, held, posted, txid
from tests.central.world import DAY, GATEWAY, TENANT, Ledger, enrol, hlc
from tests.central.world import OTHER as ISLAND

pytestmark = pytest.mark.asyncio


def found(what: str, first: int, second: int, amount: int) -> MoneyConflictFound:
    return MoneyConflictFound(
        hlc(counter=9), DAY, 120, bytes(16), what, BAND, txid(first), txid(second), amount
    )


async def test_each_clash_is_told_once_with_its_place(connection: asyncpg.Connection) -> None:
    await enrol(connection, Ledger(), Ledger(ISLAND, seed=2))
    skipped: DebitPosted = msgspec.structs.replace(posted(3), target=Slot(2, 450, 0, 0, b"skip"))
    await deliver(
        connection,
        [held(1, 450), posted(1), posted(2), skipped, found("voucher", 4, 5, 2000),
         found("fork", 1, 2, 450), found("fork", 3, 1, 300)],
        [found("voucher", 5, 4, 2000), held(2, 99)],
    )  # fmt: skip
    fork, code = await conflicts.conflicts(connection, TENANT)
    assert (fork["what"], fork["first_txid"], fork["second_txid"]) == ("fork", txid(1), txid(3))
    assert (code["what"], code["amount_minor"], code["offset_min"]) == ("voucher", 2000, 120)
    assert code["gateway"] == GATEWAY
    proven, alone = await money.forks(connection, TENANT)
    # The hold of the second came after the fork had been found.
    assert (proven["band_seq"], proven["amount_minor"]) == (1, 99)
    assert (alone["band_seq"], alone["amount_minor"]) == (None, 300)
    assert [proof["txid"] for proof in alone["proof"]] == [txid(1), txid(3)]
