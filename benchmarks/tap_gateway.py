"""A gateway for `bench tap`: the daemon as it is, but for the rest between two pulses.

A real turnstile is given 500 ms between pulses, and configuration insists on it. To drive one
process to its limit with few lanes, the rest is zero here and nowhere else. With a third argument
a watch beside the devices notes how late the loop is, and writes it there at the end.
"""

import sys
from functools import partial
from pathlib import Path
from typing import Any

import trio

from benchmarks.tap_watch import Watch
from config.gateway import Gateway as GatewayConfig
from config.load import load
from drivers.turnstile.plan import LanePlan
from edge import daemon, wiring
from edge.gateway import Gateway


def _without_rest(**plan: Any) -> LanePlan:
    return LanePlan(**{**plan, "pulse_period_s": 0.0})


def _watched(path: Path, gateway: Gateway, config: GatewayConfig) -> list[wiring.Device]:
    first, *others = wiring.wire(gateway, config)

    async def run() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(Watch(path).run)
            nursery.start_soon(first.run)

    return [wiring.Device(first.lane, first.name, run, first.health, first.server), *others]


def main() -> int:
    """`python -m benchmarks.tap_gateway CONFIG READY_FD [NOTES]`."""
    setattr(wiring, "LanePlan", _without_rest)  # noqa: B010
    if len(sys.argv) > 3:
        setattr(daemon, "wire", partial(_watched, Path(sys.argv[3])))  # noqa: B010
    return daemon.run(load(sys.argv[1], GatewayConfig), ready_fd=int(sys.argv[2]))


if __name__ == "__main__":
    sys.exit(main())
