"""Guessing is slow: per name, per address, longer each time; the right PIN goes on at once."""

from __future__ import annotations

import pytest

from edge.web import attempts as guessing
from edge.web.attempts import (
    ADDRESS_TRIES_MAX,
    FORGET_S,
    GAP_S,
    LOCK_S,
    LOCK_S_MAX,
    NAME_TRIES_MAX,
    Attempts,
)


def wrong(attempts: Attempts, name: str, address: str, now_s: float, times: int) -> float:
    """Try so often, as soon as it is possible; the time after the last."""
    for _ in range(times):
        assert attempts.begin(name, address, now_s) == 0
        now_s += GAP_S
    return now_s


def test_a_name_is_locked_after_too_many_wherever_they_come_from() -> None:
    attempts = Attempts()
    now_s = wrong(attempts, "anna", "a", 0, NAME_TRIES_MAX - 1)
    now_s = wrong(attempts, "anna", "b", now_s, 1)
    assert attempts.begin("anna", "c", now_s) == LOCK_S - GAP_S
    assert attempts.begin("ben", "a", now_s) == 0
    assert attempts.begin("anna", "c", now_s + LOCK_S) == 0


def test_each_lock_is_twice_as_long_up_to_a_bound() -> None:
    attempts, now_s, locks = Attempts(), 0.0, []
    for _ in range(6):
        now_s = wrong(attempts, "anna", "a", now_s, NAME_TRIES_MAX)
        locks.append(attempts.begin("anna", "z", now_s) + GAP_S)
        now_s += locks[-1]
    assert locks == [60, 120, 240, 480, LOCK_S_MAX, LOCK_S_MAX]


def test_an_address_is_locked_after_too_many_whatever_the_names() -> None:
    attempts = Attempts()
    for i in range(ADDRESS_TRIES_MAX):
        assert attempts.begin(f"name {i}", "a", 0) == 0
    assert attempts.begin("anna", "a", 0) == LOCK_S
    assert attempts.begin("anna", "b", 0) == 0


def test_a_try_counts_before_its_pin_is_looked_at() -> None:
    attempts = Attempts()
    assert attempts.begin("anna", "a", 0) == 0
    assert attempts.begin("anna", "a", 0) == GAP_S  # a hundred at once are one


def test_the_right_pin_takes_its_count_back() -> None:
    attempts, now_s = Attempts(), 0.0
    for _ in range(3 * ADDRESS_TRIES_MAX):
        now_s = wrong(attempts, "anna", "a", now_s, 1)
        attempts.right("anna", "a")
    now_s = wrong(attempts, "anna", "a", now_s, NAME_TRIES_MAX - 1)
    attempts.right("anna", "a")
    wrong(attempts, "anna", "a", now_s, NAME_TRIES_MAX - 1)


def test_a_right_pin_for_one_name_forgives_no_guesses_for_others() -> None:
    attempts, now_s = Attempts(), 0.0
    for i in range(ADDRESS_TRIES_MAX):
        now_s = wrong(attempts, f"name {i}", "a", now_s, 1)
        if attempts.begin("anna", "a", now_s) == 0:
            attempts.right("anna", "a")
    assert attempts.begin("ben", "a", now_s) > 0


def test_a_right_pin_is_not_the_one_that_locks_its_address() -> None:
    attempts = Attempts()
    for i in range(ADDRESS_TRIES_MAX - 1):
        assert attempts.begin(f"name {i}", "a", 0) == 0
    assert attempts.begin("anna", "a", 0) == 0
    attempts.right("anna", "a")
    assert attempts.begin("ben", "a", 0) == 0
    assert attempts.begin("cleo", "a", 0) == LOCK_S


def test_what_was_quiet_is_forgotten_and_a_flood_of_names_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept_max = 300
    assert kept_max < guessing.KEPT_MAX
    monkeypatch.setattr(guessing, "KEPT_MAX", kept_max)
    attempts = Attempts()
    wrong(attempts, "anna", "a", 0, NAME_TRIES_MAX - 1)
    assert attempts.begin("ben", "b", FORGET_S + 10) == 0
    assert len(attempts) == 2
    for i in range(kept_max + 50):
        attempts.begin(f"name {i}", f"address {i}", FORGET_S + 10)
    assert len(attempts) <= kept_max + 2


def test_whether_it_is_locked_can_be_asked_and_counts_nothing() -> None:
    tries = Attempts()
    assert tries.locked_s("Anna", "a", 0.0) == 0.0 and len(tries) == 0
    for i in range(NAME_TRIES_MAX):
        tries.begin("Anna", "a", i * 2.0)
    now_s = NAME_TRIES_MAX * 2.0 - 2.0
    assert tries.locked_s("Anna", "a", now_s) == LOCK_S
    assert tries.locked_s("Ben", "a", now_s) == 0.0
