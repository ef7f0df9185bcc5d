"""drivers/payment/conversation.py: one payment, played with a scripted line."""

from __future__ import annotations

import math
from collections import deque

import msgspec
import pytest

from drivers.errors import Silent
from drivers.payment.conversation import Conversation
from drivers.payment.line import (
    DeclinedLate,
    Ended,
    LineEvent,
    NeverHeard,
    Prompting,
    Ready,
    Standing,
)
from drivers.payment.machine import PaymentPlan
from drivers.payment.outcome import Authorization, Outcome, State, outcome_of

FIRST = Authorization(txid16=b"1" * 16, amount_minor=450, currency="EUR", reference="guest-1")
SECOND = Authorization(txid16=b"2" * 16, amount_minor=700, currency="EUR", reference="guest-2")


class ScriptedLine:
    """Notes what is asked; `tell` says what the terminal answers."""

    deadline = math.inf

    def __init__(self, number: int) -> None:
        self.events: deque[LineEvent] = deque()
        self.ready = False
        self.asked: list[tuple[str, int, str]] = []
        self.was_taken: list[int] = []
        self._number = number

    def start(self, now: float) -> None: ...
    def timed_out(self, now: float) -> None: ...
    def data_to_send(self) -> bytes:
        return b""

    def receive_data(self, data: bytes, now: float) -> None: ...
    def _ask(self, what: str, asked: Authorization) -> int:
        self._number += 1
        self.asked.append((what, self._number, asked.reference))
        return self._number

    def authorize(self, asked: Authorization, now: float) -> int:
        return self._ask("authorize", asked)

    def inquire(self, asked: Authorization, now: float) -> int:
        return self._ask("inquire", asked)

    def reverse(self, asked: Authorization, now: float) -> int:
        return self._ask("reverse", asked)

    def cancel(self, asked: Authorization, now: float) -> int:
        return self._ask("cancel", asked)

    def taken(self, number: int) -> None:
        self.was_taken.append(number)


class Play:
    def __init__(self) -> None:
        self.lines: list[ScriptedLine] = []
        self.began: list[int] = []
        self.talk = Conversation(PaymentPlan(), self._new, 0)
        self.link()

    def _new(self, number: int) -> ScriptedLine:
        self.began.append(number)
        self.lines.append(ScriptedLine(0))
        return self.lines[-1]

    def link(self, terminal: str = "T1") -> None:
        self.talk.opened(0.0)
        self.lines[-1].ready = True
        self.tell(Ready(terminal))

    def tell(self, *events: LineEvent) -> None:
        self.lines[-1].events.extend(events)
        self.talk.receive_data(b"", 1.0)

    @property
    def asked(self) -> list[tuple[str, int, str]]:
        return self.lines[-1].asked

    @property
    def states(self) -> list[State]:
        told = [outcome.state for outcome in self.talk.outcomes]
        self.talk.outcomes.clear()
        return told


def said(state: State, asked: Authorization = FIRST, **more: object) -> Outcome:
    return msgspec.structs.replace(outcome_of(asked, state), **{"terminal": "T1", **more})


def test_approved() -> None:
    play = Play()
    play.talk.start(FIRST, 0.0)
    assert play.asked == [("authorize", 1, "guest-1")]
    play.tell(Prompting(1))
    assert play.talk.why_not() == "busy"
    play.tell(Ended(1, said(State.APPROVED)))
    assert play.states == [State.APPROVED]
    assert play.talk.why_not() == ""


def test_a_second_payment_waits_for_the_first_and_answers_find_their_own() -> None:
    play = Play()
    play.talk.start(FIRST, 0.0)
    with pytest.raises(AssertionError):
        play.talk.start(SECOND, 0.0)
    play.tell(Ended(99, said(State.APPROVED)))
    assert play.states == [], "an answer to nobody's question"
    play.tell(Ended(1, said(State.DECLINED)))
    play.talk.start(SECOND, 0.0)
    play.tell(Ended(1, said(State.APPROVED, SECOND)))
    assert play.states == [State.DECLINED], "the answer to the first question came twice"
    play.tell(Ended(2, said(State.APPROVED, SECOND)))
    assert play.states == [State.APPROVED]


def test_what_is_lost_is_asked_about_before_anything_is_started() -> None:
    play = Play()
    play.talk.start(FIRST, 0.0)
    play.talk.lost("silent")
    assert play.states == [State.UNKNOWN]
    assert play.talk.why_not() == "gone"
    play.link()
    assert play.asked == [("inquire", 1, "guest-1")]
    assert play.talk.why_not() == "busy"
    play.tell(Ended(1, said(State.APPROVED)))
    assert play.states == [State.APPROVED]
    assert play.talk.why_not() == ""


def test_numbers_are_not_used_again_on_the_next_link() -> None:
    play = Play()
    play.talk.lost("lost")
    play.link()
    first, second = play.began
    assert second - first >= 1 << 16


def test_a_prompt_found_standing_is_taken_away() -> None:
    play = Play()
    play.talk.start(FIRST, 0.0)
    play.talk.lost("lost")
    play.link()
    play.tell(Standing(1))
    assert play.asked[1:] == [("cancel", 2, "guest-1")]
    play.tell(Ended(2, said(State.DECLINED)))
    assert play.states == [State.UNKNOWN, State.DECLINED]


def test_a_prompt_that_is_not_given_up_is_not_asked_for_in_a_circle() -> None:
    play = Play()
    play.talk.start(FIRST, 0.0)
    play.talk.lost("lost")
    play.link()
    play.tell(Standing(1))
    play.tell(Standing(2))
    assert play.asked == [("inquire", 1, "guest-1"), ("cancel", 2, "guest-1")]
    assert play.states == [State.UNKNOWN]
    assert play.talk.why_not() == "", "the till may ask again; the terminal refuses others itself"
    play.talk.inquire(FIRST, "T1", 9.0)
    play.tell(Standing(3))
    play.tell(Ended(4, said(State.APPROVED)))
    assert play.states == [State.APPROVED]


def test_a_cancellation_that_is_answered_by_a_standing_prompt_waits_for_the_guest() -> None:
    play = Play()
    play.talk.start(FIRST, 0.0)
    play.talk.cancel(0.0)
    play.tell(Standing(2))
    assert len(play.asked) == 2
    assert play.talk.why_not() == "busy"
    play.tell(Ended(1, said(State.APPROVED)))
    assert play.states == [State.APPROVED]


def test_never_heard_of_it_is_not_charged() -> None:
    play = Play()
    play.talk.start(FIRST, 0.0)
    play.talk.lost("lost")
    play.link()
    play.tell(NeverHeard(1))
    assert play.states == [State.UNKNOWN, State.DECLINED]


def test_a_mismatch_is_asked_about_once_and_then_left_to_people() -> None:
    play = Play()
    play.talk.start(FIRST, 0.0)
    play.tell(Ended(1, said(State.APPROVED, amount_minor=451)))
    assert play.asked[1:] == [("inquire", 2, "guest-1")]
    assert play.talk.why_not() == "busy"
    play.tell(Ended(2, said(State.APPROVED, amount_minor=451)))
    assert play.talk.why_not() == "", "the next guest can be served"
    assert [outcome.flagged for outcome in play.talk.outcomes] == ["amount_minor"]
    play.talk.start(SECOND, 0.0)
    assert play.talk.why_not() == "busy"


def test_another_device_in_the_place_of_the_first_is_not_asked() -> None:
    play = Play()
    play.talk.start(FIRST, 0.0)
    play.talk.lost("lost")
    play.link("T2")
    assert play.asked == []
    assert [outcome.flagged for outcome in play.talk.outcomes] == ["", "terminal"]
    assert play.talk.why_not() == ""


def test_a_payment_of_an_earlier_process_is_asked_about() -> None:
    play = Play()
    play.talk.inquire(FIRST, "T1", 0.0)
    assert play.asked == [("inquire", 1, "guest-1")]
    play.tell(Ended(1, said(State.REVERSED)))
    assert play.states == [State.REVERSED]


def test_a_reversal_that_is_lost_is_asked_about() -> None:
    play = Play()
    assert play.talk.reverse(FIRST, 0.0) == ""
    play.talk.lost("lost")
    assert play.states == [State.REVERSAL_UNKNOWN]
    play.link()
    assert play.asked == [("inquire", 1, "guest-1")]
    play.tell(Ended(1, said(State.REVERSED)))
    assert play.states == [State.REVERSED]
    assert play.talk.reverse(FIRST, 0.0) == "not_approved", "not given back twice"


def test_cancel_only_when_there_is_a_prompt() -> None:
    play = Play()
    play.talk.cancel(0.0)
    assert play.asked == []
    play.talk.start(FIRST, 0.0)
    play.talk.cancel(0.0)
    assert play.asked[1:] == [("cancel", 2, "guest-1")]
    play.tell(Ended(2, said(State.APPROVED)), Ended(1, said(State.APPROVED)))
    assert play.states == [State.APPROVED], "the guest was quicker; told once"
    play.talk.cancel(0.0)
    assert len(play.asked) == 2


def test_a_late_decline_is_told_until_it_is_taken() -> None:
    play = Play()
    play.talk.start(FIRST, 0.0)
    play.tell(Ended(1, said(State.APPROVED, stored_offline=True)))
    late = said(State.DECLINED_LATE, decline_code="late")
    play.tell(DeclinedLate(77, late))
    assert list(play.talk.late) == [late]
    assert play.states == [State.APPROVED, State.DECLINED_LATE]
    play.talk.late_taken("guest-1")
    play.talk.late_taken("guest-1")
    assert play.lines[-1].was_taken == [77]
    play.tell(DeclinedLate(78, said(State.DECLINED_LATE, SECOND)))
    assert play.states == [], "one of an earlier process: told as late only"
    assert len(play.talk.late) == 2


def test_silence_about_a_payment_ends_the_link() -> None:
    play = Play()
    play.talk.start(FIRST, 0.0)
    assert play.talk.deadline == 5.0
    play.tell(Prompting(1))
    assert play.talk.deadline == 181.0
    play.talk.timed_out(180.0)
    with pytest.raises(Silent):
        play.talk.timed_out(181.0)
