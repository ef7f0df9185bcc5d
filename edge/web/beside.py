"""What staff say beside a code: questions they asked, which ticket is meant, money still owed.

Each is said with a new presentation, after an answer that asked for it (`questions`, `choices`,
`may_accept_unpaid`): with a nonce of its own, since the one before was answered with a refusal.
"""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from crypto.claim import make_identity
from edge.web.problems import bad_field

QUESTION_CHARS_MAX: Final = 200
ANSWERS_MAX: Final = 50
TICKET_CHARS_MAX: Final = 300

_TICKET: Final = "a ticket as issuer:hex"
BESIDE_HINTS: Final = {
    "answers": f"at most {ANSWERS_MAX} questions that were confirmed, as `questions` had them",
    "choice": f"the identity of one of `choices`: {_TICKET}",
    "accept_unpaid": "true: staff take the money, or trust that it comes",
}
Answers = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=QUESTION_CHARS_MAX)]],
    Meta(max_length=ANSWERS_MAX, description=BESIDE_HINTS["answers"]),
]
TicketName = Annotated[str, Meta(min_length=1, max_length=TICKET_CHARS_MAX)]
Chosen = Annotated[TicketName, Meta(description=BESIDE_HINTS["choice"])]
Owing = Annotated[
    bool, Meta(description=BESIDE_HINTS["accept_unpaid"] + "; needs the right `accept_unpaid`")
]


class Confirmed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What staff confirm of whoever stands there."""

    answers: Answers = []
    accept_unpaid: Owing = False


class Beside(Confirmed, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same, of a code that may be a medium with several tickets."""

    choice: Chosen | None = None


def said_beside(asked: Confirmed) -> dict[str, Any]:
    """As `Presentation` takes it. Raises `ApiError` (400) for a choice that names no ticket."""
    choice = asked.choice if isinstance(asked, Beside) else None
    return {
        "answers": tuple(asked.answers),
        "choice": chosen(choice),
        "accept_unpaid": asked.accept_unpaid,
    }


def chosen(choice: str | None) -> bytes:
    """The identity that is chosen, b"" for none."""
    return b"" if choice is None else ticket_named("choice", choice)


def ticket_named(field: str, text: str, hint: str = _TICKET) -> bytes:
    """The identity that `text` shows. Raises `ApiError` (400)."""
    issuer, _, raw = text.partition(":")
    try:
        named = bytes.fromhex(raw)
        if issuer and named:
            return make_identity(issuer, named)
    except ValueError:  # no hex, or no ASCII
        pass
    raise bad_field(field, f"{field} is no ticket", hint)
