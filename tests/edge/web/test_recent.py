"""The memory of answers is bounded in number and time, and never forgets who still waits."""

from __future__ import annotations

import pytest

from edge.answers import Answer
from edge.web.recent import Asked, Recent, RecentFull, mark_of

YES = Answer("admitted", 1, "entry")


def asked(answer: Answer | None = YES) -> Asked:
    made = Asked(b"")
    if answer is not None:
        made.tell(answer)
    return made


def keep(recent: Recent, name: bytes, what: Asked, now_s: float = 0.0) -> None:
    recent.make_room(now_s)
    recent.keep(name, what, now_s)


def test_an_answer_is_found_until_its_time_is_over() -> None:
    recent, one = Recent(kept_s=600), asked()
    keep(recent, b"a", one, 100.0)
    assert recent.find(b"a", 700.0) is one
    assert recent.find(b"a", 700.1) is None
    assert recent.find(b"b", 100.0) is None


def test_what_is_too_old_makes_room_first() -> None:
    recent = Recent(kept_max=2, kept_s=600)
    keep(recent, b"old", asked(None), 0.0)
    keep(recent, b"a", asked(), 500.0)
    keep(recent, b"b", asked(), 601.0)
    assert len(recent) == 2
    assert recent.find(b"a", 601.0) is not None


def test_the_oldest_answer_goes_but_nobody_who_waits() -> None:
    recent = Recent(kept_max=3)
    keep(recent, b"waits", asked(None))
    for name in (b"a", b"b", b"c"):
        keep(recent, name, asked())
    assert len(recent) == 3
    assert recent.find(b"a", 0.0) is None
    assert recent.find(b"waits", 0.0) is not None
    assert recent.find(b"c", 0.0) is not None


def test_if_all_wait_it_is_full() -> None:
    recent = Recent(kept_max=2)
    keep(recent, b"a", asked(None))
    keep(recent, b"b", asked(None))
    with pytest.raises(RecentFull, match="2 presentations wait"):
        recent.make_room(0.0)


def test_an_answer_says_from_the_second_time_on_that_it_is_a_repetition() -> None:
    one = asked(None)
    assert one.take() is None
    one.tell(YES)
    assert one.take() is YES
    again = one.take()
    assert again is not None
    assert again.repeated
    assert again.decision == YES.decision


def test_a_mark_tells_presentations_apart_and_holds_no_code() -> None:
    marks = {
        mark_of(b"a", 1, ""), mark_of(b"b", 1, ""), mark_of(b"a", 2, ""), mark_of(b"a", 1, "exit"),
        mark_of(b"exit a", 1, ""), mark_of(b"a", 1, "", {"answers": ("b",)}),
        mark_of(b"a", 1, "", {"answers": ("b", "c")}), mark_of(b"a", 1, "", {"choice": b"b"}),
    }  # fmt: skip
    assert len(marks) == 8
    assert all(len(mark) == 16 for mark in marks)
