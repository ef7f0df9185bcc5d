"""Where facts are made: order, durability, a full disk, start, stop, bundles, clock steps."""

import logging
from typing import Any

import pytest

from crypto.bundle import GatewayCard
from crypto.entry import (
    BundleApplied,
    ClockStepped,
    PassageCompleted,
    PassageUnknown,
    Started,
    decode_facts_untrusted,
)
from crypto.terms import Terms, Unheard
from edge.core.reasons import Reason
from edge.core.refusals import MINUTE_MS
from edge.core.state import State
from tests.edge.core.desk import AFTER_EXIT, identity, make_bundle, make_code
from tests.edge.venue import GATEWAY, Log, Venue, said

ONE, TWO = make_code(1), make_code(2)


def replayed(log: Log) -> State:
    """The state that a reader of the disk comes to."""
    state = State()
    for epoch, blocks in log.blocks.items():
        for made in blocks:
            facts = decode_facts_untrusted(made.body, made.count)
            state.apply_run(log.gateway, epoch, made.first_seq, facts)
    return state


def test_the_state_is_what_the_log_says() -> None:
    venue = Venue(blocked=[identity(3)])
    venue.gateway.started()
    for n in (1, 2, 3, 1):
        venue.show(make_code(n), 1 + n % 2)
        venue.log.sync()
        for barrier in venue.barriers.values():
            if barrier.granted:
                barrier.passes()
    venue.show(b"garbage")
    venue.gateway.stopped()
    venue.log.sync()
    assert venue.story[-1] == "Stopped"
    assert venue.gateway.state.dump() == replayed(venue.log).dump()


def test_facts_are_stamped_in_the_order_of_their_seqs() -> None:
    venue = Venue()
    for n in range(1, 30):
        venue.clock.ms += -500 if n % 3 else 700
        venue.show(make_code(n), 1 + n % 2)
        venue.log.sync()
        venue.barriers[1 + n % 2].lapses()
    hlcs = [fact.hlc for fact in venue.log.facts]
    assert hlcs == sorted(set(hlcs))


# -- durability ------------------------------------------------------------------------------------


def test_callbacks_come_in_order_and_only_for_what_is_durable() -> None:
    venue = Venue()
    called: list[int] = []
    seqs = [venue.gateway.record(lambda hlc, now: Started(hlc, now.day, 0, "x")) for _ in range(3)]
    for seq in seqs:
        venue.gateway.when_durable(seq, lambda seq=seq: called.append(seq))
    assert called == []
    venue.log.sync(2)
    assert called == seqs[:2]
    venue.log.sync()
    assert called == seqs
    venue.gateway.when_durable(seqs[0], lambda: called.append(0))
    assert called[-1] == 0


def test_a_callback_that_crashes_keeps_nobody_else_waiting(
    caplog: pytest.LogCaptureFixture,
) -> None:
    venue = Venue()
    called: list[str] = []

    def crash() -> None:
        raise ZeroDivisionError("a bug")

    seq = venue.gateway.record(lambda hlc, now: Started(hlc, now.day, 0, "x"))
    venue.gateway.when_durable(seq, crash)
    venue.gateway.when_durable(seq, lambda: called.append("other"))
    venue.log.sync()
    venue.gateway.when_durable(seq, crash)
    assert called == ["other"]
    assert venue.gateway.counts["crashed"] == 2
    assert "a bug" in caplog.text


# -- a full disk -----------------------------------------------------------------------------------


def test_an_outcome_without_room_is_kept_and_written_later_in_order() -> None:
    venue = Venue()
    venue.show(ONE, 1)
    venue.show(TWO, 2)
    venue.log.sync()
    assert venue.story == ["Admitted", "Admitted"]
    venue.log.full = True
    venue.barriers[2].passes()
    venue.barriers[1].lapses()
    venue.gateway.tick()
    assert (venue.story, venue.gateway.unsaved_count) == ([], 2)
    venue.log.full = False
    venue.gateway.clock_stepped(5000)  # not before what happened before it
    assert venue.story == []
    venue.gateway.tick()
    assert venue.story == ["PassageCompleted", "PassageLapsed", "ClockStepped"]
    assert venue.gateway.unsaved_count == 0
    outcomes = venue.log.facts[-3:-1]
    assert [getattr(fact, "ticket", None) for fact in outcomes] == [identity(2), identity(1)]


def test_while_a_disk_is_full_nothing_piles_up_in_memory() -> None:
    venue = Venue()
    venue.lanes[1].flush()
    venue.show(ONE)
    venue.log.sync()
    venue.log.full = True
    venue.barriers[1].passes()
    for _ in range(100):
        venue.show(b"garbage")
        venue.lanes[1].device("scanner", False, "gone")
        venue.lanes[1].device("scanner", True)
        venue.later(MINUTE_MS)
    venue.lanes[1].device("scanner", False, "gone")
    assert venue.gateway.unsaved_count == 1
    venue.log.full = False
    venue.later(MINUTE_MS)
    assert venue.story[-1] != "Started"
    assert venue.gateway.state.refused == {(1, Reason.INVALID): 100}
    assert [type(f).__name__ for f in venue.log.facts[-3:]] == [
        "PassageCompleted",
        "AdmissionRefused",
        "DeviceLost",
    ]


def test_a_start_with_a_full_disk_refuses_and_resumes() -> None:
    venue = Venue()
    venue.log.full = True
    venue.gateway.started()
    assert said(venue.show(ONE)) == "device"
    venue.log.full = False
    venue.gateway.tick()
    assert venue.story == ["Started"]


# -- start and stop --------------------------------------------------------------------------------


def test_after_a_crash_every_open_hold_becomes_unknown(caplog: pytest.LogCaptureFixture) -> None:
    before = Venue()
    before.add_lane(3, "exit")
    out = make_code(4, product=AFTER_EXIT)
    for n, lane in ((1, 1), (2, 2)):
        before.show(make_code(n), lane)
    before.log.sync()
    before.barriers[2].passes()
    before.lanes[1].barrier = before.barriers[1]
    before.gateway.lanes[3].barrier = before.barriers[1]  # an exit that nobody walks
    before.show(out, 3)
    before.log.sync()
    before.log.begin_epoch(2)

    after = Venue(before.log, replayed(before.log))
    after.gateway.started()
    after.log.sync()
    unknown = [fact for fact in after.log.facts if isinstance(fact, PassageUnknown)]
    assert [(f.ticket, f.lane, f.epoch, f.cause) for f in unknown] == [
        (identity(1), 1, 1, "restart"),
        (identity(4), 3, 1, "restart"),
    ]
    assert "2 guests were between scan and passage" in caplog.text
    answers = after.show(ONE)
    after.log.sync()
    assert said(answers) == "already_redeemed"
    assert answers[0].earlier is not None
    assert answers[0].earlier.possibly


def test_a_second_start_has_nothing_left_to_settle() -> None:
    venue = Venue()
    venue.show(ONE)
    venue.log.sync()
    venue.gateway.started()
    venue.gateway.started()
    assert venue.story == ["Admitted", "Started", "PassageUnknown", "Started"]


def test_an_orderly_stop_writes_what_was_counted_and_says_so_last() -> None:
    venue = Venue()
    venue.show(b"garbage")
    venue.gateway.stopped()
    assert venue.story == ["AdmissionRefused", "Stopped"]


def test_the_clock_of_a_new_process_begins_above_what_was_folded() -> None:
    before = Venue()
    before.clock.ms += 86_400_000  # the wall clock was a day ahead
    before.show(ONE)
    before.log.sync()
    before.log.begin_epoch(2)
    after = Venue(before.log, replayed(before.log))
    after.gateway.started()
    hlcs = [fact.hlc for fact in after.log.facts]
    assert hlcs == sorted(set(hlcs))


# -- bundles and clock -----------------------------------------------------------------------------


def test_a_newer_bundle_is_decided_by_and_an_older_or_equal_one_is_not() -> None:
    venue = Venue()
    assert venue.gateway.apply_bundle(make_bundle(version=5, blocked=[identity(1)]), b"five")
    assert not venue.gateway.apply_bundle(make_bundle(version=5), b"five again")
    assert not venue.gateway.apply_bundle(make_bundle(version=4), b"four")
    venue.show(ONE)
    assert venue.story == ["BundleApplied", "AdmissionRefused"]
    fact = venue.log.facts[-2]
    assert isinstance(fact, BundleApplied)
    assert fact.version == 5


def test_the_bundle_that_was_in_force_before_a_restart_is_no_new_fact() -> None:
    before = Venue()
    before.log.begin_epoch(2)
    after = Venue(before.log, replayed(before.log))
    assert after.seen == before.seen


def test_an_older_bundle_after_a_restart_is_better_than_none_and_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = Venue()
    before.gateway.apply_bundle(make_bundle(version=9), b"nine")
    before.log.sync()
    before.log.begin_epoch(2)
    after = Venue(before.log, replayed(before.log))
    assert after.gateway.policy.version == 1
    assert "older bundle" in caplog.text
    assert isinstance(after.log.facts[-1], BundleApplied)


def test_a_step_of_the_clock_is_a_fact() -> None:
    venue = Venue()
    venue.gateway.clock_stepped(-3_600_000)
    fact = venue.log.facts[-1]
    assert isinstance(fact, ClockStepped)
    assert fact.delta_ms == -3_600_000


def test_each_fact_is_one_line_in_the_log_that_names_no_ticket(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    venue = Venue()
    caplog.clear()
    venue.show(ONE, nonce=b"n1")
    venue.log.sync()
    venue.barriers[1].passes()
    assert caplog.messages == ["Admitted", "PassageCompleted"]
    said = [vars(record) for record in caplog.records]
    assert [line["seq"] for line in said] == [2, 3]
    assert [line["lane"] for line in said] == [1, 1]
    for line in said:
        assert not any(isinstance(value, bytes) for value in line.values())
        assert ONE.decode()[-60:] not in str(line)


def test_facts_are_counted_by_kind_and_carry_the_owner() -> None:
    venue = Venue()
    venue.show(ONE)
    venue.log.sync()
    venue.barriers[1].passes()
    assert venue.gateway.counts == {"BundleApplied": 1, "Admitted": 1, "PassageCompleted": 1}
    assert isinstance(venue.log.facts[-1], PassageCompleted)
    assert [origin.gateway for origin in venue.gateway.state.origins] == [GATEWAY]


# -- who is not heard ------------------------------------------------------------------------------


class Links:
    """Siblings by how long they were not heard."""

    unheard_after_s = 10.0

    def __init__(self, **silent_s: float) -> None:
        self.silent_s = {name.encode() * 16: s for name, s in silent_s.items()}

    def unheard_s(self, gateway: bytes) -> float:
        return self.silent_s[gateway]

    def rows(self) -> list[Any]:
        return []

    def warnings(self) -> list[str]:
        return []


def exits(*names: str) -> dict[str, Any]:
    cards = [GatewayCard(one.encode() * 16, at, one, bytes(32)) for at, one in enumerate("GSW", 1)]
    return {"terms": Terms(when_unheard=Unheard("mark", list(names))), "gateways": cards}


def test_the_policy_is_told_which_exits_are_not_heard() -> None:
    venue = Venue(**exits("G", "S"))
    venue.gateway.siblings = links = Links(S=9.9, W=60.0)
    venue.gateway.tick()
    assert venue.gateway.policy.unheard == ()  # W has none, and nobody misses himself
    links.silent_s[b"S" * 16] = 10.0
    venue.gateway.tick()
    assert venue.gateway.policy.unheard == ("S",)
    newer = make_bundle(version=2, **exits("S", "W"))
    assert venue.gateway.apply_bundle(newer, b"two")
    assert venue.gateway.policy.unheard == ("S", "W")
    links.silent_s[b"S" * 16] = links.silent_s[b"W" * 16] = 0.0
    venue.gateway.tick()
    assert venue.gateway.policy.unheard == ()


def test_without_siblings_no_other_gateway_is_heard() -> None:
    venue = Venue(**exits("G", "S"))
    venue.gateway.tick()
    assert venue.gateway.policy.unheard == ("S",)
