"""A flood of refusals becomes few facts, and every refusal is counted."""

from crypto.entry import AdmissionRefused
from edge.core.reasons import Reason
from edge.core.refusals import MINUTE_MS, TICKETS_PER_MINUTE_MAX, RefusalMeter

NOW_MS = 1_767_268_800_000


def refusal(ticket: int = 1, reason: Reason = Reason.ALREADY_REDEEMED) -> AdmissionRefused:
    return AdmissionRefused(1, 20260101, 60, 1, 1, reason, ticket.to_bytes(8, "big"))


def begun() -> RefusalMeter:
    meter = RefusalMeter()
    assert meter.flush(NOW_MS) == []
    return meter


def test_garbage_is_one_counted_fact_per_reason_and_minute() -> None:
    meter = begun()
    for _ in range(10_000):
        meter.garbage(Reason.INVALID)
    meter.garbage(Reason.UNKNOWN_KEY)
    assert meter.flush(NOW_MS + MINUTE_MS - 1) == []
    counted = [(Reason.INVALID, b"", 10_000), (Reason.UNKNOWN_KEY, b"", 1)]
    assert meter.flush(NOW_MS + MINUTE_MS) == counted
    assert meter.flush(NOW_MS + 2 * MINUTE_MS) == []


def test_the_first_refusal_of_a_ticket_is_a_fact_and_its_repeats_are_counted() -> None:
    meter = begun()
    assert not meter.repeats(refusal())
    assert meter.repeats(refusal())
    assert meter.repeats(refusal())
    assert not meter.repeats(refusal(reason=Reason.BLOCKED))
    assert not meter.repeats(refusal(ticket=2))
    counted = [(Reason.ALREADY_REDEEMED, refusal().ticket_hash, 2)]
    assert meter.flush(NOW_MS + MINUTE_MS) == counted


def test_a_new_minute_begins_with_a_fact_again() -> None:
    meter = begun()
    assert not meter.repeats(refusal())
    meter.flush(NOW_MS + MINUTE_MS)
    assert not meter.repeats(refusal())


def test_a_flood_of_different_tickets_is_bounded_and_none_is_lost() -> None:
    meter = begun()
    facts = sum(not meter.repeats(refusal(n)) for n in range(50_000))
    assert facts == TICKETS_PER_MINUTE_MAX
    counted = meter.flush(NOW_MS, force=True)
    assert len(counted) == 1
    assert facts + sum(count for _, _, count in counted) == 50_000


def test_at_the_end_the_running_minute_is_written_too() -> None:
    meter = begun()
    meter.garbage(Reason.INVALID)
    assert meter.flush(NOW_MS, force=True) == [(Reason.INVALID, b"", 1)]
