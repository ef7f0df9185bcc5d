"""The lanes and tills of a scenario's gateways: as the file lists them, or two lanes at every gate,
and one till that can do everything."""

from edge.scenario.schema import Gateway, Lane, Till
from edge.scenario.venue_table import Gate

ONLY = Gateway(name="gateway")
ONLY_TILL = Till(number=1, can_top_up=True, drawer=True, terminal=True)


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


def tills_of(gateway: Gateway) -> list[Till]:
    """The tills of the file; else one that can do everything."""
    return gateway.tills or [ONLY_TILL]


def till_for(tills: list[Till], number: int | None, *, top_up: bool) -> Till | None:
    """The till that a step means: by number, else the first; `top_up`: that can top up, if any."""
    for till in tills:
        if number == till.number or (number is None and (till.can_top_up or not top_up)):
            return till
    return tills[0] if number is None and tills else None


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
