"""How a mistake is planted: a patch by its name, over one history or many."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from tests.sim import history
from tests.sim.history import Result

Plant = Callable[[], contextlib.AbstractContextManager[Any]]
FAULTS: dict[str, Plant] = {}
#: Those of a venue with several gateways.
SITE_FAULTS: dict[str, Plant] = {}


class Outcome(NamedTuple):
    """What one history came to."""

    seed: int
    digest: str
    broken: str


def fault(plant: Callable[[], Iterator[None]]) -> Callable[[], Iterator[None]]:
    """Make `plant` a mistake that can be named; it yields while it is planted."""
    FAULTS[plant.__name__] = contextlib.contextmanager(plant)
    return plant


def site_fault(plant: Callable[[], Iterator[None]]) -> Callable[[], Iterator[None]]:
    """As `fault`, for histories with several gateways."""
    SITE_FAULTS[plant.__name__] = contextlib.contextmanager(plant)
    return plant


def run(seed: int, fault: str | None, *, gateways: int = 1, trace: bool = False) -> Result:
    """The history of `seed`, with a mistake if `fault` names one."""
    faults = FAULTS if gateways == 1 else SITE_FAULTS
    with faults[fault]() if fault else contextlib.nullcontext():
        if gateways == 1:
            return history.run(seed, trace=trace)
        from tests.sim.site import history as site

        return site.run(seed, gateways, trace=trace)


def run_chunk(fault: str | None, gateways: int, seeds: list[int]) -> list[Outcome]:
    """Each of `seeds`; with a mistake it stops at the first one that is found."""
    found = []
    for seed in seeds:
        try:
            result = run(seed, fault, gateways=gateways)
            found.append(Outcome(seed, result.digest, result.broken))
        except Exception as error:  # noqa: BLE001 - the border: a crash is a finding as well
            logging.disable(logging.NOTSET)
            found.append(Outcome(seed, "", f"crash: {_cause(error)!r}"))
        if fault and found[-1].broken:
            break
    return found


def _cause(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
