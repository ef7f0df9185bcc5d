"""A card terminal that says what the test wants."""

from typing import Any

import trio

from drivers.payment.outcome import Authorization, Outcome, State, outcome_of


class Script:
    """`Terminal`. `says` is the state of the next payments; `knows` what an inquiry finds."""

    def __init__(self, terminal: str = "T1") -> None:
        self.terminal = terminal
        self.says = State.APPROVED
        self.knows: State | None = None
        self.asked: list[Authorization] = []
        self.inquired: list[Authorization] = []
        self.reversed: list[Authorization] = []
        self.slow: trio.Event | None = None
        self.cancelled = 0

    async def authorize(self, asked: Authorization) -> Outcome:
        self.asked.append(asked)
        if self.slow is not None:
            await self.slow.wait()
        return self._outcome(asked, self.says)

    async def inquire(self, asked: Authorization, terminal: str = "") -> Outcome | None:
        self.inquired.append(asked)
        await trio.lowlevel.checkpoint()
        if terminal not in ("", self.terminal):
            return None
        return None if self.knows is None else self._outcome(asked, self.knows)

    async def reverse(self, asked: Authorization) -> Outcome:
        self.reversed.append(asked)
        return self._outcome(asked, self.says)

    async def cancel(self) -> None:
        self.cancelled += 1
        if self.slow is not None:
            self.slow.set()

    def _outcome(self, asked: Authorization, state: State) -> Outcome:
        if state is State.APPROVED:
            told: dict[str, Any] = {"trace": "77", "scheme": "girocard", "last4": "1234"}
            return Outcome(
                state=state, amount_minor=asked.amount_minor, currency=asked.currency,
                reference=asked.reference, **told,
            )  # fmt: skip
        return outcome_of(asked, state, "limit")
