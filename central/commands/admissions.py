"""`admissions list | counts`."""

from __future__ import annotations

from pathlib import Path

from central.commands.errors import ANSWER_IS_NO, USAGE, CommandFailed
from central.commands.session import Border, session, show
from central.store import facts
from central.web.ops import show_admission, show_double

LIMIT_MAX = 10_000_000


async def list_all(config_file: Path, border: Border, limit: int, gate: int | None) -> int:
    """The newest admissions with their outcomes."""
    if not 0 <= limit <= LIMIT_MAX:
        raise CommandFailed(f"--limit must be 0 to {LIMIT_MAX}", USAGE)
    async with session(config_file, border) as s:
        rows = await facts.list_admissions(s.connection, s.tenant, gate=gate, limit=limit)
    show({"admissions": [show_admission(row) for row in rows]})
    return 0


async def counts(config_file: Path, border: Border) -> int:
    """Counts per gate and kind, and double admissions; exit 1 when there are some."""
    async with session(config_file, border) as s:
        gates = await facts.count_by_gate(s.connection, s.tenant)
        kinds = await facts.count_kinds(s.connection, s.tenant)
        doubles = await facts.double_admissions(s.connection, s.tenant)
    shown = [show_double(one) for one in doubles]
    show({"gates": gates, "facts_by_kind": kinds, "doubles": shown})
    return ANSWER_IS_NO if doubles else 0
