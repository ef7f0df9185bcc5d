"""A till that may be killed: `python -m tests.drivers.payment.till_process PORT BOOK [HOLD]`.

The book is what it knows durably: that it started, and how that ended. It says each step on
standard output before it takes it; at the step named HOLD it waits to be killed.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import trio

from drivers.link import TcpClient
from drivers.payment.driver import CardTerminal
from drivers.payment.outcome import Authorization, Outcome
from drivers.payment.table import UNSURE
from drivers.supervisor import Health

ASKED = Authorization(txid16=b"1" * 16, amount_minor=450, currency="EUR", reference="guest-1")


async def run(port: int, book: Path, hold: str) -> None:
    async def step(name: str) -> None:
        print(json.dumps({"step": name}), flush=True)
        if name == hold:
            await trio.sleep_forever()

    def write(**row: str) -> None:
        with book.open("a") as file:
            file.write(json.dumps(row) + "\n")
            file.flush()
            os.fsync(file.fileno())

    terminal = CardTerminal("card", TcpClient("127.0.0.1", port), jitter=lambda: 0.5, resolve_s=3)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(terminal.run)
        while terminal.health.state is not Health.READY:
            await trio.sleep(0.01)
        outcome: Outcome | None = None
        if not book.exists():
            write(started=ASKED.reference)
            await step("started")
            outcome = await terminal.authorize(ASKED)
            await step("answered")
        while outcome is None or outcome.state in UNSURE:
            outcome = await terminal.inquire(ASKED, "FAKE1") or outcome
        write(ended=outcome.state.value)
        await step("ended")
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    trio.run(run, int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
