"""What siblings must agree on: the conflicts they found, and each other's facts. Pure.

A conflict is named by the admission that was one too many. Several gateways may record the same
one at the same time; that is one conflict all the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from edge.demo.accounts import Double, account, shown
from edge.demo.checks import Finding, many
from edge.demo.rows import Log, Row

FOUND: Final = 18


def found_in(rows: Iterable[Row]) -> dict[tuple[str, str], Row]:
    """(ticket, later place) -> a row that records it."""
    return {
        (row.ticket or "", (row.cause or "").rpartition(" ")[2]): row
        for row in rows
        if row.kind == FOUND
    }


def wanted_in(doubles: Iterable[Double]) -> dict[tuple[str, str], Double]:
    """The conflicts that must be found, by the accounts: (ticket, later place)."""
    return {(one.ticket, "{}:{}:{}".format(*one.by.place)): one for one in doubles}


def compare_conflicts(
    logs: Sequence[Log], central: Sequence[Row], planned: frozenset[str]
) -> list[Finding]:
    """Planned double admissions, those that happened, and conflicts found are the same set.

    Told for the centre's rows, and for what each gateway holds, its own facts and its siblings'.
    """
    every = [row for log in logs for row in log.rows]
    told = account(every)
    doubles = told.doubles
    findings = []
    # Whose first passage had lapsed when the second came was let in twice, and is no conflict.
    once = planned - {one.ticket for one in doubles} - told.regained
    if once:
        what = f"{many(len(once), 'copy', 'copies')} shown on both sides of the cut got in once"
        findings.append(Finding("the-cut-was-real", what, tuple(map(shown, sorted(once)))))
    findings += _compare("the centre", found_in(central), doubles)
    for log in logs:
        findings += _compare(f"gateway {log.name}", found_in(log.everything), doubles)
    return findings


def _compare(
    whose: str, found: Mapping[tuple[str, str], Row], doubles: Iterable[Double]
) -> list[Finding]:
    findings = []
    wanted = wanted_in(doubles)
    missing = [str(double) for name, double in wanted.items() if name not in found]
    if missing:
        what = f"{whose} knows no conflict for {many(len(missing), 'double admission')}"
        findings.append(Finding("conflict-missing", what, tuple(missing)))
    extra = [
        f"ticket {shown(ticket)}, said to be used once more at {later}"
        for ticket, later in found
        if (ticket, later) not in wanted
    ]
    if extra:
        what = f"{whose} knows {many(len(extra), 'conflict')} that never happened"
        findings.append(Finding("conflict-of-nothing", what, tuple(extra)))
    return findings


def compare_mirrors(logs: Sequence[Log]) -> list[Finding]:
    """Each gateway holds every fact of each sibling, and no other."""
    findings = []
    for log in logs:
        for other in logs:
            if other is log:
                continue
            ours, theirs = set(log.mirrors.get(other.gateway, ())), set(other.rows)
            if ours == theirs:
                continue
            rows = [f"lacks {row}" for row in sorted(theirs - ours)]
            rows += [f"knows besides {row}" for row in sorted(ours - theirs)]
            what = f"gateway {log.name} holds other facts of {other.name} than {other.name} itself"
            findings.append(Finding("siblings-agree", what, tuple(rows)))
    return findings


def compare_counts(conflicts: int, told: Mapping[str, int]) -> list[Finding]:
    """Each running gateway's status counts as many conflicts; `told` by name."""
    other = [f"{name} counts {count}" for name, count in told.items() if count != conflicts]
    if not other:
        return []
    what = f"there are {many(conflicts, 'conflict')}, and a status says something else"
    return [Finding("status-counts-conflicts", what, tuple(other))]
