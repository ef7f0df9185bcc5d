"""Sessions end: in time, when nobody asks, when there are too many, and when signed out."""

from __future__ import annotations

from itertools import count

from edge.web.sessions import IDLE_S, PER_PERSON_MAX, SESSIONS_MAX, Sessions
from tests.edge.web.house import person

ANNA, BEN = person(1, "Anna", "supervisor"), person(2, "Ben", lanes=(2,))


def make(lasts_s: float = 40_000) -> Sessions:
    numbers = count()
    return Sessions(lasts_s, lambda size: f"{size}-{next(numbers)}")


def test_a_token_finds_its_person_and_no_other_does() -> None:
    sessions = make()
    token, begun = sessions.begin(ANNA, 0)
    assert token == "32-0"
    assert sessions.find(token, 1) is begun
    assert [sessions.find(other, 1) for other in ("", "32-1", "\ud800", token + "x")] == [None] * 4


def test_real_tokens_are_long_and_never_the_same() -> None:
    sessions = Sessions(1000)
    tokens = {sessions.begin(person(i, str(i)), 0)[0] for i in range(1, 50)}
    assert len(tokens) == 49 and min(map(len, tokens)) >= 43


def test_it_ends_in_time_however_busy() -> None:
    sessions = make(3 * IDLE_S)
    token, session = sessions.begin(ANNA, 0)
    for now_s in range(0, int(3 * IDLE_S), 600):
        assert sessions.find(token, now_s) is session
    assert sessions.left_s(session, 3 * IDLE_S - 5) == 5
    assert sessions.find(token, 3 * IDLE_S) is None


def test_it_ends_when_nobody_asks() -> None:
    sessions = make()
    token, _ = sessions.begin(ANNA, 0)
    assert sessions.find(token, IDLE_S) is not None
    assert sessions.find(token, 2 * IDLE_S + 1) is None


def test_signing_out_ends_it() -> None:
    sessions = make()
    token, _ = sessions.begin(ANNA, 0)
    sessions.end(token)
    sessions.end(token)
    assert sessions.find(token, 0) is None


def test_a_person_has_only_so_many_and_so_has_the_gateway() -> None:
    sessions = make(10_000_000)
    first, _ = sessions.begin(ANNA, 0)
    second, _ = sessions.begin(ANNA, 0)
    for _ in range(PER_PERSON_MAX - 1):
        sessions.begin(ANNA, 0)
    assert sessions.find(first, 0) is None
    assert sessions.find(second, 0) is not None
    for i in range(SESSIONS_MAX + 10):
        sessions.begin(person(i + 10, f"name {i}"), 0)
    assert len(sessions) == SESSIONS_MAX
    sessions.begin(BEN, 10_000)
    assert len(sessions) == 1  # the others have been quiet for too long


def test_rights_are_those_of_the_role_and_end_at_ones_lanes() -> None:
    sessions = make()
    _, anna = sessions.begin(ANNA, 0)
    _, ben = sessions.begin(BEN, 0)
    assert anna.may("scan", 1) and anna.may("watch")
    assert ben.may("scan", 2) and ben.may("scan") and not ben.may("scan", 1)
    assert not ben.may("override")
