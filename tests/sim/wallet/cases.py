"""All the ways in which one tap may go wrong, and what may come after it."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from drivers.reader import Chip
from drivers.reader.chips import Torn

CHIPS = (Chip.NTAG213, Chip.UL_C, Chip.UL_AES, Chip.UL_EV1_128, Chip.NTAG216, Chip.UL_EV1_48)
#: Flows that write a slot; and those that write something else, or in another order.
DEBITS = ("sale", "cash_out", "refund")
FLOWS = (*DEBITS, "top_up", "issue", "lock")
SLOT_PAGES = 6
#: What mending writes, and a slot behind it.
MENDED_PAGES = 3 * SLOT_PAGES
COUNTING = (Chip.UL_C, Chip.UL_AES)
HELD_STILL, LEAVES, DIES = "held still", "leaves", "leaves and the gateway dies"
UNHEARD = "held still, and the answer is lost"


class Accident(NamedTuple):
    """What happens to the first tap. `page`: which write of it, -1 for none; `at`: at which await
    the process dies, 0 for at none. A band is *held still* where a write is weak and looks well."""

    flow: str
    chip: Chip
    page: int = -1
    torn: Torn = Torn.NEW
    then: str = LEAVES
    at: int = 0


class Case(NamedTuple):
    """`later`: debits at the other gateway in between, which has `heard` of the accident, or not.
    Then the guest comes to the other gateway (`at_b`) or the first, for the `same` basket or
    another one; `second`: at this await that process dies as well, 0 for never; `again`: this
    write of that tap is torn too, -1 for none, and `how`."""

    accident: Accident
    later: int
    heard: bool
    at_b: bool
    same: bool
    second: int = 0
    again: int = -1
    how: Torn = Torn.GARBAGE

    @property
    def fades(self) -> bool:
        """Whether a page reads well once and never again: nobody can see that in time."""
        return Torn.FADED in (self.accident.torn, self.how)


#: Of these chips each case is played; of others, which differ in pages alone, every so manieth.
STRIDES = {
    ("sale", Chip.NTAG213): 1, ("sale", Chip.UL_C): 4, ("top_up", Chip.NTAG213): 6,
    ("top_up", Chip.UL_EV1_48): 1, ("cash_out", Chip.NTAG213): 7, ("refund", Chip.NTAG213): 7,
    ("issue", Chip.NTAG213): 3, ("lock", Chip.NTAG213): 1,
}  # fmt: skip
OTHERS = {"sale": 9, "cash_out": 31, "refund": 31, "top_up": 29, "issue": 9, "lock": 5}


class Awaits(NamedTuple):
    """Of a good tap: after how many awaits something is held, how many there are, and how many
    pages it writes."""

    held: int
    all: int
    pages: int


def accidents(flow: str, chip: Chip, awaits: Awaits) -> Iterator[Accident]:
    """Every write × what becomes of it × who notices; then every await of a good tap."""
    counts = chip in COUNTING and flow in (*DEBITS, "lock")
    for page in range(awaits.pages):
        counter = counts and page == awaits.pages - 1
        for torn in Torn:
            if counter and torn in (Torn.GARBAGE, Torn.FADED):
                continue  # a counter counts or does not
            for then in (LEAVES, DIES):
                yield Accident(flow, chip, page, torn, then)
        yield Accident(flow, chip, page, Torn.NEW, UNHEARD)
        if not counter:
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
    laters = {"top_up": (0, 1, 3), "issue": (0,), "lock": (0, 1)}.get(flow, range(4))
    for accident in accidents(flow, chip, awaits):
        for later, heard, at_b, same in itertools.product(laters, both, both, both):
            if at_b and same and flow in ("top_up", "issue"):
                continue  # no credit key there
            yield Case(accident, later, heard, at_b, same)
        if flow in DEBITS and accident.page >= 0 and accident.then == LEAVES:
            for at_b, same, second in itertools.product(both, both, range(9, 24, 3)):
                if not (at_b and same):
                    yield Case(accident, 0, False, at_b, same, second)
        if flow in DEBITS:
            yield from _twice(accident)


def _twice(accident: Accident) -> Iterator[Case]:
    """The next tap is torn as well, also while it mends: a slot that may be weak, and the next."""
    slot = accident.page in (2, SLOT_PAGES - 1)
    written = accident.page == SLOT_PAGES - 1 and accident.then == UNHEARD
    if not written and not (slot and accident.then in (LEAVES, HELD_STILL)):
        return
    for page, how, heard, (at_b, same) in itertools.product(
        range(MENDED_PAGES), Torn, (False, True), ((False, False), (False, True), (True, False))
    ):
        yield Case(accident, 0, heard, at_b, same, again=page, how=how)


def tally(case: Case, counts: Counter[str]) -> None:
    """Count `case` along every dimension."""
    one = case.accident
    counts[f"flow: {one.flow}"] += 1
    counts[f"chip: {one.chip.value}"] += 1
    if one.at:
        counts["accident: the process dies at an await"] += 1
    else:
        counts[f"accident: a write is {one.torn.value}, {one.then}"] += 1
    counts[f"later debits elsewhere: {case.later}, {'' if case.heard else 'not '}heard"] += 1
    where, what = ("the other" if case.at_b else "the same"), ("same" if case.same else "other")
    counts[f"next: {where} gateway, {what} basket"] += 1
    counts["next tap: the process dies there too"] += bool(case.second)
    counts[f"next tap: its write is {case.how.value} too"] += case.again >= 0
    counts["a write that fades"] += case.fades
