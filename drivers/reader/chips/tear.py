"""What happens to a page when the band leaves the field while it is written.

EEPROM that lost its power in mid-write holds what it held, or what was written, or other
bits; cells that were charged too little read right once and differently later.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Torn(enum.Enum):
    """What the page holds afterwards."""

    OLD = "old"
    NEW = "new"
    GARBAGE = "garbage"
    FADED = "faded"


@dataclass
class TearPlan:
    """Tear a page write of a band: set it as `band.tear`; it is used up by happening.

    `write` counts page writes (and increments of counters) from now: 0 is the next. The band
    then leaves the field without an answer, unless `leaves` is False (a weak write that looks
    well). `garbage` is what the page holds after GARBAGE, and after FADED was read once; when
    it is None, every second bit of the new bytes is turned.
    """

    write: int
    torn: Torn
    leaves: bool = True
    garbage: bytes | None = None

    def bits(self, new: bytes) -> bytes:
        """What GARBAGE leaves behind."""
        return bytes(byte ^ 0x55 for byte in new) if self.garbage is None else self.garbage
