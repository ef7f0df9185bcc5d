"""Who is inside now, and how they came: what `counts` says in the venue's words. Pure."""

from typing import Literal

import msgspec

from edge.core.counts import Cell
from edge.core.policy import VENUE, Place, Policy
from edge.core.state import State

HOUR_MS = 3_600_000
Level = Literal["", "warn", "full"]


class PlaceRow(msgspec.Struct, frozen=True):
    """The venue (zone 0) or a zone: persons inside, and how near that is to its capacity.

    `capacity` and `warn_at` in persons, 0 = none is known.
    """

    zone: int
    name: str
    inside: int
    capacity: int
    level: Level
    warn_at: int = 0


class ProductRow(msgspec.Struct, frozen=True):
    """Persons of a product inside the venue."""

    product: int
    name: str
    inside: int


class HourRow(msgspec.Struct, frozen=True):
    """Persons who came and left by a gate in the hour from `from_ms` (unix ms)."""

    gate: int
    name: str
    from_ms: int
    came: int
    left: int


class Occupancy(msgspec.Struct, frozen=True):
    """`since_ms`: when everybody was last taken to have left (unix ms), 0 = never."""

    since_ms: int
    places: list[PlaceRow]
    products: list[ProductRow]
    hours: list[HourRow]


def occupancy(state: State, policy: Policy, now_ms: int) -> Occupancy:
    """All of it at `now_ms`. Costs a walk over all quarter hours: for people, not for decisions."""
    since_ms = policy.emptied_ms(now_ms)
    cells = list(state.counts.cells())
    outer = set(policy.places[VENUE].gates)
    inside: dict[int, int] = {}
    for cell in cells:
        if cell.gate in outer and cell.from_ms >= since_ms:
            inside[cell.product] = inside.get(cell.product, 0) + cell.came - cell.left
    products = [
        ProductRow(number, known.name if known else "", max(0, count))
        for number, count in sorted(inside.items())
        for known in (policy.products.get(number),)
    ]
    return Occupancy(since_ms, places(state, policy, now_ms), products, _hours(policy, cells))


def places(state: State, policy: Policy, now_ms: int) -> list[PlaceRow]:
    """The venue and its zones at `now_ms` (unix ms). The first call after everybody's exit, or of
    another time, walks over all quarter hours; the next ones do not."""
    since_ms = policy.emptied_ms(now_ms)
    return [_place(state, place, since_ms) for place in policy.places.values()]


def _place(state: State, place: Place, since_ms: int) -> PlaceRow:
    inside = state.counts.inside(place.gates, since_ms)
    level: Level = ""
    if place.capacity and inside >= place.capacity:
        level = "full"
    elif place.warn_at and inside >= place.warn_at:
        level = "warn"
    return PlaceRow(place.number, place.name, inside, place.capacity, level, place.warn_at)


def _hours(policy: Policy, cells: list[Cell]) -> list[HourRow]:
    hours: dict[tuple[int, int], list[int]] = {}
    for cell in cells:
        row = hours.setdefault((cell.gate, cell.from_ms // HOUR_MS * HOUR_MS), [0, 0])
        row[0] += cell.came
        row[1] += cell.left
    return [
        HourRow(gate, known.name if known else "", from_ms, came, left)
        for (gate, from_ms), (came, left) in sorted(hours.items())
        for known in (policy.gates.get(gate),)
    ]
