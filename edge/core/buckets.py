"""Very many ids in little memory: flat runs of bytes, spread by hash. Pure.

A set of 1.5 million ids of 16 bytes takes 160 MB in Python and 26 MB here. To add one is to append
to one run, so that nothing is ever sorted, merged or moved while a loop waits. Which run an id lies
in differs from process to process: whatever is written down is sorted first.
"""

from collections.abc import Iterable, Iterator
from struct import Struct
from typing import Final

ID_BYTES: Final = 16
#: So many runs. With ten million ids each has 2,400 of them, found in about ten microseconds.
RUNS: Final = 4096
OWNERS_MAX: Final = 1 << 24
#: Hash and owner. An entry is the name, which is the hash's upper 24 bits, and the owner's lower
#: 24; the hash's lowest 12 choose the run.
_WHOLE: Final = Struct("<qI")
_FROM, _BETWEEN, _TO = 5, 8, 11
_NAME_BYTES: Final = _BETWEEN - _FROM
_ENTRY: Final = _TO - _FROM


def _find(run: bytes | bytearray, what: bytes, width: int, at: int = 0) -> int:
    """Where the entry that begins with `what` stands, from `at` on; -1: nowhere."""
    at = run.find(what, at)
    while at >= 0 and at % width:
        at = run.find(what, at + 1)
    return at


class IdSet:
    """A set of ids of `ID_BYTES`, exact."""

    __slots__ = ("_count", "_runs")

    def __init__(self, ids: Iterable[bytes] = ()) -> None:
        self._runs: list[bytearray | None] = [None] * RUNS
        self._count = 0
        for each in ids:
            self.add(each)

    def add(self, one: bytes) -> None:
        """Nothing changes if it is there."""
        assert len(one) == ID_BYTES, "an id has 16 bytes"
        place = hash(one) % RUNS
        run = self._runs[place]
        if run is None:
            run = self._runs[place] = bytearray()
        elif _find(run, one, ID_BYTES) >= 0:
            return
        run += one
        self._count += 1

    def __contains__(self, one: bytes) -> bool:
        run = self._runs[hash(one) % RUNS]
        return run is not None and _find(run, one, ID_BYTES) >= 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[bytes]:
        for run in self._runs:
            yield from _pieces(bytes(run or b""), ID_BYTES)

    def dump(self) -> bytes:
        """All of them, in order."""
        return b"".join(sorted(self))

    @classmethod
    def load(cls, raw: bytes) -> "IdSet":
        """What `dump` gave. Raises `ValueError` for what is no run of ids."""
        if len(raw) % ID_BYTES:
            raise ValueError("a run of ids is cut off")
        return cls(_pieces(raw, ID_BYTES))


class Finder:
    """By id: small numbers of whoever may own it. To be looked up there: it may be another's, with
    a chance of one in a hundred thousand.
    """

    __slots__ = ("_runs",)

    def __init__(self) -> None:
        self._runs: list[bytearray | None] = [None] * RUNS

    def add(self, one: bytes, owner: int) -> None:
        """`owner` below `OWNERS_MAX`. Added twice, it is there twice."""
        many = hash(one)
        entry = _WHOLE.pack(many, owner)[_FROM:_TO]
        run = self._runs[many % RUNS]
        if run is None:
            self._runs[many % RUNS] = bytearray(entry)
        else:
            run += entry

    def __len__(self) -> int:
        return sum(len(run) for run in self._runs if run is not None) // _ENTRY

    def discard(self, one: bytes, owner: int) -> None:
        """Take away what `add` put there, once."""
        many = hash(one)
        run = self._runs[many % RUNS]
        if run is None:
            return
        at = _find(run, _WHOLE.pack(many, owner)[_FROM:_TO], _ENTRY)
        if at >= 0:
            del run[at : at + _ENTRY]

    def owners(self, one: bytes) -> list[int]:
        """Who may own it, each once, in the order they were added."""
        many = hash(one)
        found: list[int] = []
        run = self._runs[many % RUNS]
        if run is None:
            return found
        name = _WHOLE.pack(many, 0)[_FROM:_BETWEEN]
        at = run.find(name)
        while at >= 0:
            if at % _ENTRY:  # it stands there, across two parts
                at = run.find(name, at + 1)
                continue
            owner = int.from_bytes(run[at + _NAME_BYTES : at + _ENTRY], "little")
            if owner not in found:
                found.append(owner)
            at = run.find(name, at + _ENTRY)
        return found


def _pieces(raw: bytes, width: int) -> Iterator[bytes]:
    return (raw[at : at + width] for at in range(0, len(raw), width))
