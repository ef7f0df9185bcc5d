"""The bar with cashiers who answer as they are told: what is counted, and what surprises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import trio

from edge.demo.bar import Bar, findings_of
from edge.demo.bar_checks import BarHeld
from edge.demo.patrons import Step
from edge.demo.processes import DemoFailed, Processes
from edge.demo.purse import BEER, FLOAT_MINOR, WATER, Purse
from edge.demo.venue import Venue

PAID = {"state": "paid", "reason": "", "already": False, "balance_minor": None}


class Desk:
    """A cashier and its antenna: answers are taken from `answers`, or all is well."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.cash = True
        self.at_work = False
        self.antenna = self
        self.answers: list[dict[str, Any]] = []
        self.did: list[str] = []

    async def _answer(self, what: str, usual: dict[str, Any]) -> dict[str, Any]:
        await trio.lowlevel.checkpoint()
        self.did.append(what)
        return self.answers.pop(0) if self.answers else usual

    async def obey(self, **command: Any) -> None:
        await self._answer(f"copy {command['copy']}", {})

    async def issue(self, band: str) -> dict[str, Any]:
        return await self._answer(f"issue {band}", PAID | {"state": "done"})

    async def top_up(self, band: str, minor: int, tear: Any, code: str) -> dict[str, Any]:
        return await self._answer(f"top up {band} {code}", PAID | {"state": "done"})

    async def quote(self, items: Any, tip_minor: int) -> dict[str, Any]:
        from edge.demo.purse import cost

        debit, given = cost(items, tip_minor)
        return {"basket": f"b{len(self.did)}", "total_minor": debit - given}

    async def pay(self, body: Any, band: str, tear: Any = None, gives_up: bool = False) -> Any:
        return await self._answer(f"pay {body['basket']} {band}", PAID)

    async def balance(self, band: str) -> dict[str, Any]:
        return await self._answer(f"balance {band}", {"account": {"balance_minor": 0}})

    async def close_shift(self, counted_minor: int) -> dict[str, Any]:
        told = {"expected_minor": counted_minor, "counted_minor": counted_minor}
        return told | {"difference_minor": 0}


def bar(folder: Path, gateways: int = 2) -> tuple[Bar, dict[int, Desk], Purse]:
    """A bar at which anna has 50.00."""
    venue = Venue(folder, Processes(folder), print, gateways, bar=True)
    made = Bar(venue, guests=8, seconds=6, seed=1, joined=lambda: True)
    desks = {number: Desk(number) for number in (1, 2, 3)}
    made._cashiers.update(desks)  # type: ignore[arg-type]
    anna = made.purses.bands["anna"] = Purse("anna", "04", "NTAG213", topped_minor=5000)
    made.purses.drawers[1] = FLOAT_MINOR
    return made, desks, anna


async def step(made: Bar, purse: Purse, one: Step) -> None:
    await made._step(None, purse, one)  # type: ignore[arg-type]


@pytest.mark.trio
async def test_goods_cash_and_codes_are_counted_as_they_change_hands(tmp_path: Path) -> None:
    made, _, anna = bar(tmp_path)
    made._codes = iter(["ABCD"])
    await step(made, anna, Step(0, "issue", 1))
    await step(made, anna, Step(0, "top_up", 1, amount_minor=2000))
    await step(made, anna, Step(0, "code", 1, amount_minor=1000))
    await step(made, anna, Step(0, "buy", 2, ((BEER, 1),), tip_minor=30))
    assert anna.balance_minor == 5000 + 3000 - 750
    assert made.purses.drawers[1] == FLOAT_MINOR + 2000
    assert list(made.purses.baskets.values()) == [750]
    assert not made.surprises and made.tally.paid == 1
    assert "1 paid, 0 in doubt, 72.50 on bands" in made.line()


@pytest.mark.trio
async def test_what_was_not_paid_gets_no_goods_and_surprises(tmp_path: Path) -> None:
    made, desks, anna = bar(tmp_path)
    desks[1].answers = [PAID | {"state": "not_paid", "reason": "behind"}]
    await step(made, anna, Step(0, "buy", 1, ((BEER, 1),)))
    desks[1].answers = [PAID | {"balance_minor": 4999}]
    await step(made, anna, Step(0, "buy", 1, ((WATER, 1),)))
    desks[1].answers = [PAID]
    await step(made, anna, Step(0, "over", 1, ((BEER, 60),)))
    await step(made, anna, Step(0, "balance", 1))
    assert anna.balance_minor == 4500
    assert len(made.surprises) == 4
    assert "behind" in made.surprises[0] and "expected 5000" in made.surprises[0]


@pytest.mark.trio
async def test_a_guest_who_gave_up_pays_the_same_basket_elsewhere(
    tmp_path: Path, autojump_clock: Any
) -> None:
    made, desks, anna = bar(tmp_path)
    heard = iter([True, False, *[True] * 99])
    made._joined = lambda: next(heard)
    desks[1].answers = [PAID | {"state": "in_doubt"}]
    desks[3].answers = [PAID | {"already": True}]
    tear = (2, "garbage")
    await step(made, anna, Step(0, "buy", 1, ((WATER, 1),), tear=tear, then=3))
    assert desks[1].did == desks[3].did == ["pay b0 anna"]
    assert anna.balance_minor == 4500 and made.tally.already == 1


@pytest.mark.trio
async def test_a_copy_is_refused_and_copies_of_the_cut_are_not(
    tmp_path: Path, autojump_clock: Any
) -> None:
    made, desks, anna = bar(tmp_path)
    desks[1].answers = [{}, PAID, PAID | {"state": "not_paid", "reason": "behind"}]
    await step(made, anna, Step(0, "copied", 1, ((WATER, 1),)))
    assert (made.purses.refused_copies, made.surprises) == (1, [])
    assert made.purses.bands["anna_copy"].balance_minor == 5000
    for patron in made.forks:
        made.purses.bands[patron.name] = Purse(patron.name, "05", "NTAG213", topped_minor=5000)
    with pytest.raises(DemoFailed, match="not every planned copy"):
        await made.close()
    await made.fork()
    assert sorted(made.purses.forked) == ["fork_0", "fork_1"]
    assert made.purses.balances()["fork_0"] == 5000 - 720 - 500
    made.purses.drawers.update({2: 0, 3: FLOAT_MINOR})
    cloned = PAID | {"state": "not_paid", "reason": "cloned"}
    desks[1].answers, desks[3].answers = [cloned] * 2, [cloned, PAID]
    await made.close()
    assert len(made.surprises) == 1, "one gateway served a band of which there are two"
    assert made.tally.refused["cloned"] == 3
    kept = made.json()
    assert set(kept["closings"]) == {1, 2, 3}
    with pytest.raises(KeyError):
        findings_of(BarHeld(), kept)  # nothing was read: no band has a wallet


@pytest.mark.trio
async def test_an_operator_sets_it_up_by_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _, _ = bar(tmp_path)
    ran: list[str] = []

    async def central(*words: str, ok: tuple[int, ...] = (0,)) -> bytes:
        ran.append(" ".join(words[:2]))
        if words[0] == "codes":
            Path(words[words.index("--out") + 1]).write_text("ABCD\nEFGH\n")
        return b""

    async def edge(*words: str, ok: tuple[int, ...] = (0,)) -> bytes:
        return b'{"public": "aa"}'

    async def nothing(*_: Any) -> None:
        await trio.lowlevel.checkpoint()

    monkeypatch.setattr(made.venue, "run_central", central)
    monkeypatch.setattr(made.venue, "run_edge", edge)
    monkeypatch.setattr(made, "_start_reader", nothing)
    monkeypatch.setattr(made, "_make_bands", nothing)
    await made.found()
    await made.enrol()
    assert ran[0] == "cashless set"
    assert sorted(ran[1:]) == ["codes make", "credit-key add", "credit-key add", "presale import"]
    rows = (tmp_path / "bar" / "presale.csv").read_text().splitlines()
    assert rows[0] == "order,amount,band" and rows[1].startswith("DEMO-0,15.00,04")
    assert next(made._codes) == "ABCD"
    assert made.venue.credentials.stat().st_mode & 0o777 == 0o700


@pytest.mark.trio
async def test_a_gateway_is_killed_in_mid_tap_if_there_is_one(
    tmp_path: Path, autojump_clock: Any
) -> None:
    made, desks, _ = bar(tmp_path)
    gateway = made.venue.gateways[0]
    since = trio.current_time()
    await made.in_mid_tap(gateway)
    assert trio.current_time() - since == pytest.approx(1.0), "nobody is tapping: it goes on"
    desks[3].at_work = True
    await made.in_mid_tap(gateway)
    assert trio.current_time() - since == pytest.approx(2.0), "another gateway's tap is none"
    desks[2].at_work = True
    await made.in_mid_tap(gateway)
    assert trio.current_time() - since < 2.1
