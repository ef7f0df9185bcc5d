"""Conflicts found against those that happened: each mistake is named, and nothing else."""

from __future__ import annotations

from dataclasses import replace

from edge.demo import checks, conflicts
from edge.demo.rows import Log, Row

TICKET = b"us:1".hex()


def admitted(gateway: str, seq: int, hlc: int, ticket: str = TICKET) -> Row:
    return Row(gateway, 1, seq, 10, hlc, 20260704, 120, 1, 1, ticket, 1, 1, 1, 1, code=0)


def found(gateway: str, seq: int, earlier: str, later: str, ticket: str = TICKET) -> Row:
    epoch, at = map(int, later.split(":")[1:])
    return Row(
        gateway, 1, seq, 18, 90, 20260704, 120, ticket=ticket, of_epoch=epoch, of_seq=at,
        cause=f"{earlier} {later}",
    )  # fmt: skip


A = [admitted("aa", 1, 10), found("aa", 2, "aa:1:1", "bb:1:1")]
B = [admitted("bb", 1, 11)]
LOGS = [Log("aa", "demo-1", rows=A, mirrors={"bb": B}),
        Log("bb", "demo-2", rows=B, mirrors={"aa": A})]  # fmt: skip
PLANNED = frozenset({TICKET})


def names(logs: list[Log], central: list[Row], planned: frozenset[str] = PLANNED) -> list[str]:
    return [one.name for one in conflicts.compare_conflicts(logs, central, planned)]


def test_what_was_planned_and_found_has_no_findings() -> None:
    assert names(LOGS, [*A, *B]) == []
    assert conflicts.compare_mirrors(LOGS) == []
    assert conflicts.compare_counts(1, {"demo-1": 1, "demo-2": 1}) == []


def test_a_conflict_recorded_by_both_is_one() -> None:
    both = [*B, found("bb", 2, "aa:1:1", "bb:1:1")]
    logs = [replace(LOGS[0], mirrors={"bb": both}), replace(LOGS[1], rows=both)]
    assert names(logs, [*A, *both]) == []
    assert len(conflicts.found_in([*A, *both])) == 1


def test_a_conflict_missing_anywhere_is_named_with_its_ticket() -> None:
    (finding,) = conflicts.compare_conflicts(LOGS, [A[0], *B], PLANNED)
    assert finding.name == "conflict-missing"
    assert finding.what.startswith("the centre knows no conflict for 1 double admission")
    assert "ticket us:31 is for 1 and let in 2" in finding.rows[0]
    deaf = [LOGS[0], replace(LOGS[1], mirrors={"aa": A[:1]})]
    (finding,) = conflicts.compare_conflicts(deaf, [*A, *B], PLANNED)
    assert finding.what.startswith("gateway demo-2 knows no conflict")


def test_a_conflict_that_never_happened_is_named() -> None:
    other = found("aa", 3, "bb:1:1", "aa:1:1")
    assert names(LOGS, [*A, other, *B]) == ["conflict-of-nothing"]
    stranger = found("aa", 3, "aa:1:1", "bb:1:1", b"us:2".hex())
    assert names(LOGS, [*A, stranger, *B]) == ["conflict-of-nothing"]


def test_a_copy_that_got_in_once_proves_no_cut() -> None:
    assert names(LOGS, [*A, *B], PLANNED | {b"us:9".hex()}) == ["the-cut-was-real"]


def test_who_had_not_walked_when_the_copy_came_makes_no_conflict() -> None:
    lapsed = Row("aa", 1, 2, 13, 20, 20260704, 120, 1, ticket=TICKET, persons=0, of_epoch=1,
                 of_seq=1)  # fmt: skip
    ours, theirs = [A[0], lapsed], [admitted("bb", 1, 30)]
    logs = [Log("aa", "demo-1", rows=ours, mirrors={"bb": theirs}),
            Log("bb", "demo-2", rows=theirs, mirrors={"aa": ours})]  # fmt: skip
    assert names(logs, [*ours, *theirs]) == []


def test_only_the_planned_may_be_let_in_twice() -> None:
    rows = [*A, *B]
    assert checks.nobody_twice(rows, rows, PLANNED) == []
    assert [one.name for one in checks.nobody_twice(rows, rows)] == [
        "double-admission-in-the-ledger", "double-admission-at-the-centre"
    ]  # fmt: skip


def test_mirrors_that_differ_are_named_both_ways() -> None:
    logs = [LOGS[0], replace(LOGS[1], mirrors={"aa": [A[0], admitted("aa", 7, 70)]})]
    (finding,) = conflicts.compare_mirrors(logs)
    assert finding.name == "siblings-agree"
    assert finding.rows == (
        "lacks epoch 1 seq 2 ConflictFound", "knows besides epoch 1 seq 7 Admitted on lane 1"
    )  # fmt: skip
    without = [LOGS[0], replace(LOGS[1], mirrors={})]
    assert len(conflicts.compare_mirrors(without)) == 1


def test_a_status_that_counts_otherwise_is_named() -> None:
    (finding,) = conflicts.compare_counts(1, {"demo-1": 1, "demo-2": 0})
    assert finding.rows == ("demo-2 counts 0",)
