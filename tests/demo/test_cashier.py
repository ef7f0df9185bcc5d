"""A cashier asks until the gateway answers, and a guest with a torn band comes again or goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
import trio

from edge.demo.cashier import BarTally, Cashier
from edge.demo.processes import DemoFailed

pytestmark = pytest.mark.trio
Answer = tuple[int, dict[str, Any]] | Exception


class Gateway:
    """Answers what it was told to, in order; notes what it was asked."""

    def __init__(self, *answers: Answer | Callable[[], Answer]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, dict[str, Any]]] = []

    async def post(self, url: str, json: dict[str, Any]) -> httpx2.Response:
        await trio.lowlevel.checkpoint()
        self.asked.append((url.partition("/v1/tills/1/")[2], json))
        answer = self.answers.pop(0)
        if callable(answer):
            answer = answer()
        if isinstance(answer, Exception):
            raise answer
        return httpx2.Response(answer[0], json=answer[1])


class Hands:
    """An antenna: which bands were held to it."""

    def __init__(self) -> None:
        self.left = trio.Event()
        self.held: list[tuple[str, tuple[int, str] | None]] = []

    async def place(self, band: str, tear: tuple[int, str] | None = None) -> None:
        self.left = trio.Event()
        self.held.append((band, tear))

    async def take(self) -> None:
        self.held.append(("", None))


def cashier(gateway: Any, hands: Any, tally: BarTally | None = None) -> Cashier:
    return Cashier(1, True, lambda: "http://gateway", hands, gateway, tally or BarTally())


def work(state: str, **more: Any) -> Answer:
    return 200, {"state": state, "id": "ab", "part": 0, "question": None, "problem": ""} | more


BODY = {"basket": "ab", "items": [], "total_minor": 500}


async def test_the_same_body_is_sent_until_the_work_has_ended(autojump_clock: Any) -> None:
    away = httpx2.ConnectError("killed")
    gateway = Gateway(
        work("waiting_band"), away, (503, {}), (409, {"problem": "busy"}), work("paid")
    )
    hands, tally = Hands(), BarTally()
    at = cashier(gateway, hands, tally)
    told = await at.pay(BODY, "anna", (2, "old"))
    assert told["state"] == "paid"
    assert gateway.asked == [("payments?wait=10", BODY)] * 5
    assert hands.held == [("anna", (2, "old")), ("", None)]
    assert tally.taps == 1 and not at.at_work


async def test_a_question_is_answered_and_another_one_is_an_error(autojump_clock: Any) -> None:
    gateway = Gateway(work("asking", question="same_amount"), work("working"), work("paid"))
    await cashier(gateway, Hands()).pay(BODY, "anna")
    answer = {"id": "ab", "part": 0, "yes": True, "question": "same_amount"}
    assert gateway.asked[1] == ("answers?wait=0", answer)
    refused = Gateway((409, {"problem": "other_content"}))
    with pytest.raises(BaseExceptionGroup) as raised:
        await cashier(refused, Hands()).pay(BODY, "anna")
    assert raised.group_contains(DemoFailed, match="other_content")


async def test_a_torn_band_is_held_again_at_the_same_till(autojump_clock: Any) -> None:
    hands, tally = Hands(), BarTally()

    def torn() -> Answer:
        hands.left.set()
        return work("tap_again")

    waits = [work("tap_again") for _ in range(9)]
    gateway = Gateway(torn, *waits)

    async def paid_later() -> None:
        await trio.sleep(1)
        gateway.answers.insert(0, work("paid"))

    async def slow(url: str, json: dict[str, Any]) -> httpx2.Response:
        await trio.sleep(0.2)
        return await Gateway.post(gateway, url, json)

    gateway.post = slow  # type: ignore[method-assign]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(paid_later)
        told = await cashier(gateway, hands, tally).pay(BODY, "anna", (0, "garbage"))
    assert told["state"] == "paid"
    assert hands.held == [("anna", (0, "garbage")), ("anna", None), ("", None)]
    assert (tally.taps, tally.torn, tally.in_doubt) == (2, 1, 0)


async def test_who_gives_up_says_that_there_were_no_goods(autojump_clock: Any) -> None:
    hands = Hands()

    class Torn(Gateway):
        async def post(self, url: str, json: dict[str, Any]) -> httpx2.Response:
            await trio.sleep(0.2)
            what = url.partition("/v1/tills/1/")[2]
            self.asked.append((what, json))
            hands.left.set()
            asked = [name for name, _ in self.asked]
            state = {"cancel?force=1": "tap_again", "answers?wait=0": "in_doubt"}.get(what)
            if what.startswith("payments"):
                state = "in_doubt" if "answers?wait=0" in asked else "tap_again"
            question = "goods_given" if what.startswith("cancel") else None
            code, told = work(str(state), question=question)  # type: ignore[misc]
            return httpx2.Response(code, json=told)

    gateway = Torn()
    told = await cashier(gateway, hands).pay(BODY, "anna", (0, "old"), gives_up=True)
    assert told["state"] == "in_doubt"
    said = {"id": "ab", "part": 0, "question": "goods_given", "yes": False}
    assert ("answers?wait=0", said) in gateway.asked
    assert [band for band, _ in hands.held] == ["anna", ""], "the band went elsewhere"


async def test_a_work_without_an_end_fails_the_demo(autojump_clock: Any) -> None:
    class Never(Gateway):
        async def post(self, url: str, json: dict[str, Any]) -> httpx2.Response:
            await trio.sleep(10)
            code, told = work("tap_again")  # type: ignore[misc]
            return httpx2.Response(code, json=told)

    hands = Hands()
    with pytest.raises(DemoFailed, match="came to no end"):
        await cashier(Never(), hands).pay(BODY, "anna")
    assert hands.held[-1] == ("", None), "the band is taken away all the same"


async def test_a_shift_is_counted_before_its_z(autojump_clock: Any) -> None:
    gateway = Gateway((200, {}), (200, {}), (200, {"closing": "Z"}))
    at = cashier(gateway, Hands())
    await at.open_shift(10_000)
    assert await at.close_shift(12_000) == {"closing": "Z"}
    assert gateway.asked == [
        ("shifts", {"action": "open", "float_minor": 10_000}),
        ("shifts", {"action": "close", "counted_minor": 12_000}),
        ("closings", {"closing": "Z"}),
    ]
    with pytest.raises(DemoFailed, match="till 1 answered shifts with 409"):
        await cashier(Gateway((409, {"problem": "no_z"})), Hands()).open_shift(0)


async def test_a_basket_of_a_dead_process_is_priced_again_and_paid_once(
    autojump_clock: Any,
) -> None:
    body = {"basket": "ab", "items": [], "tip_minor": 0, "confirmed_age": 18, "total_minor": 500}
    gateway = Gateway(
        work("not_paid", reason="quoted_before"), (200, {"basket": "cd"}), work("paid")
    )
    told = await cashier(gateway, Hands()).pay(body, "anna")
    assert (told["state"], body["basket"]) == ("paid", "cd")
    assert [path for path, _ in gateway.asked] == ["payments?wait=10", "quotes", "payments?wait=10"]
    assert gateway.asked[1][1]["instead_of"] == "ab"
