"""What a text names: a code of ours, issuer:hex, a code of a foreign shop."""

from __future__ import annotations

import pytest

from central.sales.denials import NoTicket, identity_of
from crypto.keys import SigningKey
from crypto.ticket import Ticket, issue

KEY = SigningKey(b"i" * 32)
CODE = issue(Ticket(KEY.key_id, 1, b"abcdefgh", 1, 0, 0, 1, 0, 5), KEY)


def test_texts_that_name_a_ticket() -> None:
    assert identity_of(CODE, "house", []) == b"house:abcdefgh"
    assert identity_of(f" {CODE}\n", "house", []) == b"house:abcdefgh"
    assert identity_of("house:" + b"abcdefgh".hex(), "house", []) == b"house:abcdefgh"
    assert identity_of("shop:" + "ab" * 32, "house", ["shop"]) == b"shop:" + b"\xab" * 32


@pytest.mark.parametrize(
    "text", ["", "x", "house:", "house:zz", "house:aabb", "stranger:" + "ab" * 8, CODE[:-1]]
)
def test_texts_that_name_none(text: str) -> None:
    with pytest.raises(NoTicket):
        identity_of(text, "house", ["shop"])
