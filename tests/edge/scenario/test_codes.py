"""Tickets of a file become codes that the real readers accept; every other spelling does not."""

from zoneinfo import ZoneInfo

import pytest

from crypto import pretix, ticket
from crypto.errors import BadCode
from crypto.keys import VerifyKey
from edge.scenario import codes, venue_table
from tests.crypto import pretix_codes

UTC = ZoneInfo("UTC")
NUMBERS = {"products": {"Day": 1, "Crew": 2}, "performances": {"Show": 7}}
FIRST_S = 1_780_000_000


def issued(*tickets: venue_table.Ticket) -> dict[str, codes.Code]:
    return codes.issue_all(list(tickets), NUMBERS, UTC, FIRST_S, "venue")


def test_an_own_ticket_is_signed_by_its_issuer_and_says_what_the_file_says() -> None:
    made = issued(
        venue_table.Ticket(
            name="Anna", product="Crew", performance="Show", persons=4, attention=True, check=True,
            valid_from="2026-07-01T00:00", valid_until="2026-07-02T00:00",
        )
    )["Anna"]  # fmt: skip
    signed = ticket.decode_untrusted(made.text)
    assert ticket.verify(signed, VerifyKey(codes.key_of("issuer", "venue").public))
    assert not ticket.verify(signed, VerifyKey(codes.key_of("issuer", "other").public))
    t = signed.ticket
    assert (t.product, t.performance, t.persons, t.flags) == (2, 7, 4, 3)
    assert (t.valid_from, t.valid_until) == (1_782_864_000, 1_782_950_400)
    assert t.issued_at == FIRST_S - 30 * 86_400


def test_a_ticket_that_replaces_another_is_the_same_right_issued_later() -> None:
    made = issued(
        venue_table.Ticket(name="Lost", product="Day"),
        venue_table.Ticket(name="Again", product="Day", replaces="Lost"),
        venue_table.Ticket(name="Once more", product="Day", replaces="Again"),
        venue_table.Ticket(name="Other", product="Day"),
    )
    lost, again, more, other = made.values()
    assert lost.identity == again.identity == more.identity != other.identity
    assert lost.issued_at < again.issued_at < more.issued_at
    assert len({one.text for one in made.values()}) == 4


def test_a_shops_ticket_is_written_as_the_shop_writes_it() -> None:
    fields = {"item": 42, "variation": -1, "subevent": 2**63 - 1, "valid_from": 0,
              "valid_until": 1_780_000_000}  # fmt: skip
    text = codes.pretix_text("Zoë", fields, "webshop")
    signed = pretix.decode_untrusted(text)
    key = codes.key_of("shop", "webshop")
    assert pretix.verify(signed, VerifyKey(key.public))
    read = signed.ticket
    assert (read.seed, read.item, read.variation) == ("Zoë", 42, -1)
    assert (read.subevent, read.valid_until) == (2**63 - 1, 1_780_000_000)
    other = pretix_codes.message("Zoë", **fields)
    assert signed.payload == other


@pytest.mark.parametrize("how", ["lower_case", "altered", "with_more_behind"])
def test_a_code_that_is_shown_otherwise_is_no_code_of_that_ticket(how: str) -> None:
    own = issued(venue_table.Ticket(name="Anna", product="Day"))["Anna"]
    shop = issued(venue_table.Ticket(name="Shop", shop="webshop", item=1))["Shop"]
    for code, kind, name in ((own, "issuer", "venue"), (shop, "shop", "webshop")):
        key = VerifyKey(codes.key_of(kind, name).public)
        module = ticket if kind == "issuer" else pretix
        assert module.verify(module.decode_untrusted(code.text), key)
        try:
            read = module.decode_untrusted(code.shown(how, FIRST_S))
        except BadCode:
            continue
        assert not module.verify(read, key)


def test_a_rotating_code_changes_every_half_minute() -> None:
    made = issued(venue_table.Ticket(name="Live", product="Day", rotating=True))["Live"]
    assert made.shown("printed", 0) == made.shown("printed", 29) != made.shown("printed", 30)
    assert made.shown("with_address", 0).startswith(b"HTTPS://")
    signed = ticket.decode_untrusted(made.shown("printed", FIRST_S))
    assert ticket.rotation_holds(signed, made.holder_key, FIRST_S)
