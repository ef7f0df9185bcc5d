"""Whose badge a band is: only a genuine one tells, and asking for it changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from crypto.cashless import Badge, Wallet
from drivers.reader import Chip
from drivers.reader.chips import Fault, Mishap, Type2, make
from edge.core.pricing import Item
from edge.till.badges import stands
from edge.till.work import Ask, Work
from tests.edge.core.bar import WATER
from tests.edge.till.counter import Counter, bundle


def medium_of(bar: Counter, band: Type2) -> bytes:
    assert bar.tills.rules is not None
    return bar.tills.rules.medium(band.uid)


def publish(bar: Counter, *badges: tuple[Type2, int], version: int = 2, **changes: Any) -> None:
    """A bundle in which these bands are badges."""
    rows = [Badge(medium_of(bar, band), operator) for band, operator in badges]
    bar.gateway.apply_bundle(bundle(version=version, badges=rows, **changes), b"another bundle")


async def read(bar: Counter, band: Type2) -> Any:
    work = await bar.do("sign_in", band)
    assert work.over
    return work.badge


@pytest.mark.trio
@pytest.mark.parametrize(
    ("chip", "proven"),
    [(Chip.NTAG213, False), (Chip.UL_EV1_128, False), (Chip.UL_C, True), (Chip.UL_AES, True)],
)
async def test_a_badge_is_read_and_nothing_is_made_of_it(
    chip: Chip, proven: bool, autojump_clock: MockClock
) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(1000, chip)
        other = await bar.wallet(1000, chip)
        publish(bar, (band, 7))
        before, pages = len(bar.log.facts), bytes(band.memory)
        badge = await read(bar, band)
        assert badge == (medium_of(bar, band), 1, 7, proven, "")
        assert (await read(bar, other)).operator == 0
        assert len(bar.log.facts) == before and bytes(band.memory) == pages
        assert bar.one.last is not None and bar.one.last.ask.kind == "top_up"


@pytest.mark.trio
async def test_a_uid_alone_is_nobody(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        for chip, why in ((Chip.NTAG213, "slots"), (Chip.UL_AES, "not_genuine")):
            band = await bar.wallet(1000, chip)
            publish(bar, (band, 7))
            blank = make(chip, band.uid)
            assert (await read(bar, blank)).because == why
            assert (await read(bar, band)).because == ""


@pytest.mark.trio
async def test_a_blocked_band_is_not_believed(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        band, other = await bar.wallet(1000), await bar.wallet(1000)
        publish(bar, (band, 7), (other, 8))
        assert stands(bar.tills, medium_of(bar, band), 1, 7)
        assert not stands(bar.tills, medium_of(bar, band), 1, 8)
        await bar.do("lock", medium=medium_of(bar, band))  # at a desk
        assert (await read(bar, band)).because == "blocked"
        assert not stands(bar.tills, medium_of(bar, band), 1, 7)
        blocked = Wallet(medium_of(bar, other), min_epoch=65_536)
        publish(bar, (other, 8), version=3, wallets=[blocked])
        assert (await read(bar, other)).because == "blocked"
        assert not stands(bar.tills, blocked.medium, 1, 8)


@pytest.mark.trio
async def test_a_sale_comes_before_whoever_wants_to_sign_in(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(1000)
        publish(bar, (band, 7))
        waiting = bar.one.submit(Ask(kind="sign_in", id=bar.id()))
        await trio.testing.wait_all_tasks_blocked()
        sold = await bar.sell(band, Item(WATER, 1))
        assert (sold.state, waiting.state, waiting.badge) == ("paid", "cancelled", None)


@pytest.mark.trio
async def test_a_badge_that_stays_pays_for_nothing(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(1000)
        publish(bar, (band, 7))
        bar.readers[1].place(band)
        bar.one.submit(Ask(kind="sign_in", id=bar.id()))
        await trio.testing.wait_all_tasks_blocked()
        sale = bar.one.submit(Ask(kind="sale", id=bar.id(), items=(Item(WATER, 1),)))
        await trio.sleep(1)
        assert sale.state == "waiting_band"
        bar.readers[1].take()
        assert bar.one.cancel(sale)


@pytest.mark.trio
async def test_a_band_that_leaves_is_asked_for_again(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(1000)
        publish(bar, (band, 7))
        bar.readers[1].air.faults = [Fault(2, Mishap.LEAVES_IN_COMMAND, 1)]
        work: Work = await bar.do("sign_in", band)
        assert (work.state, work.badge) == ("tap_again", None)
        await bar.tap(band, work)
        assert work.badge is not None and work.badge.operator == 7
