"""A cashier at one till: asks the gateway as the till's page does, and asks again until it answers.

The same work has the same id however often it is sent, so that neither a gateway that died nor a
band that left too soon is paid twice. A guest whose band was torn holds it again, or gives up here.
"""

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import httpx2
import trio

from edge.demo.antennas import Antenna
from edge.demo.processes import DemoFailed
from edge.demo.purse import Items

ENDS: Final = frozenset({"paid", "not_paid", "done", "not_done", "in_doubt", "cancelled"})
#: One work may take as long as a gateway is away, and more on a machine that is busy.
WORK_S: Final = 90.0
WAIT_S: Final = 10
AGAIN_S: Final = 0.1
#: Between a band that left and the next try of its guest.
HOLD_AGAIN_S: Final = 0.15
#: A cashier's hands: no till is faster than this.
PAUSE_S: Final = 0.12
AGE: Final = 18


@dataclass
class BarTally:
    """What happened at all tills so far. `torn`: bands that left in the middle of a write."""

    taps: int = 0
    paid: int = 0
    already: int = 0
    torn: int = 0
    in_doubt: int = 0
    refused: dict[str, int] = field(default_factory=dict)

    def refuse(self, reason: str) -> None:
        """Count a refusal."""
        self.refused[reason] = self.refused.get(reason, 0) + 1


class Cashier:
    """Serves one guest after another at the till `number`; `api` is where its gateway is now."""

    def __init__(
        self, number: int, cash: bool, api: Callable[[], str], antenna: Antenna,
        client: httpx2.AsyncClient, tally: BarTally,
    ) -> None:  # fmt: skip
        self.number = number
        self.cash = cash
        self.antenna = antenna
        self._api = api
        self._client = client
        #: A band is held to the reader, and the till has been asked.
        self.at_work = False
        self._tally = tally
        self._turn = trio.Lock()

    async def ask(self, path: str, body: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """POST until somebody answers; status and body."""
        while True:
            try:
                url = f"{self._api()}/v1/tills/{self.number}/{path}"
                answer = await self._client.post(url, json=dict(body))
                if answer.status_code < 500:
                    return answer.status_code, answer.json()
            except (httpx2.HTTPError, ValueError):
                pass  # the gateway is away
            await trio.sleep(AGAIN_S)

    async def must(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """As `ask`, where nothing but a good answer will do. Raises `DemoFailed`."""
        status, told = await self.ask(path, body)
        if status != 200:
            raise DemoFailed(f"till {self.number} answered {path} with {status}: {told}")
        return told

    # -- works ---------------------------------------------------------------------------------

    async def quote(self, items: Items, tip_minor: int) -> dict[str, Any]:
        """The price of a basket, as a body that can be paid; `total_minor` as the till says."""
        basket: dict[str, Any] = {
            "items": [{"article": article, "quantity": count} for article, count in items],
            "tip_minor": tip_minor, "confirmed_age": AGE,
        }  # fmt: skip
        told = await self.must("quotes", basket)
        if "basket" not in told:
            raise DemoFailed(f"till {self.number} does not sell {basket}: {told}")
        return basket | {"basket": told["basket"], "total_minor": told["total_minor"]}

    async def pay(
        self, body: dict[str, Any], band: str, tear: tuple[int, str] | None = None,
        gives_up: bool = False,
    ) -> dict[str, Any]:  # fmt: skip
        """Have a basket paid by a band; the end of the work. A gateway that was started anew wants
        another name for it, at the same price: `body` has it then."""
        told = await self._work("payments", body, band, tear, gives_up)
        if told.get("reason") == "quoted_before":
            again = {name: body[name] for name in ("items", "tip_minor", "confirmed_age")}
            quoted = await self.must("quotes", again | {"instead_of": body["basket"]})
            body["basket"] = quoted["basket"]
            told = await self._work("payments", body, band, None, gives_up)
        return told

    async def top_up(
        self, band: str, amount_minor: int, tear: tuple[int, str] | None, code: str = ""
    ) -> dict[str, Any]:
        """Cash, or a code, for money on a band."""
        body: dict[str, Any] = {"id": _new_id(), "method": "voucher" if code else "cash"}
        body |= {"code": code} if code else {"amount_minor": amount_minor}
        return await self._work("top-ups", body, band, tear)

    async def issue(self, band: str) -> dict[str, Any]:
        """A blank band becomes a wallet."""
        body = {"id": _new_id(), "action": "issue", "class": 1}
        return await self._work("bands", body, band)

    async def balance(self, band: str) -> dict[str, Any]:
        """What is on the band."""
        return await self._work("balance", {"id": _new_id()}, band)

    async def _work(
        self, path: str, body: Mapping[str, Any], band: str,
        tear: tuple[int, str] | None = None, gives_up: bool = False,
    ) -> dict[str, Any]:  # fmt: skip
        """One guest's turn. Raises `DemoFailed` when it comes to no end."""
        async with self._turn:
            with trio.move_on_after(WORK_S) as late:
                try:
                    await self.antenna.place(band, tear)
                    self._tally.taps += 1
                    self.at_work = True
                    return await self._until_over(path, body, band, gives_up)
                finally:
                    self.at_work = False
                    with trio.CancelScope(shield=True), trio.move_on_after(2):
                        await self.antenna.take()
                        await trio.sleep(PAUSE_S)
            assert late.cancelled_caught
        raise DemoFailed(f"till {self.number}: {path} of {band} came to no end; see the logs")

    async def _until_over(
        self, path: str, body: Mapping[str, Any], band: str, gives_up: bool
    ) -> dict[str, Any]:
        hands: Callable[[], Awaitable[None]] = partial(self._hold_again, band)
        if gives_up:
            hands = partial(self._give_up, str(body.get("id") or body["basket"]))
        told: dict[str, Any] = {}
        async with trio.open_nursery() as nursery:
            nursery.start_soon(hands)
            while told.get("state") not in ENDS:
                status, told = await self.ask(f"{path}?wait={WAIT_S}", body)
                if status == 409 and told.get("problem") == "busy":
                    await trio.sleep(AGAIN_S)
                elif status != 200:
                    raise DemoFailed(f"till {self.number} answered {path} with {status}: {told}")
                elif told["state"] == "asking":
                    answer = {"id": told["id"], "part": told["part"], "yes": True}
                    await self.ask("answers?wait=0", answer | {"question": told["question"]})
                elif told["question"]:
                    await trio.sleep(AGAIN_S)  # whoever gives up answers it
            nursery.cancel_scope.cancel()
        return told

    async def _hold_again(self, band: str) -> None:
        while True:
            await self.antenna.left.wait()
            self._tally.torn += 1
            self._tally.in_doubt += 1
            await trio.sleep(HOLD_AGAIN_S)
            self._tally.taps += 1
            self._tally.in_doubt -= 1
            await self.antenna.place(band)

    async def _give_up(self, work: str) -> None:
        """The guest has gone with the torn band, and without the goods."""
        await self.antenna.left.wait()
        self._tally.torn += 1
        named = {"id": work, "part": 0}
        while True:
            _, told = await self.ask("cancel?force=1", named)
            if told.get("question") == "goods_given":
                await self.ask("answers?wait=0", named | {"question": "goods_given", "yes": False})
            await trio.sleep(AGAIN_S)

    # -- shift ---------------------------------------------------------------------------------

    async def open_shift(self, float_minor: int) -> None:
        """Begin with `float_minor` in the drawer."""
        await self.must("shifts", {"action": "open", "float_minor": float_minor})

    async def close_shift(self, counted_minor: int) -> dict[str, Any]:
        """Count blind, then Z; the closing."""
        await self.must("shifts", {"action": "close", "counted_minor": counted_minor})
        return await self.must("closings", {"closing": "Z"})


def _new_id() -> str:
    return os.urandom(16).hex()
