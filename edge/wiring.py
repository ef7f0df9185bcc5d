"""From a configuration to lanes with devices: the only place that knows both.

Drivers know nothing of ours: they get plain arguments and callbacks, and their events are turned
into calls of `edge.lane.Lane` here.
"""

import random
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from config import devices
from config.gateway import Gateway as GatewayConfig
from config.gateway import Lane as LaneConfig
from drivers.link import Link, TcpClient, TcpServer
from drivers.scanner.driver import Scanner
from drivers.supervisor import WELL, Report
from drivers.turnstile.driver import Turnstile
from drivers.turnstile.events import (
    Alarmed,
    Completed,
    Event,
    InService,
    Lapsed,
    OutOfService,
    Unknown,
)
from drivers.turnstile.modbus.machine import BoardPlan, ModbusBoard
from drivers.turnstile.plan import LanePlan
from edge.gateway import Gateway
from edge.lane import Lane

# How much longer than its barrier a lane waits for the outcome of a grant.
GIVE_UP_MS: Final = 5000
_FRAMINGS = {"cr": "line", "lf": "line", "crlf": "line", "etx": "stx_etx", "none": "pause"}


class Device(msgspec.Struct, frozen=True):
    """One driver to keep running. `bind` is awaited before the gateway says it is ready."""

    lane: int
    name: str
    run: Callable[[], Awaitable[None]]
    health: Callable[[], Report]
    server: TcpServer | None = None


def wire(gateway: Gateway, config: GatewayConfig) -> list[Device]:
    """Make the lanes of `config` in `gateway`; the drivers to run for them."""
    found: list[Device] = []
    for row in config.lanes:
        lane = Lane(gateway, row.number, row.name, row.gate, row.direction, row.hold_timeout_s)
        gateway.lanes[row.number] = lane
        found += _devices(lane, row)
    return found


def _devices(lane: Lane, row: LaneConfig) -> list[Device]:
    made: list[Device] = []
    if row.turnstile is not None:
        turnstile = _turnstile(lane, row.turnstile)
        lane.barrier = turnstile
        # A guest who is slow, but in time for the barrier, must not be given up by the lane.
        slowest_ms = int(row.turnstile.timeout_s * 1000) + row.turnstile.pulse_ms + GIVE_UP_MS
        lane.hold_timeout_ms = max(lane.hold_timeout_ms, slowest_ms)
        made.append(Device(lane.number, "turnstile", turnstile.run, lambda: turnstile.health))
    if row.scanner is not None:
        made.append(_scanner(lane, row.scanner))
    return made


def _turnstile(lane: Lane, row: devices.Turnstile) -> Turnstile:
    plan = LanePlan(
        relay=row.relay,
        pulse_ms=row.pulse_ms,
        pulse_period_s=(row.pulse_ms + row.pulse_gap_ms) / 1000,
        unlock_s=row.timeout_s,
        passage_input=row.passage_input,
        wrong_way_input=row.wrong_way_input,
        fire_input=row.fire_input,
        inverted_inputs=frozenset(row.inverted_inputs),
    )
    board = BoardPlan(
        unit=row.unit,
        coil_count=row.channel_count,
        input_count=row.channel_count,
        poll_s=row.poll_ms / 1000,
        answer_s=row.answer_ms / 1000,
    )
    return Turnstile(
        f"lane {lane.number} turnstile",
        TcpClient(row.host, row.port),
        plan=plan,
        new_board=lambda: ModbusBoard(board),
        on_event=lambda event: deliver(lane, event),
        jitter=random.random,
    )


def _scanner(lane: Lane, row: devices.Scanner) -> Device:
    server = TcpServer(row.host, row.port, peer_ip=row.peer_ip) if row.mode == "server" else None
    link: Link = server or TcpClient(row.host, row.port)
    scanner = Scanner(
        f"lane {lane.number} scanner",
        link,
        on_code=lambda code, at: lane.scanned(code),
        jitter=random.random,
        framing=_FRAMINGS[row.suffix],
        window_s=row.debounce_ms / 1000,
        idle_s=row.idle_flush_ms / 1000,
        on_health=lambda report: lane.device("scanner", report.state in WELL, report.state.value),
    )
    return Device(lane.number, "scanner", scanner.run, lambda: scanner.health, server)


def deliver(lane: Lane, event: Event) -> None:
    """Tell `lane` what its turnstile saw. Grant ids are the seqs that the lane gave."""
    match event:
        case Completed(grant_id=int() as seq, passed=passed, assumed=assumed):
            lane.completed(seq, passed, assumed=assumed)
        case Lapsed(grant_id=int() as seq):
            lane.lapsed(seq)
        case Unknown(grant_id=int() as seq, passed=passed, cause=cause):
            lane.unknown(seq, passed, cause.value)
        case Alarmed(alarm=alarm):
            lane.alarmed(alarm.value)
        case InService():
            lane.device("turnstile", True)
        case OutOfService(why=why):
            lane.device("turnstile", False, why.value)
        case _:
            raise AssertionError(f"a turnstile event this wiring does not know: {event!r}")
