"""Guests before a gate that the test plays: who walks, who comes back, who gives up."""

from __future__ import annotations

from typing import Any

import pytest
import trio
import trio.testing

from edge.demo.crowd import Crowd, key_of
from edge.demo.guests import Code, Guest, Show


class Gate:
    """Scanner, turnstile and gateway in one, as plain as can be: it answers what it is told to."""

    def __init__(self, answers: list[dict[str, Any] | None]) -> None:
        self.answers = answers
        self.scanned: list[tuple[int, bytes]] = []
        self.contacts: list[tuple[int, bool]] = []
        self.crowd: Crowd | None = None
        self._pulses, self._lines = trio.open_memory_channel[dict[str, Any]](100)
        self._seq = 0
        self._held: dict[int, int] = {}

    async def tell(self, command: dict[str, Any]) -> None:
        assert self.crowd is not None
        if "board" in command:
            lane = command["board"] + 1
            self.contacts.append((lane, command["on"]))
            if command["on"]:
                seq = self._held.pop(lane)
                self.crowd.heard({"event": "completed", "lane": lane, "seq": seq, "passed": 1})
            return
        lane, code = command["scanner"] + 1, bytes.fromhex(command["hex"])
        self.scanned.append((lane, code))
        answer = self.answers.pop(0)
        if answer is None:
            return
        self._seq += 1
        event = {"event": "decision", "lane": lane, "identity": code.decode(), "seq": self._seq}
        if not answer.get("reason") and not answer.get("repeated"):
            event["granted"] = 1
            self._held[lane] = self._seq
            self._pulses.send_nowait({"board": lane - 1, "pulse": 0})
        self.crowd.heard(event | answer)

    def lapse(self, lane: int) -> None:
        assert self.crowd is not None
        seq = self._held.pop(lane)
        self.crowd.heard({"event": "lapsed", "lane": lane, "seq": seq, "passed": 0})

    async def line(self) -> dict[str, Any]:
        return await self._lines.receive()


def guest(name: str, *shows: Show, reason: str = "", silent: bool = False) -> Guest:
    code = Code(name.encode(), "" if silent else name)
    return Guest(1, "ticket", 0.0, code, shows or (Show(1),), reason, silent)


async def play(gate: Gate, *guests: Guest) -> Crowd:
    devices: Any = gate
    gate.crowd = Crowd(
        list(guests), devices, devices, lambda lane: "http://127.0.0.1:9", 1, range(1, 5)
    )
    await gate.crowd.run()
    return gate.crowd


ADMITTED: dict[str, Any] = {"decision": "admitted"}


@pytest.mark.trio
async def test_a_guest_scans_walks_and_is_counted(autojump_clock: trio.testing.MockClock) -> None:
    gate = Gate([ADMITTED])
    crowd = await play(gate, guest("us:1"))
    assert gate.scanned == [(1, b"us:1")]
    assert gate.contacts[0] == (1, True)
    tally = crowd.lanes[1].tally
    assert (tally.shown, tally.admitted, tally.completed) == (1, 1, 1)
    assert (crowd.served, crowd.unserved, crowd.beliefs.surprises) == (1, [], [])


@pytest.mark.trio
async def test_without_an_answer_the_code_is_shown_again(
    autojump_clock: trio.testing.MockClock,
) -> None:
    gate = Gate([None, None, {"reason": "wait"}, ADMITTED])
    crowd = await play(gate, guest("us:1"))
    assert len(gate.scanned) == 4
    assert crowd.unserved == []
    assert crowd.lanes[1].tally.refused == {"wait": 1}


@pytest.mark.trio
async def test_who_never_gets_an_answer_is_named(autojump_clock: trio.testing.MockClock) -> None:
    crowd = await play(Gate([None] * 100), guest("us:1"))
    assert crowd.unserved == ["guest 1 (ticket) on lane 1"]


@pytest.mark.trio
async def test_garbage_may_be_swallowed(autojump_clock: trio.testing.MockClock) -> None:
    gate = Gate([None])
    crowd = await play(gate, guest("x", reason="invalid", silent=True))
    assert (len(gate.scanned), crowd.unserved, crowd.served) == (1, [], 1)


@pytest.mark.trio
async def test_who_does_not_walk_comes_back_and_gets_in(
    autojump_clock: trio.testing.MockClock,
) -> None:
    gate = Gate([ADMITTED, ADMITTED])

    async def lapse() -> None:
        await trio.sleep(1.5)
        gate.lapse(1)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(lapse)
        crowd = await play(gate, guest("us:1", Show(1, walkers=0), Show(2, after_s=0.5)))
    assert [lane for lane, _ in gate.scanned] == [1, 2]
    assert gate.contacts[0] == (2, True)
    assert crowd.lanes[1].tally.lapsed == crowd.lanes[2].tally.completed == 1
    assert crowd.beliefs.surprises == []


@pytest.mark.trio
async def test_the_nervous_show_it_again_before_they_walk(
    autojump_clock: trio.testing.MockClock,
) -> None:
    gate = Gate([ADMITTED, None, {"decision": "admitted", "repeated": True}])
    crowd = await play(gate, guest("us:1", Show(1, twice=True)))
    assert len(gate.scanned) == 3
    assert crowd.lanes[1].tally.repeated == 1
    assert crowd.beliefs.surprises == []


@pytest.mark.trio
async def test_an_answer_nobody_could_expect_is_a_surprise(
    autojump_clock: trio.testing.MockClock,
) -> None:
    crowd = await play(Gate([{"reason": "blocked"}]), guest("us:1"))
    (surprise,) = crowd.beliefs.surprises
    assert str(surprise) == "lane 1: us:1 was answered blocked, expected admitted"


@pytest.mark.trio
async def test_a_guest_in_the_passage_when_the_gateway_dies_is_let_go(
    autojump_clock: trio.testing.MockClock,
) -> None:
    gate = Gate([ADMITTED])

    async def die() -> None:
        await trio.sleep(1)
        assert gate.crowd is not None
        gate.crowd.deaf(range(1, 5))
        gate.crowd.hears_again(range(1, 5))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(die)
        crowd = await play(gate, guest("us:1", Show(1, walkers=0)))
    assert crowd.served == crowd.lanes[1].tally.unknown == 1
    assert crowd.beliefs.expected(1e6, 1, "us:1") == {"admitted", "repeated", "already_redeemed"}


def test_texts_without_identity_are_told_apart() -> None:
    assert key_of(guest("us:1")) == "us:1"
    assert key_of(guest("x", silent=True)) != key_of(guest("y", silent=True))


@pytest.mark.trio
async def test_who_comes_later_comes_when_told_and_ahead_of_the_queue(
    autojump_clock: trio.testing.MockClock,
) -> None:
    gate = Gate([ADMITTED, {"reason": "already_redeemed", "earlier": {"lane": 1}}])
    devices: Any = gate
    late = Guest(7, "copy", 1.0, Code(b"us:9", "us:9"), (Show(1), Show(3, after_s=0.5)))
    asked: list[tuple[int, int]] = []

    async def heard(lane: int, other: int) -> None:
        asked.append((lane, other))
        await trio.sleep(4)

    crowd = Crowd([], devices, devices, lambda lane: "", 1, range(1, 5), [late], heard)
    gate.crowd = crowd
    gone_s: list[float] = []

    async def tell() -> None:
        await trio.sleep(5)
        assert gate.scanned == [] and not crowd.done.is_set()
        began = trio.current_time()
        await crowd.bring([late])
        gone_s.append(trio.current_time() - began)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(tell)
        await crowd.run()
    assert gate.scanned == [(1, b"us:9"), (3, b"us:9")]
    assert asked == [(1, 3)]
    assert gone_s and gone_s[0] >= 1.5 + 4
    said = [visit.said.get("reason", "") for visit in crowd.visits[7]]
    assert said == ["", "already_redeemed"]
    assert crowd.served == 1 and crowd.beliefs.surprises == []
