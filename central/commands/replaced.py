"""What `wallet show` and `wallet doubts` say of bands that were replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from central import replaced
from central.outlook import never_heard

if TYPE_CHECKING:
    from central.commands.session import Session
    from central.replaced import Awaited, Remainder


async def told(s: Session, medium: bytes | None = None) -> list[dict[str, Any]]:
    """Replacements of bands, those around one medium or all that are not over: what is held back,
    whom it waits for, what was lost."""
    found = await replaced.remainders(s.connection, s.tenant, medium)
    waiting = [one.reissue.txid for one in found if one.reissue.released_minor is None]
    awaited = await replaced.awaited(s.connection, s.tenant, waiting)
    silent = await never_heard(s.connection, s.tenant) if awaited else set()
    return [
        _shown(one) | {"awaits": named(awaited.get(one.reissue.txid, []), silent)}
        for one in found
        if medium is not None or one.reissue.txid in awaited or one.lost_minor
    ]


def named(awaited: list[Awaited], silent: set[str]) -> list[str]:
    """Who is awaited and why; of one that never came also how to go on without it."""
    return [
        f"{each.gateway}: {each.why}" + (f"; {START_OR_REVOKE}" if each.gateway in silent else "")
        for each in awaited
    ]


START_OR_REVOKE = "it never came: start it, or run `gatehouse central gateway revoke`"


def _shown(one: Remainder) -> dict[str, Any]:
    told = one.reissue
    return {
        "old": told.old.hex(), "new": told.medium.hex(), "carried_minor": told.carried_minor,
        "held_minor": told.held_minor, "released_minor": told.released_minor,
        "left_minor": one.left_minor, "lost_minor": one.lost_minor,
    }  # fmt: skip
