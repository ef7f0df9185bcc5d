"""What needs somebody, the worst first, each with what to do about it."""

from __future__ import annotations

import asyncpg
import pytest

from central.outlook import Holdup, Outlook, holdups, lines, look, never_heard
from central.replaced import Awaited
from central.store import trust
from central.unexplained import Sums
from tests.central.delivered import send
from tests.central.store.test_store_money import held, topped_up
from tests.central.test_replaced import LOST
from tests.central.test_unexplained import FIRST, UNDONE
from tests.central.world import NOW_MS, OTHER, TENANT, Ledger, enrol

CALM = Outlook(0, 0, 0, 0, Sums(0, 0, 0, 0, 0), 0, 0, 0, 0, [])


def test_all_is_well() -> None:
    assert lines(CALM) == []


def test_each_line_says_what_to_do() -> None:
    awaited = [
        Holdup("bar-2", "nothing of it is held", 1, 2, True), Holdup("gate", "behind", 1, 0, False)
    ]  # fmt: skip
    told = Outlook(2, 900, 1, 3, Sums(5, 450, 30, 70, 7), 3, 1, 3000, 20, awaited)
    found = lines(told)
    assert [(one.count, one.amount_minor, one.bad) for one in found] == [
        (3, 450, True), (3, 30, True), (1, None, True), (3, None, True), (1, 20, True),
        (2, 77, False), (1, 3000, False), (3, None, False), (1, None, False), (2, 900, False),
    ]  # fmt: skip
    assert found[7].what == "awaited: bar-2, approved and never heard of"
    assert found[7].do == "start it, or if it is gone: `gatehouse central gateway revoke bar-2`"
    assert "bring it back" in found[8].do and "gateway revoke gate" in found[8].do
    assert "rotate-key" in found[0].do and all(one.do for one in found)


def test_a_gateway_counts_once_for_each_that_waits() -> None:
    bar = [Awaited("bar", "nothing of it is held"), Awaited("bar", "epoch 5 is held to 1 of 2")]
    found = holdups([bar], [bar, [Awaited("gate", "behind")]], {"gate"})
    assert found == [
        Holdup("bar", "nothing of it is held", 1, 1, False), Holdup("gate", "behind", 0, 1, True)
    ]  # fmt: skip


@pytest.mark.asyncio
async def test_a_gateway_that_never_came_is_named_until_it_is_revoked(
    connection: asyncpg.Connection,
) -> None:
    ledger = Ledger()
    await enrol(connection, ledger, Ledger(OTHER, seed=2))
    await connection.execute(
        "INSERT INTO credit_keys VALUES ($1, 1, $2, $3, 0, 0)", TENANT, ledger.gateway, bytes(32)
    )
    ledger.begin()
    ledger.add([topped_up(1, 5000), *FIRST, *UNDONE, LOST, held(7, 300)])
    await send(connection, ledger)
    told = await look(connection, TENANT)
    assert [(one.name, one.bands, one.steps, one.silent) for one in told.awaited] == [
        ("gate-2", 1, 1, True), ("gate-1", 1, 0, False)
    ]  # fmt: skip
    assert (told.unexplained.awaited_given_minor, told.proven, told.waiting) == (450, 0, 1)
    assert (told.in_doubt, told.in_doubt_minor) == (1, 300)
    await trust.revoke_gateway(connection, TENANT, OTHER, NOW_MS, "never came")
    assert await never_heard(connection, TENANT) == set()
    told = await look(connection, TENANT)
    assert (told.unexplained.proven_given_minor, told.proven) == (450, 1)
    assert [one.name for one in told.awaited] == ["gate-1"]
