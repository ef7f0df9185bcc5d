"""A gateway for `bench tap`: the daemon as it is, but for the rest between two pulses.

A real turnstile is given 500 ms between pulses, and configuration insists on it. To drive one
process to its limit with few lanes, the rest is zero here and nowhere else.
"""

import sys
from typing import Any

from config.gateway import Gateway
from config.load import load
from drivers.turnstile.plan import LanePlan
from edge import daemon, wiring


def _without_rest(**plan: Any) -> LanePlan:
    return LanePlan(**{**plan, "pulse_period_s": 0.0})


def main() -> int:
    """`python -m benchmarks.tap_gateway CONFIG READY_FD`."""
    wiring.LanePlan = _without_rest  # type: ignore[misc, assignment]
    return daemon.run(load(sys.argv[1], Gateway), ready_fd=int(sys.argv[2]))


if __name__ == "__main__":
    sys.exit(main())
