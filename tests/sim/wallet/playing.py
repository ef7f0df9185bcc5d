"""Cases of `every`, played: all, a share, or one by its name."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import trio
import trio.testing

from drivers.reader import Chip
from tests.sim.wallet.after import Wrong, check
from tests.sim.wallet.cases import CHIPS, FLOWS, Case, cases, tally
from tests.sim.wallet.every import Story
from tests.sim.wallet.life import quick


class Found(NamedTuple):
    """A case that went wrong; `name` replays it."""

    name: str
    case: Case
    broken: str


async def _run(
    flow: str, chip: Chip, wanted: slice, counts: Counter[str], wrong: list[Found],
    told: list[str] | None, first_only: bool,
) -> None:  # fmt: skip
    async with trio.open_nursery() as nursery:
        first = Story(chip)
        first.nursery = nursery
        start = await first.prepare(flow)
        nursery.cancel_scope.cancel()
    for at, case in list(enumerate(cases(flow, chip, start.awaits)))[wanted]:
        async with trio.open_nursery() as nursery:
            story = Story(chip)
            story.nursery = nursery
            story.resume(start)
            story.told = told
            try:
                check(story, case, await story.play(case))
            except Wrong as broken:
                wrong.append(Found(f"{flow}/{chip.name}/{at}", case, str(broken)))
            finally:
                nursery.cancel_scope.cancel()
        tally(case, counts)
        if wrong and first_only:
            return


def _first(error: BaseException) -> Wrong | None:
    if isinstance(error, BaseExceptionGroup):
        return next(filter(None, map(_first, error.exceptions)), None)
    return error if isinstance(error, Wrong) else None


def play(
    flow: str, chip: Chip, wanted: slice, told: list[str] | None = None, first_only: bool = False
) -> tuple[Counter[str], list[Found]]:  # fmt: skip
    """These cases of a flow and chip: what was counted, and which went wrong. `told`: what
    happened, line by line."""
    logging.disable(logging.CRITICAL)
    counts, wrong = Counter[str](), list[Found]()
    try:
        with quick():
            clock = trio.testing.MockClock(autojump_threshold=0.0)
            trio.run(_run, flow, chip, wanted, counts, wrong, told, first_only, clock=clock)
    except BaseExceptionGroup as group:
        raise _first(group) or group from None
    finally:
        logging.disable(logging.NOTSET)
    return counts, wrong


def run(
    chips: Iterable[Chip] = CHIPS, flows: Iterable[str] = FLOWS, share: int = 0,
    shares: int = 1,
) -> Counter[str]:  # fmt: skip
    """Every case, or a share of them; how many of each kind. Raises `Wrong` at the first."""
    counts: Counter[str] = Counter()
    for chip in chips:
        for flow in flows:
            found, wrong = play(flow, chip, slice(share, None, shares), first_only=True)
            counts += found
            for one in wrong:
                raise Wrong(one.broken.partition(": ")[0], f"{one.name}: {one.broken}")
    return counts


def how_many(flow: str, chip: Chip) -> int:
    """How many cases there are."""
    found: list[int] = []

    async def ask() -> None:
        async with trio.open_nursery() as nursery:
            story = Story(chip)
            story.nursery = nursery
            found.append(len(cases(flow, chip, (await story.prepare(flow)).awaits)))
            nursery.cancel_scope.cancel()

    logging.disable(logging.CRITICAL)
    try:
        with quick():
            trio.run(ask, clock=trio.testing.MockClock(autojump_threshold=0.0))
    finally:
        logging.disable(logging.NOTSET)
    return found[0]
