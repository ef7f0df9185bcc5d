"""What every fact says first, and the ranges of what facts say (*Formats* 4).

The ranges are those of reading: a fact outside them is carried as `UnknownFact`, so that whoever
stores facts in columns never meets a number that does not fit.
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

NONCE_BYTES_MAX: Final = 32
HLC_COUNTER_BITS: Final = 16
# One bit below u64: clocks and sequence numbers fit the signed 64 bits of every database.
HLC_MAX: Final = (1 << 63) - 1
SEQ_MAX: Final = (1 << 63) - 1

U16 = Annotated[int, Meta(ge=0, le=0xFFFF)]
U32 = Annotated[int, Meta(ge=0, le=0xFFFF_FFFF)]
Seq = Annotated[int, Meta(ge=0, le=SEQ_MAX)]
Hlc = Annotated[int, Meta(ge=0, le=HLC_MAX)]
Persons = Annotated[int, Meta(ge=0, le=255)]
Ticket = Annotated[bytes, Meta(max_length=128)]
Nonce = Annotated[bytes, Meta(max_length=NONCE_BYTES_MAX)]
Hash = Annotated[bytes, Meta(max_length=32)]
Code = Annotated[str, Meta(max_length=64)]
Id16 = Annotated[bytes, Meta(min_length=16, max_length=16)]
Milliseconds = Annotated[int, Meta(ge=-HLC_MAX, le=HLC_MAX)]


class Fact(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What every fact says first."""

    hlc: Hlc
    day: U32
    offset_min: Annotated[int, Meta(ge=-1440, le=1440)]

    @property
    def wall_ms(self) -> int:
        """Unix milliseconds of the fact's clock."""
        return self.hlc >> HLC_COUNTER_BITS
