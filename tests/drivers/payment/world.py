"""A till, a terminal and a wire between them, each of which can die at any message.

The till's book and the terminal's journal are what survives; both begin again by themselves.
"""

from __future__ import annotations

import trio
import trio.testing

from drivers.errors import Lost
from drivers.link import Wire
from drivers.payment.driver import CardTerminal
from drivers.payment.machine import PaymentPlan
from drivers.payment.outcome import Authorization, Outcome, State
from drivers.payment.plug.fake import FakeTerminal, Journal
from drivers.payment.table import UNSURE
from drivers.supervisor import Health

# Short, since who waits looks every 50 ms of mock time.
PLAN = PaymentPlan(answer_s=5, prompt_s=20, reversal_s=20)
FIRST = Authorization(txid16=b"1" * 16, amount_minor=450, currency="EUR", reference="guest-1")
NEXT = Authorization(txid16=b"2" * 16, amount_minor=700, currency="EUR", reference="guest-2")


class Died(Exception):
    """The terminal's battery is empty."""


class World:
    """`die_at`: the message, counted both ways, at which `victim` dies: "link", "till" or
    "terminal"; `how` says whether it was carried: "before", "half" or "after"."""

    def __init__(
        self, script: str, victim: str = "", die_at: int = 0, how: str = "",
        reverse: bool = False, late: bool = False,
    ) -> None:  # fmt: skip
        self.journal = Journal(None)
        self.fake: FakeTerminal | None = None
        self.messages = 0
        self.started = False
        self.reversing = False
        self.outcomes: list[Outcome] = []
        self.told: list[Outcome] = []
        self.late: list[Outcome] = []
        self.opened_count = 0
        self._script = script
        self._victim, self._die_at, self._how = victim, die_at, how
        self._reverse = reverse
        self._late = late
        self.booked_late: set[str] = set()  # durable
        self._ends: list[trio.abc.Stream] = []
        self._terminal_scope = trio.CancelScope()
        self._till_scope = trio.CancelScope()
        self._terminal_nursery: trio.Nursery | None = None
        self._wires: trio.Nursery | None = None

    async def play(self) -> None:
        """Until the till has sold, or given up; then to another guest."""
        async with trio.open_nursery() as nursery:
            self._wires = nursery
            nursery.start_soon(self._terminal_lives)
            while len(self.outcomes) < 2:
                with trio.CancelScope() as self._till_scope:
                    async with trio.open_nursery() as life:
                        terminal = CardTerminal(
                            "card", self, jitter=lambda: 0.5, plan=PLAN, resolve_s=20,
                            on_outcome=self.told.append, on_late=self.late.append,
                        )  # fmt: skip
                        life.start_soon(terminal.run)
                        life.start_soon(self._book_late, terminal)
                        await self._sell(terminal)
                        life.cancel_scope.cancel()
                await trio.sleep(0.5)
            nursery.cancel_scope.cancel()

    async def _sell(self, terminal: CardTerminal) -> None:
        await self._well(terminal)
        outcome = None
        if not self.started:
            self.started = True  # on disk before the terminal hears of it
            outcome = await terminal.authorize(FIRST)
        outcome = await self._settle(terminal, outcome)
        if outcome.state is State.APPROVED and self._reverse:
            await self._well(terminal)
            self.reversing = True
            outcome = await self._settle(terminal, await terminal.reverse(FIRST))
        if self._late and outcome.state in (State.APPROVED, State.DECLINED_LATE):
            # The host declines while nobody looks; what is taken is never said again.
            assert self.fake is not None
            await self.fake.decline_late(FIRST.reference)
            while not self.journal.find("taken", FIRST.reference):
                await trio.sleep(0.1)
            outcome = await self._settle(terminal, await terminal.inquire(FIRST))
        self.outcomes[:] = [outcome]
        await self._well(terminal)
        self.outcomes.append(await self._settle(terminal, await terminal.authorize(NEXT), NEXT))

    async def _book_late(self, terminal: CardTerminal) -> None:
        """What a gateway does: book once, durably, and only then say that it is taken."""
        while True:
            for late in list(self.late):
                self.booked_late.add(late.reference)
                terminal.late_taken(late.reference)
            self.late.clear()
            await trio.sleep(0.5)

    async def _settle(
        self, terminal: CardTerminal, outcome: Outcome | None, asked: Authorization = FIRST
    ) -> Outcome:
        for _ in range(8):
            if outcome is not None and outcome.state not in UNSURE:
                break
            outcome = await terminal.inquire(asked, "FAKE1") or outcome
        assert outcome is not None, "nobody could be asked"
        return outcome

    async def _well(self, terminal: CardTerminal) -> None:
        while terminal.health.state is not Health.READY:
            await trio.sleep(0.05)

    # -- the terminal and its wire --------------------------------------------------------

    async def _terminal_lives(self) -> None:
        first = True
        while True:
            always = "offline" if self._late else "approve"
            self.fake = FakeTerminal(self.journal, script=always, late_s=45, die=self._die)
            if first:
                self.fake.next.append(self._script)
            first = False
            with trio.CancelScope() as self._terminal_scope:
                try:
                    async with trio.open_nursery() as self._terminal_nursery:
                        await trio.sleep_forever()
                except* Died:
                    pass
            self._terminal_nursery = None
            await self._cut()
            await trio.sleep(1)

    def _die(self) -> None:
        raise Died

    async def _cut(self) -> None:
        for end in self._ends:
            await trio.aclose_forcefully(end)

    async def open(self) -> Wire:
        await trio.lowlevel.checkpoint()
        if self._terminal_nursery is None or self.fake is None:
            raise Lost("the terminal is off")
        self.opened_count += 1
        ours, near = trio.testing.memory_stream_pair()
        far, theirs = trio.testing.memory_stream_pair()
        self._ends = [near, far]
        assert self._wires is not None
        self._wires.start_soon(self._carry, near, far)
        self._wires.start_soon(self._carry, far, near)
        self._terminal_nursery.start_soon(self.fake.serve, theirs)
        return Wire(ours, "the terminal")

    async def superseded(self) -> None:
        await trio.sleep_forever()

    async def _carry(self, source: trio.abc.Stream, sink: trio.abc.Stream) -> None:
        try:
            while data := bytes(await source.receive_some(65536)):
                self.messages += 1
                if self.messages != self._die_at:
                    await sink.send_all(data)
                    continue
                if self._how != "before":
                    await sink.send_all(data[: len(data) // 2] if self._how == "half" else data)
                if self._how == "after":
                    await trio.testing.wait_all_tasks_blocked(0.001)
                await self._kill()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        for end in (source, sink):
            await trio.aclose_forcefully(end)

    async def _kill(self) -> None:
        if self._victim == "till":
            self._till_scope.cancel()
        elif self._victim == "terminal":
            self._terminal_scope.cancel()
        else:
            await self._cut()
