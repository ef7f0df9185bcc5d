"""How we measure: alternate subject and reference, several rounds, medians, ratios, the machine."""

import datetime as dt
import gc
import json
import os
import platform
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec


class Row(msgspec.Struct, kw_only=True):
    """One line of a report. `ratio` is against what `against` names; `target` in words."""

    name: str
    value: float
    unit: str
    spread: float = 0.0
    ratio: float | None = None
    against: str = ""
    target: str = ""
    met: bool | None = None


class Report(msgspec.Struct, kw_only=True):
    """What a benchmark found, on which machine, when."""

    bench: str
    rows: list[Row]
    notes: list[str] = []
    machine: str = ""
    date: str = ""


Round = Callable[[], float]


def alternate(subjects: dict[str, Round], rounds: int = 7) -> dict[str, list[float]]:
    """Run each subject once to warm up, then `rounds` times in turn. What each returns, by name.

    The order is reversed every other round, so that a drift of the machine hits all alike.
    """
    for run in subjects.values():
        run()
    found: dict[str, list[float]] = {name: [] for name in subjects}
    names = list(subjects)
    for number in range(rounds):
        for name in names if number % 2 == 0 else reversed(names):
            gc.collect()
            found[name].append(subjects[name]())
        progress(number + 1, rounds)
    return found


def median(values: list[float]) -> float:
    """The middle value."""
    return statistics.median(values)


def spread(values: list[float]) -> float:
    """Half the distance between the quartiles, relative to the median."""
    if len(values) < 4 or not median(values):
        return 0.0
    low, _, high = statistics.quantiles(values, n=4)
    return (high - low) / 2 / median(values)


def quantile(values: list[float], q: float) -> float:
    """The value below which the share `q` of `values` lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))]


def round_p99(rounds: list[list[float]]) -> float:
    """The p99 of a round, in the median: what a neighbour does to one round is not all there is."""
    return median([quantile(values, 0.99) for values in rounds])


def paired_ratio(subject: list[float], reference: list[float]) -> float:
    """Median of the ratios round by round: what shared noise does to both cancels out."""
    return median([a / b for a, b in zip(subject, reference, strict=True)])


def progress(done: int, total: int, what: str = "rounds") -> None:
    """A bar on standard error, when a person looks."""
    if not sys.stderr.isatty():
        return
    filled = 30 * done // total
    end = "\n" if done == total else ""
    bar = "#" * filled + "." * (30 - filled)
    print(f"\r  [{bar}] {done}/{total} {what}", end=end, file=sys.stderr, flush=True)


def machine() -> str:
    """Processor, cores, kernel, Python: what a figure depends on."""
    model = platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    cores = len(os.sched_getaffinity(0))
    return f"{model}, {cores} cores, {platform.system()} {platform.release()}, " + (
        f"Python {platform.python_version()}"
    )


def show(report: Report, as_json: bool) -> None:
    """Print a report for people, or as one JSON object."""
    report.machine = machine()
    report.date = dt.datetime.now(dt.UTC).date().isoformat()
    if as_json:
        print(json.dumps(msgspec.to_builtins(report)))
        return
    print(f"bench {report.bench}   ({report.date}; {report.machine})")
    width = max(len(row.name) for row in report.rows)
    for row in report.rows:
        print("  " + _line(row, width))
    for note in report.notes:
        print(f"  note: {note}")


def _line(row: Row, width: int) -> str:
    parts: list[Any] = [f"{row.name:<{width}}", f"{row.value:>12,.4g} {row.unit}"]
    if row.value >= 1000:
        parts[1] = f"{row.value:>12,.0f} {row.unit}"
    if row.spread:
        parts.append(f"±{row.spread:.0%}")
    if row.ratio is not None:
        parts.append(f"{row.ratio:.2f} × {row.against}")
    if row.target:
        verdict = {True: "met", False: "NOT MET", None: ""}[row.met]
        parts.append(f"target {row.target} {verdict}".rstrip())
    return "  ".join(parts)
