"""Money onto bands: on disk before it is on the band, and once."""

import pytest
import trio
from trio.testing import MockClock

from central.commands.cashless import hash_code
from crypto.cashless import CreditKey, TopUpCode, WalletClass
from crypto.keys import SigningKey
from crypto.medium import CHIPS
from crypto.medium_credit import signer
from crypto.money import ToppedUp
from drivers.reader import Chip
from drivers.reader.chips import Fault, Mishap, Type2
from edge.core import wallet
from edge.core.state import State
from edge.core.till_reasons import TillReason
from edge.core.wallet_reasons import WalletReason
from edge.till.credit import code_hash
from edge.till.till import DOUBT_S
from edge.till.work import Ask
from tests.edge.till.counter import CREDIT, OTHER, Counter
from tests.edge.till.test_money_back import lost
from tests.edge.venue import GATEWAY

ELSEWHERE = SigningKey(b"\x0d" * 32)


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


def loaded_elsewhere(bar: Counter, band: Type2, amount_minor: int) -> ToppedUp:
    """Another point, which had not heard of the last top-up, loads the band."""
    state = State()
    for seq, fact in enumerate(bar.log.facts, 1):
        if fact is not bar.log.facts[-1]:
            state.apply(GATEWAY, 1, seq, fact)
    assert bar.tills.rules is not None
    image = bytes(band.memory[16:][: CHIPS["NTAG213"].image_bytes])
    tap = wallet.Tap(band.uid, "NTAG213", image, 0, True)
    seen = wallet.look(state.wallets, bar.tills.rules, tap, unheard=False, now_ms=bar.clock.ms)
    there = wallet.Who(1, 5, 1, 2)
    top = wallet.TopUp(b"2" * 16, there, amount_minor, "cash", 2, signer(ELSEWHERE))
    made = wallet.top_up(seen, top)
    assert isinstance(made, wallet.Credit) and made.fact is not None
    for page, data in made.writes:
        band.memory[4 * page : 4 * page + 4] = data
    moment = bar.clock.now()
    fact = made.fact(moment.ms << 16, moment)
    assert isinstance(fact, ToppedUp)
    return fact


@pytest.mark.trio
async def test_a_top_up_that_another_point_has_overtaken_leads_to_its_money(
    autojump_clock: MockClock,
) -> None:
    keys = [CreditKey(1, CREDIT.public, GATEWAY), CreditKey(2, ELSEWHERE.public, OTHER)]
    bar = Counter(credit_keys=keys)
    async with bar.run():
        band = await bar.wallet(2000)
        work = await lost(bar, band)
        topped = bar.log.facts[-1] if isinstance(bar.log.facts[-1], ToppedUp) else None
        assert topped is not None
        bar.state.apply(OTHER, 1, 1, loaded_elsewhere(bar, band, 700))
    again = Counter(bar.log, bar.state, credit_keys=keys)
    async with again.run():
        same = await again.do(
            "top_up", band, id=work.ask.id, method="cash", amount_minor=1000
        )  # fmt: skip
        assert (same.state, same.because) == ("not_done", TillReason.OVERTAKEN)
        other = await again.do("top_up", band, method="cash", amount_minor=500)
        assert (other.because, other.limit_minor) == (TillReason.OVERTAKEN, 1000)
        asked = await again.do("money_back", band)
        again.one.answer(asked, "money_back", True)
        await again.tap(band, asked)
        assert (asked.state, asked.amount_minor) == ("done", 1000)
        loaded = await again.do("top_up", band, method="cash", amount_minor=500)
        assert (loaded.state, loaded.balance_minor) == ("done", 3200)


@pytest.mark.trio
async def test_after_a_restart_it_goes_onto_the_band_that_it_was_for_alone(
    autojump_clock: MockClock,
) -> None:
    """The page asks again, another band is tapped: one payment would load both."""
    bar = Counter()
    async with bar.run():
        band, other = await bar.wallet(2000), await bar.wallet(3000)
        ask = (await lost(bar, band)).ask
    again = Counter(bar.log, bar.state)
    async with again.run():
        work = again.one.submit(ask)
        await trio.testing.wait_all_tasks_blocked()
        assert not again.one.cancel(work), "the money was taken"
        await again.tap(other, work)
        assert (work.state, work.because) == ("tap_again", "other_band")
        await again.tap(band, work)
        assert (work.state, work.balance_minor) == ("done", 3000)
        assert await again.balance(other) == 3000


@pytest.mark.trio
async def test_a_top_up_that_is_given_up_is_not_asked_for_goods(autojump_clock: MockClock) -> None:
    async with Counter().run() as bar:
        band = await bar.wallet(2000)
        work = await lost(bar, band)
        assert (work.state, work.because) == ("in_doubt", "top_up_open")
        assert "GoodsAnswered" not in bar.story()
        waits = bar.one.submit(Ask(kind="top_up", id=bar.id(), method="cash", amount_minor=100))
        await trio.sleep(DOUBT_S + 2)
        assert waits.question is None


def test_a_code_has_the_same_hash_here_and_at_the_centre() -> None:
    for typed in ("ABCD-EFGH-1234-5678", "abcd efgh 1234 5678", " AbCd-EfGh-12345678\n"):
        assert code_hash(typed) == hash_code("ABCDEFGH12345678")
