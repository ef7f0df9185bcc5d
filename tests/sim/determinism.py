"""The one file that makes a run of trio repeatable, and that says so when trio changes.

One seed is one history only if nothing outside the seed is asked: trio shuffles each batch of
ready tasks by its own dice, sets of strings iterate by PYTHONHASHSEED, and threads finish when
they like. So the dice are seeded, the hash seed is fixed by starting the process again, and what
the product does in a thread is done at once instead.
"""

from __future__ import annotations

import contextlib
import os
import random
import sys
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import trio
import trio._core._run as scheduler

T = TypeVar("T")
HASH_SEED = "0"
#: The version whose scheduler was read; another one must be read again.
TRIO = "0.35.0"


def check() -> None:
    """Everything that repeatability hangs on is still there."""
    assert trio.__version__ == TRIO, f"read the scheduler of trio {trio.__version__} again"
    assert isinstance(scheduler._ALLOW_DETERMINISTIC_SCHEDULING, bool)
    assert isinstance(scheduler._r, random.Random)
    assert os.environ.get("PYTHONHASHSEED") == HASH_SEED, "start by `python -m tests.sim`"
    assert sys.flags.hash_randomization == 0


def start_again_if_needed(arguments: list[str]) -> None:
    """Replace this process by one with a fixed hash seed."""
    if os.environ.get("PYTHONHASHSEED") == HASH_SEED:
        return
    environment = {**os.environ, "PYTHONHASHSEED": HASH_SEED}
    command = [sys.executable, "-m", "tests.sim", *arguments]
    os.execve(sys.executable, command, environment)


def dice(seed: int, name: str) -> random.Random:
    """Dice of its own for each thing that throws: one more throw here moves nothing there."""
    return random.Random(f"{seed}/{name}")


@contextlib.contextmanager
def repeatable(seed: int) -> Iterator[None]:
    """Within: trio's scheduler follows `seed`, and no thread is started."""
    check()
    kept_flag, kept_dice = scheduler._ALLOW_DETERMINISTIC_SCHEDULING, scheduler._r.getstate()
    kept_run = trio.to_thread.run_sync
    scheduler._ALLOW_DETERMINISTIC_SCHEDULING = True  # type: ignore[misc]
    scheduler._r.seed(seed)
    trio.to_thread.run_sync = _at_once  # type: ignore[assignment]
    try:
        yield
    finally:
        scheduler._ALLOW_DETERMINISTIC_SCHEDULING = kept_flag  # type: ignore[misc]
        scheduler._r.setstate(kept_dice)
        trio.to_thread.run_sync = kept_run


async def _at_once(work: Callable[..., T], *arguments: Any, **_: Any) -> T:
    await trio.lowlevel.checkpoint()
    return work(*arguments)
