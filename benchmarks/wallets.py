"""What a finished sale takes in a gateway: memory, folding, snapshots; packed and as objects.

200,000 sales on 20,000 bands at 40 tills of four gateways, as facts, are folded by processes of
their own, in turn as they are (holds and movements are packed when they are over) and with packing
switched off. Then every shift gets its Z, the state is written down, and another process starts
from it. Both must come to the same digest.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import msgspec

from benchmarks.measure import Report, Row, median, paired_ratio, progress, spread
from benchmarks.wallets_fold import TILLS, Found, bands_of, write

SALES, BANDS = 200_000, 20_000
FESTIVAL, FESTIVAL_BANDS = 1_500_000, 100_000
MIB = 1 << 20
PLAIN = "as objects"
Of: TypeAlias = Callable[[Found], float]


def run(rounds: int = 3) -> Report:
    """Measure both forms in turn, and report."""
    with tempfile.TemporaryDirectory() as name:
        facts = Path(name) / "facts"
        write(facts, SALES, BANDS)
        packed, plain = list[Found](), list[Found]()
        for number in range(rounds):
            for plainly in (False, True) if number % 2 else (True, False):
                (plain if plainly else packed).append(_both(facts, Path(name) / "dump", plainly))
            progress(number + 1, rounds)
    digests = {one.digest for one in (*packed, *plain)}
    assert len(digests) == 1, "packed and plain states differ"
    return report(packed, plain)


def _both(facts: Path, dump: Path, plain: bool) -> Found:
    """Fold in one process, start in others from its snapshot, and from that of its bands alone."""
    folded = _process(str(facts), dump, plain)
    loaded = _process("-", dump, plain)
    assert plain or loaded.digest == folded.digest, "a snapshot changed the state"
    folded.load_s, folded.loaded_bytes = loaded.load_s, loaded.loaded_bytes
    folded.resident_bytes = loaded.resident_bytes
    folded.bands_loaded_bytes = _process("-", bands_of(dump), plain).loaded_bytes
    return folded


def _process(facts: str, dump: Path, plain: bool) -> Found:
    words = [sys.executable, "-m", "benchmarks.wallets_fold", facts, str(dump)]
    ran = subprocess.run([*words, "plain"] if plain else words, capture_output=True, check=True)
    return msgspec.json.decode(ran.stdout, type=Found)


def report(packed: list[Found], plain: list[Found]) -> Report:
    """The rows: each of the packed form, with its ratio to objects."""
    band = median([float(one.bands_loaded_bytes) for one in packed]) / BANDS
    after = median([_after(one) for one in packed])
    expected = (after * FESTIVAL + band * FESTIVAL_BANDS) / MIB
    rows = [
        _row("a sale, its shift still open", "bytes", packed, plain, _open),
        _row("a sale, its shift closed", "bytes", packed, plain, _after, "≤ 100", after <= 100),
        Row(name="a band that was loaded once", value=band, unit="bytes"),
        _row("folded on one core", "facts/s", packed, plain, lambda one: one.facts / one.fold_s),
        _row("the longest Z", "ms", packed, plain, lambda one: one.closing_ms),
        _row("snapshot, a sale", "bytes", packed, plain, lambda one: one.dump_bytes / SALES),
        _row("state written down", "s", packed, plain, lambda one: one.dump_s),
        _row("state read back", "s", packed, plain, lambda one: one.load_s),
        _row("process started from it", "MiB", packed, plain, lambda one: one.resident_bytes / MIB),
        Row(name="1.5 million sales, 100,000 bands", value=expected, unit="MiB"),
    ]
    notes = [
        f"{SALES} sales on {BANDS} bands at {TILLS} tills; seconds are the processor's",
        "shift closed, and bands: resident memory of processes that start from snapshots with and "
        "without the sales; the last row is reckoned from both",
    ]
    return Report(bench="wallets", rows=rows, notes=notes)


def _open(one: Found) -> float:
    return one.sales_bytes / SALES


def _after(one: Found) -> float:
    return (one.loaded_bytes - one.bands_loaded_bytes) / SALES


def _row(
    name: str, unit: str, packed: list[Found], plain: list[Found], of: Of, target: str = "",
    met: bool | None = None,
) -> Row:  # fmt: skip
    values, others = [of(one) for one in packed], [of(one) for one in plain]
    return Row(
        name=name, value=median(values), unit=unit, spread=spread(values),
        ratio=paired_ratio(values, others), against=PLAIN, target=target, met=met,
    )  # fmt: skip
