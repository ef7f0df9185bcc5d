"""``./gatehouse sim --wallet``: fairs with tills and bands, each from one number.

    ./gatehouse sim --wallet --seeds 1000        seeds 0 to 999, on all processors
    ./gatehouse sim --wallet --seed 42 --trace   one history, line by line
    ./gatehouse sim --wallet --kept              the seeds of tests/sim/wallet/seeds.txt
    ./gatehouse sim --wallet --every             each tear, crash and next tap: some minutes
    ./gatehouse sim --wallet --case sale/UL_C/7  one of them, line by line
    ./gatehouse sim --wallet --fault NAME        with a planted mistake
    ./gatehouse sim --wallet --faults            every planted mistake

Exit 1 when a promise was broken, or a planted mistake was not found; 2 for a wrong call.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from multiprocessing import get_context
from os import sched_getaffinity
from pathlib import Path

from drivers.reader import Chip
from tests.sim.planting import Outcome
from tests.sim.wallet import history, planting, playing
from tests.sim.wallet.cases import CHIPS, FLOWS
from tests.sim.wallet.faults import FAULTS
from tests.sim.wallet.promises import PROMISES

SEEDS_KEPT = Path(__file__).with_name("seeds.txt")
CHUNK = 5
#: Cases that one process plays at a time, and broken ones that are told.
PART, SHOWN = 150, 20


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
    if options.case:
        return _case(options)
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
    parser.add_argument("--case", default="", help="one of these, by the name it was told with")
    parser.add_argument(
        "--fault", action="append", default=[], help="plant this mistake of faults.py"
    )
    parser.add_argument("--faults", action="store_true", help="plant each of them in turn")
    parser.add_argument("--kept", action="store_true", help="the seeds that once failed")
    parser.add_argument("--json", action="store_true", help="JSON: a line for each seed or fault")
    parser.add_argument("--jobs", type=int, default=len(sched_getaffinity(0)), help="processes")
    return parser.parse_args(told)


def _one(options: argparse.Namespace) -> int:
    with contextlib.ExitStack() as planted:
        for name in options.fault:
            planted.enter_context(FAULTS[name]())
        result = history.run(options.seed, trace=options.trace)
    if options.json:
        print(json.dumps(result._asdict()))
        return 1 if result.broken else 0
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
                print(f"seed {outcome.seed}: {outcome.broken}\n  replay: ./gatehouse sim --wallet"
                      f" --seed {outcome.seed} --trace", file=sys.stderr)  # fmt: skip
    took_s = time.monotonic() - began
    print(f"{len(seeds)} fairs in {took_s:.1f} s, {len(broken)} broken", file=sys.stderr)
    if broken:
        print("keep each: a line in tests/sim/wallet/seeds.txt, with why", file=sys.stderr)
    return 1 if broken else 0


def _case(options: argparse.Namespace) -> int:
    """One case of `every`, told line by line."""
    found = re.fullmatch(r"(\w+)/(\w+)/(\d+)", options.case)
    flow, chip, at = found.groups() if found else ("", "", "0")
    if flow not in FLOWS or chip not in Chip.__members__ or Chip[chip] not in CHIPS:
        print(f"a case is FLOW/CHIP/NUMBER; flows: {', '.join(FLOWS)};"
              f" chips: {', '.join(chip.name for chip in CHIPS)}", file=sys.stderr)  # fmt: skip
        return 2
    count = playing.how_many(flow, Chip[chip])
    if int(at) >= count:
        print(f"there are {count} cases of {flow}/{chip}: 0 to {count - 1}", file=sys.stderr)
        return 2
    told: list[str] = []
    counts, wrong = playing.play(flow, Chip[chip], slice(int(at), int(at) + 1), told)
    for line in (*told, *(name for name, count in counts.items() if count)):
        print(line)
    for one in wrong:
        print(f"BROKEN  {one.broken}")
    return 1 if wrong else 0


def _part(part: tuple[str, Chip, int]) -> tuple[Counter[str], list[playing.Found]]:
    flow, chip, first = part
    return playing.play(flow, chip, slice(first, first + PART))


def _every(options: argparse.Namespace) -> int:
    from rich.progress import Progress

    began, counts, wrong = time.monotonic(), Counter[str](), list[playing.Found]()
    sizes = {(flow, chip): playing.how_many(flow, chip) for flow in FLOWS for chip in CHIPS}
    parts = [(*which, at) for which, size in sizes.items() for at in range(0, size, PART)]
    with (
        ProcessPoolExecutor(options.jobs, mp_context=get_context("fork")) as pool,
        Progress(disable=options.json or not sys.stderr.isatty()) as progress,
    ):
        task = progress.add_task("cases", total=sum(sizes.values()))
        for future in as_completed([pool.submit(_part, part) for part in parts]):
            found, broken = future.result()
            progress.advance(task, _all(found))
            counts += found
            for one in broken[: max(0, SHOWN - len(wrong))]:
                print(f"{one.broken}\n  replay: ./gatehouse sim --wallet --case {one.name}",
                      file=sys.stderr)  # fmt: skip
            wrong += broken
    took_s = time.monotonic() - began
    if options.json:
        told = {"cases": _all(counts), "broken": [one.name for one in wrong], "counts": counts}
        print(json.dumps(told))
        return 1 if wrong else 0
    heading = ""
    for name, count in sorted(counts.items()):
        kind, _, what = name.partition(": ")
        if kind != heading and what:
            print(kind)
        heading = kind
        print(f"{count:8}  {what or name}")
    print(f"{_all(counts)} cases in {took_s:.1f} s, {len(wrong)} broken")
    return 1 if wrong else 0


def _all(counts: Counter[str]) -> int:
    return sum(counts[f"flow: {flow}"] for flow in FLOWS)


def _find(options: argparse.Namespace, names: list[str]) -> int:
    """Plant each mistake and look for it; 1 when one survives."""
    survived, by = 0, defaultdict[str, list[str]](list)
    for name in names:
        found = planting.hunt(name)
        survived += not found
        by[_checker(found)].append(name)
        if options.json:
            print(json.dumps({"fault": name, "broken": found}), flush=True)
        else:
            print(f"{name:<52} {found or 'SURVIVED'}", flush=True)
    if options.faults and not options.json:
        _matrix(by)
    return 1 if survived else 0


def _checker(found: str) -> str:
    """Which checker found it: `seed 3: NAME: …`, or `every: NAME: case: NAME: …`."""
    words = found.split(": ")
    return words[1] if len(words) > 2 else ""


def _matrix(by: dict[str, list[str]]) -> None:
    """Each checker, what it promises, and the mistakes that tripped it first."""
    print()
    for checker, promise in PROMISES.items():
        print(f"{checker:<12} {promise}")
        for name in by[checker] or ["- no mistake trips it first"]:
            print(f"{'':<12}   {name}")
