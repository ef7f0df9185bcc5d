"""What all sides hold of the bar's money in the end: facts, rows, bookings, and the bands."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import trio

from crypto.bundle import Bundle, read_untrusted
from crypto.keys import VerifyKey
from edge.demo.antennas import image
from edge.demo.bands import Opener
from edge.demo.bar_checks import BarHeld
from edge.demo.gateways import GatewayProcess
from edge.demo.money import COLUMNS, KINDS, add_up, row
from edge.demo.processes import DemoFailed
from edge.demo.purse import Purses
from edge.demo.reading import Held, query
from edge.demo.venue import Venue

_HEX: Final = frozenset({"txid", "medium", "basket"})
_ROWS: Final = (
    "SELECT json_build_array("
    + ", ".join(f"encode({name}, 'hex')" if name in _HEX else name for name in COLUMNS)
    + f") FROM money WHERE kind IN ({', '.join(map(str, KINDS))}) AND marks & 1 = 0"
    " ORDER BY hlc, gateway, epoch, seq"
)
_BOOKED: Final = """\
SELECT json_build_array(encode(medium, 'hex'), what, sum(amount_minor)::bigint)
FROM wallet_movements GROUP BY medium, what
"""
_FORKS: Final = "SELECT json_build_array(encode(medium, 'hex')) FROM wallet_forks"


async def read_bar(venue: Venue, held: Held, purses: Purses) -> BarHeld:
    """Everything about money; the centre must run. Raises `DemoFailed`."""
    found = BarHeld()
    opener = Opener(newest_bundle(venue.gateways))
    for one in purses.bands.values():
        found.media[one.name] = opener.medium(one.uid)
        found.bands[one.name] = opener.balance(one.uid, image(venue.bands, one.name))
    found.facts = add_up(fact for log in held.logs for fact in log.money)
    for log in held.logs:
        if log.mirrors:
            found.gateways[log.name] = add_up([*log.money, *log.mirrored_money])
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_rows, venue, found)
        nursery.start_soon(_totals, venue, found)
    return found


async def _rows(venue: Venue, found: BarHeld) -> None:
    rows: Iterable[Mapping[str, Any]] = [row(values) for values in await query(venue, _ROWS)]
    found.rows = add_up(rows)
    found.booked = {(medium, what): minor for medium, what, minor in await query(venue, _BOOKED)}
    found.forks = [medium for (medium,) in await query(venue, _FORKS)]


async def _totals(venue: Venue, found: BarHeld) -> None:
    """The centre's own command; it says no with exit code 1."""
    told = await venue.run_central("wallet", "totals", ok=(0, 1))
    try:
        found.totals = json.loads(told)
    except ValueError:  # also a command that breaks says no
        raise DemoFailed("`central wallet totals` broke; its log says why") from None


def newest_bundle(gateways: Iterable[GatewayProcess]) -> Bundle:
    """The newest bundle on any gateway's disk. Raises `DemoFailed`."""
    newest: Bundle | None = None
    for each in gateways:
        trust = json.loads((each.identity / "trust.json").read_text())
        key = VerifyKey(bytes.fromhex(trust["bundle_key"]))
        for path in Path(each.identity, "bundle").glob("*.bundle"):
            bundle = read_untrusted(path.read_bytes(), key)
            if newest is None or bundle.version > newest.version:
                newest = bundle
    if newest is None:
        raise DemoFailed("no gateway holds a bundle")
    return newest
