"""What the screen at a lane may know: what it shows to everybody who stands there, no more."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from edge.gateway import Gateway
from edge.web.lanes import lane_called
from edge.web.problems import reply
from edge.web.signin import Door

#: Of a decision. The rest names the ticket, and is for staff.
_DECISION: Final = (
    "decision", "direction", "granted", "reason", "retry", "repeated", "guest_text", "marks",
)  # fmt: skip
#: Of these it is shown only that they happened.
_BARE: Final = frozenset({"completed", "lapsed", "unknown", "queued", "alarm", "device"})


class Shown(msgspec.Struct, frozen=True):
    """A lane as its display shows it between two guests. `answer_s`: how long an answer stays."""

    gateway: str
    lane: int
    name: str
    gate_name: str
    direction: str
    in_service: bool
    languages: list[str]
    answer_s: float


def public_event(event: Mapping[str, Any]) -> dict[str, Any] | None:
    """`event` without what is not for everybody; None if nothing is left."""
    kind = event["event"]
    if kind == "decision":
        names: tuple[str, ...] = _DECISION
    elif kind in _BARE:
        names = ()
    else:
        return None
    return {name: event[name] for name in ("event", "lane", *names) if name in event}


class Shows:
    """GET /v1/lanes/{lane}/shown."""

    def __init__(self, gateway: Gateway, door: Door) -> None:
        self._gateway = gateway
        self._door = door

    async def get(self, request: Request) -> Response:
        """The lane between two guests; a display asks every few seconds, and is alarmed when no
        answer comes."""
        lane = lane_called(self._gateway, request.path_params["lane"])
        if not self._door.display.open:
            self._door.require(request, "watch")
        texts, rule = self._gateway.texts, self._gateway.policy.gates.get(lane.gate)
        return reply(
            Shown(
                self._gateway.name, lane.number, lane.name, rule.name if rule else "",
                "both" if lane.both else lane.direction,
                lane.barrier is None or lane.barrier.service,
                list(texts.guest_languages), self._door.display.answer_s,
            )
        )  # fmt: skip
