"""admissions list and counts on an empty centre; rows are tested where they are stored."""

from __future__ import annotations

from tests.central.commands.conftest import Run


def test_nobody_came_yet(run: Run) -> None:
    assert run("admissions", "list").out == {"admissions": []}
    assert run("admissions", "counts").out == {"gates": [], "facts_by_kind": {}, "doubles": []}


def test_limits(run: Run) -> None:
    assert run("admissions", "list", "--limit", "-1").code == 2
