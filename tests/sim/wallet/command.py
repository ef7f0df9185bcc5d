"""``./gatehouse sim --wallet``: fairs with tills and bands, each from one number.

    ./gatehouse sim --wallet --seeds 1000        seeds 0 to 999, on all processors
    ./gatehouse sim --wallet --seed 42 --trace   one history, line by line
    ./gatehouse sim --wallet --kept              the seeds of tests/sim/wallet/seeds.txt
    ./gatehouse sim --wallet --every             each tear, crash and next tap
    ./gatehouse sim --wallet --fault NAME        with a planted mistake
    ./gatehouse sim --wallet --faults            every planted mistake

Exit 1 when a promise was broken, or a planted mistake was not found; 2 for a wrong call.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from multiprocessing import get_context
from os import sched_getaffinity
from pathlib import Path

from tests.sim.planting import Outcome
from tests.sim.wallet import every, history, planting
from tests.sim.wallet.after import Wrong
from tests.sim.wallet.faults import FAULTS

SEEDS_KEPT = Path(__file__).with_name("seeds.txt")
CHUNK, SHARES = 5, 16


def main(told: Sequence[str]) -> int:
    options = _options(told)
    for name in options.fault:
        if name not in FAULTS:
            print(f"no fault is called {name}; there are: {', '.join(FAULTS)}", file=sys.stderr)
            return 2
    if options.seed is not None:
        return _one(options)
    if options.faults or options.fault:
        return _find(options, options.fault or list(FAULTS))
    if options.every:
        return _every(options)
    wanted = range(options.first, options.first + options.seeds)
    return _many(options, kept() if options.kept else list(wanted))


def kept() -> list[int]:
    """Seeds that once failed."""
    rows = (line.split(maxsplit=1) for line in SEEDS_KEPT.read_text().splitlines())
    return [int(row[0]) for row in rows if row and not row[0].startswith("#")]


def _options(told: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="gatehouse sim --wallet", description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--seeds", type=int, default=100, help="how many (default 100)")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first seed")
    parser.add_argument("--seed", type=int, help="this one alone")
    parser.add_argument("--trace", action="store_true", help="print what happens (with --seed)")
    parser.add_argument("--every", action="store_true", help="one tap, in every way it goes wrong")
    parser.add_argument(
        "--fault", action="append", default=[], help="plant this mistake of faults.py"
    )
    parser.add_argument("--faults", action="store_true", help="plant each of them in turn")
    parser.add_argument("--kept", action="store_true", help="the seeds that once failed")
    parser.add_argument("--json", action="store_true", help="one JSON line per seed or fault")
    parser.add_argument("--jobs", type=int, default=len(sched_getaffinity(0)), help="processes")
    return parser.parse_args(told)


def _one(options: argparse.Namespace) -> int:
    with contextlib.ExitStack() as planted:
        for name in options.fault:
            planted.enter_context(FAULTS[name]())
        result = history.run(options.seed, trace=options.trace)
    for line in result.trace:
        print(line)
    counts = " ".join(f"{name}={count}" for name, count in result.counts.items())
    print(f"seed {result.seed}  digest {result.digest}\n{counts}")
    if result.broken:
        print(f"BROKEN  {result.broken}")
    return 1 if result.broken else 0


def _runs(options: argparse.Namespace, seeds: list[int]) -> Iterator[Outcome]:
    run = partial(planting.run_chunk, None)
    chunks = [seeds[i : i + CHUNK] for i in range(0, len(seeds), CHUNK)]
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("fork")) as pool:
        for future in as_completed([pool.submit(run, chunk) for chunk in chunks]):
            yield from future.result()


def _many(options: argparse.Namespace, seeds: list[int]) -> int:
    from rich.progress import Progress

    began, broken = time.monotonic(), []
    with Progress(disable=options.json or not sys.stderr.isatty()) as progress:
        task = progress.add_task("fairs", total=len(seeds))
        for outcome in _runs(options, seeds):
            progress.advance(task)
            if options.json:
                print(json.dumps(outcome._asdict()), flush=True)
            if outcome.broken:
                broken.append(outcome)
                print(f"seed {outcome.seed}: {outcome.broken}", file=sys.stderr)
    took_s = time.monotonic() - began
    print(f"{len(seeds)} fairs in {took_s:.1f} s, {len(broken)} broken", file=sys.stderr)
    if broken:
        print(f"replay: ./gatehouse sim --wallet --seed {min(broken).seed} --trace",
              file=sys.stderr)  # fmt: skip
        print("then keep it: a line in tests/sim/wallet/seeds.txt, with why", file=sys.stderr)
    return 1 if broken else 0


def _share(share: int) -> tuple[Counter[str], str]:
    try:
        return every.run(share=share, shares=SHARES), ""
    except Wrong as wrong:
        return Counter(), str(wrong)


def _every(options: argparse.Namespace) -> int:
    from rich.progress import Progress

    began, counts, broken = time.monotonic(), Counter[str](), 0
    with (
        ProcessPoolExecutor(options.jobs, mp_context=get_context("fork")) as pool,
        Progress(disable=not sys.stderr.isatty()) as progress,
    ):
        task = progress.add_task("shares", total=SHARES)
        for found, wrong in pool.map(_share, range(SHARES)):
            progress.advance(task)
            counts += found
            if wrong:
                broken += 1
                print(wrong, file=sys.stderr)
    for name, count in sorted(counts.items()):
        print(f"{count:6} {name}")
    print(f"{sum(counts.values()):6} in {time.monotonic() - began:.1f} s, {broken} broken")
    return 1 if broken else 0


def _find(options: argparse.Namespace, names: list[str]) -> int:
    """Plant each mistake and look for it; 1 when one survives."""
    survived = 0
    for name in names:
        found = planting.hunt(name)
        survived += not found
        if options.json:
            print(json.dumps({"fault": name, "broken": found}), flush=True)
        else:
            print(f"{name:<50} {found or 'SURVIVED'}", flush=True)
    return 1 if survived else 0
