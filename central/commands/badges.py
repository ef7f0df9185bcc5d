"""`badge add | remove | list`: bands by which staff sign in at tills."""

from __future__ import annotations

from pathlib import Path

from central.commands.bands import medium_of
from central.commands.cashless import current
from central.commands.errors import BAD_DATA, CommandFailed
from central.commands.session import Border, Session, session, show
from central.store import badges
from crypto.cashless import ROWS_MAX

OPERATOR_MAX = 65_535


async def add(config_file: Path, border: Border, text: str, operator: int) -> int:
    """The band is this operator's badge; whose it was before, it is no longer."""
    if not 1 <= operator <= OPERATOR_MAX:
        hint = f"the number of somebody in [[staff]] of the gateways, 1 to {OPERATOR_MAX}"
        raise CommandFailed(f"{operator} is no operator: {hint}", BAD_DATA)
    async with session(config_file, border) as s:
        await current(s)
        medium = medium_of(s, text)
        async with s.alone():
            held = await _held(s)
            if medium not in held and len(held) >= ROWS_MAX:
                raise CommandFailed(f"there are {ROWS_MAX} badges already: remove one first")
            if held.get(medium) != operator:
                await badges.say(s.connection, s.tenant, medium, operator, border.now_ms())
        version = await s.publish()
    show({"medium": medium.hex(), "operator": operator, "bundle_version": version})
    return 0


async def remove(config_file: Path, border: Border, text: str) -> int:
    """The band signs nobody in any more, and what it has opened ends with the next bundle."""
    async with session(config_file, border) as s:
        await current(s)
        medium = medium_of(s, text)
        async with s.alone():
            held = await _held(s)
            if medium not in held:
                hint = "see `gatehouse central badge list`"
                raise CommandFailed(f"medium {medium.hex()} is nobody's badge: {hint}")
            await badges.say(s.connection, s.tenant, medium, badges.NOBODY, border.now_ms())
        version = await s.publish()
    show({"medium": medium.hex(), "was_operator": held[medium], "bundle_version": version})
    return 0


async def _held(s: Session) -> dict[bytes, int]:
    """Operator by medium."""
    return {one.medium: one.operator for one in await badges.badges(s.connection, s.tenant)}


async def list_all(config_file: Path, border: Border) -> int:
    """Every badge and whose it is."""
    async with session(config_file, border) as s:
        found = await badges.badges(s.connection, s.tenant)
    show({"badges": [{"medium": one.medium.hex(), "operator": one.operator} for one in found]})
    return 0
