"""Lag between siblings: from a scan at one gateway to the fact in the state of another.

Three gateway processes with ledgers and mirrors on disk, joined by mutual TLS on loopback. This
process presents tickets at fixed times to each (open loop), and each gateway notes when it folded
which block of a sibling; all clocks are this machine's one.
"""

import json
import socket
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx2
import trio

from benchmarks import venue
from benchmarks.ledger import flush_ms
from benchmarks.measure import Report, Row, progress, quantile
from benchmarks.process import Running, gateway, write_config

GATEWAYS = 3
RATE = 500
RUN_S = 8.0
WARM_S = 1.0
LIMIT_MS = 50.0
_LEDGER = "segment_bytes = 16777216\nspare_segments = 1\nalarm_spare_segments = 1"
LANES = 8
_LANES = "\n".join(
    f'[[lanes]]\nnumber = {number}\nname = "L{number}"\ngate = 1\n'
    '[lanes.scanner]\nkind = "tcp"\nhost = "127.0.0.1"\nport = 0\nmode = "server"\n'
    "debounce_ms = 0"
    for number in range(1, LANES + 1)
)


def run(rounds: int = 3) -> Report:
    """Measure and report."""
    lags: list[float] = []
    for number in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            lags += trio.run(_round, Path(name), number)
        progress(number + 1, rounds)
    p99 = quantile(lags, 0.99) * 1e3
    rows = [
        Row(name="lag, p50", value=quantile(lags, 0.5) * 1e3, unit="ms"),
        Row(name="lag, p99", value=p99, unit="ms", target=f"< {LIMIT_MS:g} ms",
            met=p99 < LIMIT_MS),
        Row(name="lag, p99.9", value=quantile(lags, 0.999) * 1e3, unit="ms"),
        Row(name="fdatasync of one page, p50", value=flush_ms(), unit="ms"),
    ]  # fmt: skip
    notes = [
        f"{RATE} scans/s in all at {GATEWAYS} gateways, two facts each;"
        " lag: from the decision at one gateway to the folding at each other one",
        "all processes, the crowd too, share this machine's processors",
    ]
    return Report(bench="peers", rows=rows, notes=notes)


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


def _configs(folder: Path) -> list[Path]:
    ports = _free_ports(GATEWAYS)
    made = []
    for number in range(GATEWAYS):
        siblings = "\n".join(
            f'[[peers.siblings]]\nname = "bench-{other}"\nhost = "127.0.0.1"\nport = {ports[other]}'
            for other in range(number)
        )
        extra = f'{_LANES}\n[peers]\nbind = "127.0.0.1:{ports[number]}"\n{siblings}'
        home = folder / f"g{number}"
        home.mkdir()
        config = write_config(
            home, extra, level="error", ledger=_LEDGER, number=number, gateways=GATEWAYS
        )
        made.append(config)
    return made


async def _round(folder: Path, round_number: int) -> list[float]:
    """Lags in seconds."""
    configs = _configs(folder)
    traces = [folder / f"trace-{number}" for number in range(GATEWAYS)]
    running: list[Running] = []
    contexts = [
        gateway(config, module="benchmarks.peers_gateway", words=[str(trace)])
        for config, trace in zip(configs, traces, strict=True)
    ]
    try:
        for context in contexts:
            running.append(await trio.to_thread.run_sync(context.__enter__))
        await _joined(running)
        await _crowd(running, round_number)
        await trio.sleep(1.0)
    finally:
        for context in reversed(contexts[: len(running)]):
            context.__exit__(None, None, None)
    lags = [lag for trace in traces for lag in _lags(trace)]
    assert len(lags) >= 0.9 * RATE * RUN_S * (GATEWAYS - 1), "not every scan came everywhere"
    return lags


def _lags(trace: Path) -> list[float]:
    """Lags of one gateway, without the first tenth: connections warm up, too."""
    found = [lag for line in trace.read_text().splitlines() for lag in json.loads(line)]
    return found[len(found) // 10 :]


async def _joined(running: list[Running]) -> None:
    async with httpx2.AsyncClient(trust_env=False) as client:
        for _ in range(200):
            rows: list[Any] = []
            for each in running:
                url = f"http://{each.ready['api'][0]}/v1/status"
                rows += (await client.get(url)).json()["siblings"]
            if sum(row["connected"] for row in rows) == GATEWAYS * (GATEWAYS - 1):
                return
            await trio.sleep(0.1)
    raise RuntimeError("the gateways did not find each other within 20 s")


async def _crowd(running: list[Running], round_number: int) -> None:
    """Every scanner shows its next ticket when it is due, whatever became of the last one."""
    count = int(RATE * (RUN_S + WARM_S))
    first = round_number * count
    codes = [venue.code(first + number) + b"\r" for number in range(count)]
    scanners = [
        await trio.open_tcp_stream("127.0.0.1", each.ready["scanners"][str(lane)])
        for lane in range(1, LANES + 1)
        for each in running
    ]
    started = time.perf_counter() + 0.2
    for number, code in enumerate(codes):
        wait_s = started + number / RATE - time.perf_counter()
        if wait_s > 0:
            await trio.sleep(wait_s)
        await scanners[number % len(scanners)].send_all(code)
