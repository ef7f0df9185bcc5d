"""``./gatehouse sim``: histories of whole gateways, each from one number.

    ./gatehouse sim --seeds 1000            seeds 0 to 999, on all processors
    ./gatehouse sim --seeds 1000 --from 5000
    ./gatehouse sim --seed 42 --trace       one history, line by line
    ./gatehouse sim --gateways 3 --seeds 60 venues of three gateways (2 to 4), cut and burnt
    ./gatehouse sim --kept                  the seeds of tests/sim/seeds.txt; with --gateways those
                                            of tests/sim/site/seeds.txt
    ./gatehouse sim --wallet --seeds 100    fairs with tills and bands; --every: each tear,
                                            crash and next tap; --help says more
    ./gatehouse sim --fault NAME            with a planted mistake: which checker finds it?
    ./gatehouse sim --faults                every planted mistake

Exit 1 when a promise was broken, or a planted mistake was not found; 2 for a wrong call.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from functools import partial
from multiprocessing import get_context
from os import sched_getaffinity
from pathlib import Path
from typing import TYPE_CHECKING

from tests.sim import determinism

if TYPE_CHECKING:
    from tests.sim.planting import Outcome

CHUNK = 5


def main(arguments: Sequence[str] | None = None) -> int:
    told = list(sys.argv[1:] if arguments is None else arguments)
    if "--wallet" in told:
        determinism.start_again_if_needed(told)
        from tests.sim.wallet import command

        return command.main([word for word in told if word != "--wallet"])
    options = _options(told)
    determinism.start_again_if_needed(told)
    faults = _faults(options)
    for name in options.fault:
        if name not in faults:
            print(f"no fault is called {name}; there are: {', '.join(faults)}", file=sys.stderr)
            return 2
    if options.seed is not None:
        return _one(options)
    if options.faults or options.fault:
        return _find(options, options.fault or list(faults))
    return _many(options, kept(options.gateways) if options.kept else _range(options))


def _faults(options: argparse.Namespace) -> dict[str, int | None]:
    """Every mistake there is to plant, and the seed at which it was found last, if it is noted."""
    from tests.sim import faults
    from tests.sim.site import faults as site

    one = options.gateways == 1
    found = faults.FOUND_AT if one else site.FOUND_AT
    return {name: found.get(name) for name in (faults.FAULTS if one else site.SITE_FAULTS)}


def kept(gateways: int = 1) -> list[int]:
    """Seeds that once failed: of one gateway, or of a venue of so many."""
    folder = Path(__file__).parent
    if gateways == 1:
        return [int(words[0]) for words in _rows(folder / "seeds.txt")]
    rows = _rows(folder / "site" / "seeds.txt")
    return [int(seed) for count, seed, *_ in rows if int(count) == gateways]


def _rows(file: Path) -> Iterator[list[str]]:
    for line in file.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.split(maxsplit=2)


def _range(options: argparse.Namespace) -> list[int]:
    return list(range(options.first, options.first + options.seeds))


def _options(told: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="gatehouse sim", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=200, help="how many (default 200)")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first seed")
    parser.add_argument(
        "--gateways", type=int, default=1, choices=(1, 2, 3, 4), help="of the venue (default 1)"
    )
    parser.add_argument("--seed", type=int, help="this one alone")
    parser.add_argument("--trace", action="store_true", help="print what happens (with --seed)")
    parser.add_argument(
        "--fault", action="append", default=[], help="plant this mistake of tests/sim/faults.py"
    )
    parser.add_argument("--faults", action="store_true", help="plant each of them in turn")
    parser.add_argument("--kept", action="store_true", help="the seeds that once failed")
    parser.add_argument("--json", action="store_true", help="JSON: a line for each seed or fault")
    parser.add_argument("--jobs", type=int, default=len(sched_getaffinity(0)), help="processes")
    return parser.parse_args(told)


def _one(options: argparse.Namespace) -> int:
    from tests.sim import planting

    fault = options.fault[0] if options.fault else None
    result = planting.run(options.seed, fault, gateways=options.gateways, trace=options.trace)
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


def _runs(options: argparse.Namespace, fault: str | None, seeds: list[int]) -> Iterator[Outcome]:
    """Outcomes as they come; stops handing out work when closed."""
    from tests.sim import planting

    run = partial(planting.run_chunk, fault, options.gateways)
    chunks = iter([seeds[i : i + CHUNK] for i in range(0, len(seeds), CHUNK)])
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("fork")) as pool:
        running: set[Future[list[Outcome]]] = set()
        try:
            while True:
                for chunk in chunks:
                    running.add(pool.submit(run, chunk))
                    if len(running) >= 2 * options.jobs:
                        break
                if not running:
                    return
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield from future.result()
        finally:
            for future in running:
                future.cancel()


def _many(options: argparse.Namespace, seeds: list[int]) -> int:
    from rich.progress import Progress

    began, broken = time.monotonic(), []
    with Progress(disable=options.json or not sys.stderr.isatty()) as progress:
        task = progress.add_task("histories", total=len(seeds))
        for outcome in _runs(options, None, seeds):
            progress.advance(task)
            if options.json:
                print(json.dumps(outcome._asdict()), flush=True)
            if outcome.broken:
                broken.append(outcome)
                print(f"seed {outcome.seed}: {outcome.broken}", file=sys.stderr)
    took_s = time.monotonic() - began
    print(f"{len(seeds)} histories in {took_s:.1f} s ({len(seeds) / took_s:.1f} per second),"
          f" {len(broken)} broken", file=sys.stderr)  # fmt: skip
    if broken:
        which = f"--gateways {options.gateways} " if options.gateways > 1 else ""
        print(f"replay: ./gatehouse sim {which}--seed {min(broken).seed} --trace", file=sys.stderr)
        where = "tests/sim/seeds.txt" if options.gateways == 1 else "tests/sim/site/seeds.txt"
        print(f"then keep it: a line in {where}, with why", file=sys.stderr)
    return 1 if broken else 0


def _find(options: argparse.Namespace, names: list[str]) -> int:
    """Plant each mistake and look for it; 1 when one survives."""
    survived, faults = 0, _faults(options)
    for name in names:
        first = faults[name]
        seen = _seen(options, name, [first]) if first is not None else None
        seen = seen or _seen(options, name, _range(options))
        if options.json:
            print(json.dumps({"fault": name, **(seen._asdict() if seen else {})}), flush=True)
        else:
            print(f"{name:<34} " + (f"seed {seen.seed:<4} {seen.broken}" if seen else "SURVIVED"))
        survived += seen is None
    return 1 if survived else 0


def _seen(options: argparse.Namespace, name: str, seeds: list[int]) -> Outcome | None:
    return next((outcome for outcome in _runs(options, name, seeds) if outcome.broken), None)


if __name__ == "__main__":
    raise SystemExit(main())
