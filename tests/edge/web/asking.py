"""A gate that asks: a product with questions, bands with two tickets, an order that is not paid."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from config.staff import Staff
from crypto.bundle import Product
from crypto.claim import make_identity
from crypto.guests import Guest
from crypto.terms import EntryPolicy, GatePolicy, Medium, MediumTicket, Terms
from edge.core.guests import GuestBook
from edge.core.policy import Policy
from tests.edge.web.house import NOW_S, House, rules

AGE, CARD = "18 or older?", "Student card?"
ASKED = 8
COUPLE, TASTERS = "04FFFFFFFFFFFF", "04AAAAAAAAAAAA"
ENDS_S = NOW_S + 3600


def identity(number: int) -> bytes:
    """Of `house.code(number)`."""
    return make_identity("shop", hashlib.sha256(str(number).encode()).digest()[:8])


OWED = identity(5)


def asking(staff: Sequence[Staff] = (), *, accepts: bool = True) -> House:
    """Product 8 is asked for; `COUPLE` has tickets 21 and 22, `TASTERS` 31 and 32 of product 8;
    tickets 5 and 6 are not paid."""
    house = House(staff)
    ends = {"valid_until": ENDS_S}
    terms = Terms(
        policies=[EntryPolicy(ASKED, questions=[AGE, CARD])],
        gates=[GatePolicy(1, accepts_unpaid=accepts)],
        media=[
            Medium(COUPLE.encode(), [MediumTicket(identity(n), 7, **ends) for n in (21, 22)]),
            Medium(TASTERS.encode(), [MediumTicket(identity(n), ASKED, **ends) for n in (31, 32)]),
        ],
        unpaid=[OWED, identity(6)],
    )
    bundle = msgspec.structs.replace(
        rules(), products=[Product(7, "Day ticket"), Product(ASKED, "Tasting")], terms=terms
    )
    guests = GuestBook(
        [Guest("1", "Mia Meier", identity(6), 7), Guest("2", "Noah Meier", identity(7), ASKED)]
    )
    house.gateway.policy = Policy(bundle, guests=guests)
    return house
