"""What every step of a scenario has: a time, a gateway, and what is expected of it."""

from typing import Annotated, Literal

from msgspec import Meta

from config.bounds import Name
from edge.scenario.kinds import Money, Number, Signed, Table
from edge.scenario.venue_table import Text

NodeName = Annotated[
    str,
    Meta(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$(?!\n)", description="a-z, 0-9 and -"),
]
StepTime = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=40,
        description="a time as 2026-12-31T22:00, or since the step before as +30s, +5m, +2h, +1d",
    ),
]
#: How a till stands after a step. none: nobody answers, for the gateway is dead.
State = Literal[
    "paid", "not_paid", "already_paid", "done", "not_done", "tap_again", "asking", "waiting_band",
    "waiting_card", "in_doubt", "cancelled", "none",
]  # fmt: skip
Total = Annotated[int, Meta(ge=0, le=1_000_000)]
Words = Annotated[list[Text], Meta(max_length=20)]


class Expect(Table, frozen=True, kw_only=True):
    """What a step must give; what is left out may be anything.

    decision         queued: somebody walks still; none: the gateway is dead; walked, turned_back:
                     of these steps, unless somebody who was queued got an answer
    text, guest      words that the text for staff, or the guest's in `language`, has in it
    marks            exactly these: no_window, check, attention, clock_unsure …
    possibly, open   of the earlier use that stands in the way
    facts            exactly the kinds of facts that the gateway made since the step before
    overridden       the refusal that was forced
    zone, questions, choices   the full zone; what staff must ask; the tickets that fit alike
    name, hint, birthday, colour   what staff see beside the answer
    found            the names that the help desk found, the best first
    conflicts, inside   counts at this gateway after the step
    money_conflicts  exactly these kinds of conflicts of money: fork, voucher, overdrawn …

    At a till:

    state, question  how it ended, and what the till asks the cashier
    total, paid, left   of the basket; paid by this part; what is left to pay otherwise
    balance, spendable, exposure, promo, vouchers   of the band afterwards, as this gateway sees it
    """

    decision: (
        Literal["admitted", "refused", "queued", "none", "walked", "turned_back", "annulled"] | None
    ) = None
    reason: Name | None = None
    granted: Annotated[int, Meta(ge=0, le=255)] | None = None
    repeated: bool | None = None
    retry: bool | None = None
    product: str | None = None
    performance: str | None = None
    persons: Annotated[int, Meta(ge=0, le=255)] | None = None
    text: Text | Words | None = None
    guest: Text | Words | None = None
    language: Literal["de", "en", "fr"] = "en"
    marks: Annotated[list[Name], Meta(max_length=20)] | None = None
    possibly: bool | None = None
    open: bool | None = None
    earlier_lane: Number | None = None
    earlier_gate: Name | None = None
    earlier_here: bool | None = None
    facts: Annotated[list[Name], Meta(max_length=100)] | None = None
    overridden: str | None = None
    simulated: bool | None = None
    zone: str | None = None
    questions: Words | None = None
    choices: Annotated[list[Name], Meta(max_length=100)] | None = None
    name: str | None = None
    hint: str | None = None
    birthday: bool | None = None
    colour: str | None = None
    found: Annotated[list[Name], Meta(max_length=100)] | None = None
    conflicts: Total | None = None
    inside: Total | None = None
    money_conflicts: Annotated[list[Name], Meta(max_length=100)] | None = None
    state: State | None = None
    question: Literal["", "age", "same_amount", "goods_given", "money_back"] | None = None
    total: Signed | None = None
    paid: Signed | None = None
    left: Signed | None = None
    balance: Signed | None = None
    spendable: Money | None = None
    exposure: Money | None = None
    promo: Money | None = None
    vouchers: Total | None = None


class Happens(Table, tag_field="do", frozen=True, kw_only=True):
    """Something happens at a time. `gateway` may be left out where there is only one."""

    at: StepTime
    gateway: NodeName | None = None
    expect: Expect | None = None
    note: Annotated[str, Meta(max_length=300)] = ""
