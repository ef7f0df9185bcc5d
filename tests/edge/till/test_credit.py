"""Money onto bands: on disk before it is on the band, and once."""

import pytest
import trio
from trio.testing import MockClock

from central.commands.cashless import hash_code
from crypto.cashless import CreditKey, TopUpCode, WalletClass
from crypto.money import ToppedUp
from drivers.reader import Chip
from drivers.reader.chips import Fault, Mishap
from edge.core.till_reasons import TillReason
from edge.core.wallet_reasons import WalletReason
from edge.till.credit import code_hash
from edge.till.work import Ask
from tests.edge.till.counter import CREDIT, Counter
from tests.edge.venue import GATEWAY


@pytest.mark.trio
async def test_the_certificate_is_on_disk_before_it_is_written(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(0)
        before = bytes(band.memory)
        bar.log.holding = True
        ask = Ask(kind="top_up", id=bar.id(), method="cash", amount_minor=700)
        work = bar.one.submit(ask)
        bar.readers[1].place(band)
        await trio.testing.wait_all_tasks_blocked()
        fact = bar.log.facts[-1]
        assert isinstance(fact, ToppedUp) and (fact.amount_minor, fact.receipt) == (700, 1)
        assert bytes(band.memory) == before
        bar.log.holding = False
        bar.log.sync()
        await work.ended.wait()
        assert fact.certificate in bytes(band.memory)


@pytest.mark.trio
@pytest.mark.parametrize("chip", [Chip.NTAG213, Chip.NTAG215, Chip.UL_AES, Chip.UL_EV1_48])
async def test_a_band_that_leaves_while_it_is_loaded_is_loaded_once(
    autojump_clock: MockClock, chip: Chip
) -> None:
    async with Counter().run() as bar:
        band, worth, at = await bar.wallet(0, chip), 0, 0
        while True:
            work = bar.one.submit(Ask(kind="top_up", id=bar.id(), method="cash", amount_minor=100))
            reader = bar.readers[1]
            reader.air.faults = [Fault(at, Mishap.LEAVES_IN_COMMAND, 3)]
            await bar.tap(band, work)
            whole = bool(reader.air.faults)
            reader.air.faults = []
            if not work.over:
                await bar.tap(band, work)
            worth += 100
            assert (work.state, await bar.balance(band)) == ("done", worth), at
            if whole:
                break
            at += 1
        assert bar.state.tills.shifts[bar.one.shift_key].totals["drawer"][1] == worth


@pytest.mark.trio
async def test_a_code_pays_once(autojump_clock: MockClock) -> None:
    bar = Counter(codes=[TopUpCode(code_hash("SUMMER"), 1500)])
    async with bar.run():
        band = await bar.wallet(0)
        work = await bar.do("top_up", band, method="voucher", code=" summer ")
        assert (work.state, work.balance_minor) == ("done", 1500)
        again = await bar.do("top_up", band, method="voucher", code="SUMMER")
        assert (again.state, again.because) == ("not_done", WalletReason.CODE_USED)
        wrong = await bar.do("top_up", band, method="voucher", code="WINTER")
        assert wrong.because is TillReason.CODE_UNKNOWN
        assert "drawer" not in bar.state.tills.shifts[bar.one.shift_key].totals


@pytest.mark.trio
async def test_a_gateway_without_the_key_creates_no_money(autojump_clock: MockClock) -> None:
    bar = Counter()
    bar.add_till(2, can_top_up=False)
    async with bar.run():
        band = await bar.wallet(0)
        no = await bar.do("top_up", band, 2, method="cash", amount_minor=100)
        assert no.because is TillReason.NO_TOP_UP_HERE
        bar.tills.credit_key = None
        bar.tills.take_bundle()
        no = await bar.do("top_up", band, method="cash", amount_minor=100)
        assert no.because is WalletReason.CREDIT_KEY
        assert (await bar.do("issue", band, wallet_class=1)).because is WalletReason.CREDIT_KEY
        assert await bar.balance(band) == 0
    other = Counter(credit_keys=[CreditKey(1, CREDIT.public, GATEWAY, revoked=True)])
    assert other.tills.sign is None


@pytest.mark.trio
async def test_limits_of_a_class(autojump_clock: MockClock) -> None:
    kind = WalletClass(1, "Guest", top_up_min_minor=500, balance_max_minor=2000)
    async with Counter(classes=[kind]).run() as bar:
        band = await bar.wallet(0)
        for amount, reason in ((499, WalletReason.TOP_UP_MIN), (2001, WalletReason.BALANCE_MAX)):
            work = await bar.do("top_up", band, method="cash", amount_minor=amount)
            assert (work.state, work.because) == ("not_done", reason)
        nothing = await bar.do("top_up", band, method="cash")
        assert nothing.because is TillReason.NOTHING_TO_PAY


def test_a_code_has_the_same_hash_here_and_at_the_centre() -> None:
    for typed in ("ABCD-EFGH-1234-5678", "abcd efgh 1234 5678", " AbCd-EfGh-12345678\n"):
        assert code_hash(typed) == hash_code("ABCDEFGH12345678")
