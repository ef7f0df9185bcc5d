"""Guests are looked up by name, at the help desk or at a lane. Names are logged nowhere."""

from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from crypto.claim import show_identity
from edge.core.guests import TYPED_CHARS_MAX
from edge.gateway import Gateway
from edge.web.problems import bad_field, reply
from edge.web.signin import Door

LETTERS_MIN: Final = 3
FOUND_MAX: Final = 20


class GuestRow(msgspec.Struct, frozen=True):
    """`slips`: how far what was typed is off. `ticket` as issuer:hex, "" without one; `product`
    and `note` may be ""."""

    name: str
    slips: int
    ticket: str
    product: str
    note: str


class GuestsBody(msgspec.Struct, frozen=True):
    """The best hits first; `more`: there are others. `listed`: guests on the list in force, which
    was made at `issued_at_ms` (unix ms), 0 = there is none."""

    guests: list[GuestRow]
    more: bool
    listed: int
    issued_at_ms: int


class GuestSearch:
    """Searches the guest list that `gateway` has."""

    def __init__(self, gateway: Gateway, door: Door) -> None:
        self._gateway = gateway
        self._door = door

    async def get(self, request: Request) -> Response:
        """GET /v1/guests?name=: 400 for less than three letters, so that nobody lists them all."""
        self._door.require(request, "search")
        typed = request.query_params.get("name", "").strip()
        letters = sum(map(str.isalnum, typed))
        if letters < LETTERS_MIN or len(typed) > TYPED_CHARS_MAX:
            hint = f"{LETTERS_MIN} letters or more, at most {TYPED_CHARS_MAX} characters"
            raise bad_field("name", f"name has {letters} letters", hint)
        policy = self._gateway.policy
        found = policy.guests.search(typed, FOUND_MAX + 1)
        rows = []
        for match in found[:FOUND_MAX]:
            guest = match.guest
            product = policy.products.get(guest.product)
            ticket = show_identity(guest.ticket) if guest.ticket else ""
            name = product.name if product else ""
            rows.append(GuestRow(guest.name, match.slips, ticket, name, guest.note))
        book = policy.guests
        more = len(found) > FOUND_MAX
        return reply(GuestsBody(rows, more, len(book), book.issued_at_ms))
