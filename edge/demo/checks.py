"""What must be true at the end of a run, each with a name and the rows to look at."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from edge.demo.accounts import Double, account
from edge.demo.rows import COLUMNS, Log, Row

ROWS_SHOWN: Final = 5


@dataclass(frozen=True)
class Finding:
    """A check that failed: its name, what is wrong in one sentence, and rows to look at."""

    name: str
    what: str
    rows: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.what}"]
        lines += [f"    {row}" for row in self.rows[:ROWS_SHOWN]]
        if len(self.rows) > ROWS_SHOWN:
            lines.append(f"    and {len(self.rows) - ROWS_SHOWN} more")
        return "\n".join(lines)


def many(count: int, one: str, more: str = "") -> str:
    """`1 row`, `2 rows`."""
    return f"{count} {one if count == 1 else more or one + 's'}"


def compare_rows(
    ledger: Sequence[Row], central: Sequence[Row], whose: str = "the gateway"
) -> list[Finding]:
    """A gateway's facts and the centre's rows are the same set, column by column."""
    found = []
    ours = {row.place: row for row in ledger}
    theirs = {row.place: row for row in central}
    if len(ours) != len(ledger) or len(theirs) != len(central):
        found.append(Finding("one-place-one-fact", "two facts stand at the same place"))
    missing = [row for place, row in ours.items() if place not in theirs]
    if missing:
        has = many(len(missing), "fact")
        what = f"{whose}'s ledger holds {has} that the centre has not booked"
        found.append(Finding("rows-missing-at-the-centre", what, _texts(missing)))
    extra = [row for place, row in theirs.items() if place not in ours]
    if extra:
        has = many(len(extra), "row")
        what = f"the centre holds {has} that {whose}'s ledger does not know"
        found.append(Finding("rows-nobody-sent", what, _texts(extra)))
    other = [
        f"{row}: {_difference(row, theirs[place])}"
        for place, row in ours.items()
        if place in theirs and theirs[place] != row
    ]
    if other:
        has = many(len(other), "row says", "rows say")
        what = f"{has} something else at the centre than in {whose}'s ledger"
        found.append(Finding("rows-differ", what, tuple(other)))
    return found


def _texts(rows: Iterable[Row]) -> tuple[str, ...]:
    return tuple(str(row) for row in rows)


def _difference(ledger: Row, central: Row) -> str:
    parts = [
        f"{name} is {theirs!r} at the centre, {ours!r} in the ledger"
        for name, ours, theirs in zip(COLUMNS, ledger, central, strict=True)
        if ours != theirs
    ]
    return "; ".join(parts)


def compare_heads(
    log: Log, central: Mapping[tuple[str, int], tuple[int, str]], central_blocks: int,
    whose: str = "the",
) -> list[Finding]:  # fmt: skip
    """The newest log ends in the same block, and as many blocks are kept."""
    epoch, seq, head = log.head
    through, theirs = central.get((log.gateway, epoch), (0, "nothing"))
    if (through, theirs) != (seq, head):
        what = (
            f"epoch {epoch} ends at seq {seq} ({head[:16]}) in {whose} ledger"
            f" and at seq {through} ({theirs[:16]}) at the centre"
        )
        return [Finding("heads-differ", what)]
    if log.blocks != central_blocks:
        has = many(log.blocks, "block")
        what = f"{whose} ledger has {has}, the centre keeps {central_blocks}"
        return [Finding("blocks-differ", what)]
    return []


def nobody_twice(
    ledger: Sequence[Row], central: Sequence[Row], planned: Container[str] = ()
) -> list[Finding]:
    """No ticket let in more persons than it is for, by either side's rows; but those `planned`."""
    found = []
    for name, whose, rows in (
        ("double-admission-in-the-ledger", "by the gateway's ledger", ledger),
        ("double-admission-at-the-centre", "by the centre's rows", central),
    ):
        doubles: list[Double] = [one for one in account(rows).doubles if one.ticket not in planned]
        if doubles:
            what = f"{whose}, {many(len(doubles), 'ticket was', 'tickets were')} admitted twice"
            found.append(Finding(name, what, tuple(map(str, doubles))))
    return found


def agree(
    *, logs: Sequence[Log], central: Sequence[Row],
    central_heads: Mapping[tuple[str, int], tuple[int, str]],
    central_blocks: Mapping[str, int], trouble: Sequence[str], planned: Container[str] = (),
) -> list[Finding]:  # fmt: skip
    """Everything that gateways and centre must agree on. `planned`: may be admitted twice."""
    broken = [Finding("ledger-verifies", log.broken) for log in logs if log.broken]
    if broken:
        return broken
    found: list[Finding] = []
    known = {log.gateway for log in logs}
    strangers = [row for row in central if row.gateway not in known]
    for at, log in enumerate(logs):
        # A row of no gateway of ours is told of once, with the first.
        theirs = [row for row in central if row.gateway == log.gateway]
        alone = len(logs) == 1
        whose = "the gateway" if alone else f"gateway {log.name}"
        found += compare_rows(log.rows, theirs if at else [*theirs, *strangers], whose)
        blocks = central_blocks.get(log.gateway, 0)
        found += compare_heads(log, central_heads, blocks, "the" if alone else f"{log.name}'s")
    found += nobody_twice([row for log in logs for row in log.rows], central, planned)
    if trouble:
        what = f"the centre keeps {many(len(trouble), 'trouble')} of a gateway"
        found.append(Finding("no-forks-no-dead-letters", what, tuple(trouble)))
    return found


def guests_were_right(
    surprises: Sequence[str], unserved: Sequence[str], wrong_replies: Sequence[str]
) -> list[Finding]:
    """Every answer was one the guests could expect, and everybody got one."""
    found = []
    if surprises:
        what = f"{many(len(surprises), 'answer')} nobody could expect"
        found.append(Finding("answers-as-expected", what, tuple(surprises)))
    if unserved:
        what = f"{many(len(unserved), 'guest')} never got an answer"
        found.append(Finding("everybody-was-answered", what, tuple(unserved)))
    if wrong_replies:
        what = f"{many(len(wrong_replies), 'retry', 'retries')} got another answer"
        found.append(Finding("a-nonce-has-one-answer", what, tuple(wrong_replies)))
    return found


def outages_happened(
    *, restarts: int, outages: int, gateway_exit: int, open_holds: int, durable: int,
    receipted: int,
) -> list[Finding]:  # fmt: skip
    """The run was what it claims to be: cut off, killed, and closed in order."""
    found = []
    if not restarts or not outages:
        what = (
            f"{many(restarts, 'restart')} of the gateway, {many(outages, 'outage')} of the centre"
        )
        found.append(Finding("outages-happened", what))
    if gateway_exit:
        what = f"the gateway ended with exit code {gateway_exit} when told to stop"
        found.append(Finding("gateway-stops-in-order", what))
    if open_holds:
        what = f"{many(open_holds, 'hold is', 'holds are')} still open after everybody has gone"
        found.append(Finding("holds-are-settled", what))
    if receipted != durable:
        what = f"{durable} facts are on the gateway's disk, {receipted} have a receipt"
        found.append(Finding("everything-is-receipted", what))
    return found
