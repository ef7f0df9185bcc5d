"""A gate that has nothing but a published bundle: the gateway's own pure decision."""

from __future__ import annotations

from crypto.bundle import Bundle
from edge.core.admission import Presentation, decide
from edge.core.moments import Moment
from edge.core.policy import Policy
from edge.core.state import State
from tests.central.world import DAY, GATEWAY, NOW_MS


def told_at(bundle: Bundle, code: str, now_ms: int = NOW_MS, gate: int = 1) -> str:
    """ "admitted", or the reason of the refusal, for the first presentation of `code`."""
    presentation = Presentation(code.encode(), GATEWAY, 1, gate)
    decision = decide(State(), Policy(bundle), presentation, Moment(now_ms, DAY), now_ms << 16)
    return decision.reason.code if decision.reason else "admitted"
