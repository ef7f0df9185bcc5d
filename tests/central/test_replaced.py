"""What was held back of a lost band: let go once nobody can bring a debit of it, and only once."""

from __future__ import annotations

import asyncio

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from central import replaced, wallets
from central.ingest import deliver
from central.publish import build, publish
from central.replaced import Awaited, Remainder, behind, beside, worth_of
from central.store import replaced as stored
from central.store import trust
from central.store import wallets as words
from central.store.replaced import Reissue, Worth
from crypto.cashless import Cashless, Wallet
from crypto.certificate import EpochCertificate, certify
from crypto.entry import BundleApplied, EpochBegun, KnownFact
from crypto.keys import SigningKey
from crypto.money import MediumReissued
from tests.central.delivered import send
from tests.central.store.test_store_money import (
    BAND,
    NEW_BAND,
    balance,
    head,
    held,
    posted,
    topped_up,
    txid,
)
from tests.central.test_wallets import KEYS, set_prices
from tests.central.world import DAY, GATEWAY, NOW_MS, OTHER, TENANT, Ledger, hlc, packed

KEY = SigningKey(b"b" * 32)
THIRD_BAND = b"band-3-is-here-!"
LOST = MediumReissued(*head(4, 6), NEW_BAND, "NTAG213", 2, 1, bytes(80), BAND, 1, 1550, 3000)


class Venue:
    """A desk with a credit key, and a bar that is away for a while."""

    def __init__(self, db: asyncpg.Connection) -> None:
        self.db = db
        self.desk, self.bar = Ledger(), Ledger(OTHER, seed=2)

    async def begin(self) -> None:
        await set_prices(self.db)
        await words.add_key(self.db, TENANT, GATEWAY, b"k" * 32, 0, NOW_MS)
        for ledger in (self.desk, self.bar):
            ledger.begin()

    async def say(self, ledger: Ledger, *facts: KnownFact) -> None:
        for fact in facts:
            ledger.add([fact])
        await send(self.db, ledger)

    async def publish(self) -> int:
        return (await publish(self.db, TENANT, KEY, NOW_MS, KEYS))[0]

    async def follow(self, ledger: Ledger, version: int) -> None:
        await self.say(ledger, BundleApplied(hlc(counter=9), DAY, 120, version, bytes(32)))

    async def lose(self) -> int:
        """5000 on a band of which 450 were spent, and then it is lost; the bundle says so."""
        await self.say(self.desk, topped_up(1, 5000), held(2, 450), posted(2), LOST)
        version = await self.publish()
        await self.follow(self.desk, version)
        return version

    async def release(self) -> list[tuple[bytes, int]]:
        found = await replaced.release(self.db, TENANT, NOW_MS)
        return [(one.medium, one.amount_minor) for one in found]

    async def who(self) -> list[str]:
        return [
            one.gateway for one in (await replaced.awaited(self.db, TENANT, [txid(4)]))[txid(4)]
        ]

    async def credit(self, medium: bytes = NEW_BAND) -> int:
        cashless = (await build(self.db, TENANT, KEYS)).cashless
        assert isinstance(cashless, Cashless)
        return sum(one.absorbed_minor for one in cashless.wallets if one.medium == medium)


@pytest_asyncio.fixture
async def venue(db: asyncpg.Connection) -> Venue:
    made = Venue(db)
    await made.begin()
    return made


@pytest.mark.asyncio
async def test_it_waits_for_the_last_gateway_and_becomes_credit_once(venue: Venue) -> None:
    db = venue.db
    version = await venue.lose()
    assert await venue.release() == []
    assert await venue.who() == ["gate-2"]
    await venue.follow(venue.bar, version)
    news = await words.count_news(db, TENANT)
    assert await venue.release() == [(NEW_BAND, 3000)]
    assert await venue.release() == []
    assert await venue.credit() == 3000
    assert await words.count_news(db, TENANT) == news + 1  # the service publishes it
    assert (await balance(db), await balance(db, NEW_BAND)) == ((0, 0, 0), (4550, 0, 0))
    sums = await wallets.accounts(db, TENANT)
    assert (sums["agree"], sums["balances_minor"]) == (True, 4550)


@pytest.mark.asyncio
async def test_late_debits_are_deducted_and_what_is_in_doubt_stays(venue: Venue) -> None:
    version = await venue.lose()
    late = [held(5, 400, seq=2), posted(5, 2), held(6, 150, seq=3)]
    await venue.say(venue.bar, *late)
    await words.say(venue.db, TENANT, Wallet(BAND, hold_minor=50), NOW_MS - 1)
    await venue.follow(venue.bar, version)
    assert await venue.release() == [(NEW_BAND, 2400)]
    assert await balance(venue.db) == (200, 0, 0)


@pytest.mark.asyncio
async def test_a_debit_after_the_release_is_a_loss_and_changes_no_credit(venue: Venue) -> None:
    version = await venue.lose()
    await trust.revoke_gateway(venue.db, TENANT, OTHER, NOW_MS, "stolen")
    assert await venue.who() == [] and version
    assert await venue.release() == [(NEW_BAND, 3000)]
    late = Ledger(OTHER, seed=2)
    late.begin()
    for fact in (held(5, 400, seq=2), posted(5, 2)):
        late.add([fact])
    log = msgspec.structs.replace(late.log(), delivered_by=GATEWAY)  # its sibling brings it
    await deliver(venue.db, log, 1, packed(late.blocks), NOW_MS)
    (told,) = await replaced.remainders(venue.db, TENANT)
    assert (told.lost_minor, told.left_minor, await venue.credit()) == (400, 0, 3000)
    assert await venue.release() == []


@pytest.mark.asyncio
async def test_only_the_bundle_that_is_followed_now_counts(venue: Venue) -> None:
    before = await venue.publish()
    version = await venue.lose()
    await venue.follow(venue.bar, version)
    await venue.follow(venue.bar, before)
    told = (await replaced.awaited(venue.db, TENANT, [txid(4)]))[txid(4)]
    assert told == [Awaited("gate-2", "it follows bundle 1, 2 is needed")]
    assert await venue.release() == []


@pytest.mark.asyncio
async def test_a_block_that_was_lifted_in_between_counts_from_the_next_one(venue: Venue) -> None:
    await venue.lose()
    await words.say(venue.db, TENANT, Wallet(BAND), NOW_MS + 5)
    lifted = await venue.publish()
    for ledger in (venue.desk, venue.bar):
        await venue.follow(ledger, lifted)
    assert await venue.release() == []
    assert (await replaced.awaited(venue.db, TENANT, [txid(4)]))[txid(4)][0].why == (
        "no bundle refuses the old band"
    )
    await words.say(venue.db, TENANT, Wallet(BAND, min_epoch=words.EVERY_EPOCH), NOW_MS + 6)
    again = await venue.publish()
    assert again == lifted + 1 and await venue.who() == ["gate-1", "gate-2"]
    for ledger in (venue.desk, venue.bar):
        await venue.follow(ledger, again)
    assert await venue.release() == [(NEW_BAND, 3000)]


@pytest.mark.asyncio
async def test_the_end_of_an_older_epoch_is_waited_for(venue: Venue) -> None:
    version = await venue.lose()
    newer = Ledger(OTHER, epoch=6, seed=2)
    certificate = certify(EpochCertificate(TENANT, OTHER, 6, newer.key.public), newer.device)
    newer.add([EpochBegun(hlc(), DAY, 120, certificate, 5, 3, bytes(32), "cut")])
    await venue.say(venue.bar, held(5, 400, seq=2))
    await venue.follow(newer, version)
    told = (await replaced.awaited(venue.db, TENANT, [txid(4)]))[txid(4)]
    assert told == [Awaited("gate-2", "epoch 5 is held to 2 of 3")]
    assert await venue.release() == []
    await venue.say(venue.bar, posted(5, 2))
    assert await venue.release() == [(NEW_BAND, 2600)]


@pytest.mark.asyncio
async def test_several_processes_let_go_once(venue: Venue, dsn: str) -> None:
    version = await venue.lose()
    await venue.follow(venue.bar, version)
    several = [await asyncpg.connect(dsn) for _ in range(3)]
    try:
        found = await asyncio.gather(*(replaced.release(db, TENANT, NOW_MS) for db in several))
    finally:
        for db in several:
            await db.close()
    assert [one.amount_minor for each in found for one in each] == [3000]
    assert await venue.credit() == 3000


@pytest.mark.asyncio
async def test_money_that_no_top_up_point_signed_for_is_not_let_go(venue: Venue) -> None:
    db = venue.db
    stolen = msgspec.structs.replace(LOST, txid=txid(8), replaces=NEW_BAND, medium=THIRD_BAND)
    back = held(7, 0, 9000, seq=4)
    await venue.say(venue.bar, topped_up(6, 7000), back, posted(7, 4), stolen)
    version = await venue.lose()
    await venue.follow(venue.bar, version)
    assert list(await stored.waiting(db, TENANT)) == [txid(4)]
    # 5000 - 1550; what was given back beyond the 450 that were debited is nobody's credit.
    assert await venue.release() == [(NEW_BAND, 3450)]


@pytest.mark.asyncio
async def test_it_goes_to_the_band_that_has_the_place_now(venue: Venue) -> None:
    version = await venue.lose()
    second = msgspec.structs.replace(
        LOST, txid=txid(9), replaces=NEW_BAND, replaces_epoch=2, medium=THIRD_BAND,
        carried_minor=550, held_minor=1000,
    )  # fmt: skip
    await venue.say(venue.desk, second)
    await venue.follow(venue.bar, version)
    assert await venue.release() == [(THIRD_BAND, 3000)]
    version = await venue.publish()
    for ledger in (venue.desk, venue.bar):
        await venue.follow(ledger, version)
    assert await venue.release() == [(THIRD_BAND, 1000)]
    assert await venue.credit(THIRD_BAND) == 4000
    assert await balance(venue.db, THIRD_BAND) == (4550, 0, 0)


@pytest.mark.asyncio
async def test_a_band_that_takes_its_own_place_is_not_refused(venue: Venue) -> None:
    own = msgspec.structs.replace(LOST, medium=BAND)
    await venue.say(venue.desk, topped_up(1, 5000), held(2, 450), posted(2), own)
    version = await venue.publish()
    cashless = (await build(venue.db, TENANT, KEYS)).cashless
    assert isinstance(cashless, Cashless)
    assert [(one.medium, one.min_epoch) for one in cashless.wallets] == [(BAND, 2)]
    later = msgspec.structs.replace(held(5, 100, seq=2), epoch=2)
    await venue.say(venue.bar, later, posted(5, 2))
    for ledger in (venue.desk, venue.bar):
        await venue.follow(ledger, version)
    assert await venue.release() == [(BAND, 3000)]
    assert (await balance(venue.db), await venue.credit(BAND)) == ((4450, 0, 0), 3000)


@pytest.mark.asyncio
async def test_a_person_may_let_go_before(venue: Venue) -> None:
    await venue.lose()
    told = await replaced.release_now(venue.db, TENANT, txid(4), NOW_MS, "burnt")
    assert told is not None and told.amount_minor == 3000
    assert await replaced.release_now(venue.db, TENANT, txid(4), NOW_MS, "burnt") is None


ONE = Reissue(txid(4), GATEWAY, 0, NEW_BAND, 2, BAND, 1, 1550, 3000, 0, None)


@pytest.mark.parametrize(
    ("booked", "worth", "left", "lost"),
    [
        (Worth(5000, -450, 0, 0), 4550, 3000, 0),
        (Worth(5000, -450, 100, 0), 4550, 2900, 0),
        (Worth(5000, 300, 0, 0), 5000, 3450, 0),
        (Worth(5000, -450, 0, 700), 5250, 3700, 0),
        (Worth(1000, 0, 0, 0), 1000, 0, 550),
    ],
)
def test_what_a_lost_band_was_worth(booked: Worth, worth: int, left: int, lost: int) -> None:
    told = Remainder(ONE, worth_of(ONE, booked, None), booked.doubt_minor)
    assert (told.worth_minor, told.left_minor, told.lost_minor) == (worth, left, lost)


def test_a_band_that_two_desks_replaced_is_worth_no_more() -> None:
    """What was held back came to both of the new bands, and nobody was told of a loss."""
    two = msgspec.structs.replace(ONE, txid=txid(5), medium=THIRD_BAND)
    later = msgspec.structs.replace(two, old_epoch=2)
    worth = worth_of(ONE, Worth(5000, -450, 0, 0), None)
    told = [Remainder(one, worth, 0, *beside(one, [ONE, two, later])) for one in (ONE, two)]
    assert [(one.left_minor, one.lost_minor) for one in told] == [(1450, 0), (1450, 0)]
    let_go = msgspec.structs.replace(ONE, released_minor=1450)
    told = [Remainder(one, worth, 0, *beside(one, [let_go, two])) for one in (let_go, two)]
    assert [(one.left_minor, one.lost_minor) for one in told] == [(0, 0), (0, 0)]
    poor = [Remainder(one, 1000, 0, *beside(one, [ONE, two])) for one in (ONE, two)]
    assert [one.lost_minor for one in poor] == [550, 1550], "2100 of 3100 were not there"


def test_an_epoch_begins_with_what_was_carried_into_it() -> None:
    began = msgspec.structs.replace(ONE, carried_minor=200, absorbed_minor=70)
    assert worth_of(ONE, Worth(1000, -100, 0, 70), began) == 1100
    own = msgspec.structs.replace(ONE, medium=BAND, absorbed_minor=90)
    assert worth_of(own, Worth(1000, -100, 0, 500), began) == 1120


def test_a_revoked_gateway_is_not_awaited() -> None:
    gone = trust.Gateway(GATEWAY, 1, "bar", b"", b"", 5)
    assert behind((2, True), [gone], {}) == []
    here = msgspec.structs.replace(gone, revoked_ms=None)
    assert behind((2, True), [here], {})[0].why == "it has followed no bundle yet, 2 is needed"
    assert behind((2, True), [here], {GATEWAY: (2, 0)}) == []
