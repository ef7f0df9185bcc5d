"""What do the bytes of the plug say? See the package for the protocol."""

from __future__ import annotations

from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from drivers.payment.outcome import (
    Amount,
    Currency,
    Outcome,
    Reference,
    State,
    without_card_numbers,
)

VERSION = 1
MESSAGE_BYTES_MAX = 16384
HEAD_BYTES = 4
TOLD = frozenset({State.APPROVED, State.DECLINED, State.REVERSED, State.DECLINED_LATE})

Id = Annotated[int, Meta(ge=0, le=0xFFFF_FFFF)]
TerminalId = Annotated[str, Meta(pattern=r"\A[0-9A-Za-z]{1,11}\Z")]


class BadMessage(ValueError):
    """The bytes are no message of the plug. The text names the field, never its content."""


class _Message(msgspec.Struct, frozen=True, tag_field="say", forbid_unknown_fields=True):
    id: Id


class Hello(_Message, frozen=True, tag="hello"):
    """Ours, first on each connection."""

    version: int = VERSION


class Welcome(_Message, frozen=True, tag="welcome"):
    """Answers hello."""

    version: int
    terminal: TerminalId


class Authorize(_Message, frozen=True, tag="authorize"):
    """Have a guest pay."""

    reference: Reference
    amount_minor: Amount
    currency: Currency


class Inquire(_Message, frozen=True, tag="inquire"):
    """What became of it?"""

    reference: Reference


class Reverse(_Message, frozen=True, tag="reverse"):
    """Give it back."""

    reference: Reference
    amount_minor: Amount
    currency: Currency


class Cancel(_Message, frozen=True, tag="cancel"):
    """Take the prompt away."""

    reference: Reference


class Taken(_Message, frozen=True, tag="taken"):
    """A `Late` with this id is written down and need not be said again."""


class Prompt(_Message, frozen=True, tag="prompt"):
    """The guest is being asked."""


class Pending(_Message, frozen=True, tag="pending"):
    """Answers inquire: the prompt still stands."""


class NotKnown(_Message, frozen=True, tag="not_known"):
    """Never heard of it, and it will never be taken."""


class Told(_Message, frozen=True, tag="outcome"):
    """What became of it."""

    outcome: Outcome


class Late(_Message, frozen=True, tag="late"):
    """Said unasked: what was approved offline was declined by the host."""

    outcome: Outcome


Question = Hello | Authorize | Inquire | Reverse | Cancel | Taken
Answer = Welcome | Prompt | Pending | NotKnown | Told | Late

_M = TypeVar("_M")
_ANSWERS: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Answer)


def encode(message: Question | Answer) -> bytes:
    """One message with its length before it."""
    body = msgspec.json.encode(message)
    assert len(body) <= MESSAGE_BYTES_MAX
    return len(body).to_bytes(HEAD_BYTES, "big") + body


def decode_untrusted(buffer: bytes | bytearray) -> tuple[Answer | None, int]:
    """The first answer in `buffer` and its size, or (None, 0) when more bytes are needed.

    Raises BadMessage and nothing else. Card numbers on receipt lines come out masked.
    """
    if len(buffer) < HEAD_BYTES:
        return None, 0
    size = int.from_bytes(buffer[:HEAD_BYTES], "big")
    if size > MESSAGE_BYTES_MAX:
        raise BadMessage(f"a message of {size} bytes; {MESSAGE_BYTES_MAX} are the most")
    if len(buffer) < HEAD_BYTES + size:
        return None, 0
    try:
        answer = _ANSWERS.decode(bytes(buffer[HEAD_BYTES : HEAD_BYTES + size]))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadMessage(_harmless(str(error))) from None
    if isinstance(answer, Told | Late):
        answer = msgspec.structs.replace(answer, outcome=_checked(answer.outcome))
    return answer, HEAD_BYTES + size


def _checked(outcome: Outcome) -> Outcome:
    if outcome.state not in TOLD:
        raise BadMessage(f"an outcome cannot be {outcome.state.value}; that is ours to say")
    if outcome.flagged:
        raise BadMessage("an outcome may not be flagged; that is ours to say")
    if not outcome.terminal:
        raise BadMessage("an outcome must name its terminal")
    return msgspec.structs.replace(
        outcome, receipt=tuple(without_card_numbers(line) for line in outcome.receipt)
    )


def _harmless(text: str) -> str:
    """Of msgspec's message only the path: names and values may be what we must not log."""
    _, found, path = text.partition(" - at `")
    what = "unknown fields are not allowed" if "unknown field" in text else "it is not as it should"
    where = f"{what} at {path.rstrip('`')}" if found else "it is no JSON object with say and id"
    return f"no message of the plug: {where}"
