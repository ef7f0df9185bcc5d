"""What a stolen gateway wrote onto bands: awaited while a fact may come, proven afterwards."""

from __future__ import annotations

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from central.books.unexplained import Row, State
from central.ingest import deliver
from central.replaced import Awaited
from central.store import money, trust
from central.store.logs import Watermark
from central.unexplained import Unexplained, summed, unexplained, unheard
from crypto.certificate import EpochCertificate, certify
from crypto.entry import EpochBegun
from crypto.money import MARK_TRAINING, DebitHeld, DebitPosted, DebitVoided, KnownMoney, Slot
from tests.central.delivered import send
from tests.central.store.test_store_money import BAND, held, posted, topped_up
from tests.central.test_replaced import LOST
from tests.central.world import DAY, GATEWAY, NOW_MS, OTHER, TENANT, Ledger, enrol, hlc, packed

#: All blocks of these tests end at NOW_MS: whoever has delivered one was heard since.
EARLIER = hlc(NOW_MS - 3_600_000)
State3 = tuple[int, int, int]


def pay(number: int, base: State3, target: State3, **changes: object) -> list[KnownMoney]:
    """A hold an hour ago that went from `base` to `target`, and its posting."""
    hold, done = held(number, 0), posted(number)
    seq, debited, given = target
    slot = Slot(seq, debited, given, 0, number.to_bytes(4, "big"))
    told = {"hlc": EARLIER + number, **changes}
    return [
        msgspec.structs.replace(
            hold, base=Slot(*base), target=slot, debit_minor=debited - base[1],
            given_minor=given - base[2], lines=[], **told,
        ),
        msgspec.structs.replace(done, target=slot, **told),
    ]  # fmt: skip


def voided(facts: list[KnownMoney]) -> list[KnownMoney]:
    """The same hold, given up."""
    hold, done = facts
    assert isinstance(hold, DebitHeld) and isinstance(done, DebitPosted)
    names = [name for name in DebitVoided.__struct_fields__ if name != "evidence"]
    return [hold, DebitVoided(*(getattr(done, name) for name in names), "base_current")]


class Venue:
    """A bar and an island, of which one sees what somebody else has written."""

    def __init__(self, db: asyncpg.Connection) -> None:
        self.db = db
        self.bar, self.island = Ledger(), Ledger(OTHER, seed=2)
        self.bar.begin()
        self.island.begin()

    async def say(self, ledger: Ledger, *facts: KnownMoney) -> None:
        for fact in facts:
            ledger.add([fact])
        await send(self.db, ledger)

    async def found(self) -> list[Unexplained]:
        every = await unexplained(self.db, TENANT)
        assert await unexplained(self.db, TENANT, BAND) == every
        return every

    async def sums(self) -> tuple[int, ...]:
        return msgspec.structs.astuple(summed(await self.found()))

    async def revoke(self) -> None:
        await trust.revoke_gateway(self.db, TENANT, OTHER, NOW_MS, "stolen")


@pytest_asyncio.fixture
async def venue(connection: asyncpg.Connection) -> Venue:
    await enrol(connection, Ledger(), Ledger(OTHER, seed=2))
    return Venue(connection)


FIRST = pay(2, (0, 0, 0), (1, 450, 0))
UNDONE = pay(3, (2, 450, 450), (3, 550, 450))


@pytest.mark.asyncio
async def test_a_stolen_gateway_gives_back_twice_and_is_proven_once_it_is_revoked(
    venue: Venue,
) -> None:
    twice = pay(4, (4, 550, 550), (5, 560, 550))
    await venue.say(venue.bar, topped_up(1, 5000), *FIRST, *UNDONE, *twice)
    first, second = await venue.found()
    assert [one.step.given_minor for one in (first, second)] == [450, 100]
    assert first.awaits == [Awaited("gate-2", "nothing of it is held")]
    assert await venue.sums() == (2, 0, 0, 550, 0)
    await venue.revoke()
    assert await venue.sums() == (2, 550, 0, 0, 0)
    by = (await venue.found())[0].step.shown
    assert (by.gateway, by.epoch, by.seq, by.till, by.hlc) == (GATEWAY, 5, 5, 3, EARLIER + 3)


@pytest.mark.asyncio
async def test_an_island_that_comes_late_explains(venue: Venue) -> None:
    for fact in pay(9, (1, 450, 0), (2, 450, 450)):
        venue.island.add([fact])
    blocks, log = venue.island.blocks, venue.island.log(GATEWAY)  # its sibling brings it
    await venue.say(venue.bar, *FIRST, *UNDONE)
    await venue.revoke()  # proven, as it seems
    assert await venue.sums() == (1, 450, 0, 0, 0)
    await deliver(venue.db, log, 1, packed(blocks[:2]), NOW_MS)
    assert await venue.sums() == (0, 0, 0, 0, 0)  # in doubt, and told as such
    assert len(await money.in_doubt(venue.db, TENANT, 9)) == 1
    await deliver(venue.db, log, 3, packed(blocks[2:]), NOW_MS)
    assert await venue.sums() == (0, 0, 0, 0, 0)


@pytest.mark.asyncio
async def test_whoever_has_delivered_since_is_not_awaited(venue: Venue) -> None:
    pumped = pay(3, (2, 950, 0), (3, 960, 0))
    await venue.say(venue.bar, *FIRST, *pumped)
    assert await venue.sums() == (1, 0, 0, 0, 500)
    await send(venue.db, venue.island)
    assert await venue.sums() == (1, 0, 500, 0, 0)
    await venue.say(venue.bar, *pay(4, (4, 960, 960), (5, 970, 960), hlc=hlc()))
    assert await venue.sums() == (2, 0, 500, 960, 0)  # the island may not have told that yet
    told = (await venue.found())[1].awaits
    assert told == [Awaited("gate-2", "it is held to 2026-07-02T13:46:40Z")]


@pytest.mark.asyncio
async def test_the_end_of_an_older_epoch_is_waited_for(venue: Venue) -> None:
    newer = Ledger(OTHER, epoch=6, seed=2)
    certificate = certify(EpochCertificate(TENANT, OTHER, 6, newer.key.public), newer.device)
    newer.add([EpochBegun(hlc(), DAY, 120, certificate, 5, 2, bytes(32), "cut")])
    await venue.say(venue.bar, *FIRST, *UNDONE)
    await send(venue.db, venue.island)
    await send(venue.db, newer)
    assert await venue.sums() == (1, 0, 0, 450, 0)
    assert (await venue.found())[0].awaits == [Awaited("gate-2", "epoch 5 is held to 1 of 2")]


@pytest.mark.asyncio
async def test_what_is_honest_is_not_told(venue: Venue) -> None:
    skipped = voided(pay(3, (1, 450, 0), (2, 500, 0)))
    after = pay(4, (1, 450, 0), (3, 550, 0))
    training = pay(5, (7, 7, 7), (8, 8, 8), marks=MARK_TRAINING)
    own = msgspec.structs.replace(LOST, medium=BAND, hlc=EARLIER)
    later = pay(6, (1, 0, 0), (2, 10, 0), epoch=2)
    await venue.say(venue.bar, *FIRST, *skipped, *after, *training, own, *later)
    await venue.revoke()
    assert await venue.sums() == (0, 0, 0, 0, 0)


@pytest.mark.asyncio
async def test_a_void_of_what_stands_on_the_band_is_no_explanation(venue: Venue) -> None:
    await venue.say(venue.island, *voided(pay(9, (1, 450, 0), (2, 450, 450))))
    await venue.say(venue.bar, *FIRST, *UNDONE)
    assert await venue.sums() == (1, 450, 0, 0, 0)


@pytest.mark.asyncio
async def test_a_copy_stands_among_forks_and_nowhere_else(venue: Venue) -> None:
    await venue.say(venue.bar, *FIRST, *pay(3, (1, 450, 0), (2, 550, 0)))
    copied = pay(4, (1, 450, 0), (2, 750, 0))
    await venue.say(venue.island, copied[1], *pay(5, (2, 750, 0), (3, 760, 0)))
    assert len(await money.forks(venue.db, TENANT)) == 1
    assert await venue.sums() == (0, 0, 0, 0, 0)


def mark(gateway: bytes, wall_ms: int, *, posted_seq: int = 9) -> Watermark:
    return Watermark(gateway, 5, 9, bytes(32), posted_seq, wall_ms, 0)


@pytest.mark.parametrize(
    ("marks", "who"),
    [
        ([mark(GATEWAY, 0), mark(OTHER, NOW_MS + 300_000)], []),
        ([mark(GATEWAY, 0), mark(OTHER, NOW_MS + 299_999)], ["island"]),
        ([mark(GATEWAY, 0), mark(OTHER, NOW_MS + 300_000, posted_seq=8)], ["island"]),
        ([mark(OTHER, NOW_MS + 300_000)], ["bar"]),
    ],
)
def test_who_may_still_explain(marks: list[Watermark], who: list[str]) -> None:
    shown = Row(33, BAND, 1, bytes(16), GATEWAY, 5, 1, hlc(), 3, State(2, 9, 9), State(3, 9, 9))
    gateways = [
        trust.Gateway(GATEWAY, 1, "bar", bytes(32), b"", None),
        trust.Gateway(OTHER, 2, "island", bytes(32), b"", None),
        trust.Gateway(b"gateway-number-3", 3, "burnt", bytes(32), b"", NOW_MS),
    ]
    assert [one.gateway for one in unheard(shown, gateways, marks)] == who
    told = unheard(shown, gateways, marks, {GATEWAY})
    assert {one.gateway for one in told} == {*who, "bar"}
