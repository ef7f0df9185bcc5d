"""Bands that begin, that are replaced, that are locked."""

from typing import Any

import pytest
from trio.testing import MockClock

from crypto.money import MediumBlocked, MediumIssued, MediumReissued
from drivers.errors import Lost
from drivers.reader import Chip
from drivers.reader.chips import Fault, Mishap, TearPlan, Torn, make
from edge.core.pricing import Item
from edge.core.till_reasons import TillReason
from edge.core.wallet_reasons import WalletReason
from edge.till.till import Place, Till
from tests.edge.core.bar import WATER
from tests.edge.till.counter import Counter


@pytest.mark.trio
async def test_a_blank_band_becomes_a_wallet_once(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(0)
        again = await bar.do("issue", band, wallet_class=1)
        assert again.because is WalletReason.ALREADY_ISSUED
        other = await bar.do("issue", make(Chip.UL_AES, b"\x04xyzxyz"), wallet_class=9)
        assert other.because is WalletReason.CLASS_UNKNOWN


@pytest.mark.trio
async def test_a_band_that_leaves_while_it_is_issued_is_issued_at_the_next_tap(
    autojump_clock: MockClock,
) -> None:
    async with Counter().run() as bar:
        for at in range(0, 60, 7):
            band = make(Chip.NTAG213, b"\x04issu" + at.to_bytes(2, "big"))
            bar.readers[1].air.faults = [Fault(at, Mishap.LEAVES_IN_COMMAND, 3)]
            work = await bar.do("issue", band, wallet_class=1)
            bar.readers[1].air.faults = []
            if not work.over:
                await bar.tap(band, work)
            assert work.state == "done", (at, work.because)
            assert await bar.balance(band) == 0


@pytest.mark.trio
@pytest.mark.parametrize("chip", [Chip.NTAG213, Chip.UL_EV1_128, Chip.UL_C, Chip.UL_AES])
async def test_a_band_that_is_torn_while_it_is_closed_is_closed_in_the_end(
    autojump_clock: MockClock, chip: Chip
) -> None:
    first = 4 if chip is Chip.UL_EV1_128 else 8
    async with Counter().run() as bar:
        for write in range(20, 60):
            band = make(chip, b"\x04torn" + write.to_bytes(2, "big"))
            band.tear = TearPlan(write, Torn.OLD)
            work = await bar.do("issue", band, wallet_class=1)
            if band.tear is not None:
                break  # all its writes are done
            assert not work.over
            await bar.tap(band, work)
            assert work.state == "done", (write, work.because)
            band.power_off()
            band.activate()
            assert band.receive(bytes((0x30, first))) == b"\x00", "it is read without its key"
        assert write > 30
        assert work.state == "done"


@pytest.mark.trio
async def test_the_key_of_an_aes_band_is_locked_and_the_band_may_still_replace_itself(
    autojump_clock: MockClock,
) -> None:
    async with Counter().run() as bar:
        band = make(Chip.UL_AES, b"\x04sealed"[:7])
        band.tear = TearPlan(44, Torn.OLD)  # the lock is the last of all
        work = await bar.do("issue", band, wallet_class=1)
        assert not work.over and not band.memory[4 * 0x2D]
        await bar.tap(band, work)
        assert (work.state, band.memory[4 * 0x2D]) == ("done", 0xC0)
        medium = (await bar.do("balance", band)).medium
        await bar.do("lock", medium=medium, because="found")
        again = await bar.do("reissue", band, wallet_class=1, medium=medium)
        assert again.state == "done", again.because
        assert await bar.balance(band) == 0
        band.power_off()
        band.activate()
        band.authenticated = True
        assert band.receive(b"\xa2\x30none") == b"\x00"


@pytest.mark.trio
@pytest.mark.parametrize("kind", ["issue", "reissue"])
@pytest.mark.parametrize("at", [9, 20, 40])
async def test_another_band_shown_meanwhile_is_refused_and_one_work_makes_one_band(
    autojump_clock: MockClock, kind: Any, at: int
) -> None:
    """The first one left while it was written: nobody else gets what was made for it."""
    async with Counter().run() as bar:
        old = await bar.wallet(2000)
        medium = (await bar.do("balance", old)).medium
        seen = len(bar.log.facts)
        band, other = make(Chip.NTAG213, b"\x04firsts"), make(Chip.NTAG213, b"\x04second")
        blank = bytes(other.memory)
        bar.readers[1].air.faults = [Fault(at, Mishap.LEAVES_IN_COMMAND, 3)]
        work = await bar.do(kind, band, wallet_class=1, medium=medium)
        bar.readers[1].air.faults = []
        assert not work.over
        for tapped in (other, old):
            await bar.tap(tapped, work)
            assert (work.state, work.because) == ("tap_again", "other_band")
        assert bytes(other.memory) == blank
        await bar.tap(band, work)
        assert work.state == "done"
        made = [one for one in bar.log.facts[seen:] if isinstance(one, MediumIssued)]
        assert [one.medium for one in made] == [work.medium]
        carried = [one.carried_minor for one in made if isinstance(one, MediumReissued)]
        assert await bar.balance(band) == sum(carried)
        empty = await bar.do("balance", other)
        assert empty.account is not None and empty.account.refusal == "not_ours"


@pytest.mark.trio
async def test_a_lost_band_is_locked_and_replaced(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        lost = await bar.wallet(2000)
        medium = (await bar.do("balance", lost)).medium
        blocked = await bar.do("lock", medium=medium, because="lost")
        assert (blocked.state, type(bar.log.facts[-1])) == ("done", MediumBlocked)
        found = await bar.sell(lost, Item(WATER, 1))
        assert found.because is WalletReason.BLOCKED
        new = make(Chip.NTAG213, b"\x04newone")
        work = await bar.do("reissue", new, wallet_class=1, medium=medium)
        assert work.state == "done", work.because
        fact = next(fact for fact in bar.log.facts if isinstance(fact, MediumReissued))
        assert fact.carried_minor + fact.held_minor == 2000
        assert await bar.balance(new) == fact.carried_minor


@pytest.mark.trio
async def test_a_band_is_locked_by_a_tap(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(2000)
        work = await bar.do("lock", band, because="copy")
        assert work.state == "done"
        refused = await bar.sell(band, Item(WATER, 1))
        assert isinstance(refused.because, WalletReason) and refused.state == "not_paid"


class AwayReader:
    """A reader whose cable is out, until `back`."""

    def __init__(self) -> None:
        self.calls = 0

    async def sense(self) -> object:
        self.calls += 1
        raise Lost("the cable is out")

    async def gone(self) -> None:
        raise Lost("the cable is out")


@pytest.mark.trio
async def test_a_reader_that_is_away_is_waited_for(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(2000)
        good, bad = bar.one.reader, AwayReader()
        bar.one.reader = bad  # type: ignore[assignment]
        work = await bar.sell(band, Item(WATER, 1))
        assert (work.state, work.because) == ("tap_again", "reader_away")
        assert bar.one.field.away and bad.calls > 1
        bar.one.reader = good
        await bar.tap(band, work)
        assert (work.state, bar.one.field.away) == ("paid", False)


@pytest.mark.trio
async def test_a_till_without_a_reader(autojump_clock: MockClock) -> None:
    bar = Counter()
    Till(bar.tills, Place(2, "Cash", drawer=True, can_top_up=True))
    async with bar.run():
        for kind in ("balance", "issue", "lock", "sale", "top_up", "cash_out"):
            work = await bar.do(kind, None, 2, items=(Item(WATER, 1),), wallet_class=1)
            assert work.because is TillReason.NO_READER, kind
        paid = await bar.do("sale", None, 2, items=(Item(WATER, 1),), method="cash")
        assert paid.state == "paid"
