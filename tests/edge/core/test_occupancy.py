"""Who is inside, as people see it."""

from crypto.bundle import Gate
from crypto.terms import GatePolicy, Terms, Zone
from edge.core.occupancy import HourRow, PlaceRow, ProductRow, occupancy, places
from tests.edge.core.desk import AFTER_EXIT, NOON_S, NORTH, ONCE, Desk, make_code

NOON_MS = NOON_S * 1000
HALL = 3


def a_desk(**more: object) -> Desk:
    zones, within = [Zone(1, "Hall", 2, 1)], [GatePolicy(HALL, [1], inner=True)]
    terms = Terms(zones=zones, gates=within, **more)  # type: ignore[arg-type]
    return Desk(terms=terms, gates=[Gate(NORTH, "North"), Gate(HALL, "Hall")])


def test_places_products_and_hours() -> None:
    desk = a_desk()
    desk.scan(make_code(1))
    desk.scan(make_code(2, product=AFTER_EXIT))
    desk.scan(make_code(2, product=AFTER_EXIT), gate=HALL)
    desk.now_s += 3600
    desk.scan(make_code(2, product=AFTER_EXIT), gate=HALL, way="exit")
    desk.scan(make_code(2, product=AFTER_EXIT), way="exit")
    found = occupancy(desk.state, desk.policy, desk.now_s * 1000)
    assert found.places == [PlaceRow(0, "venue", 1, 0, ""), PlaceRow(1, "Hall", 0, 2, "", 1)]
    assert places(desk.state, desk.policy, desk.now_s * 1000) == found.places
    assert found.products == [
        ProductRow(ONCE, "Day ticket", 1), ProductRow(AFTER_EXIT, "Day ticket with re-entry", 0),
    ]  # fmt: skip
    assert found.hours == [
        HourRow(NORTH, "North", NOON_MS, 2, 0),
        HourRow(NORTH, "North", NOON_MS + 3_600_000, 0, 1),
        HourRow(HALL, "Hall", NOON_MS, 1, 0),
        HourRow(HALL, "Hall", NOON_MS + 3_600_000, 0, 1),
    ]


def test_a_zone_warns_before_it_is_full() -> None:
    desk = a_desk()
    levels = []
    for number in (1, 2, 3):
        levels.append(occupancy(desk.state, desk.policy, NOON_MS).places[1].level)
        desk.scan(make_code(number), gate=HALL)
    assert levels == ["", "warn", "full"]


def test_after_everybodys_exit_nobody_is_inside_but_the_hours_stay() -> None:
    desk = a_desk(exit_all_at=0)
    desk.scan(make_code(1))
    found = occupancy(desk.state, desk.policy, NOON_MS + 43_200_000)
    assert found.since_ms == NOON_MS + 43_200_000
    assert (found.places[0].inside, found.products) == (0, [])
    assert len(found.hours) == 1


def test_what_the_bundle_does_not_name_any_more_keeps_its_number() -> None:
    desk = a_desk()
    desk.scan(make_code(1))
    desk.publish(products=[], gates=[Gate(NORTH, "North")])
    found = occupancy(desk.state, desk.policy, NOON_MS)
    assert found.products == [ProductRow(ONCE, "", 1)]
    desk.publish(gates=[])
    assert occupancy(desk.state, desk.policy, NOON_MS).hours[0].name == ""
