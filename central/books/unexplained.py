"""Steps of bands that no fact explains: what was written by somebody who said nothing. Pure.

Whoever holds the keys of slots can write any D and G onto a band it meets. It can write no fact of
that into another's log: the next honest hold reads what is on the band and says it as its base.
A base that is neither where the epoch began nor what a hold aimed at was made without a fact.
Bases are what counts, whatever became of their holds: a hold is made after the band was read.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

HELD: Final = 33
POSTED: Final = 34
VOIDED: Final = 35
REISSUED: Final = 31


class State(NamedTuple):
    """Seq, D and G of a slot."""

    seq: int
    debited_minor: int
    given_minor: int


class Row(msgspec.Struct, frozen=True):
    """What a fact says of a band: a hold its `base` and `target`, a posting or a void its
    `target`, a band that takes its own place as `target` where its epoch begins. `offset_min`:
    minutes that the local time of `hlc` is ahead of UTC, None where that is not known."""

    kind: int
    medium: bytes
    band_epoch: int
    txid: bytes
    gateway: bytes
    epoch: int
    seq: int
    hlc: int
    till: int
    base: State
    target: State
    offset_min: int | None = None


class Step(msgspec.Struct, frozen=True):
    """A band went from `before` to `after`, and no fact says so; `shown` is the first that saw it.

    `given_minor` became more to spend, `debited_minor` less. Both 0: seq alone has moved.
    """

    before: State
    after: State
    given_minor: int
    debited_minor: int
    shown: Row


def steps(rows: Iterable[Row]) -> list[Step]:
    """Every unexplained step of the bands in `rows`, whatever their order; the first seen first."""
    bands: defaultdict[tuple[bytes, int], list[Row]] = defaultdict(list)
    for row in rows:
        bands[row.medium, row.band_epoch].append(row)
    found = [step for band in bands.values() for step in _of_band(band)]
    return sorted(found, key=lambda one: (*_when(one.shown), one.after))


def began(carried_minor: int, absorbed_minor: int) -> State:
    """Where a band begins that takes its own place: its totals go on, with a D that fits."""
    return State(1, max(carried_minor, absorbed_minor) + absorbed_minor - carried_minor, 0)


def _of_band(rows: list[Row]) -> list[Step]:
    """The steps of one epoch of one band."""
    starts = {row.target for row in rows if row.kind == REISSUED} or {State(0, 0, 0)}
    known = starts | _aimed_at(rows) | _forked(rows)
    seen: dict[State, Row] = {}
    for row in sorted(rows, key=_when):
        if row.kind in (HELD, POSTED):
            seen.setdefault(row.base if row.kind == HELD else row.target, row)
    parted = len({one.seq for one in known}) < len(known)
    found = []
    for after in sorted(seen.keys() - known):
        before = _before(after, known, parted) or min(starts)
        known.add(after)
        found.append(_step(before, after, seen[after]))
    return found


def _aimed_at(rows: list[Row]) -> set[State]:
    """What holds aimed at. One without an outcome is told among those in doubt; one that was
    voided and never posted says that it is not on the band."""
    posted = {row.txid for row in rows if row.kind == POSTED}
    void = {row.txid for row in rows if row.kind == VOIDED} - posted
    return {row.target for row in rows if row.kind == HELD and row.txid not in void}


def _forked(rows: list[Row]) -> set[State]:
    """Both sides of a proven copy: that is told as a fork, and once."""
    by_seq: defaultdict[int, dict[bytes, State]] = defaultdict(dict)
    for row in rows:
        if row.kind == POSTED:
            by_seq[row.target.seq][row.txid] = row.target
    return {one for sides in by_seq.values() if len(sides) > 1 for one in sides.values()}


def _before(after: State, known: set[State], parted: bool) -> State | None:
    """What the band was before, as far as is known: the next lower seq.

    Where a band and its copy have gone two ways, the one that needs the least to be explained.
    """
    earlier = [one for one in known if one.seq <= after.seq]
    if not parted:
        return max(earlier, default=None)
    fitting = [
        one
        for one in earlier
        if one.debited_minor <= after.debited_minor and one.given_minor <= after.given_minor
    ]
    return max(fitting or earlier, key=lambda one: (sum(one[1:]), one), default=None)


def _step(before: State, after: State, shown: Row) -> Step:
    debited = after.debited_minor - before.debited_minor
    given = after.given_minor - before.given_minor
    return Step(
        before, after, max(given, 0) + max(-debited, 0), max(debited, 0) + max(-given, 0), shown
    )


def _when(row: Row) -> tuple[int, bytes, int, int]:
    return (row.hlc, row.gateway, row.epoch, row.seq)
