"""The lanes of a scenario's gateways: as the file lists them, or two at every gate."""

from edge.scenario.schema import Gateway, Lane
from edge.scenario.venue_table import Gate

ONLY = Gateway(name="gateway")


def gateways_of(gateways: list[Gateway]) -> list[Gateway]:
    """The gateways of the file; one, if it names none."""
    return gateways or [ONLY]


def lanes_of(gateway: Gateway, gates: list[Gate]) -> list[Lane]:
    """The lanes of the file; else lanes 1 and 2 at the first gate, 3 and 4 at the second …"""
    return gateway.lanes or [
        Lane(number=2 * at + more, gate=gate.name)
        for at, gate in enumerate(gates)
        for more in (1, 2)
    ]


def lane_for(
    lanes: list[Lane], gate: str | None, number: int | None, direction: str
) -> Lane | None:
    """The lane that a step means: by number, else the first of its gate that leads that way."""
    for lane in lanes:
        if number is not None and lane.number != number:
            continue
        if gate is not None and lane.gate != gate:
            continue
        if lane.direction in (direction, "both"):
            return lane
    return None
