"""Faults of a configuration, and the one error that carries them (ARCHITECTURE.md, Errors)."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

import msgspec

#: EX_CONFIG of sysexits.h. The systemd units do not restart a daemon that ends with it.
EXIT_CONFIG_INVALID = 78


class Fault(msgspec.Struct, frozen=True):
    """One thing that is wrong: in which file, where in it, what, and what to do about it.

    `path` names the value as the file nests it, list items counted from 0:
    `lanes[2].scanner.port` is the port of the third `[[lanes]]`.
    """

    file: str
    path: str
    problem: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}: {self.path}" if self.path else self.file
        return f"{place}: {self.problem}" + (f" ({self.hint})" if self.hint else "")


class ConfigInvalid(Exception):
    """The configuration cannot be used; `faults` lists everything that is wrong with it."""

    exit_code = EXIT_CONFIG_INVALID

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        assert self.faults, "ConfigInvalid without a fault"
        super().__init__("\n".join(map(str, self.faults)))


def nearest(wrong: str, known: Sequence[str]) -> str:
    """The hint for a misspelt word: the likely meaning, else all the words there are."""
    close = difflib.get_close_matches(wrong, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]}?"
    return "known here: " + ", ".join(known) if known else "nothing may stand here"
