"""Scan to relay command: CR-terminated TCP scanners, Modbus TCP boards, fdatasync in between.

One gateway process. This process plays all scanners and boards: closed loop (each lane shows the
next ticket when its relay was told) for throughput, open loop (tickets at fixed times, whatever
happens) for latency, counted from the time a ticket was due.
"""

import contextlib
import struct
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeAlias, TypeVar

import httpx2
import msgspec
import trio

from benchmarks import venue
from benchmarks.ledger import flush_ms
from benchmarks.measure import Report, Row, median, progress, quantile, round_p99, spread
from benchmarks.process import Running, gateway, write_config
from benchmarks.tap_watch import Notes, read

LANES = 64
CLOSED_S = 3.0
OPEN_S = 8.0
# The open loops show 9,600; what a closed loop of 3.4 s shows depends on the machine.
CODES_A_ROUND = 35_000
LOST_S = 1.0
# A gateway that has just begun fills its spare segment with zeros for a second and a half.
WARM_S = 2.0
RATES = {200: 10.0, 1000: 20.0}
_LEDGER = "segment_bytes = 67108864\nspare_segments = 1\nalarm_spare_segments = 1"
_NOTES = ["scanners and boards run on the other core", "p99: of a round, the median of all rounds"]
Result = TypeVar("Result")
_MBAP = struct.Struct(">HHHB")


class Closed(msgspec.Struct):
    """One closed loop: scans in `seconds`, and the processor time of both sides."""

    scans: int
    seconds: float
    gateway_s: float
    doubles_s: float


class Lane(msgspec.Struct):
    """One lane as the outside sees it: due times of shown tickets, and what became of them."""

    port: int
    due: list[float] = []
    waits: list[float] = []
    pulsed: trio.Event | None = None
    scanner: trio.SocketStream | None = None


Measure: TypeAlias = Callable[[Running, list[Lane]], Awaitable[Result]]


def run(rounds: int = 5) -> Report:
    """Measure and report."""
    codes = _codes(rounds * CODES_A_ROUND)
    closed: list[Closed] = []
    waits: dict[int, list[list[float]]] = {rate: [] for rate in RATES}
    notes: dict[int, Notes] = {rate: Notes([], []) for rate in RATES}
    for number in range(rounds):
        closed.append(_round(partial(_closed_loop, codes)))
        for rate in RATES:
            (found, since_s, until_s), seen = _watched_round(partial(_open_loop, codes, rate))
            waits[rate].append(found)
            during = seen.between(since_s, until_s)
            notes[rate].lates += during.lates
            notes[rate].pauses += during.pauses
        progress(number + 1, rounds)
    flush = flush_ms()
    rows = _closed_rows(closed)
    for rate, limit in RATES.items():
        found = [wait for one in waits[rate] for wait in one]
        p99 = round_p99(waits[rate]) * 1e3
        rows += [
            Row(name=f"at {rate}/s, p50", value=quantile(found, 0.5) * 1e3, unit="ms"),
            Row(name=f"at {rate}/s, p99", value=p99, unit="ms", ratio=p99 / flush,
                against="fdatasync p50", target=f"< {limit:g} ms", met=p99 < limit),
            Row(name=f"at {rate}/s, p99.9", value=quantile(found, 0.999) * 1e3, unit="ms"),
            Row(name=f"at {rate}/s, asked to wait",
                value=sum(wait > LOST_S for wait in found), unit="tickets"),
        ]  # fmt: skip
        rows += _loop_rows(rate, notes[rate])
    rows.append(Row(name="fdatasync of one page, p50", value=flush, unit="ms"))
    return Report(bench="tap", rows=rows, notes=_NOTES)


def _closed_rows(closed: list["Closed"]) -> list[Row]:
    rates = [one.scans / one.seconds for one in closed]
    costs = [one.gateway_s / one.scans * 1e6 for one in closed]
    doubles = [one.doubles_s / one.scans * 1e6 for one in closed]
    return [
        Row(name=f"closed loop, {LANES} lanes", value=median(rates), unit="scans/s",
            spread=spread(rates), target="≥ 4,000", met=median(rates) >= 4000),
        Row(name="processor time of the gateway", value=median(costs), unit="µs/scan"),
        Row(name="scans per second of its processor time", value=1e6 / median(costs), unit="1/s"),
        Row(name="processor time of scanners and boards", value=median(doubles), unit="µs/scan"),
    ]  # fmt: skip


def _loop_rows(rate: int, notes: Notes) -> list[Row]:
    ours = notes.stalls_of_ours
    return [
        Row(name=f"at {rate}/s, loop late, p99.9", value=notes.late_s(0.999) * 1e3, unit="ms"),
        Row(name=f"at {rate}/s, loop late, longest", value=notes.longest_s * 1e3, unit="ms"),
        Row(name=f"at {rate}/s, stalls > 5 ms", value=notes.stalls, unit=""),
        Row(name=f"at {rate}/s, stalls > 5 ms, computing", value=ours, unit="",
            target="0", met=ours == 0),
        Row(name=f"at {rate}/s, garbage collector, longest",
            value=notes.longest_pause_s * 1e3, unit="ms"),
    ]  # fmt: skip


def _codes(count: int) -> Iterator[bytes]:
    """Tickets never shown before; signing one takes as long as verifying it, so do it ahead."""
    made = []
    for number in range(count):
        made.append(venue.code(number) + b"\r")
        if number % 2000 == 1999:
            progress(number + 1, count, "tickets")
    return iter(made)


def _round(measure: Measure[Result]) -> Result:
    """One gateway, all lanes connected, one measurement."""
    with tempfile.TemporaryDirectory() as name:
        return trio.run(_played, Path(name), (), measure)


def _watched_round(measure: Measure[Result]) -> tuple[Result, Notes]:
    """The same with a watch on the gateway's loop, and what it noted."""
    with tempfile.TemporaryDirectory() as name:
        notes = Path(name) / "notes.json"
        result = trio.run(_played, Path(name), (str(notes),), measure)
        return result, read(notes)


async def _played(folder: Path, words: tuple[str, ...], measure: Measure[Result]) -> Result:
    lanes: list[Lane] = []
    async with trio.open_nursery() as nursery:
        for _ in range(LANES):
            lane = Lane(0)
            listeners = await nursery.start(_serve_board, lane)
            lane.port = listeners[0].socket.getsockname()[1]
            lanes.append(lane)
        config = write_config(folder, _toml(lanes), level="error", ledger=_LEDGER)
        with gateway(config, module="benchmarks.tap_gateway", words=words) as running:
            await _connect(running, lanes)
            await trio.sleep(WARM_S)
            result = await measure(running, lanes)
        nursery.cancel_scope.cancel()
    return result


def _toml(lanes: list[Lane]) -> str:
    return "\n".join(
        f'[[lanes]]\nnumber = {number}\nname = "L{number}"\ngate = 1\n'
        '[lanes.scanner]\nkind = "tcp"\nhost = "127.0.0.1"\nport = 0\nmode = "server"\n'
        "debounce_ms = 0\n"
        f'[lanes.turnstile]\nkind = "modbus_tcp"\nhost = "127.0.0.1"\nport = {lane.port}\n'
        "relay = 0\npulse_ms = 100\npoll_ms = 100"
        for number, lane in enumerate(lanes, 1)
    )


async def _connect(running: Running, lanes: list[Lane]) -> None:
    for number, lane in enumerate(lanes, 1):
        port = running.ready["scanners"][str(number)]
        lane.scanner = await trio.open_tcp_stream("127.0.0.1", port)
    url = f"http://{running.ready['api'][0]}/v1/lanes"
    async with httpx2.AsyncClient(trust_env=False) as client:
        for _ in range(100):  # boards are cleared and read back before a lane is in service
            rows = (await client.get(url)).json()["lanes"]
            if all(row["in_service"] for row in rows):
                return
            await trio.sleep(0.1)
    raise RuntimeError("the lanes did not come into service within 10 s")


async def _serve_board(lane: Lane, task_status: trio.TaskStatus[list[trio.SocketListener]]) -> None:
    await trio.serve_tcp(partial(_board, lane), 0, host="127.0.0.1", task_status=task_status)


async def _board(lane: Lane, stream: trio.SocketStream) -> None:
    """A relay board that answers everything and notes when its relay is told to pulse."""
    buffer = b""
    # A gateway that stops may leave answers unread: then its socket is reset.
    with contextlib.suppress(trio.BrokenResourceError):
        while chunk := await stream.receive_some(4096):
            buffer += chunk
            while len(buffer) >= 8 and len(buffer) >= 6 + _MBAP.unpack_from(buffer)[2]:
                number, _, size, unit = _MBAP.unpack_from(buffer)
                pdu, buffer = buffer[7 : 6 + size], buffer[6 + size :]
                if pdu[0] == 5:
                    _pulsed(lane)
                answer = _answer(pdu)
                await stream.send_all(_MBAP.pack(number, 0, len(answer) + 1, unit) + answer)


def _answer(pdu: bytes) -> bytes:
    if pdu[0] in (1, 2):
        count = (int.from_bytes(pdu[3:5], "big") + 7) // 8
        return bytes((pdu[0], count)) + bytes(count)
    return pdu if pdu[0] == 5 else pdu[:5]


def _pulsed(lane: Lane) -> None:
    if lane.due:
        lane.waits.append(time.perf_counter() - lane.due.pop(0))
    if lane.pulsed is not None:
        lane.pulsed.set()


async def _closed_loop(codes: Iterator[bytes], running: Running, lanes: list[Lane]) -> "Closed":
    done = [0]

    async def show(lane: Lane) -> None:
        assert lane.scanner is not None
        while True:
            lane.pulsed = trio.Event()
            await lane.scanner.send_all(next(codes))
            await lane.pulsed.wait()
            done[0] += 1

    with trio.move_on_after(CLOSED_S + 0.5):
        async with trio.open_nursery() as nursery:
            for lane in lanes:
                nursery.start_soon(show, lane)
            await trio.sleep(0.5)
            before, started = done[0], time.perf_counter()
            gateway_s, doubles_s = running.cpu_s, time.process_time()
            await trio.sleep(CLOSED_S - 0.1)
            found = Closed(
                done[0] - before, time.perf_counter() - started, running.cpu_s - gateway_s,
                time.process_time() - doubles_s,
            )  # fmt: skip
            nursery.cancel_scope.cancel()
    return found


async def _open_loop(
    codes: Iterator[bytes], rate: int, running: Running, lanes: list[Lane]
) -> tuple[list[float], float, float]:
    """How long each ticket waited for its pulse, and from when to when this was measured."""
    started = time.perf_counter() + 0.2
    since_s = time.monotonic() + 0.2
    for number in range(int(rate * OPEN_S)):
        due = started + number / rate
        lane = lanes[number % len(lanes)]
        wait_s = due - time.perf_counter()
        if wait_s > 0:
            await trio.sleep(wait_s)
        lane.due.append(due)
        assert lane.scanner is not None
        await lane.scanner.send_all(next(codes))
    until_s = time.monotonic()
    await trio.sleep(1.0)
    # A lane takes one guest behind the one who walks: whoever came third while everything stood
    # still was asked to wait. Nobody shows that ticket again here, so it has waited until now.
    now = time.perf_counter()
    lost = [now - due for lane in lanes for due in lane.due]
    warm = [wait for lane in lanes for wait in lane.waits[1:]]
    return warm + lost, since_s, until_s
