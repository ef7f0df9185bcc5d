"""Which lane a step means, and which till."""

from edge.scenario.lanes import (
    ONLY,
    ONLY_TILL,
    gateways_of,
    lane_for,
    lanes_of,
    till_for,
    tills_of,
)
from edge.scenario.schema import Gateway, Lane, Till
from edge.scenario.venue_table import Gate

GATES = [Gate(name="North"), Gate(name="South")]


def test_a_file_without_gateways_has_one_with_two_lanes_at_every_gate() -> None:
    assert gateways_of([]) == [ONLY]
    lanes = lanes_of(ONLY, GATES)
    assert [(lane.number, lane.gate) for lane in lanes] == [
        (1, "North"), (2, "North"), (3, "South"), (4, "South"),
    ]  # fmt: skip
    assert {lane.direction for lane in lanes} == {"both"}


def test_the_lanes_of_the_file_are_those_there_are() -> None:
    own = [Lane(number=7, gate="South", direction="exit")]
    gateway = Gateway(name="a", lanes=own)
    assert gateways_of([gateway]) == [gateway]
    assert lanes_of(gateway, GATES) == own


def test_a_lane_by_number_by_gate_and_by_direction() -> None:
    lanes = [
        Lane(number=1, gate="North", direction="entry"),
        Lane(number=2, gate="North", direction="exit"),
        Lane(number=3, gate="South"),
    ]
    found = [
        lane_for(lanes, None, None, "entry"), lane_for(lanes, None, None, "exit"),
        lane_for(lanes, "South", None, "exit"), lane_for(lanes, None, 3, "entry"),
        lane_for(lanes, None, 1, "exit"), lane_for(lanes, "South", 1, "entry"),
    ]  # fmt: skip
    assert [lane.number if lane else None for lane in found] == [1, 2, 3, 3, None, None]


def test_a_till_is_named_or_the_first_that_can() -> None:
    bar, desk = Till(number=4), Till(number=9, can_top_up=True)
    assert till_for([bar, desk], None, top_up=False) is bar
    assert till_for([bar, desk], None, top_up=True) is desk
    assert till_for([bar, desk], 4, top_up=True) is bar
    assert till_for([bar], None, top_up=True) is bar, "and says itself that it cannot"
    assert till_for([bar, desk], 5, top_up=False) is None
    assert tills_of(Gateway(name="a")) == [ONLY_TILL]
