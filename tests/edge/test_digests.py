"""The digest of the state: of one moment, by a process of its own, and not again and again."""

from __future__ import annotations

import contextlib
import os
import random

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from crypto.entry import Started
from edge import digests
from edge.core.state import State
from edge.digests import EVERY_S, DigestFailed, Digests, in_child, vector_of

pytestmark = pytest.mark.trio
PLACES = [(gateway, epoch, seq) for gateway in (b"a" * 16, b"b" * 16) for epoch in (1, 2)
          for seq in range(1, 6)]  # fmt: skip


def fold(state: State, place: tuple[bytes, int, int]) -> None:
    gateway, epoch, seq = place
    state.apply(gateway, epoch, seq, Started(seq << 16, 20260101, 60, "x"))


def folded(places: list[tuple[bytes, int, int]]) -> State:
    state = State()
    for place in places:
        fold(state, place)
    return state


async def test_a_vector_says_which_facts_whatever_their_order() -> None:
    mixed = random.Random(7).sample(PLACES, len(PLACES))
    vector, count = vector_of(folded(PLACES))
    assert vector_of(folded(mixed)) == (vector, count) and count == len(PLACES)
    assert len({vector_of(folded(mixed[:n]))[0] for n in range(len(mixed) + 1)}) == 21
    hole = folded([place for place in PLACES if place[2] != 3])
    assert vector_of(hole)[1] == len(PLACES) - 4


def watch_forks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The children that are forked from now on; other tests of this process may have theirs."""
    children: list[int] = []
    fork = os.fork

    def noted() -> int:
        child = fork()
        if child:
            children.append(child)
        return child

    monkeypatch.setattr(digests.os, "fork", noted)
    return children


def left(children: list[int]) -> list[int]:
    """Those that nobody has waited for."""
    found = []
    for child in children:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(child, os.WNOHANG)
            found.append(child)
    return found


async def test_a_process_sees_one_moment_and_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state = folded(PLACES)
    forked = watch_forks(monkeypatch)
    before, open_files = state.digest(), len(os.listdir("/proc/self/fd"))
    async with trio.open_nursery() as nursery:
        found: list[bytes] = []

        async def take() -> None:
            found.append(await in_child(state))

        nursery.start_soon(take)
        await wait_all_tasks_blocked()  # it was forked: what is folded from now on is not in it
        fold(state, (b"c" * 16, 1, 1))
    assert found == [before] != [state.digest()]
    assert len(os.listdir("/proc/self/fd")) == open_files
    assert forked and not left(forked)


class Broken(State):
    def digest(self) -> bytes:
        raise MemoryError


async def test_a_process_that_dies_is_told_and_waited_for(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    forked = watch_forks(monkeypatch)
    with pytest.raises(DigestFailed, match="ended without an answer"):
        await in_child(Broken())

    def no_fork() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(digests.os, "fork", no_fork)
    with pytest.raises(DigestFailed, match="no process could be started"):
        await in_child(State())
    assert forked and not left(forked)


async def test_whoever_asks_too_often_is_told_the_last_one(autojump_clock: object) -> None:
    state, taken = folded(PLACES[:3]), []

    async def take(of: State) -> bytes:
        await trio.sleep(2)
        taken.append(of)
        return of.digest()

    asked = Digests(state, take)
    told: list[object] = []
    asked.on_new.append(told.append)
    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(asked.now)
    first = asked.last
    assert first is not None and len(taken) == 1 and told == [first]
    assert (first.state, first.facts) == (state.digest(), 3)
    await trio.sleep(10 * EVERY_S)
    assert await asked.now() is first  # not a fact since: it holds still
    fold(state, PLACES[3])
    second = await asked.now()
    assert second.facts == 4 and len(taken) == 2
    fold(state, PLACES[4])
    assert await asked.now() is second
    await trio.sleep(EVERY_S)
    assert (await asked.now()).facts == 5
