"""Resident memory of a real gateway process: idle, and with 200,000 tickets in its history."""

import tempfile
import time
from pathlib import Path

from benchmarks import replay
from benchmarks.measure import Report, Row, median, spread
from benchmarks.process import gateway, write_config

TICKETS = 200_000
MIB = 1 << 20
_LANE = '[[lanes]]\nnumber = 1\nname = "A1"\ngate = 1'
_LEDGER = "segment_bytes = 67108864\nspare_segments = 1\nalarm_spare_segments = 1"


def run(rounds: int = 3) -> Report:
    """Start both gateways `rounds` times and look at what the kernel counts."""
    idle = [_resident(0) for _ in range(rounds)]
    knows = [_resident(TICKETS) for _ in range(rounds)]
    return Report(
        bench="memory",
        rows=[
            Row(name="idle gateway", value=median(idle), unit="MiB", spread=spread(idle),
                target="< 80", met=median(idle) < 80),
            Row(name="200,000 tickets known", value=median(knows), unit="MiB",
                spread=spread(knows), target="< 200", met=median(knows) < 200),
        ],
    )  # fmt: skip


def _resident(tickets: int) -> float:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = write_config(folder, _LANE, ledger=_LEDGER)
        if tickets:
            replay.fill(folder / "identity" / "ledger", tickets)
        with gateway(config) as running:
            time.sleep(1.5)  # the API's first second: pages, sockets, threads
            return running.memory_bytes / MIB
