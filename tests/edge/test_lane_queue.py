"""A lane while somebody walks: one guest is queued, and decided when the lane is free."""

import pytest

from crypto.bundle import HolderKey
from crypto.claim import show_identity
from crypto.keys import VerifyKey
from crypto.terms import Medium, MediumTicket, Terms
from crypto.ticket import FLAG_ROTATING, decode_untrusted, rotation_suffix
from tests.edge.core.desk import NOON_S, ONCE, identity, make_bundle, make_code
from tests.edge.venue import Venue, said, said_now

ONE, TWO, THREE = (make_code(n) for n in (1, 2, 3))


def test_one_guest_is_queued_a_third_waits_and_neither_is_consumed() -> None:
    venue = Venue()
    answers = [venue.show(code) for code in (ONE, TWO, THREE)]
    venue.log.sync()
    assert [said(a) for a in answers] == ["admitted", "", "wait"]
    assert answers[2][0].retry
    assert venue.story == ["Admitted"]
    assert said_now(venue, THREE, 2) == "admitted"


def test_the_queued_guest_is_decided_when_the_lane_is_free() -> None:
    venue = Venue()
    venue.show(ONE)
    queued = venue.show(TWO)
    venue.log.sync()
    venue.barriers[1].passes()
    assert said(queued) == ""
    venue.log.sync()
    assert said(queued) == "admitted"
    assert len(venue.barriers[1].granted) == 2
    assert venue.story == ["Admitted", "PassageCompleted", "Admitted"]


def test_the_queued_guest_is_decided_by_what_is_true_then() -> None:
    venue = Venue()
    venue.show(ONE)
    queued = venue.show(TWO)
    venue.show(TWO, 2)
    venue.log.sync()
    venue.barriers[1].lapses()
    venue.log.sync()
    assert said(queued) == "already_redeemed"


@pytest.mark.parametrize(("issuers", "then"), [(1, "admitted"), (0, "unknown_key")])
def test_the_queued_guest_is_verified_once_unless_the_keys_change(
    monkeypatch: pytest.MonkeyPatch, issuers: int, then: str
) -> None:
    verified: list[VerifyKey] = []
    verify = VerifyKey.verify

    def counting(key: VerifyKey, *signed: bytes) -> bool:
        verified.append(key)
        return verify(key, *signed)

    monkeypatch.setattr(VerifyKey, "verify", counting)
    venue = Venue()
    venue.show(ONE)
    queued = venue.show(TWO)
    venue.log.sync()
    if not issuers:
        venue.gateway.apply_bundle(make_bundle(version=2, issuers=[]), b"without keys")
    venue.barriers[1].passes()
    venue.log.sync()
    assert said(queued) == then
    assert len(verified) == 2


def test_the_queued_guest_with_a_live_code_is_verified_again() -> None:
    holder, code = b"h" * 32, make_code(2, flags=FLAG_ROTATING)
    keys = [HolderKey(b"venue:" + (2).to_bytes(8, "big"), holder)]
    venue = Venue(holder_keys=keys)
    payload = decode_untrusted(code).payload
    venue.show(ONE)
    queued = venue.show(code + rotation_suffix(payload, holder, NOON_S // 30).encode())
    venue.log.sync()
    venue.clock.ms += 300_000
    venue.barriers[1].passes()
    venue.log.sync()
    assert said(queued) == "code_expired"


def test_the_queued_guest_with_a_medium_uses_the_ticket_that_works_then() -> None:
    tickets = [
        MediumTicket(identity(1), ONCE, valid_until=NOON_S + 3600),
        MediumTicket(identity(2), ONCE),
    ]
    venue = Venue(terms=Terms(media=[Medium(b"55", tickets)]))
    venue.show(THREE)
    queued = venue.show(b"55")
    venue.show(ONE, 2)
    venue.log.sync()
    for lane in (2, 1):
        venue.barriers[lane].passes()
    venue.log.sync()
    assert said(queued) == "admitted"
    assert queued[0].identity == show_identity(identity(2))


def test_the_queued_guest_is_refused_when_the_barrier_goes_out_of_service() -> None:
    venue = Venue()
    venue.show(ONE)
    queued = venue.show(TWO)
    venue.log.sync()
    venue.barriers[1].service = False
    venue.lanes[1].unknown(2, 0, "link_lost")
    assert said(queued) == "device"
    assert said_now(venue, TWO, 2) == "admitted"


def test_a_refused_guest_does_not_take_the_place_in_the_queue() -> None:
    venue = Venue()
    venue.show(ONE)
    refused = venue.show(b"garbage")
    queued = venue.show(TWO)
    venue.log.sync()
    assert said(refused) == "invalid"
    venue.barriers[1].passes()
    venue.log.sync()
    assert said(queued) == "admitted"
