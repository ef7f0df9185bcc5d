"""Kinds of values that the tables of a scenario file share."""

from typing import Annotated

import msgspec
from msgspec import Meta

from config.bounds import Name
from crypto.money import AMOUNT_MAX

Number = Annotated[int, Meta(ge=1, le=65535)]
When = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=40,
        description="a time as 2026-12-31T22:00, in the scenario's zone unless it ends in +01:00",
    ),
]
#: An amount: text with a decimal point, or a number of minor units.
Money = Annotated[
    Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]
    | Annotated[str, Meta(pattern=r"^[0-9]{1,10}(\.[0-9]{1,3})?$(?!\n)")],
    Meta(description='an amount as "4.50", or a number of minor units'),
]
#: One that may be below zero, as a balance may be.
Signed = Annotated[
    Annotated[int, Meta(ge=-AMOUNT_MAX, le=AMOUNT_MAX)]
    | Annotated[str, Meta(pattern=r"^-?[0-9]{1,10}(\.[0-9]{1,3})?$(?!\n)")],
    Meta(description='an amount as "4.50" or "-4.50", or a number of minor units'),
]
#: A row of another list, by its name or its number.
Ref = Annotated[
    Annotated[int, Meta(ge=1, le=0xFFFF_FFFF)] | Name, Meta(description="a name, or a number")
]


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file: what it does not know it refuses."""
