"""drivers/payment/driver.py: `CardTerminal` on the double, over memory wires and on mock time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest
import trio
import trio.testing

from drivers.payment import Terminal
from drivers.payment.driver import CardTerminal
from drivers.payment.machine import PaymentPlan
from drivers.payment.outcome import Authorization, Outcome, State
from drivers.payment.plug.fake import FakeTerminal, Journal
from drivers.supervisor import Health
from tests.drivers.wires import WIRES, MemoryLink

FIRST = Authorization(txid16=b"1" * 16, amount_minor=450, currency="EUR", reference="guest-1")
SECOND = Authorization(txid16=b"2" * 16, amount_minor=700, currency="EUR", reference="guest-2")


class Stage:
    def __init__(self, nursery: trio.Nursery, kind: str, seed: int) -> None:
        self.fake = FakeTerminal(Journal(None), late_s=400)
        self.link = MemoryLink(nursery, lambda stream: self.fake.serve(stream), kind, seed)
        self.told: list[Outcome] = []
        self.late: list[Outcome] = []
        self.terminal = CardTerminal(
            "card", self.link, jitter=lambda: 0.5, plan=PaymentPlan(), resolve_s=20,
            on_outcome=self.told.append, on_late=self.late.append,
        )  # fmt: skip

    @property
    def charged(self) -> dict[str, int]:
        return self.fake.journal.charged()


@asynccontextmanager
async def stage(kind: str = "whole", seed: int = 0, script: str = "") -> AsyncIterator[Stage]:
    async with trio.open_nursery() as nursery:
        play = Stage(nursery, kind, seed)
        play.fake.next.extend(script.split())
        nursery.start_soon(play.terminal.run)
        while play.terminal.health.state is not Health.READY:
            await trio.sleep(0.1)
        yield play
        nursery.cancel_scope.cancel()


def test_it_is_a_terminal() -> None:
    terminal: Terminal = CardTerminal("card", None, jitter=lambda: 0.0)  # type: ignore[arg-type]
    assert terminal is not None


@pytest.mark.trio
@pytest.mark.parametrize("kind", [kind for kind in WIRES if kind != "lossy"])
async def test_approve_decline_reverse(autojump_clock: object, kind: str) -> None:
    async with stage(kind, script="approve decline") as play:
        approved = await play.terminal.authorize(FIRST)
        assert approved.state is State.APPROVED
        assert (approved.scheme, approved.last4) == ("Debit Mastercard", "4771")
        assert approved.receipt[1] == "**** **** **** 4771"
        declined = await play.terminal.authorize(SECOND)
        assert (declined.state, declined.decline_code) == (State.DECLINED, "host_declined")
        assert (await play.terminal.reverse(SECOND)).decline_code == "not_approved"
        back = await play.terminal.reverse(FIRST)
        assert (back.state, back.last4) == (State.REVERSED, "4771")
        assert await play.terminal.reverse(FIRST) == back
        assert play.charged == {"guest-1": 0}


@pytest.mark.trio
@pytest.mark.parametrize("seed", range(4))
async def test_lost_bytes_never_charge_twice(autojump_clock: object, seed: int) -> None:
    """Lost bytes break the framing: the link is opened again, and the terminal asked."""
    async with stage("lossy", seed) as play:
        outcome: Outcome | None = await play.terminal.authorize(FIRST)
        for _ in range(60):
            if outcome is not None and outcome.state is not State.UNKNOWN:
                break
            outcome = await play.terminal.inquire(FIRST) or outcome
        assert outcome is not None
        paid = 450 if outcome.state is State.APPROVED else 0
        assert play.charged.get("guest-1", 0) == paid


@pytest.mark.trio
async def test_a_second_guest_while_a_prompt_stands_is_refused(autojump_clock: object) -> None:
    async with stage(script="linger") as play, trio.open_nursery() as nursery:
        ended: list[Outcome] = []

        async def first() -> None:
            ended.append(await play.terminal.authorize(FIRST))

        nursery.start_soon(first)
        await trio.sleep(1)
        assert play.terminal.health.state is Health.BUSY
        second = await play.terminal.authorize(SECOND)
        assert (second.state, second.decline_code) == (State.DECLINED, "busy")
        assert (await play.terminal.reverse(SECOND)).decline_code == "busy"
        await play.terminal.cancel()
        await trio.sleep(1)
        assert [each.decline_code for each in ended] == ["cancelled"]
        assert (await play.terminal.authorize(SECOND)).state is State.APPROVED
        assert play.charged == {"guest-2": 700}
        assert play.fake.asked == 2


@pytest.mark.trio
async def test_the_same_question_again_is_the_same_payment(autojump_clock: object) -> None:
    async with stage() as play:
        approved = await play.terminal.authorize(FIRST)
        assert await play.terminal.authorize(FIRST) == approved
        for field, value in [
            ("amount_minor", 451), ("currency", "CHF"), ("reference", "g"), ("txid16", b"3" * 16)
        ]:  # fmt: skip
            other = msgspec.structs.replace(FIRST, **{field: value})
            refused = await play.terminal.authorize(other)
            assert (refused.state, refused.decline_code) == (State.DECLINED, f"other_{field}")
        assert play.charged == {"guest-1": 450} and play.fake.asked == 1


@pytest.mark.trio
async def test_two_tills_that_ask_the_same_at_once_share_the_prompt(
    autojump_clock: object,
) -> None:
    async with stage() as play, trio.open_nursery() as nursery:
        ended: list[State] = []

        async def ask() -> None:
            ended.append((await play.terminal.authorize(FIRST)).state)

        nursery.start_soon(ask)
        nursery.start_soon(ask)
        await trio.sleep(1)
        assert ended == [State.APPROVED] * 2 and play.fake.asked == 1


@pytest.mark.trio
async def test_a_caller_who_is_cancelled_takes_the_prompt_away(autojump_clock: object) -> None:
    async with stage(script="linger") as play:
        with trio.move_on_after(2):
            await play.terminal.authorize(FIRST)
        await trio.sleep(1)
        assert [outcome.decline_code for outcome in play.told] == ["cancelled"]
        assert play.terminal.health.state is Health.READY
        assert play.charged == {}


@pytest.mark.trio
async def test_a_guest_who_never_comes_is_unknown_and_then_cancelled(
    autojump_clock: object,
) -> None:
    async with stage(script="linger") as play:
        began = trio.current_time()
        outcome = await play.terminal.authorize(FIRST)
        assert (outcome.state, outcome.decline_code) == (State.UNKNOWN, "silent")
        assert trio.current_time() - began >= 180, "mock time"
        settled = await play.terminal.inquire(FIRST)
        assert settled is not None and settled.decline_code == "cancelled"


@pytest.mark.trio
async def test_nothing_is_asked_while_the_terminal_is_gone(autojump_clock: object) -> None:
    async with stage() as play:
        play.link.gone = True
        await play.link.cut()
        await trio.sleep(1)
        outcome = await play.terminal.authorize(FIRST)
        assert (outcome.state, outcome.decline_code) == (State.DECLINED, "gone")
        assert (await play.terminal.reverse(FIRST)).decline_code == "gone"
        assert await play.terminal.inquire(FIRST) is None
        play.link.gone = False
        settled = await play.terminal.inquire(FIRST)
        assert settled is not None and settled.decline_code == "not_known"
        # Burnt: even an authorization that comes out of some queue now charges nobody.
        assert (await play.terminal.authorize(FIRST)).decline_code == "not_known"
        assert play.charged == {}


@pytest.mark.trio
async def test_another_device_is_not_asked(autojump_clock: object) -> None:
    async with stage() as play:
        assert await play.terminal.inquire(FIRST, "FAKE2") is None
        assert play.terminal.terminal == "FAKE1"
        assert not play.fake.journal.rows


@pytest.mark.trio
async def test_an_offline_approval_declined_late_is_told_until_taken(
    autojump_clock: object,
) -> None:
    async with stage(script="offline") as play:
        assert (await play.terminal.authorize(FIRST)).stored_offline
        await play.fake.decline_late("guest-1")
        await trio.sleep(1)
        assert [late.state for late in play.late] == [State.DECLINED_LATE]
        await play.link.cut()
        await trio.sleep(2)
        assert len(play.late) == 2, "not taken: told again"
        play.terminal.late_taken("guest-1")
        await trio.sleep(1)
        await play.link.cut()
        await trio.sleep(2)
        assert len(play.late) == 2
        assert play.charged == {"guest-1": 0}
