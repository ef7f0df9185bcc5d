"""What `wallet show` and `wallet doubts` say of bands that were replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from central import replaced

if TYPE_CHECKING:
    from central.commands.session import Session
    from central.replaced import Remainder


async def told(s: Session, medium: bytes | None = None) -> list[dict[str, Any]]:
    """Replacements of bands, those around one medium or all that are not over: what is held back,
    whom it waits for, what was lost."""
    rows = []
    for one in await replaced.remainders(s.connection, s.tenant, medium):
        still_held = one.reissue.released_minor is None
        if medium is not None or still_held or one.lost_minor:
            rows.append(_shown(one) | {"awaits": await _awaits(s, one) if still_held else []})
    return rows


def _shown(one: Remainder) -> dict[str, Any]:
    told = one.reissue
    return {
        "old": told.old.hex(), "new": told.medium.hex(), "carried_minor": told.carried_minor,
        "held_minor": told.held_minor, "released_minor": told.released_minor,
        "left_minor": one.left_minor, "lost_minor": one.lost_minor,
    }  # fmt: skip


async def _awaits(s: Session, one: Remainder) -> list[str]:
    found = await replaced.awaited(s.connection, s.tenant, one.reissue.txid)
    return [f"{each.gateway}: {each.why}" for each in found]
