"""Looking for a planted mistake, and running seeds by the handful."""

from __future__ import annotations

import contextlib
import logging

from tests.sim.planting import Outcome, _cause
from tests.sim.wallet import (
    faults_of_books,  # noqa: F401 - they are planted by being there
    history,
    playing,
)
from tests.sim.wallet.after import Wrong
from tests.sim.wallet.faults import FAULTS, FOUND_AT

#: Seeds that are tried for one mistake, and how the cases of `every` are thinned meanwhile.
SEEDS, SHARES = 60, 7


def run_chunk(fault: str | None, seeds: list[int]) -> list[Outcome]:
    """Each of `seeds`; with a mistake it stops at the first one that is found."""
    found = []
    for seed in seeds:
        with FAULTS[fault]() if fault else contextlib.nullcontext():
            try:
                result = history.run(seed)
                found.append(Outcome(seed, result.digest, result.broken))
            except Exception as error:  # noqa: BLE001 - the border: a crash is a finding as well
                found.append(Outcome(seed, "", f"crash: {_cause(error)!r}"))
            finally:
                logging.disable(logging.NOTSET)
        if fault and found[-1].broken:
            break
    return found


def hunt(name: str) -> str:
    """What was found of a mistake; "" when it survives."""
    where = FOUND_AT[name]
    if not isinstance(where, int):
        flow, chip = where
        with FAULTS[name]():
            try:
                playing.run((chip,), (flow,), share=1, shares=SHARES)
            except Wrong as wrong:
                return f"every: {wrong}"
        where = 0
    for first in (where, *range(SEEDS)):
        (outcome,) = run_chunk(name, [first])
        if outcome.broken:
            return f"seed {first}: {outcome.broken}"
    return ""
