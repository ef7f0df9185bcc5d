"""One seed, one crowd; and every sort of guest is in it."""

from __future__ import annotations

import random
from dataclasses import fields

import pytest

from crypto import ticket
from crypto.bundle import Bundle, Issuer, IssuerKey
from crypto.claim import Keyring
from crypto.errors import BadCode
from crypto.keys import SigningKey
from edge.demo.guests import SORTS, Code, Codes, flipped, plan
from edge.demo.settings import LANES, sites

KEY = SigningKey(bytes(32))


def codes(count: int = 400) -> Codes:
    sorts = [field.name for field in fields(Codes)]
    made = {
        s: [Code(f"{s} {n:03} {'x' * 40}".encode(), f"{s}:{n}") for n in range(count)]
        for s in sorts
    }
    made["group"] = [Code(code.text, code.identity, 3) for code in made["group"]]
    return Codes(**made)


def test_the_same_seed_brings_the_same_crowd() -> None:
    assert plan(7, 100, 10, codes()) == plan(7, 100, 10, codes())
    assert plan(7, 100, 10, codes()) != plan(8, 100, 10, codes())


@pytest.mark.parametrize("count", [1, 5, 40, 300])
def test_as_many_come_as_were_asked_for_in_order_and_in_time(count: int) -> None:
    crowd = plan(1, count, 10, codes())
    assert len(crowd) == count
    times = [guest.at_s for guest in crowd]
    assert times == sorted(times)
    assert all(0 <= guest.at_s <= 10 + 4 for guest in crowd)
    assert all(show.lane in LANES for guest in crowd for show in guest.shows)


def test_every_sort_comes_to_a_small_crowd_already() -> None:
    assert {guest.sort for guest in plan(3, 40, 10, codes())} == set(SORTS)
    assert sum(SORTS.values()) > 100


def test_only_copies_and_twins_share_a_ticket() -> None:
    crowd = plan(5, 200, 10, codes())
    alone = [g.code.identity for g in crowd if g.code.identity and g.sort not in ("copy", "twins")]
    assert len(alone) == len(set(alone))
    copied = [guest for guest in crowd if guest.sort == "copy"]
    assert copied and all(guest.code.identity in alone for guest in copied)


def test_a_copy_comes_later_and_to_another_lane() -> None:
    crowd = plan(5, 200, 10, codes())
    for copy in (guest for guest in crowd if guest.sort == "copy"):
        first = next(g for g in crowd if g.code == copy.code and g.sort != "copy")
        assert copy.at_s >= first.at_s + 1
        assert copy.shows[0].lane != first.shows[0].lane


def test_a_group_shows_its_code_once_too_often() -> None:
    group = next(guest for guest in plan(3, 60, 10, codes()) if guest.sort == "group_singly")
    assert len(group.shows) == group.code.persons + 1


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("gateways", [1, 2, 3])
def test_nobody_shows_a_ticket_at_two_gateways_by_chance(seed: int, gateways: int) -> None:
    crowd = plan(seed, 200, 10, codes(8), gateways)  # so few that they are drawn again
    owner = {lane: site.name for site in sites(gateways) for lane in site.lanes}
    where: dict[str, set[str]] = {}
    for guest in crowd:
        if guest.code.identity and not guest.reason:
            shown = where.setdefault(guest.code.identity, set())
            shown |= {owner[show.lane] for show in guest.shows}
    assert all(len(at) == 1 for at in where.values())
    assert {owner[guest.shows[0].lane] for guest in crowd} == set(owner.values())


@pytest.mark.parametrize("seed", range(200))
def test_a_flipped_code_is_invalid_and_never_of_an_unknown_seller(seed: int) -> None:
    wanted = ticket.Ticket(KEY.key_id, 1, bytes(8), 1, 0, 0, 1, 0, 1_700_000_000)
    text = ticket.issue(wanted, KEY).encode()
    keyring = Keyring(Bundle(issuers=[Issuer("us", [IssuerKey(KEY.public)])]))
    forged = flipped(text, random.Random(seed))
    assert forged != text
    with pytest.raises(BadCode) as refused:
        keyring.read_untrusted(forged, 1_700_000_000)
    assert refused.value.reason == "invalid"
