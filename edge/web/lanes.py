"""Which lane a request means."""

from edge.gateway import Gateway
from edge.lane import Lane
from edge.web.problems import ApiError, Problem


def lane_called(gateway: Gateway, number: str, field: str = "") -> Lane:
    """The lane of that number. Raises `ApiError` (404) that lists the lanes there are."""
    plain = number.isascii() and number.isdecimal() and len(number) <= 5
    lane = gateway.lanes.get(int(number)) if plain else None
    if lane is None:
        detail = f"there is no lane {number[:20]!r} here"
        known = sorted(gateway.lanes)
        raise ApiError(404, Problem("unknown_lane", detail, field, lanes=known))
    return lane
