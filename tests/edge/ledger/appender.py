"""A process that appends at full speed until it is killed: see test_kill.py.

Says each acknowledged fact on standard output as (epoch, seq, number), after `wait` has returned.
Dies with whoever reads that pipe.
"""

from __future__ import annotations

import os
import struct
import sys
import time

import trio

from config.gateway import Ledger as LedgerConfig
from edge.ledger.ledger import Ledger
from edge.ledger.recover import Moment, recover
from edge.ledger.storage import DiskStorage
from tests.edge.ledger.logs import WHO, fact, stamp

ACKNOWLEDGED = struct.Struct(">IQI")
CONFIG = LedgerConfig(segment_bytes=1 << 20, spare_segments=2)
LANES = 32


async def main(folder: str, first: int) -> None:
    storage = DiskStorage(folder)
    now = Moment(int(time.time()), stamp, lambda: int(time.time() * 1000), os.urandom)
    ledger = Ledger(storage, recover(storage, WHO, now, CONFIG), CONFIG)
    number = first

    async def lane() -> None:
        nonlocal number
        while True:
            mine, number = number, number + 1
            seq = ledger.append(fact(mine))
            await ledger.wait(seq)
            os.write(1, ACKNOWLEDGED.pack(ledger.epoch, seq, mine))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ledger.run)
        for _ in range(LANES):
            nursery.start_soon(lane)


if __name__ == "__main__":
    trio.run(main, sys.argv[1], int(sys.argv[2]))
