"""When and where facts happened, as people read it.

Time as on the wall where it happened, gateways by name. What tills and people are called stands
in the gateways' own files: here they have numbers.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from central.store import trust

if TYPE_CHECKING:
    from central.commands.session import Session

Names = Mapping[bytes, str]
_DAY_MIN: Final = 24 * 60


async def names(s: Session) -> dict[bytes, str]:
    """Gateway -> what it is called."""
    return {one.gateway: one.name for one in await trust.list_gateways(s.connection, s.tenant)}


def moment(hlc: int, offset_min: int | None) -> str:
    """Local time of a fact with its offset, as 2026-07-04T22:13:05+02:00; UTC if that is lost."""
    offset = offset_min if offset_min is not None and abs(offset_min) < _DAY_MIN else 0
    zone = datetime.timezone(datetime.timedelta(minutes=offset))
    at = datetime.datetime.fromtimestamp((hlc >> 16) // 1000, datetime.UTC)
    return at.astimezone(zone).isoformat(timespec="seconds")


def where(called: Names, gateway: bytes, till: int) -> str:
    """ "bar, till 3"; a till of 0 is none."""
    name = called.get(gateway, gateway.hex())
    return f"{name}, till {till}" if till else name


def told(row: Mapping[str, Any], called: Names) -> dict[str, Any]:
    """A row with `hlc`, `offset_min`, `gateway` and `till` as JSON shows it: when and where first,
    bytes in hex."""
    rest = {k: v for k, v in row.items() if k not in ("hlc", "offset_min")}
    plain = {k: v.hex() if isinstance(v, bytes) else v for k, v in rest.items()}
    place = where(called, row["gateway"], row["till"])
    when = {"at": moment(row["hlc"], row["offset_min"]), "at_ms": row["hlc"] >> 16}
    return {**when, "where": place, **plain}
