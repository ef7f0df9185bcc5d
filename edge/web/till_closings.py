"""Closings of a till from before this process began, as far as the till's book remembers them.

What a Z has summed up stands in its fact and on its paper; the book goes on counting what comes
late. So nothing is told here that could differ from what that Z said.
"""

import msgspec

from edge.till.till import Till
from edge.web.till_bodies import ClosingBody


class EarlierZ(msgspec.Struct, frozen=True):
    """A Z without its totals. `perpetual_minor` is known of the last Z alone."""

    number: int
    shift: int
    opened_ms: int
    closed_ms: int
    float_minor: int
    counted_minor: int
    expected_minor: int
    difference_minor: int
    perpetual_minor: int | None


class ClosingsBody(msgspec.Struct, frozen=True):
    """Newest first. `closings`: X and Z of this process; `earlier`: each Z before that."""

    closings: list[ClosingBody]
    earlier: list[EarlierZ]


def closings_of(till: Till, made: list[ClosingBody], most: int) -> ClosingsBody:
    """`made` by this process, and at most so many that are not among them."""
    told = {one.number for one in made if one.closing == "Z"}
    book, gateway = till.tills.book, till.tills.gateway.identity
    mark = book.till(gateway, till.number)
    found = [
        EarlierZ(
            row.z, key[2], row.opened_hlc >> 16, row.closed_hlc >> 16, row.float_minor,
            row.counted_minor, row.expected_minor, row.counted_minor - row.expected_minor,
            mark.z_perpetual_minor if row.z == mark.z else None,
        )
        for key, row in book.shifts.items()
        if key[:2] == (gateway, till.number) and row.z and row.z not in told
    ]  # fmt: skip
    return ClosingsBody(made, sorted(found, key=lambda row: -row.number)[:most])
