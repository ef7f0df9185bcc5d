"""Card payments, semi-integrated: the terminal talks to card and acquirer, we learn the outcome.

`outcome.py` says what is asked and what may come of it, `table.py` and `machine.py` follow one
payment to its end (pure, the same for every vendor), `conversation.py` one terminal and the payment
it is busy with, `line.py` says what a vendor's machine must do. `driver.py` holds `CardTerminal`,
which keeps one terminal open, and `plug/` is our own protocol: the test double speaks it, and a
phone's SoftPOS app may. Vendors' protocols are folders beside `plug/`.

Three outcomes, never two: approved, declined, *unknown*. Unknown is resolved by asking the
terminal about the payment, never by asking the guest for the money again. No card number comes
this far: a message with room for one is refused, and what looks like one on a receipt is masked.
"""

from __future__ import annotations

from typing import Protocol

from drivers.payment.outcome import Authorization, Outcome


class Terminal(Protocol):
    """What a till needs of any card terminal. One prompt at a time.

    Write down that a payment starts before `authorize`, durably; then, whatever happens to this
    process, `inquire` with the same words settles it.
    """

    @property
    def terminal(self) -> str:
        """What the device calls itself; "" before it has introduced itself."""

    async def authorize(self, asked: Authorization) -> Outcome:
        """Have the guest pay. Approved, declined or unknown; never raises for the device's sake.

        The same authorization again gives the same outcome and charges nothing. A second one
        while the first is on the terminal is declined with code "busy" and never shown; the
        first must be cancelled before. A `txid16` or reference that was used for something else
        is declined with code "other_FIELD".
        """

    async def inquire(self, asked: Authorization, terminal: str = "") -> Outcome | None:
        """What became of a payment that was started, perhaps by a process that died since.

        Asks the terminal, which knows at least its last payment. A prompt that is still on it
        is cancelled. None: nobody could say in time, so ask again later. `terminal` is the id
        that `Outcome.terminal` or `CardTerminal.terminal` had then: another device knows
        nothing, and its "never heard of it" would be no answer.
        """

    async def reverse(self, asked: Authorization) -> Outcome:
        """Give an approved payment back, whole. Reversed, reversal unknown, or what it still is.

        `decline_code` says why it was not reversed. After "reversal_unknown", `inquire`.
        """

    async def cancel(self) -> None:
        """Take the prompt off the terminal, if there is one. `authorize` returns the outcome,
        which is approved when the guest was quicker."""
