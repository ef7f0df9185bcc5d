"""What is asked of a terminal, and what can come of it. Facts about cards end here.

Amounts are integers in minor units of an ISO 4217 currency. The limits below leave no field in
which a card number (ISO/IEC 7812-1: up to 19 digits, 12 at least in use) would fit, but for the
receipt lines: there, digits that could be one are masked but for the last four.
"""

from __future__ import annotations

import enum
import re
from typing import Annotated

import msgspec
from msgspec import Meta

AMOUNT_MAX = 10**12 - 1  # twelve digits: what every terminal protocol carries
LINES_MAX, LINE_CHARACTERS_MAX = 120, 64
NUMBER = re.compile(r"(?<![0-9])[0-9](?:[ .-]?[0-9]){11,18}(?![0-9])")

Amount = Annotated[int, Meta(ge=1, le=AMOUNT_MAX)]
Currency = Annotated[str, Meta(pattern=r"\A[A-Z]{3}\Z")]
Reference = Annotated[str, Meta(pattern=r"\A[0-9A-Za-z-]{1,40}\Z")]
# Eleven characters: enough for every terminal id, trace and code, too few for a card number.
Short = Annotated[str, Meta(pattern=r"\A[0-9A-Za-z_-]{0,11}\Z")]
Scheme = Annotated[str, Meta(pattern=r"\A[A-Za-z .-]{0,32}\Z")]
Last4 = Annotated[str, Meta(pattern=r"\A(?:[0-9]{4})?\Z")]
Cause = Annotated[str, Meta(pattern=r"\A[a-z_]{0,32}\Z")]
PaperLine = Annotated[str, Meta(max_length=LINE_CHARACTERS_MAX)]


class State(enum.Enum):
    """Where a payment stands; `table.py` has the ways between them."""

    IDLE = "idle"
    STARTED = "started"
    APPROVED = "approved"
    DECLINED = "declined"
    UNKNOWN = "unknown"
    REVERSING = "reversing"
    REVERSED = "reversed"
    REVERSAL_UNKNOWN = "reversal_unknown"
    DECLINED_LATE = "declined_late"


class Authorization(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as asked for. `reference` names it at the terminal and is never used again."""

    txid16: Annotated[bytes, Meta(min_length=16, max_length=16)]
    amount_minor: Amount
    currency: Currency
    reference: Reference


class Outcome(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a terminal says of a payment, or what we must conclude.

    `decline_code` is the terminal's or acquirer's word, or ours: "busy", "gone", "lost",
    "silent", "not_known", "other_…"; `flagged` names the first field of an answer that was not
    what had been asked. `stored_offline`: approved without the host, may be declined late.
    """

    state: State
    amount_minor: Amount
    currency: Currency
    reference: Reference
    terminal: Short = ""
    trace: Short = ""
    scheme: Scheme = ""
    last4: Last4 = ""
    authorization_code: Short = ""
    stored_offline: bool = False
    decline_code: Cause = ""
    flagged: Cause = ""
    receipt: Annotated[tuple[PaperLine, ...], Meta(max_length=LINES_MAX)] = ()


def outcome_of(asked: Authorization, state: State, code: str = "", flagged: str = "") -> Outcome:
    """An outcome in our own words: about what was asked, and nothing else is known."""
    return Outcome(
        state=state,
        amount_minor=asked.amount_minor,
        currency=asked.currency,
        reference=asked.reference,
        decline_code=code,
        flagged=flagged,
    )


def difference(asked: Authorization, told: Outcome | Authorization) -> str:
    """The first field in which an answer, or a second question, is not about `asked`; or ""."""
    names = ["reference", "amount_minor", "currency"]
    if isinstance(told, Authorization):
        names.append("txid16")
    return next((name for name in names if getattr(asked, name) != getattr(told, name)), "")


def without_card_numbers(text: str) -> str:
    """Each run of 12 to 19 digits, also when grouped, masked but for the last four.

    Masking a harmless number costs nothing; refusing the message would leave a payment unknown.
    """
    return NUMBER.sub(lambda found: re.sub("[0-9](?=(?:[^0-9]*[0-9]){4})", "*", found[0]), text)
