"""What `wallet show`, `wallet doubts` and `wallet totals` say of steps that no fact explains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from central import unexplained
from central.commands import places

if TYPE_CHECKING:
    from central.commands.session import Session
    from central.unexplained import Unexplained


async def told(s: Session, medium: bytes | None = None) -> list[dict[str, Any]]:
    """Unexplained steps of one band, or of all, with who may still explain them."""
    called = await places.names(s)
    found = await unexplained.unexplained(s.connection, s.tenant, medium)
    return [_shown(one, called) for one in found]


async def summed(s: Session) -> tuple[dict[str, int], bool]:
    """Their sums, and whether no amount is proven."""
    sums = unexplained.summed(await unexplained.unexplained(s.connection, s.tenant))
    return msgspec.structs.asdict(sums), sums.agree


def _shown(one: Unexplained, called: places.Names) -> dict[str, Any]:
    step, by = one.step, one.step.shown
    return {
        "medium": by.medium.hex(), "band_epoch": by.band_epoch, "before": step.before._asdict(),
        "after": step.after._asdict(), "given_minor": step.given_minor,
        "debited_minor": step.debited_minor, "proven": one.proven,
        "awaits": [f"{each.gateway}: {each.why}" for each in one.awaits],
        "shown_by": {
            "at": places.moment(by.hlc, by.offset_min), "at_ms": by.hlc >> 16,
            "where": places.where(called, by.gateway, by.till), "gateway": by.gateway.hex(),
            "epoch": by.epoch, "seq": by.seq, "till": by.till, "txid": by.txid.hex(),
        },
    }  # fmt: skip
