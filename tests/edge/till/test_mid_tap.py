"""What may happen between any two exchanges with a band: another bundle comes, or the band says
nonsense. Nobody pays twice, nobody pays another price, and no work crashes."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from trio.testing import MockClock

from crypto.bundle import Bundle
from crypto.cashless import CreditKey, DebitKey, Wallet, WalletClass
from drivers.reader import Chip
from drivers.reader.chips import Type2, make
from drivers.reader.memory import MemoryReader
from edge.core.pricing import Item
from edge.till.work import Ask, Work
from tests.edge.core.bar import WATER
from tests.edge.core.bar import bar as price_list
from tests.edge.till.counter import CREDIT, Counter, bundle
from tests.edge.venue import GATEWAY

TWO_WATERS = (Item(WATER, 2),)
LOADED, PRICE, TOPPED = 5000, 500, 700


class Meddled(MemoryReader):
    """At exchange number `at`, counted from 0, `happens` is done with the band's answer."""

    at = -1
    happens: Callable[[bytes], bytes] = staticmethod(bytes)

    def exchange_now(self, command: bytes) -> bytes:
        answer = super().exchange_now(command)
        self.at -= 1
        return type(self).happens(answer) if self.at == -1 else answer


def dearer() -> Bundle:
    articles = [
        msgspec.structs.replace(each, price_minor=900) if each.number == WATER else each
        for each in price_list().articles
    ]
    return bundle(version=2, prices=99, articles=articles)


CHANGES: dict[str, Callable[[bytes], Bundle]] = {
    "dearer": lambda _: dearer(),
    "other_key": lambda _: bundle(
        version=2, debit_keys=[DebitKey(1, b"d" * 16), DebitKey(2, b"e" * 16)]
    ),
    "revoked": lambda _: bundle(
        version=2, credit_keys=[CreditKey(1, CREDIT.public, GATEWAY, revoked=True)]
    ),
    "no_class": lambda _: bundle(version=2, classes=[WalletClass(2, "Crew")]),
    "blocked": lambda medium: bundle(version=2, wallets=[Wallet(medium, min_epoch=2)]),
    "nothing": lambda _: Bundle(version=2),
}


def spent(bar: Counter) -> int:
    """What posted debits have taken, by the facts alone."""
    held = {f.txid: f for f in bar.log.facts if type(f).__name__ == "DebitHeld"}  # type: ignore
    posted = {f.txid for f in bar.log.facts if type(f).__name__ == "DebitPosted"}  # type: ignore
    return sum(held[txid].debit_minor for txid in posted)  # type: ignore[attr-defined]


async def meddled(
    bar: Counter, band: Type2, at: int, happens: Callable[[bytes], bytes], kind: str
) -> Work:
    """A work during whose first tap it happens."""
    how: dict[str, Any] = {"kind": "sale", "items": TWO_WATERS}
    if kind == "top_up":
        how = {"kind": "top_up", "method": "cash", "amount_minor": TOPPED}
    reader = bar.readers[1]
    assert isinstance(reader, Meddled)
    Meddled.happens = staticmethod(happens)
    work = bar.one.submit(Ask(id=bar.id(), operator=5, **how))
    work.confirmed.add("same_amount")
    reader.at = at
    await bar.tap(band, work)
    reader.at = -1
    return work


def ready(chip: Chip = Chip.NTAG213) -> Counter:
    bar = Counter()
    bar.one.reader = bar.readers[1] = Meddled()
    return bar


@pytest.mark.trio
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("kind", ["sale", "top_up"])
async def test_another_bundle_comes_at_any_exchange(
    autojump_clock: MockClock, change: str, kind: str
) -> None:
    at, fine = 0, False
    while not fine:
        bar = ready()
        async with bar.run():
            band = await bar.wallet(LOADED)
            medium = (await bar.do("balance", band)).medium
            came: list[int] = []

            def comes(answer: bytes, bar: Counter = bar, came: list[int] = came) -> bytes:
                came.append(1)
                bar.gateway.apply_bundle(CHANGES[change](medium), b"another")  # noqa: B023
                return answer

            work = await meddled(bar, band, at, comes, kind)
            fine = not came
            assert work.because != "crashed", at
            bar.gateway.apply_bundle(bundle(version=3), b"as before")
            if not work.over:
                await bar.tap(band, work)
            assert work.over, (at, work.state, work.because)
            good = work.state in ("paid", "done")
            moved = (-PRICE if kind == "sale" else TOPPED) if good else 0
            assert await bar.balance(band) == LOADED + moved, (at, work.state, work.because)
            assert spent(bar) == (PRICE if kind == "sale" and good else 0)
            at += 1
    assert at > 8


def nonsense(seed: int) -> Iterator[Callable[[bytes], bytes]]:
    dice = random.Random(seed)
    yield lambda answer: dice.randbytes(len(answer))
    yield lambda answer: bytes(len(answer))
    yield lambda answer: answer[:-1]
    yield lambda answer: answer[:4] * (len(answer) // 4)


@pytest.mark.trio
@pytest.mark.parametrize("chip", [Chip.NTAG213, Chip.UL_C])
async def test_nonsense_at_any_exchange(autojump_clock: MockClock, chip: Chip) -> None:
    bar = ready()
    async with bar.run():
        band, left, at, fine = await bar.wallet(100_000, chip), 100_000, 0, False
        while not fine:
            for seed, says in enumerate(nonsense(at)):
                heard: list[int] = []

                def told(
                    answer: bytes, says: Callable[[bytes], bytes] = says, heard: list[int] = heard
                ) -> bytes:
                    heard.append(1)
                    return says(answer)

                work = await meddled(bar, band, at, told, "sale")
                fine = not heard
                assert work.because != "crashed", (at, seed)
                if not work.over:
                    await bar.tap(band, work)
                assert work.over, (at, seed, work.state, work.because)
                left -= PRICE if work.state == "paid" else 0
                assert await bar.balance(band) == left, (at, seed, work.state, work.because)
                assert spent(bar) == 100_000 - left
            at += 1 if chip is Chip.NTAG213 else 2  # the keys of the other one take long
        assert at > 8


class Forgetful(MemoryReader):
    """In its field every write and every count is acknowledged, and `forgets` says whether it is
    done: so does an emulator that somebody made, or a page that is worn out."""

    forgets = False

    def exchange_now(self, command: bytes) -> bytes:
        if self.forgets and command[:1] in (b"\xa2", b"\xa5"):
            return b"\x0a"
        return super().exchange_now(command)


@pytest.mark.trio
@pytest.mark.parametrize("chip", list(Chip))
@pytest.mark.parametrize("kind", ["sale", "top_up", "issue"])
async def test_a_band_that_says_yes_and_writes_nothing_has_not_paid(
    autojump_clock: MockClock, chip: Chip, kind: Any
) -> None:
    bar = Counter()
    reader = bar.one.reader = bar.readers[1] = Forgetful()
    async with bar.run():
        band = await bar.wallet(LOADED, chip) if kind != "issue" else make(chip, b"\x04forget")
        how: dict[str, Any] = {"items": TWO_WATERS} if kind == "sale" else {"wallet_class": 1}
        if kind == "top_up":
            how = {"method": "cash", "amount_minor": TOPPED}
        reader.forgets = True
        work = await bar.do(kind, band, **how)
        room = kind != "top_up" or chip is not Chip.UL_EV1_48  # else its fact is all there is
        assert not work.over or not room, work.state
        assert not [f for f in bar.log.facts[-2:] if type(f).__name__ == "DebitPosted"]
        reader.forgets = False
        if not work.over:
            await bar.tap(band, work)
        assert work.state in ("paid", "done"), work.because
        worth = {"sale": LOADED - PRICE, "top_up": LOADED + TOPPED, "issue": 0}[kind]
        assert await bar.balance(band) == worth
