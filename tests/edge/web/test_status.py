"""What technicians see: lanes, devices, bundle, clock, ledger, uplink, counts; readiness."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
import trio

from crypto.bundle import Bundle
from drivers.supervisor import Health, Report
from edge.clock import SystemClock
from edge.core.policy import Policy
from edge.core.state import State
from edge.digests import DigestFailed, vector_of
from edge.ledger.spares import Room
from edge.web.status import LedgerRoom, reason_name
from edge.wiring import Device
from tests.edge.web.house import NOW_S, House, code

UPLINK = {
    "connected": False, "problem": "no route", "durable_seq": 9, "receipted_seq": 4,
    "waiting": 5, "receipt_at_ms": 17,
}  # fmt: skip


def device(lane: int, state: Health, reason: str = "") -> Device:
    report = Report(state, trio.current_time() - 5, reason, 2, 1, 0)
    return Device(lane, "turnstile", trio.sleep_forever, lambda: report)


@pytest.mark.trio
async def test_lanes_with_their_devices_and_last_answer(autojump_clock: object) -> None:
    house = House(devices=[device(1, Health.GONE, "link down")])
    await house.post({"code": code()}, lane=2)
    _, body = await house.get("/v1/lanes")
    one, two = body["lanes"]
    assert (one["lane"], one["name"], one["gate_name"]) == (1, "Left", "North gate")
    assert (one["direction"], one["barrier"], one["in_service"]) == ("entry", True, True)
    assert (one["last"], one["last_at_ms"], one["said"]) == (None, 0, {})
    (row,) = one["devices"]
    assert (row["device"], row["state"], row["well"], row["since_s"]) == (
        "turnstile", "gone", False, 5.0,
    )  # fmt: skip
    assert (row["reason"], row["lost_count"], row["flap_count"]) == ("link down", 2, 1)
    assert two["last"]["decision"] == "admitted"
    assert two["last_at_ms"] == NOW_S * 1000
    assert (two["direction"], two["barrier"], two["devices"]) == ("both", False, [])


@pytest.mark.trio
async def test_the_gateway_now() -> None:
    house = House(uplink=lambda: UPLINK)
    await house.post({"code": code()}, lane=2)
    for _ in range(2):
        await house.post({"code": code()}, lane=2)
    await house.post({"code": "nonsense"})
    house.gateway.counts["crashed"] = 1
    house.room = LedgerRoom(4, Room.PLENTY, 7)
    _, now = await house.get("/v1/status")
    assert (now["gateway"], now["identity"]) == ("north", bytes(range(16)).hex())
    assert now["bundle"] == {
        "version": 3, "issued_at_ms": (NOW_S - 90) * 1000, "age_s": 90.0,
        "ages_s": {"bundle": 90.0, "lists": 90.0},
    }  # fmt: skip
    assert now["clock"] == {"now_ms": NOW_S * 1000, "offset_ms": None, "unsure": False}
    assert now["ledger"] == {
        "epoch": 1, "durable_seq": 3, "spares": 4, "room": "plenty", "unsaved": 0,
        "deleted_segments": 7,
    }  # fmt: skip
    assert now["uplink"] == UPLINK
    assert now["counts"]["said"] == {"admitted": 1, "already_redeemed": 2, "invalid": 1}
    assert now["counts"]["refused"] == {"already_redeemed": 1}
    assert now["counts"]["facts"] == {"Admitted": 1, "PassageCompleted": 1, "AdmissionRefused": 1}
    assert now["counts"]["crashed"] == 1


@pytest.mark.trio
async def test_a_gateway_without_a_centre_and_with_a_measured_clock() -> None:
    house = House()
    clock = SystemClock(ZoneInfo("UTC"), 0, wall_ns=lambda: 5_000_000_000, monotonic_ns=lambda: 0)
    house.gateway.clock = clock
    clock.confirm(4_000, 200)
    _, now = await house.get("/v1/status")
    assert now["uplink"] is None
    assert now["clock"] == {"now_ms": 5000, "offset_ms": 900, "unsure": False}


def bare(house: House) -> None:
    house.gateway.policy = Policy(Bundle())


def room(spares: int, judged: Room) -> Any:
    def change(house: House) -> None:
        house.room = LedgerRoom(spares, judged)

    return change


def unsaved(house: House) -> None:
    house.log.full = True
    house.gateway.clock_stepped(5)


def no_service(house: House) -> None:
    house.arm.service = False


READY = [
    (bare, 503, "no bundle yet"),
    (room(0, Room.NONE), 503, "the ledger is full"),
    (room(0, Room.UNREADY), 503, "nearly full, 0 spare segments left"),
    (room(1, Room.ALARM), 200, "more disk, 1 spare segment left; wait a moment after"),
    (unsaved, 200, "1 facts wait in memory"),
    (no_service, 200, "lane 1 is out of service"),
]


@pytest.mark.trio
@pytest.mark.parametrize(("change", "status", "words"), READY)
async def test_readiness_is_red_only_for_what_makes_the_gateway_useless(
    change: Any, status: int, words: str
) -> None:
    house = House()
    assert await house.get("/readyz") == (200, {"ready": True, "reasons": []})
    change(house)
    found, body = await house.get("/readyz")
    assert (found, body["ready"]) == (status, status == 200)
    (reason,) = body["reasons"]
    assert words in reason
    _, now = await house.get("/v1/status")
    assert (now["ready"], now["reasons"]) == (body["ready"], body["reasons"])


@pytest.mark.trio
async def test_a_lost_device_is_named_once_and_does_not_stop_the_others() -> None:
    house = House(devices=[device(1, Health.FAULT, "relay 3"), device(2, Health.BUSY)])
    house.arm.service = False
    assert await house.get("/readyz") == (
        200, {"ready": True, "reasons": ["lane 1: its turnstile is fault (relay 3)"]},
    )  # fmt: skip


def test_a_reason_of_a_newer_sibling_keeps_its_number() -> None:
    assert (reason_name(100), reason_name(101)) == ("already_redeemed", "reason_101")


@pytest.mark.trio
async def test_the_digest_is_worked_out_when_asked_for_and_tells_its_age(
    autojump_clock: object,
) -> None:
    house = House()
    await house.post({"code": code()}, lane=2)
    taken: list[bytes] = []

    async def take(state: State) -> bytes:
        taken.append(state.digest())
        return taken[-1]

    house.gateway.digests._take = take
    _, now = await house.get("/v1/status")
    assert now["digest"] is None and taken == []
    _, now = await house.get("/v1/status?digest=now")
    vector, facts = vector_of(house.gateway.state)
    first = {"state": taken[0].hex(), "vector": vector.hex(), "facts": facts, "age_s": 0.0}
    assert now["digest"] == first
    await house.post({"code": code(2)}, lane=2)
    await trio.sleep(5)
    _, now = await house.get("/v1/status")
    assert now["digest"] == {**first, "age_s": 5.0} and len(taken) == 1


@pytest.mark.trio
async def test_a_digest_that_fails_is_told() -> None:
    house = House()

    async def take(_state: State) -> bytes:
        raise DigestFailed("the process ended without an answer")

    house.gateway.digests._take = take
    answer, told = await house.get("/v1/status?digest=now")
    assert (answer, told["problem"]) == (503, "no_digest")
    assert (await house.get("/v1/status"))[0] == 200
