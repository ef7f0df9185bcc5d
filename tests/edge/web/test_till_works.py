"""The local API of tills: a basket quoted, paid, asked again; and who may do what."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
import trio
from trio.testing import MockClock

from config.staff import Role
from edge.core.pricing import Item
from edge.core.receipt import faults
from edge.ledger.spares import Room
from edge.till.receipts import receipt_of
from edge.till.shifts import close_shift, make_closing, open_shift
from edge.web.app import make_app
from edge.web.signin import Door
from edge.web.status import LedgerRoom
from tests.edge.core.bar import BEER, CATERING, HAPPY_MS, WATER
from tests.edge.till.counter import Counter
from tests.edge.till.test_money_back import lost
from tests.edge.web.house import PIN, person


class Bar(Counter):
    """A counter with its API."""

    def __init__(self, *roles: Role, **changes: Any) -> None:
        super().__init__(**changes)
        staff = [person(n, role.capitalize(), role) for n, role in enumerate(roles, 1)]
        self.door = Door(self.gateway, staff)
        room = LedgerRoom(4, Room.PLENTY)
        self.app = make_app(
            self.gateway, ledger_room=lambda: room, door=self.door, tills=self.tills
        )
        transport = httpx2.ASGITransport(app=self.app)  # type: ignore[arg-type]
        self.client = httpx2.AsyncClient(transport=transport, base_url="http://localhost")

    async def post(self, path: str, body: Any) -> tuple[int, Any]:
        answer = await self.client.post(f"/v1/tills/{path}", json=body)
        return answer.status_code, answer.json()

    async def get(self, path: str) -> tuple[int, Any]:
        answer = await self.client.get(f"/v1/tills{path}")
        return answer.status_code, answer.json()

    async def sign_in(self, role: str) -> None:
        body = {"name": role.capitalize(), "pin": PIN}
        assert (await self.client.post("/v1/session", json=body)).status_code == 200


WATERS = [{"article": WATER, "quantity": 2}]


@pytest.mark.trio
async def test_a_basket_is_quoted_paid_and_asked_again(autojump_clock: MockClock) -> None:
    async with Bar().run() as bar:
        assert isinstance(bar, Bar)
        band = await bar.wallet(5000)
        status, quoted = await bar.post("1/quotes", {"items": WATERS, "tip_percent": 10})
        assert (status, quoted["total_minor"], quoted["lines"][0]["name"]) == (200, 550, "Water")
        bar.clock.ms = HAPPY_MS
        basket = {"basket": quoted["basket"], "items": WATERS, "tip_percent": 10}
        basket["total_minor"] = 550
        status, waiting = await bar.post("1/payments?wait=0", basket)
        assert (status, waiting["state"]) == (200, "waiting_band")
        _, state = await bar.get("/1/state")
        assert state["work"]["id"] == quoted["basket"]  # a page that was loaded anew finds it
        bar.readers[1].place(band)
        status, paid = await bar.post("1/payments", basket)
        assert (paid["state"], paid["balance_minor"], paid["repeated"]) == ("paid", 4450, True)
        again = (await bar.post("1/payments", basket))[1]
        assert again == {**paid, "repeated": True}
        status, other = await bar.post("1/payments", {**basket, "tip_percent": 5})
        assert (status, other["problem"], other["field"]) == (409, "other_content", "tip_percent")
        _, state = await bar.get("/1/state")
        assert (state["work"], state["last"]["state"]) == (None, "paid")


@pytest.mark.trio
async def test_a_hang_up_cancels_nothing(autojump_clock: MockClock) -> None:
    async with Bar().run() as bar:
        assert isinstance(bar, Bar)
        band = await bar.wallet(5000)
        body = {"basket": "00" * 16, "items": WATERS}
        with trio.move_on_after(1):
            await bar.post("1/payments", body)
        bar.readers[1].place(band)
        assert (await bar.post("1/payments", body))[1]["balance_minor"] == 4500


@pytest.mark.trio
async def test_questions_and_cancelling(autojump_clock: MockClock) -> None:
    async with Bar().run() as bar:
        assert isinstance(bar, Bar)
        body = {"basket": "11" * 16, "method": "cash", "items": [{"article": BEER}]}
        asked = (await bar.post("1/payments", body))[1]
        assert (asked["state"], asked["question"], asked["age"]) == ("asking", "age", 16)
        status, busy = await bar.post("1/payments", {"basket": "22" * 16, "items": WATERS})
        assert (status, busy["problem"]) == (409, "busy")
        answer = {"id": "11" * 16, "question": "age", "yes": True}
        assert (await bar.post("1/answers", answer))[1]["state"] == "paid"
        waits = {"basket": "33" * 16, "items": WATERS}
        await bar.post("1/payments?wait=0", waits)
        gone = (await bar.post("1/cancel", {"id": "33" * 16}))[1]
        assert gone["state"] == "cancelled"
        assert (await bar.post("1/cancel", {"id": "44" * 16}))[0] == 404


@pytest.mark.trio
async def test_what_cannot_be_priced_is_a_value(autojump_clock: MockClock) -> None:
    async with Bar().run() as bar:
        assert isinstance(bar, Bar)
        status, said = await bar.post("1/quotes", {"items": [{"article": CATERING}]})
        assert (status, said["refused"], said["number"], said["item"]) == (
            200, "price_missing", 106, 0,
        )  # fmt: skip
        status, said = await bar.post("1/quotes", {"items": [{"article": "beer"}]})
        assert (status, said["problem"]) == (400, "bad_json")
        assert (await bar.post("9/quotes", {"items": WATERS}))[0] == 404
        assert (await bar.post("1/payments?wait=x", {"basket": "00" * 16, "items": WATERS}))[
            0
        ] == 400


@pytest.mark.trio
async def test_top_up_balance_reversal_refund_and_cash_out(autojump_clock: MockClock) -> None:
    async with Bar("supervisor").run() as bar:
        assert isinstance(bar, Bar)
        await bar.sign_in("supervisor")
        band = await bar.wallet(1000)
        bar.readers[1].place(band)
        body = {"id": "01" * 16, "method": "cash", "amount_minor": 2000}
        assert (await bar.post("1/top-ups", body))[1]["balance_minor"] == 3000
        shown = (await bar.post("1/balance", {"id": "02" * 16}))[1]
        assert shown["account"]["balance_minor"] == 3000
        assert [each["movement"] for each in shown["account"]["last"]] == ["top_up", "top_up"]
        paid = (await bar.post("1/payments", {"basket": "03" * 16, "items": WATERS}))[1]
        back = (await bar.post("1/reversals", {"id": "04" * 16, "receipt": paid["receipt"]}))[1]
        assert (back["state"], back["balance_minor"]) == ("done", 3000)
        twice = (await bar.post("1/reversals", {"id": "05" * 16, "txid": paid["txid"]}))[1]
        assert (twice["state"], twice["reason"]) == ("not_done", "reversed_already")
        await bar.post("1/payments", {"basket": "06" * 16, "items": WATERS})
        goods = {"id": "07" * 16, "items": [{"article": WATER}]}
        assert (await bar.post("1/refunds", goods))[1]["balance_minor"] == 2750
        out = (await bar.post("1/cash-outs", {"id": "08" * 16}))[1]
        assert (out["state"], out["balance_minor"], out["amount_minor"]) == ("done", 0, 2750)
        for wrong in ({"method": "cash"}, {"method": "voucher", "amount_minor": 5}):
            assert (await bar.post("1/top-ups", {"id": "09" * 16, **wrong}))[0] == 400
        assert (await bar.post("1/reversals", {"id": "09" * 16}))[0] == 400
        new = {"id": "0a" * 16, "action": "reissue", "class": 1}
        assert (await bar.post("1/bands", new))[0] == 400


@pytest.mark.trio
async def test_a_whole_shift_from_float_to_z(autojump_clock: MockClock) -> None:
    async with Bar().run() as bar:
        assert isinstance(bar, Bar)
        band = await bar.wallet(5000)
        await bar.sell(band, Item(WATER, 2))
        await bar.sell(None, Item(WATER, 1), method="cash")
        move = {"action": "move", "amount_minor": -3000, "because": "drop"}
        shift = (await bar.post("1/shifts", move))[1]["shift"]
        assert (shift["moved_minor"], shift["expected_minor"]) == (-3000, None)  # counted blind
        x = (await bar.post("1/closings", {"closing": "X"}))[1]
        rows = {row["key"]: (row["count"], row["amount_minor"]) for row in x["totals"]}
        assert rows["method:band"] == (1, 500) and rows["method:cash"] == (1, 250)
        assert (await bar.post("1/closings", {"closing": "Z"}))[1]["problem"] == "shift_open"
        closed = (await bar.post("1/shifts", {"action": "close", "counted_minor": 12_200}))[1]
        assert closed["shift"]["expected_minor"] == 10_000 + 5000 + 250 - 3000
        assert closed["shift"]["difference_minor"] == -50
        again = (await bar.post("1/shifts", {"action": "close", "counted_minor": 1}))[1]
        assert again["problem"] == "shift_closed"
        opened = (await bar.post("1/shifts", {"action": "open"}))[1]
        assert opened["problem"] == "no_z"
        z = (await bar.post("1/closings", {"closing": "Z"}))[1]
        assert (z["number"], z["perpetual_minor"], z["difference_minor"]) == (1, 750, -50)
        assert (z["first_receipt"], z["last_receipt"], z["open"]) == (1, 3, [])
        assert (await bar.post("1/closings", {"closing": "Z"}))[1]["problem"] == "shift_closed"
        await bar.post("1/shifts", {"action": "open"})
        await bar.sell(band, Item(WATER, 3))
        await bar.post("1/shifts", {"action": "close"})
        second = (await bar.post("1/closings", {"closing": "Z"}))[1]
        assert (second["number"], second["shift"], second["perpetual_minor"]) == (2, 2, 1500)
        assert second["first_receipt"] == 4
        kept = (await bar.get("/1/closings"))[1]["closings"]
        assert [each["closing"] for each in kept] == ["Z", "Z", "X"]


@pytest.mark.trio
async def test_receipts_are_numbered_and_reprinted_as_copies(autojump_clock: MockClock) -> None:
    async with Bar().run() as bar:
        assert isinstance(bar, Bar)
        band = await bar.wallet(5000)
        await bar.sell(band, Item(WATER, 2), tip_percent=10)
        rows = (await bar.get("/1/receipts"))[1]["receipts"]
        assert [(row["number"], row["kind"]) for row in rows] == [(2, "sale"), (1, "top_up")]
        shown = (await bar.get("/1/receipts/2"))[1]
        assert (shown["number"], shown["copy"], shown["taxes"][0]["gross_minor"]) == (
            "2", False, 500,
        )  # fmt: skip
        assert (await bar.get("/1/receipts/2?copy=1"))[1]["copy"] is True
        assert (await bar.get("/1/receipts/7"))[0] == 404
        for row in rows:
            receipt = receipt_of(bar.one, row["number"])
            assert receipt is not None and faults(receipt) == []


@pytest.mark.trio
async def test_the_grid_tells_when_it_changes(autojump_clock: MockClock) -> None:
    async with Bar().run() as bar:
        assert isinstance(bar, Bar)
        grid = (await bar.get("/1/grid"))[1]
        assert (grid["phase"], grid["next_phase_ms"]) == (0, HAPPY_MS)
        assert [each["article"] for each in grid["articles"]] == [WATER, BEER]
        bar.clock.ms = HAPPY_MS
        grid = (await bar.get("/1/grid"))[1]
        assert (grid["phase_name"], grid["articles"][1]["price_minor"]) == ("Happy hour", 200)
        assert grid["articles"][1]["deposit_minor"] == 200
        assert grid["classes"][0] == {"number": 1, "name": "Guest"}
        bar.tills.prices = None
        assert (await bar.get("/1/grid"))[0] == 409


@pytest.mark.trio
async def test_each_role_at_a_till(autojump_clock: MockClock) -> None:
    roles: tuple[Role, ...] = ("scanner", "seller", "supervisor", "finance")
    quote, out = {"items": WATERS}, {"id": "00" * 16}
    async with Bar(*roles).run() as bar:
        assert isinstance(bar, Bar)
        assert (await bar.post("1/quotes", quote))[0] == 401
        may: dict[str, list[int]] = {}
        for role in roles:
            await bar.sign_in(role)
            may[role] = [
                (await bar.post("1/quotes", quote))[0],
                (await bar.post("1/cash-outs?wait=0", out))[0],
                (await bar.get("/1/state"))[0],
                (await bar.post("1/training", {"on": False}))[0],
                (await bar.post("1/refunds?wait=0", {"id": "01" * 16, "items": WATERS}))[0],
            ]
    assert may == {
        "scanner": [403, 403, 403, 403, 403],
        "seller": [200, 403, 200, 403, 403],
        "supervisor": [200, 200, 200, 409, 409],
        "finance": [403, 403, 200, 403, 403],
    }


@pytest.mark.trio
async def test_nobody_cashes_out_where_nobody_signs_in(autojump_clock: MockClock) -> None:
    async with Bar().run() as bar:
        assert isinstance(bar, Bar)
        assert (await bar.post("1/cash-outs", {"id": "00" * 16}))[0] == 403
        assert (await bar.get(""))[1]["tills"][0]["state"] == "idle"


@pytest.mark.trio
async def test_money_of_a_top_up_goes_back_by_sellers_and_the_rest_by_supervisors(
    autojump_clock: MockClock,
) -> None:
    async with Bar("seller", "supervisor", "scanner").run() as bar:
        assert isinstance(bar, Bar)
        band = await bar.wallet(2000)
        await lost(bar, band)
        body = {"id": "5a" * 16}
        await bar.sign_in("scanner")
        assert (await bar.post("1/money-back", body))[0] == 403
        await bar.sign_in("seller")
        bar.readers[1].place(band)
        asked = (await bar.post("1/money-back", body))[1]
        assert (asked["state"], asked["question"], asked["amount_minor"]) == (
            "asking", "money_back", 1000,
        )  # fmt: skip
        yes = {**body, "question": "money_back", "yes": True}
        given = (await bar.post("1/answers", yes))[1]
        assert (given["state"], given["reason"]) == ("done", "back_cash")
        assert (await bar.post("1/money-back", body))[1] == {**given, "repeated": True}
        row = (await bar.get("/1/receipts"))[1]["receipts"][0]
        assert (row["kind"], row["total_minor"]) == ("top_up_back", -1000)
        bar.readers[1].take()
        await trio.sleep(1)
        await lost(bar, band)
        await close_shift(bar.one, 5, 0)
        await make_closing(bar.one, 5, "Z")
        await open_shift(bar.one, 5, 0)
        bar.readers[1].place(band)
        refused = (await bar.post("1/money-back", {"id": "5b" * 16}))[1]
        assert (refused["state"], refused["reason"]) == ("not_done", "topped_elsewhere")
        await bar.sign_in("supervisor")
        assert (await bar.post("1/money-back", {"id": "5c" * 16}))[1]["state"] == "asking"
