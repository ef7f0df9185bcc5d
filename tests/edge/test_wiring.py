"""From a configuration to lanes with devices, and from what devices say to what lanes do."""

from typing import Any

import pytest
import trio

from config.devices import ModbusTcpTurnstile, TcpScanner
from config.gateway import Gate, Lane
from config.gateway import Gateway as GatewayConfig
from crypto.entry import PassageCompleted, PassageUnknown
from drivers.supervisor import Health, Report
from drivers.turnstile.events import (
    Alarm,
    Alarmed,
    Cause,
    Completed,
    Event,
    InService,
    Lapsed,
    OutOfService,
    Unknown,
    Why,
)
from drivers.turnstile.modbus.machine import ModbusBoard
from edge import wiring
from edge.device_facts import DEVICE_FACT_GAP_MS
from edge.wiring import deliver, wire
from tests.edge.core.desk import make_code
from tests.edge.venue import Venue


def make_config(*lanes: Lane) -> GatewayConfig:
    return GatewayConfig(
        name="gate-a", identity_dir="/nowhere", gates=(Gate(1, "North"),), lanes=lanes,
        timezone="Europe/Vienna",
    )  # fmt: skip


# -- what a turnstile says -------------------------------------------------------------------------

EVENTS: list[tuple[Event, list[str]]] = [
    (Completed(2, 1), ["PassageCompleted"]),
    (Completed(2, 1, assumed=True), ["PassageCompleted"]),
    (Completed(2, 2), ["PassageCompleted"]),
    (Lapsed(2, Why.NOT_PASSED), ["PassageLapsed"]),
    (Unknown(2, Cause.LINK_LOST, 0), ["PassageUnknown"]),
    (Alarmed(Alarm.FORCED), []),
    (InService(), []),
    (OutOfService(Why.NO_BOARD), ["DeviceLost"]),
]


@pytest.mark.parametrize(("event", "story"), EVENTS)
def test_each_event_of_a_turnstile_is_a_call_of_its_lane(event: Event, story: list[str]) -> None:
    venue = Venue()
    venue.later(DEVICE_FACT_GAP_MS)
    passed = getattr(event, "passed", 1) or 1
    venue.show(make_code(persons=2), count=passed)
    venue.log.sync()
    assert venue.story == ["Admitted"]
    with venue.gateway.events.listen() as events:
        deliver(venue.lanes[1], event)
        assert venue.story == story
        if isinstance(event, Alarmed):
            assert events.receive_nowait() == {"event": "alarm", "lane": 1, "alarm": "forced"}
    fact = venue.log.facts[-1]
    if isinstance(event, Completed):
        assert isinstance(fact, PassageCompleted)
        assert (fact.seq, fact.passed, fact.assumed) == (2, event.passed, event.assumed)
    if isinstance(event, Unknown):
        assert isinstance(fact, PassageUnknown)
        assert fact.cause == "link_lost"


def test_every_event_there_is_stands_in_the_table() -> None:
    assert {type(event) for event, _ in EVENTS} == set(Event.__args__)


def test_out_of_service_and_back_are_facts_of_the_device() -> None:
    venue = Venue()
    venue.later(DEVICE_FACT_GAP_MS)
    deliver(venue.lanes[1], OutOfService(Why.JAMMED))
    deliver(venue.lanes[1], InService())
    assert venue.story == ["DeviceLost", "DeviceBack"]
    assert getattr(venue.log.facts[-2], "cause", "") == "jammed"


@pytest.mark.parametrize("event", [Completed(b"not ours", 1), object()])
def test_an_event_that_nobody_knows_is_our_own_mistake(event: Any) -> None:
    with pytest.raises(AssertionError, match="does not know"):
        deliver(Venue().lanes[1], event)


# -- what a configuration asks for -----------------------------------------------------------------


class Recorded:
    """Stands in for a driver and remembers what it was given."""

    made: list["Recorded"] = []
    service = True

    def __init__(self, name: str, link: Any, **how: Any) -> None:
        self.name, self.link, self.how = name, link, how
        self.grants: list[tuple[int, int]] = []
        Recorded.made.append(self)

    async def run(self) -> None: ...

    @property
    def health(self) -> str:
        return f"health of {self.name}"

    def grant(self, grant_id: int, persons: int = 1) -> None:
        self.grants.append((grant_id, persons))


@pytest.fixture
def drivers(monkeypatch: pytest.MonkeyPatch) -> list[Recorded]:
    Recorded.made = []
    monkeypatch.setattr(wiring, "Turnstile", Recorded)
    monkeypatch.setattr(wiring, "Scanner", Recorded)
    return Recorded.made


def test_lanes_are_made_as_the_configuration_says(drivers: list[Recorded]) -> None:
    venue = Venue()
    venue.gateway.lanes.clear()
    rows = (Lane(3, "Door", 1, "both", hold_timeout_s=7), Lane(4, "Out", 1, "exit"))
    assert wire(venue.gateway, make_config(*rows)) == []
    door, out = venue.gateway.lanes[3], venue.gateway.lanes[4]
    assert (door.number, door.name, door.gate, door.hold_timeout_ms) == (3, "Door", 1, 7000)
    assert (door.both, door.direction, out.both, out.direction) == (True, "entry", False, "exit")
    assert door.barrier is None
    assert not drivers


def test_a_turnstile_gets_plain_numbers_and_becomes_the_barrier(drivers: list[Recorded]) -> None:
    venue = Venue()
    turnstile = ModbusTcpTurnstile(
        "10.0.0.9", 3, port=5020, unit=7, pulse_ms=800, pulse_gap_ms=700, passage_input=4,
        fire_input=6, timeout_s=9.0, poll_ms=40, answer_ms=300,
    )  # fmt: skip
    devices = wire(venue.gateway, make_config(Lane(5, "Five", 1, turnstile=turnstile)))
    ((made,), (device,)) = drivers, devices
    assert (device.lane, device.name, device.server) == (5, "turnstile", None)
    assert device.health() == "health of lane 5 turnstile"  # type: ignore[comparison-overlap]
    plan = made.how["plan"]
    assert (plan.relay, plan.pulse_ms, plan.pulse_period_s) == (3, 800, 1.5)
    assert (plan.unlock_s, plan.passage_input, plan.fire_input) == (9.0, 4, 6)
    assert (made.link._host, made.link._port) == ("10.0.0.9", 5020)
    board = made.how["new_board"]()
    assert isinstance(board, ModbusBoard)
    assert board is not made.how["new_board"]()  # nothing of an older link is remembered
    lane = venue.gateway.lanes[5]
    assert lane.barrier is made
    venue.show(make_code(), 5)
    venue.log.sync()
    assert made.grants == [(2, 1)]
    made.how["on_event"](Completed(2, 1))
    assert venue.story == ["Admitted", "PassageCompleted"]


@pytest.mark.parametrize(("hold_timeout_s", "waits_ms"), [(2, 65_700), (60, 65_700), (90, 90_000)])
def test_a_lane_waits_longer_than_its_barrier(
    drivers: list[Recorded], hold_timeout_s: int, waits_ms: int
) -> None:
    venue = Venue()
    turnstile = ModbusTcpTurnstile("10.0.0.9", 3, pulse_ms=700, timeout_s=60.0)
    row = Lane(5, "Five", 1, turnstile=turnstile, hold_timeout_s=hold_timeout_s)
    wire(venue.gateway, make_config(row))
    assert venue.gateway.lanes[5].hold_timeout_ms == waits_ms


def test_each_lane_has_its_own_devices(drivers: list[Recorded]) -> None:
    venue = Venue()
    venue.gateway.lanes.clear()
    lanes = [
        Lane(
            n, f"{n}", 1, turnstile=ModbusTcpTurnstile("10.0.0.9", n),
            scanner=TcpScanner("10.0.0.8", 4000 + n),
        )
        for n in (1, 2)
    ]  # fmt: skip
    devices = wire(venue.gateway, make_config(*lanes))
    assert [(d.lane, d.name) for d in devices] == [
        (1, "turnstile"), (1, "scanner"), (2, "turnstile"), (2, "scanner")
    ]  # fmt: skip
    named = {made.name: made for made in drivers}
    named["lane 2 scanner"].how["on_code"](make_code(), 0.0)
    venue.log.sync()
    assert named["lane 2 turnstile"].grants == [(2, 1)]
    assert not named["lane 1 turnstile"].grants


@pytest.mark.parametrize(
    ("suffix", "framing"),
    [("cr", "line"), ("lf", "line"), ("crlf", "line"), ("etx", "stx_etx"), ("none", "pause")],
)
def test_a_scanner_gets_its_framing_and_times(
    drivers: list[Recorded], suffix: Any, framing: str
) -> None:
    scanner = TcpScanner(
        "10.0.0.8", 4001, suffix=suffix, debounce_ms=1500, idle_flush_ms=80
    )  # fmt: skip
    (device,) = wire(Venue().gateway, make_config(Lane(1, "One", 1, scanner=scanner)))
    (made,) = drivers
    assert made.how["framing"] == framing
    assert (made.how["window_s"], made.how["idle_s"]) == (1.5, 0.08)
    assert (made.link._host, made.link._port) == ("10.0.0.8", 4001)
    assert device.server is None


def test_a_scanner_that_is_lost_and_back_is_told_to_its_lane(drivers: list[Recorded]) -> None:
    venue = Venue()
    wire(venue.gateway, make_config(Lane(1, "One", 1, scanner=TcpScanner("10.0.0.8", 4001))))
    venue.later(DEVICE_FACT_GAP_MS)
    tell = drivers[0].how["on_health"]
    for state in (Health.OPENING, Health.READY, Health.FAULT, Health.READY, Health.BUSY):
        tell(Report(state, 0.0, "", 0, 0, 0))
    assert venue.story == ["DeviceLost", "DeviceBack"]


@pytest.mark.trio
async def test_a_code_from_a_scanner_that_connects_to_us_becomes_a_fact() -> None:
    venue = Venue()
    row = TcpScanner("127.0.0.1", 0, mode="server")
    (device,) = wire(venue.gateway, make_config(Lane(1, "One", 1, scanner=row)))
    assert device.server is not None
    port = await device.server.bind()
    with venue.gateway.events.listen() as events, trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(device.run)
            stream = await trio.open_tcp_stream("127.0.0.1", port)
            await stream.send_all(make_code() + b"\r\n" + b"\x00garbage\r\n")
            event = await events.receive()
            while event["event"] != "decision":
                event = await events.receive()
            await stream.aclose()
            nursery.cancel_scope.cancel()
        await device.server.aclose()
    assert event["reason"] == "invalid"  # garbage waits for no disk
    assert "Admitted" in venue.story
