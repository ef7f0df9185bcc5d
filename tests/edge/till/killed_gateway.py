"""One gateway with one till, for the test that kills it: real ledger, band memory in a file.

`python -m tests.edge.till.killed_gateway FOLDER CHIP LAST BASKET AT`: opens the ledger, sells LAST
again (the basket during which the one before was killed; "-" for none), says how it ended as one
JSON line, and begins BASKET, during which this process kills itself before its AT-th exchange with
the band. With AT = -1 it sells it to the end.
"""

import json
import mmap
import os
import signal
import sys
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import trio

from benchmarks.venue import DEVICE, GATEWAY, TENANT
from config.gateway import Ledger as LedgerConfig
from crypto.block import Block
from crypto.entry import AnyFact
from drivers.reader import Chip
from drivers.reader.chips import Type2, make
from drivers.reader.memory import MemoryReader
from edge.clock import SystemClock
from edge.core.moments import LogicalClock
from edge.core.pricing import Item
from edge.core.state import State
from edge.gateway import Gateway
from edge.ledger import recover
from edge.ledger.ledger import Ledger
from edge.ledger.storage import DiskStorage
from edge.till.shifts import open_shift
from edge.till.till import Place, Till
from edge.till.tills import Tills
from edge.till.work import Ask, Work
from tests.edge.core.bar import WATER
from tests.edge.till.counter import CREDIT, bundle

PRICE_MINOR = 250
LOADED_MINOR = 100_000
CONFIG = LedgerConfig(segment_bytes=1 << 20, spare_segments=1, alarm_spare_segments=1)


class DyingReader(MemoryReader):
    """Ends the process before exchange `at`, as a power cut or a `kill -9` does."""

    at = -1

    def exchange_now(self, command: bytes) -> bytes:
        if self.at == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.at -= 1
        return super().exchange_now(command)


def band_in(file: Path, chip: Chip) -> tuple[Type2, bool]:
    """The band whose memory is that file, and whether it is new."""
    band = make(chip, b"\x04killed")
    new = not file.exists()
    if new:
        file.write_bytes(bytes(band.memory))
    with open(file, "r+b") as stream:
        band.memory = mmap.mmap(stream.fileno(), 0)  # type: ignore[assignment]
    return band, new


def opened(storage: DiskStorage, clock: SystemClock) -> tuple[Ledger, State]:
    """The ledger, and all its facts folded."""
    state = State()

    def fold(block: Block, facts: list[AnyFact]) -> None:
        state.apply_run(block.gateway, block.epoch, block.first_seq, facts)

    def stamp(last: int) -> tuple[int, int, int]:
        now = clock.now()
        return LogicalClock(last).next(now.ms), now.day, now.offset_min

    moment = recover.Moment(
        clock.now().ms // 1000, stamp, lambda: time.time_ns() // 1_000_000, os.urandom
    )
    who = recover.Identity(TENANT, GATEWAY, DEVICE)
    return Ledger(storage, recover.recover(storage, who, moment, CONFIG, fold=fold), CONFIG), state


async def main(folder: Path, chip: Chip, last: str, basket: str, at: int) -> None:
    clock = SystemClock(ZoneInfo("Europe/Vienna"), 360)
    band, new = band_in(folder / "band", chip)
    with closing(DiskStorage(folder / "ledger")) as storage:
        ledger, state = opened(storage, clock)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ledger.run)
            gateway = Gateway(identity=GATEWAY, name="bar", ledger=ledger, state=state, clock=clock)
            gateway.apply_bundle(bundle(), b"a bundle")
            tills = Tills(gateway, entropy=os.urandom, credit_key=CREDIT)
            reader = DyingReader()
            till = Till(tills, Place(1, "Bar", True, True, debounce_s=0), reader)
            nursery.start_soon(till.run)
            if till.shift is None:
                await open_shift(till, 1, 0)
            do = partial(_do, till, reader, band)
            if new:
                await do(kind="issue", id=os.urandom(16), wallet_class=1)
                await do(kind="top_up", id=os.urandom(16), method="cash", amount_minor=LOADED_MINOR)
            told: dict[str, Any] = {}
            if last != "-":
                work = await do(kind="sale", id=bytes.fromhex(last), items=(Item(WATER, 1),))
                told = {"state": work.state, "already": work.already}
            shown = await do(kind="balance", id=os.urandom(16))
            deals = [deal for deal in state.tills.deals.values() if deal.movement == "sale"]
            told["balance_minor"] = shown.balance_minor
            told["posted"] = sum(1 for deal in deals if deal.status == 2)
            told["open"] = sum(1 for deal in deals if deal.status == 0)
            told["perpetual_minor"] = state.tills.till(GATEWAY, 1).perpetual_minor
            told["baskets"] = len({deal.basket for deal in deals if deal.status == 2})
            print(json.dumps(told), flush=True)
            if basket != "-":
                reader.at = at
                await do(kind="sale", id=bytes.fromhex(basket), items=(Item(WATER, 1),))
            nursery.cancel_scope.cancel()
        ledger.close()


async def _do(till: Till, reader: MemoryReader, band: Type2, **how: Any) -> Work:
    while till.work is not None:
        await trio.sleep(0.001)
    work = till.submit(Ask(**how))
    work.confirmed.add("same_amount")
    reader.place(band)
    with trio.fail_after(20):
        await work.ended.wait()
    reader.take()
    return work


if __name__ == "__main__":
    trio.run(main, Path(sys.argv[1]), Chip[sys.argv[2]], sys.argv[3], sys.argv[4], int(sys.argv[5]))
