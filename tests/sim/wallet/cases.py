"""All the ways in which one tap may go wrong, and what may come after it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

from drivers.reader import Chip
from drivers.reader.chips import Torn

CHIPS = (Chip.NTAG213, Chip.UL_C, Chip.UL_AES, Chip.UL_EV1_128, Chip.NTAG216, Chip.UL_EV1_48)
SLOT_PAGES, CERTIFICATE_PAGES = 6, 20
COUNTING = (Chip.UL_C, Chip.UL_AES)
HELD_STILL, LEAVES, DIES = "held still", "leaves", "leaves and the gateway dies"
UNHEARD = "held still, and the answer is lost"


class Accident(NamedTuple):
    """What happens to the first tap. `page`: which write of slot or certificate, -1 for none;
    `at`: at which await the process dies, 0 for at none. A band is *held still* where a write is
    weak and looks well."""

    flow: str
    chip: Chip
    page: int = -1
    torn: Torn = Torn.NEW
    then: str = LEAVES
    at: int = 0


class Case(NamedTuple):
    """`later`: debits at the other gateway in between, which has `heard` of the accident, or not.
    Then the guest comes to the other gateway (`at_b`) or the first, for the `same` basket or
    another one; `second`: at this await that process dies as well, 0 for never."""

    accident: Accident
    later: int
    heard: bool
    at_b: bool
    same: bool
    second: int = 0


#: Of these chips each case is played; of others, which differ in pages alone, every so manieth.
STRIDES = {
    ("sale", Chip.NTAG213): 1, ("sale", Chip.UL_C): 4, ("top_up", Chip.NTAG213): 6,
    ("top_up", Chip.UL_EV1_48): 1,
}  # fmt: skip
OTHERS = {"sale": 9, "top_up": 29}


class Awaits(NamedTuple):
    """Of a good tap: after how many awaits something is held, and how many there are."""

    held: int
    all: int


def accidents(flow: str, chip: Chip, awaits: Awaits) -> Iterator[Accident]:
    """Every write × what becomes of it × who notices; then every await of a good tap."""
    pages = SLOT_PAGES + (chip in COUNTING) if flow == "sale" else CERTIFICATE_PAGES
    if flow == "top_up" and chip is Chip.UL_EV1_48:
        pages = 0  # no room for a certificate
    for page in range(pages):
        for torn in Torn:
            if page == SLOT_PAGES and torn in (Torn.GARBAGE, Torn.FADED):
                continue  # a counter counts or does not
            for then in (LEAVES, DIES):
                yield Accident(flow, chip, page, torn, then)
        yield Accident(flow, chip, page, Torn.NEW, UNHEARD)
        if page != SLOT_PAGES:
            yield Accident(flow, chip, page, Torn.FADED, HELD_STILL)
            yield Accident(flow, chip, page, Torn.GARBAGE, HELD_STILL)
    # Until something is held, nothing has happened: one await is like another.
    for at in (1, *range(awaits.held, awaits.all + 1)):
        yield Accident(flow, chip, at=at)


def cases(flow: str, chip: Chip, awaits: Awaits) -> list[Case]:
    """What is played of one chip and one flow."""
    return list(_all(flow, chip, awaits))[:: STRIDES.get((flow, chip), OTHERS[flow])]


def _all(flow: str, chip: Chip, awaits: Awaits) -> Iterator[Case]:
    both = (False, True)
    for accident in accidents(flow, chip, awaits):
        laters = range(4) if flow == "sale" else (0, 1, 3)
        for later, heard, at_b, same in itertools.product(laters, both, both, both):
            if at_b and same and flow == "top_up":
                continue  # no credit key there
            if at_b and same and not heard and accident.torn is Torn.FADED:
                continue  # seen once and gone, where nobody knew of it: the house loses that step
            yield Case(accident, later, heard, at_b, same)
        if flow == "sale" and accident.page >= 0 and accident.then == LEAVES:
            for at_b, same, second in itertools.product(both, both, range(9, 24, 3)):
                if not (at_b and same):
                    yield Case(accident, 0, False, at_b, same, second)
