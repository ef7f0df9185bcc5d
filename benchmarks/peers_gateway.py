"""A gateway for `bench peers`: the daemon as it is, which notes when it folded what."""

import json
import sys
import time
from typing import IO

from config.gateway import Gateway as Config
from config.load import load
from crypto.block import Block
from crypto.entry import Admitted, AnyFact
from edge import daemon
from edge.gateway import Gateway


def main() -> int:
    """`python -m benchmarks.peers_gateway CONFIG READY_FD TRACE`."""
    # One line per block: the lag of each admission in it, s. Buffered; flushed at the end.
    with open(sys.argv[3], "w", encoding="ascii") as trace:
        _watch(trace)
        return daemon.run(load(sys.argv[1], Config), ready_fd=int(sys.argv[2]))


def _watch(trace: IO[str]) -> None:
    fold = Gateway.fold_sibling

    def folded(self: Gateway, block: Block, facts: list[AnyFact]) -> None:
        fold(self, block, facts)
        now_ms = time.time_ns() / 1e6
        lags = [(now_ms - fact.wall_ms) / 1e3 for fact in facts if isinstance(fact, Admitted)]
        trace.write(json.dumps(lags) + "\n")

    Gateway.fold_sibling = folded  # type: ignore[method-assign]


if __name__ == "__main__":
    sys.exit(main())
