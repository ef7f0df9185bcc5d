"""Names over a restart: the same answer, another content by its field, and no second chance."""

from typing import Any

import pytest
from trio.testing import MockClock

from crypto.cashless import TopUpCode
from drivers.payment.outcome import State
from edge.core.pricing import Item, Refused
from edge.core.till_reasons import TillReason
from edge.core.wallet_reasons import WalletReason
from edge.till.booked import REQUOTE_MS, difference_booked, of_a_dead_process
from edge.till.shifts import close_shift, make_closing
from edge.till.work import Ask, OtherContent, code_hash
from tests.edge.core.bar import BEER, CATERING, CUP, HAPPY_MS, WATER
from tests.edge.till.counter import Counter
from tests.edge.till.paying import Script

SUMMER = [TopUpCode(code_hash("SUMMER"), 1500), TopUpCode(code_hash("WINTER"), 1500)]
ITEMS = (Item(WATER, 2), Item(CATERING, price_minor=700), Item(CUP, -1))


def priced(bar: Counter, **how: Any) -> bytes:
    quoted = bar.one.price(Ask(kind="sale", id=b"", **how))
    assert not isinstance(quoted, Refused)
    return quoted[0]


def started_anew(bar: Counter) -> Counter:
    """Another process over the same ledger."""
    return Counter(bar.log, bar.state, codes=SUMMER)


@pytest.mark.trio
async def test_what_was_refused_stays_refused_when_the_process_has_died(
    autojump_clock: MockClock,
) -> None:
    bar = Counter()
    async with bar.run():
        band, how = await bar.wallet(100), {"items": (Item(WATER, 2),)}
        basket, waiting = priced(bar, **how), priced(bar, **how)
        poor = await bar.do("sale", band, id=basket, **how)
        assert (poor.state, poor.because) == ("not_paid", WalletReason.BALANCE)
        assert (await bar.do("top_up", band, method="cash", amount_minor=5000)).state == "done"
        assert (await bar.do("sale", band, id=basket, **how)) is poor
    again = started_anew(bar)
    async with again.run():
        for name in (basket, waiting):
            late = await again.do("sale", band, id=name, **how)
            assert (late.state, late.because) == ("not_paid", TillReason.QUOTED_BEFORE)
        assert await again.balance(band) == 5100
        anew = await again.do("sale", band, id=priced(again, **how), **how)
        assert anew.state == "paid"


@pytest.mark.trio
async def test_its_price_outlives_it_under_another_name(autojump_clock: MockClock) -> None:
    bar, how = Counter(), {"items": (Item(BEER, 1),), "confirmed_age": 16}
    async with bar.run():
        bar.clock.ms = HAPPY_MS - 1
        basket = priced(bar, **how)
    again = started_anew(bar)
    async with again.run():
        for later_ms, kept in ((1, True), (REQUOTE_MS + 1, False)):
            again.clock.ms = HAPPY_MS - 1 + later_ms
            found = again.one.price(Ask(kind="sale", id=b"", **how), instead_of=basket)
            assert not isinstance(found, Refused) and found[0] != basket
            total = found[1].total_minor
            again.clock.ms += 60_000
            work = await again.do("sale", id=found[0], method="cash", total_minor=total, **how)
            assert (work.state, total == 500) == ("paid", kept), work.because


@pytest.mark.trio
async def test_a_declined_card_is_not_asked_again_for_the_same_top_up(
    autojump_clock: MockClock,
) -> None:
    bar, terminal = Counter(), Script()
    bar.one.terminal, terminal.says = terminal, State.DECLINED
    async with bar.run():
        band, name = await bar.wallet(0), bar.id()
        how = {"id": name, "method": "card", "amount_minor": 500}
        assert (await bar.do("top_up", band, **how)).because is TillReason.CARD_DECLINED
    again = started_anew(bar)
    again.one.terminal, terminal.says = terminal, State.APPROVED
    async with again.run():
        assert (await again.do("top_up", band, **how)).because is TillReason.CARD_DECLINED
        assert len(terminal.asked) == 1


@pytest.mark.trio
async def test_who_has_paid_by_card_pays_neither_otherwise_nor_another_amount(
    autojump_clock: MockClock,
) -> None:
    """Approved, and the process died before it was booked: only what was asked books it."""
    bar, terminal = Counter(), Script()
    bar.one.terminal = terminal
    async with bar.run():
        basket = priced(bar, items=ITEMS)
        assert (await bar.sell(None, *ITEMS, id=basket, method="card")).state == "paid"
        bar.log.facts.pop()
    again = Counter(bar.log)
    again.one.terminal = terminal
    for seq, fact in enumerate(bar.log.facts, 1):
        again.state.apply(again.gateway.identity, 1, seq, fact)
    async with again.run():
        for field, how in (
            ("method", {"method": "cash"}), ("amount_minor", {"method": "card", "amount_minor": 9}),
        ):  # fmt: skip
            with pytest.raises(OtherContent, match=field):
                await again.sell(None, *ITEMS, id=basket, **how)
        work = await again.sell(None, *ITEMS, id=basket, method="card")
        assert (work.state, len(terminal.asked)) == ("paid", 1)


@pytest.mark.trio
@pytest.mark.parametrize("method", ["band", "card", "cash"])
async def test_what_was_paid_in_a_shift_that_has_its_z_is_not_charged_again(
    autojump_clock: MockClock, method: Any
) -> None:
    """No movement tells of it any more: the band does, and the card payment."""
    bar, terminal = Counter(), Script()
    bar.one.terminal = terminal
    async with bar.run():
        band = await bar.wallet(5000)
        how = {"id": priced(bar, items=ITEMS), "items": ITEMS, "method": method}
        paid = await bar.do("sale", band, **how)
        assert paid.state == "paid"
        await close_shift(bar.one, 5, 0)
        await make_closing(bar.one, 5, "Z")
    again = started_anew(bar)
    again.one.terminal = terminal
    async with again.run():
        work = await again.do("sale", band, **how)
        assert (work.state, work.already, work.txid) == ("paid", True, paid.txid), work.because
        assert len(terminal.asked) == (method == "card")
        assert await again.balance(band) == (4000 if method == "band" else 5000)
        assert "drawer" not in again.state.tills.shifts[again.one.shift_key].totals


@pytest.mark.trio
async def test_what_was_begun_goes_on(autojump_clock: MockClock) -> None:
    bar, terminal = Counter(), Script()
    bar.one.terminal = terminal
    async with bar.run():
        basket = priced(bar, items=(Item(WATER, 2),))
        how = {"id": basket, "items": (Item(WATER, 2),), "method": "card"}
        assert not of_a_dead_process(bar.tills, basket)
        assert (await bar.do("sale", **how)).state == "paid"
        bar.log.facts.pop()  # the terminal has said yes, and it was not booked
    fresh = Counter(bar.log)
    for seq, fact in enumerate(bar.log.facts, 1):
        fresh.state.apply(bar.gateway.identity, 1, seq, fact)
    fresh.one.terminal = terminal
    async with fresh.run():
        assert (await fresh.do("sale", **how)).state == "paid"
        assert len(terminal.asked) == 1


@pytest.mark.trio
async def test_other_content_is_refused_by_its_field_after_a_restart(
    autojump_clock: MockClock,
) -> None:
    bar = Counter(codes=SUMMER)
    names: dict[str, Any] = {}
    async with bar.run():
        band = await bar.wallet(9000)
        for kind, how in GOOD.items():
            names[kind] = {"kind": kind, "id": bar.id(), **how}
            if kind == "reversal":
                names[kind]["reverses"] = (await bar.sell(None, Item(WATER, 1), method="cash")).txid
            work = await bar.do(band=band, **names[kind])
            assert work.state in ("paid", "done"), (kind, work.because)
        paid = bar.log.facts[:]
    again = started_anew(bar)
    async with again.run():
        for kind, how in names.items():
            assert difference_booked(again.tills, Ask(**how)) == "", kind
            for field, other in OTHERS[kind].items():
                with pytest.raises(OtherContent) as error:
                    again.one.submit(Ask(**{**how, **other}))
                assert error.value.field == field, kind
            same = await again.do(band=band, **how)
            assert (same.state in ("paid", "done"), same.already) == (True, True), kind
        assert again.log.facts == paid


GOOD: dict[str, dict[str, Any]] = {
    "sale": {"items": ITEMS, "tip_percent": 10, "total_minor": 1120},
    "top_up": {"method": "voucher", "code": "SUMMER"},
    "reversal": {},
    "cash_out": {"amount_minor": 300},
}
OTHERS: dict[str, dict[str, dict[str, Any]]] = {
    "sale": {
        "kind": {"kind": "refund"},
        "method": {"method": "cash"},
        "items": {"items": (Item(WATER, 2), Item(CATERING, price_minor=701), Item(CUP, -1))},
        "tip_percent": {"tip_percent": 5},
        "tip_minor": {"tip_percent": 0, "tip_minor": 1},
        "total_minor": {"total_minor": 1119},
        "amount_minor": {"amount_minor": 1},
    },
    "top_up": {
        "kind": {"kind": "money_back"},
        "method": {"method": "cash", "amount_minor": 1500, "code": ""},
        "code": {"code": "WINTER"},
    },
    "reversal": {"kind": {"kind": "cash_out"}, "reverses": {"reverses": b"x" * 16}},
    "cash_out": {"kind": {"kind": "issue"}, "amount_minor": {"amount_minor": 301}},
}


@pytest.mark.trio
async def test_refunds_cash_top_ups_and_training_by_their_fields(autojump_clock: MockClock) -> None:
    bar = Counter()
    async with bar.run():
        band = await bar.wallet(5000)
        await bar.sell(band, Item(WATER, 2))
        back = {"kind": "refund", "id": bar.id(), "items": (Item(WATER, 1),)}
        cash = {"kind": "top_up", "id": bar.id(), "method": "cash", "amount_minor": 700}
        for how in (back, cash):
            assert (await bar.do(band=band, **how)).state == "done"
        bar.one.training = True
        tried = {"kind": "sale", "id": bar.id(), "items": (Item(WATER, 1),)}
        assert (await bar.do(**tried)).state == "paid"
    again = started_anew(bar)
    assert [difference_booked(again.tills, Ask(**how)) for how in (back, cash, tried)] == [""] * 3
    others = (
        ("items", {**back, "items": (Item(WATER, 2),)}), ("method", {**back, "method": "cash"}),
        ("amount_minor", {**cash, "amount_minor": 701}), ("method", {**cash, "method": "card"}),
        ("items", {**tried, "items": (Item(WATER, 3),)}),
    )  # fmt: skip
    for field, how in others:
        assert difference_booked(again.tills, Ask(**how)) == field
