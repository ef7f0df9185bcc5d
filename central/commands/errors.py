"""Exit codes of the commands, and the one error that carries them (sysexits.h).

The launcher and the gateway use the same numbers for the same things.
"""

from __future__ import annotations

from typing import Final

OK: Final = 0
ANSWER_IS_NO: Final = 1
USAGE: Final = 2
BAD_DATA: Final = 65
NO_INPUT: Final = 66
UNAVAILABLE: Final = 69
CANNOT_CREATE: Final = 73
STORAGE_FAILED: Final = 74
CONFIG_INVALID: Final = 78
INTERRUPTED: Final = 130


class CommandFailed(Exception):
    """A command could not do its work: one line that says why and what to do about it."""

    def __init__(self, message: str, exit_code: int = ANSWER_IS_NO) -> None:
        super().__init__(message)
        self.exit_code = exit_code
