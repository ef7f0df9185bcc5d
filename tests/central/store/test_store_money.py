"""What money books at the centre: once per transaction, whatever the order and whoever delivers."""

from __future__ import annotations

import asyncio
import itertools

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from central.store import money
from crypto.money import (
    MARK_TRAINING,
    CreditVoided,
    DebitHeld,
    DebitPosted,
    DebitVoided,
    KnownMoney,
    Line,
    MediumReissued,
    MoneyConflictFound,
    PromoGranted,
    Slot,
    Sold,
    ToppedUp,
)
from tests.central.delivered import send
from tests.central.world import DAY, GATEWAY, OTHER, TENANT, Ledger, enrol, hlc
from tests.crypto.money_samples import make_money_facts

pytestmark = pytest.mark.asyncio
BAND, NEW_BAND = b"band-one-is-here", b"band-two-is-here"


def txid(number: int) -> bytes:
    return number.to_bytes(16, "big")


def head(number: int, counter: int = 0, marks: int = 0) -> tuple[object, ...]:
    return (hlc(counter=counter), DAY, 120, txid(number), 3, 7, 2, marks)


def held(
    number: int, debit: int, given: int = 0, *, seq: int = 1, promo: int = 0, marks: int = 0
) -> DebitHeld:
    target = Slot(seq, debit, given, 0, txid(number)[-4:])
    line = Line("article", 1, 1, debit, debit, 1)
    return DebitHeld(
        *head(number, 1, marks), BAND, 1, txid(number + 1000), 0, "sale", debit, given, promo, 0,
        0, Slot(), target, 5000, 0, b"", 1, [line],
    )  # fmt: skip


def posted(number: int, seq: int = 1, counter: int = 2) -> DebitPosted:
    target = Slot(seq, 450, 0, 0, txid(number)[-4:])
    return DebitPosted(*head(number, counter), BAND, 1, txid(number + 1000), target, "read_back")


def topped_up(number: int, amount: int, marks: int = 0) -> ToppedUp:
    return ToppedUp(
        *head(number, 0, marks), BAND, 1, 1, "cash", amount, 0, amount, 0, b"", bytes(80)
    )


async def deliver(db: asyncpg.Connection, *logs: list[KnownMoney]) -> None:
    """Each list is the log of a gateway of its own."""
    for at, facts in enumerate(logs):
        ledger = Ledger(GATEWAY if at == 0 else OTHER, seed=1 if at == 0 else 2)
        ledger.begin()
        for fact in facts:  # one block each, so that bookings see them one after the other
            ledger.add([fact])
        await send(db, ledger)


async def balance(db: asyncpg.Connection, medium: bytes = BAND) -> tuple[int, int, int]:
    rows = await money.balances(db, TENANT, medium)
    if not rows:
        return (0, 0, 0)
    return (rows[0]["balance_minor"], rows[0]["promo_minor"], rows[0]["vouchers"])


@pytest_asyncio.fixture
async def twins(connection: asyncpg.Connection) -> asyncpg.Connection:
    """Two gateways are enrolled."""
    await enrol(connection, Ledger(), Ledger(OTHER, seed=2))
    return connection


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_any_order_books_the_same(twins: asyncpg.Connection, order: tuple[int, ...]) -> None:
    facts = [topped_up(1, 5000), held(2, 450), posted(2)]
    await deliver(twins, [facts[at] for at in order])
    assert await balance(twins) == (4550, 0, 0)


async def test_a_hold_books_nothing_until_it_is_posted(twins: asyncpg.Connection) -> None:
    await deliver(twins, [topped_up(1, 5000), held(2, 450)])
    assert await balance(twins) == (5000, 0, 0)
    assert [row["txid"] for row in await money.in_doubt(twins, TENANT, 10)] == [txid(2)]


async def test_the_lock_of_a_band_is_no_doubt_of_finance(twins: asyncpg.Connection) -> None:
    lock = msgspec.structs.replace(held(2, 0), movement="adjustment", lines=[])
    await deliver(twins, [topped_up(1, 5000), lock])
    assert await money.in_doubt(twins, TENANT, 10) == []


async def test_a_hold_that_another_gateway_posts_books_once(twins: asyncpg.Connection) -> None:
    await deliver(twins, [topped_up(1, 5000), held(2, 450), posted(2)], [posted(2, counter=9)])
    assert await balance(twins) == (4550, 0, 0)
    assert await money.in_doubt(twins, TENANT, 10) == []
    row = await twins.fetchrow("SELECT gateway FROM wallet_movements WHERE what = 'debit'")
    assert row["gateway"] == GATEWAY


async def test_a_hold_and_its_posting_that_arrive_at_the_same_moment_are_booked(
    twins: asyncpg.Connection, dsn: str
) -> None:
    other = await asyncpg.connect(dsn)
    waiting = (
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock')"
    )

    async def post() -> None:
        async with other.transaction():
            await money.add_money(other, TENANT, OTHER, 5, [(2, posted(1))], 0)

    try:
        async with twins.transaction():
            await money.add_money(twins, TENANT, GATEWAY, 5, [(2, held(1, 450))], 0)
            posting = asyncio.create_task(post())
            while not posting.done():  # neither sees the rows of the other until it commits
                if await twins.fetchval(waiting, other.get_server_pid()):
                    break
        await posting
    finally:
        await other.close()
    assert await balance(twins) == (-450, 0, 0)


async def test_posted_with_evidence_beats_voided(twins: asyncpg.Connection) -> None:
    void = DebitVoided(*head(2, 3), BAND, 1, txid(1002), Slot(1, 450), "base_current")
    await deliver(twins, [held(2, 450), void], [posted(2, counter=4)])
    assert await balance(twins) == (-450, 0, 0)


async def test_what_is_voided_books_nothing_and_is_not_in_doubt(
    twins: asyncpg.Connection,
) -> None:
    void = DebitVoided(*head(2, 3), BAND, 1, txid(1002), Slot(1, 450), "base_current")
    await deliver(twins, [held(2, 450), void])
    assert await balance(twins) == (0, 0, 0)
    assert await money.in_doubt(twins, TENANT, 10) == []


async def test_what_is_given_back_is_a_movement_of_its_own(twins: asyncpg.Connection) -> None:
    await deliver(twins, [held(2, 0, 200), posted(2)])
    assert await money.totals(twins, TENANT) == {"give_back": {"count": 1, "amount_minor": 200}}


async def test_training_books_nothing(twins: asyncpg.Connection) -> None:
    await deliver(
        twins, [topped_up(1, 5000, MARK_TRAINING), held(2, 450, marks=MARK_TRAINING), posted(2)]
    )
    assert await money.totals(twins, TENANT) == {}
    assert await money.in_doubt(twins, TENANT, 10) == []


async def test_a_top_up_that_never_landed_is_undone_by_a_row_of_its_own(
    twins: asyncpg.Connection,
) -> None:
    undone = CreditVoided(*head(1, 5), BAND, 5000, "old_certificate")
    await deliver(twins, [topped_up(1, 5000), undone], [undone])
    assert await balance(twins) == (0, 0, 0)
    assert await twins.fetchval("SELECT count(*) FROM wallet_movements") == 2


async def test_a_promo_that_was_granted_twice_counts_once(twins: asyncpg.Connection) -> None:
    grant = txid(77)
    both = [PromoGranted(*head(number), BAND, 500, 2, grant) for number in (1, 2)]
    spent = Sold(
        *head(3, 4), txid(1003), 0, "sale", 0, 0, b"", BAND, 300, 1, b"", 1, []
    )  # fmt: skip
    await deliver(twins, [both[0], spent], [both[1]])
    assert await balance(twins) == (0, 200, 1)


async def test_a_new_band_takes_over_and_nothing_is_made(twins: asyncpg.Connection) -> None:
    moved = MediumReissued(*head(4, 6), NEW_BAND, "NTAG213", 2, 1, bytes(80), BAND, 1, 1550, 3000)
    await deliver(twins, [topped_up(1, 5000), held(2, 450), posted(2), moved])
    assert await balance(twins) == (3000, 0, 0)
    assert await balance(twins, NEW_BAND) == (1550, 0, 0)
    sums = await money.totals(twins, TENANT)
    assert sum(one["amount_minor"] for one in sums.values()) == 4550


async def test_two_debits_of_one_step_are_a_clone_with_proof(twins: asyncpg.Connection) -> None:
    await deliver(twins, [held(2, 450), posted(2)], [held(3, 300), posted(3, counter=5)])
    (fork,) = await money.forks(twins, TENANT)
    assert (fork["medium"], fork["band_seq"], fork["amount_minor"]) == (BAND, 1, 300)
    assert [(one["gateway"], one["seq"]) for one in fork["proof"]] == [(GATEWAY, 3), (OTHER, 3)]
    assert await balance(twins) == (-750, 0, 0)  # both were spent; the loss is told, not hidden


async def test_the_next_step_is_no_clone(twins: asyncpg.Connection) -> None:
    await deliver(twins, [held(2, 450), posted(2), held(3, 300, seq=2), posted(3, 2)])
    assert await money.forks(twins, TENANT) == []


async def test_a_conflict_that_a_gateway_found_is_kept(twins: asyncpg.Connection) -> None:
    found = MoneyConflictFound(hlc(), DAY, 120, txid(9), "voucher", BAND, txid(1), txid(2), 500)
    await deliver(twins, [found])
    (row,) = await money.history(twins, TENANT, BAND)
    assert (row["name"], row["said"], row["amount_minor"]) == ("MoneyConflictFound", "voucher", 500)


async def test_every_kind_has_a_row_and_its_lines(twins: asyncpg.Connection) -> None:
    facts = make_money_facts()
    await deliver(twins, list(facts))
    rows = await twins.fetch("SELECT kind FROM money ORDER BY seq")
    assert [row["kind"] for row in rows] == [*range(30, 42), *range(45, 55)]
    assert await twins.fetchval("SELECT count(*) FROM sale_lines") == 2


async def test_what_is_taken_back_gives_promo_and_vouchers_back(twins: asyncpg.Connection) -> None:
    grant = PromoGranted(*head(1), BAND, 500, 3, txid(77))
    taken = msgspec.structs.replace(held(2, 100, promo=300), vouchers=1)
    back = msgspec.structs.replace(
        held(3, 0, 100, seq=2, promo=300), vouchers=1, movement="reversal", reverses=txid(2)
    )
    spent = Sold(*head(4), txid(1004), 0, "sale", 0, 0, b"", BAND, 50, 1, b"", 1, [])
    undone = Sold(*head(5), txid(1005), 0, "refund", 0, 0, b"", BAND, 50, 1, txid(4), 1, [])
    await deliver(twins, [grant, taken, posted(2), spent])
    assert await balance(twins) == (-100, 150, 1)
    await deliver(twins, [grant, taken, posted(2), spent, back, posted(3, 2), undone])
    assert await balance(twins) == (0, 500, 3)


async def test_the_number_of_a_receipt_is_kept(twins: asyncpg.Connection) -> None:
    numbered = msgspec.structs.replace(posted(2), receipt=17)
    await deliver(twins, [held(2, 450), numbered])
    assert await twins.fetchval("SELECT receipt FROM money WHERE kind = 34") == 17
