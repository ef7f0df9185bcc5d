"""Questions to the rows of facts: outcomes, counts, double admissions."""

from __future__ import annotations

import asyncpg
import msgspec
import pytest

from central.ingest import deliver
from central.store import facts, sales
from crypto.entry import (
    MARK_FORCED,
    AdmissionRefused,
    Annulled,
    KnownFact,
    Overridden,
    PassageLapsed,
    PassageUnknown,
)
from tests.central.world import (
    DAY,
    NOW_MS,
    OTHER,
    TENANT,
    Ledger,
    admitted,
    completed,
    enrol,
    hlc,
    packed,
)

pytestmark = pytest.mark.asyncio
T = b"house:TTTTTTTT"


async def book(db: asyncpg.Connection, *ledgers: Ledger) -> None:
    await enrol(db, *ledgers)
    for ledger in ledgers:
        await deliver(db, ledger.log(), 1, packed(ledger.blocks), NOW_MS)


def ledger_of(listed: list[KnownFact], gateway: bytes = b"gateway-number-1") -> Ledger:
    ledger = Ledger(gateway, seed=gateway[-1])
    ledger.begin()
    ledger.add(listed)
    return ledger


def lapsed(seq: int, passed: int = 0) -> PassageLapsed:
    return PassageLapsed(hlc(NOW_MS + 2), DAY, 120, 1, T, 5, seq, passed)


def unknown(seq: int) -> PassageUnknown:
    return PassageUnknown(hlc(NOW_MS + 2), DAY, 120, 1, T, 5, seq, 0, "restart")


async def doubles(db: asyncpg.Connection, *listed: KnownFact) -> list[int]:
    await book(db, ledger_of(list(listed)))
    return [one["used"] for one in await facts.double_admissions(db, TENANT)]


ONCE = admitted(1, ticket=T)
GROUP = admitted(1, ticket=T, persons=3)
TWO = msgspec.structs.replace(GROUP, granted=2)


@pytest.mark.parametrize(
    ("listed", "used"),
    [
        ([ONCE], []),
        ([ONCE, completed(5, 2, T)], []),
        ([ONCE, ONCE], [2]),
        ([ONCE, completed(5, 2, T), ONCE, completed(5, 4, T)], [2]),
        ([ONCE, lapsed(2), ONCE, completed(5, 4, T)], []),
        ([ONCE, unknown(2), ONCE], [2]),
        ([GROUP], []),
        ([GROUP, completed(5, 2, T, 2), msgspec.structs.replace(GROUP, granted=1)], []),
        ([GROUP, completed(5, 2, T, 3), msgspec.structs.replace(GROUP, granted=1)], [4]),
        (
            [GROUP, completed(5, 2, T, 1), lapsed(2, 1), msgspec.structs.replace(GROUP, granted=2)],
            [],
        ),
    ],
)
async def test_double_admissions(
    connection: asyncpg.Connection, listed: list[KnownFact], used: list[int]
) -> None:
    assert await doubles(connection, *listed) == used


OVERRIDDEN = msgspec.structs.replace(
    Overridden(*msgspec.structs.astuple(ONCE), who="erika", why="mistake", reason=5),
    marks=MARK_FORCED,
)
ANNULLED = Annulled(hlc(NOW_MS + 1), DAY, 120, 1, T, 5, 2, "erika", "did not turn")


async def test_what_staff_let_in_is_an_admission_and_no_double(
    connection: asyncpg.Connection,
) -> None:
    assert await doubles(connection, ONCE, OVERRIDDEN) == []
    assert [row.seq for row in await facts.list_admissions(connection, TENANT, ticket=T)] == [3, 2]
    assert (await facts.count_by_gate(connection, TENANT))[0]["admitted"] == 2


@pytest.mark.parametrize(("why", "reason"), [("found_by_name", 0), ("unpaid_accepted", 60)])
async def test_who_had_to_pass_all_else_is_a_double_as_everybody(
    connection: asyncpg.Connection, why: str, reason: int
) -> None:
    named = msgspec.structs.replace(OVERRIDDEN, why=why, reason=reason, marks=0)
    assert await doubles(connection, ONCE, named) == [2]


async def test_an_annulled_hold_was_not_used_whatever_is_said_later(
    connection: asyncpg.Connection,
) -> None:
    assert await doubles(connection, ONCE, ANNULLED, completed(5, 2, T), lapsed(2, 1), ONCE) == []
    row = (await facts.list_admissions(connection, TENANT))[-1]
    assert (row.outcome_kind, row.passed) == (17, 0)


async def test_two_gateways_that_both_let_in_are_seen(connection: asyncpg.Connection) -> None:
    await book(connection, ledger_of([ONCE]), ledger_of([ONCE], OTHER))
    found = (await facts.double_admissions(connection, TENANT))[0]
    assert found == {"ticket": T, "admissions": 2, "persons": 1, "used": 2}


async def test_re_entry_is_no_double(connection: asyncpg.Connection) -> None:
    await book(connection, ledger_of([ONCE, ONCE]))
    row = sales.ProductRow(7, "Season", "unlimited")
    await sales.add_product(connection, TENANT, row, NOW_MS)
    assert await facts.double_admissions(connection, TENANT) == []


async def test_counts_per_gate(connection: asyncpg.Connection) -> None:
    refusal = AdmissionRefused(hlc(), DAY, 120, 1, 2, 10, b"12345678", 5)
    await book(connection, ledger_of([ONCE, admitted(2, gate=2, persons=4), refusal, refusal]))
    one, two = await facts.count_by_gate(connection, TENANT)
    assert (one["gate"], one["admitted"], one["granted"], one["refused"]) == (1, 1, 1, {})
    assert (two["gate"], two["admitted"], two["granted"], two["refused"]) == (2, 1, 4, {"10": 10})
    assert await facts.count_kinds(connection, TENANT) == {1: 1, 10: 2, 11: 2}


async def test_the_newest_outcome_counts(connection: asyncpg.Connection) -> None:
    await book(connection, ledger_of([GROUP, completed(5, 2, T, 1), lapsed(2, 1)]))
    row = (await facts.list_admissions(connection, TENANT))[0]
    assert (row.outcome_kind, row.passed) == (13, 1)


async def test_lists_can_be_narrowed(connection: asyncpg.Connection) -> None:
    await book(connection, ledger_of([ONCE, admitted(2, gate=2)]))
    assert len(await facts.list_admissions(connection, TENANT)) == 2
    assert len(await facts.list_admissions(connection, TENANT, limit=1)) == 1
    assert [r.seq for r in await facts.list_admissions(connection, TENANT, gate=2)] == [3]
    assert [r.seq for r in await facts.list_admissions(connection, TENANT, ticket=T)] == [2]
    assert await facts.list_admissions(connection, bytes(16)) == []
