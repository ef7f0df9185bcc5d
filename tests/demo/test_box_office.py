"""The hostile codes are what they claim to be, and the foreign shop's are genuine."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from crypto import pretix, ticket
from crypto.bundle import Bundle, Issuer, IssuerKey
from crypto.claim import Keyring, show_identity
from crypto.errors import BadCode
from crypto.keys import SigningKey, VerifyKey, parse_public_untrusted
from edge.demo import box_office
from edge.demo.guests import SORTS, Code

KEY = SigningKey(bytes(32))
KEYRING = Keyring(Bundle(issuers=[Issuer("us", [IssuerKey(KEY.public)])]))


def sold(number: int, persons: int = 1) -> bytes:
    wanted = ticket.Ticket(KEY.key_id, 1, number.to_bytes(8, "big"), 1, 0, 0, persons, 0, 1_700_000)
    return ticket.issue(wanted, KEY).encode()


def test_the_shops_codes_verify_with_its_key() -> None:
    shop = box_office._shop()
    key = VerifyKey(parse_public_untrusted(shop["public_key_setting_b64pem"]))
    assert len(shop["tickets"]) == 100
    identities = set()
    for row in shop["tickets"]:
        signed = pretix.decode_untrusted(row["secret"].encode())
        assert pretix.verify(signed, key)
        assert signed.ticket.item == row["item"]
        identities.add(box_office._foreign(row).identity)
    assert len(identities) == 100


def test_only_codes_that_stay_valid_are_shown() -> None:
    now_s = 1_700_000_000
    rows = [(0, 0), (0, now_s + 60), (now_s + 60, 0), (0, now_s + 7200), (now_s, 0)]
    held = [box_office._holds({"valid_from": a, "valid_until": b}, now_s) for a, b in rows]
    assert held == [True, False, False, True, True]
    assert any(box_office._holds(row, int(time.time())) for row in box_office._shop()["tickets"])


def test_codes_are_read_with_the_identity_that_the_gateway_shows(tmp_path: Path) -> None:
    file = tmp_path / "day.txt"
    file.write_bytes(sold(1) + b"\n" + sold(2, persons=3) + b"\n")
    codes = box_office._read(file, "us")
    for code in codes:
        assert show_identity(KEYRING.read_untrusted(code.text, 0).identity) == code.identity
    assert [code.persons for code in codes] == [1, 3]


def test_an_unknown_seller_is_unknown() -> None:
    for code in box_office._forged_by_another_key(Code(sold(1)), 3):
        with pytest.raises(BadCode) as refused:
            KEYRING.read_untrusted(code.text, 0)
        assert refused.value.reason == "unknown_key"
        assert code.identity == ""


@pytest.mark.parametrize("guests", [1, 40, 1000])
def test_there_are_tickets_enough(guests: int) -> None:
    counts = box_office.count_of(guests)
    denied = 3 * counts["group"]
    # Copies, twins and forgeries draw a day ticket each, too.
    assert counts["day"] - denied >= guests
    assert counts["group"] >= guests * sum(v for k, v in SORTS.items() if "group" in k) / 100
