"""What siblings tell is folded at once; what both admitted is recorded once."""

from crypto import block
from crypto.block import Block, Head
from crypto.entry import (
    AdmissionRefused,
    Admitted,
    ConflictFound,
    KnownFact,
    Started,
    Use,
    decode_facts_untrusted,
    encode_facts,
)
from edge.core.reasons import Reason
from edge.core.state import State
from tests.edge.core.desk import identity, make_bundle, make_code
from tests.edge.venue import EPOCH_KEY, GATEWAY, Venue, said

B = b"B" * 16


def sealed(*facts: KnownFact, gateway: bytes = B) -> Block:
    raw = block.seal(
        gateway=gateway, epoch=1, head=Head(), count=len(facts), body=encode_facts(list(facts)),
        wall_ms=0, last_hlc=facts[-1].hlc, key=EPOCH_KEY,
    )  # fmt: skip
    return block.read_untrusted(raw)[0]


def admitted_at_b(venue: Venue, number: int = 1) -> Block:
    hlc = (venue.clock.ms + 5) << 16
    fact = Admitted(hlc, 20260101, 60, 7, 2, identity(number), 5, 1, 0, 1, 1, b"")
    return sealed(fact)


def fold(venue: Venue, made: Block) -> None:
    venue.gateway.fold_sibling(made, decode_facts_untrusted(made.body))


def test_what_a_sibling_has_admitted_is_refused_before_it_is_on_our_disk() -> None:
    venue = Venue()
    fold(venue, admitted_at_b(venue))
    assert said(venue.show(make_code(1))) == ""  # the refusal itself waits for the disk
    venue.log.sync()
    assert isinstance(venue.log.facts[-1], AdmissionRefused)
    assert venue.log.facts[-1].reason == Reason.ALREADY_REDEEMED


def test_our_facts_come_after_what_we_have_folded_unless_it_is_too_far_ahead() -> None:
    venue = Venue()
    fold(venue, admitted_at_b(venue))
    assert venue.gateway.stamp()[1] > (venue.clock.ms + 5) << 16
    far = sealed(Started((venue.clock.ms + 3_600_000) << 16, 20260101, 60, "x"), gateway=b"C" * 16)
    for _ in range(3):
        fold(venue, far)
    assert venue.gateway.ahead_count == 3
    assert venue.gateway.stamp()[1] >> 16 < venue.clock.ms + 1000
    again = Venue(state=venue.gateway.state)  # nor does the next process follow it
    assert again.gateway.stamp()[1] >> 16 < venue.clock.ms + 1000


def test_a_conflict_is_recorded_once_after_a_moment_and_told_to_our_lane() -> None:
    venue = Venue()
    venue.show(make_code(1))
    venue.log.sync()
    with venue.gateway.events.listen() as events:
        fold(venue, admitted_at_b(venue))
        venue.gateway.tick()
        assert "ConflictFound" not in venue.story  # an exit may still be on its way
        for _ in range(3):
            venue.gateway.tick()
        assert venue.story.count("ConflictFound") == 1
        told = []
        while events.statistics().current_buffer_used:
            told.append(events.receive_nowait())
    (alert,) = [event for event in told if event["event"] == "conflict"]
    assert alert["lane"] == 1
    assert (alert["earlier"]["gateway"], alert["later"]["gateway"]) == (GATEWAY.hex(), B.hex())
    again = Venue(state=venue.gateway.state)  # known for ever
    for _ in range(3):
        again.gateway.tick()
    assert "ConflictFound" not in again.story


def test_a_conflict_that_a_crash_left_unrecorded_is_found_at_the_next_start() -> None:
    venue = Venue()
    venue.show(make_code(1))
    fold(venue, admitted_at_b(venue))
    venue.gateway.state.suspects.clear()
    again = Venue(state=State.load(venue.gateway.state.dump()))
    again.gateway.tick()
    assert again.story == ["ConflictFound"]


def test_a_lapse_that_explains_it_in_time_makes_no_conflict() -> None:
    venue = Venue()
    venue.show(make_code(1))
    venue.log.sync()
    fold(venue, admitted_at_b(venue))
    venue.gateway.tick()
    venue.barriers[1].lapses()
    for _ in range(3):
        venue.gateway.tick()
    assert "ConflictFound" not in venue.story


def test_a_conflict_that_a_sibling_found_is_told_here_too() -> None:
    venue = Venue()
    uses = [Use(gateway, 1, 1, 1, 0, 1, lane) for gateway, lane in ((B, 7), (GATEWAY, 2))]
    found = ConflictFound(9 << 16, 20260101, 60, bytes(16), identity(1), *uses)
    with venue.gateway.events.listen() as events:
        fold(venue, sealed(found))
        event = events.receive_nowait()
    assert (event["event"], event["lane"]) == ("conflict", 2)


def test_who_waits_for_another_bundle_is_told() -> None:
    venue = Venue()
    told: list[int] = []
    venue.gateway.on_bundle.append(lambda: told.append(venue.gateway.policy.version))
    assert venue.gateway.apply_bundle(make_bundle(version=5), b"five")
    assert not venue.gateway.apply_bundle(make_bundle(version=5), b"five")
    assert (told, venue.gateway.bundle_raw) == ([5], b"five")
