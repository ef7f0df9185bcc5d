"""Reading both sides: a broken ledger is a finding, a missing database an error that says so."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from edge.demo.processes import DemoFailed, Processes
from edge.demo.reading import _psql, gateway_id, query, read_ledger
from edge.demo.rows import Log
from edge.demo.venue import Venue


def venue(tmp_path: Path) -> Venue:
    return Venue(tmp_path, Processes(tmp_path), lambda text: None)


@pytest.mark.trio
async def test_a_broken_ledger_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = venue(tmp_path)

    async def fails(*words: str, ok: tuple[int, ...] = (0,)) -> bytes:
        raise DemoFailed("`gatehouse edge ledger verify` failed (exit 1): block at seq 7 is broken")

    monkeypatch.setattr(where, "run_edge", fails)
    log = Log("aa")
    await read_ledger(where, tmp_path / "gateway", log)
    assert "block at seq 7 is broken" in log.broken
    assert log.rows == []


@pytest.mark.trio
async def test_a_ledger_is_read_line_by_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = venue(tmp_path)
    folder = where.gateways[0].identity
    (folder / "peers" / "bb").mkdir(parents=True)
    (folder / "trust.json").write_text(json.dumps({"gateway": "aa"}))
    assert gateway_id(where.gateways[0]) == "aa"
    fact = {"epoch": 5, "seq": 1, "kind": "Stopped", "hlc": 7, "day": 20260704, "offset_min": 120}

    async def answers(*words: str, ok: tuple[int, ...] = (0,)) -> bytes:
        head = {"blocks": 1, "facts": 1, "head": "bb", "epoch": 5, "seq": 1}
        return json.dumps(head if "verify" in words else fact).encode() + b"\n"

    monkeypatch.setattr(where, "run_edge", answers)
    log = Log("aa")
    await read_ledger(where, folder, log)
    assert (log.broken, log.blocks, log.head) == ("", 1, (5, 1, "bb"))
    assert [str(row) for row in log.rows] == ["epoch 5 seq 1 Stopped"]
    assert [row.place for row in log.mirrors["bb"]] == [("bb", 5, 1)]
    assert [row.gateway for row in log.everything] == ["aa", "bb"]


@pytest.mark.trio
async def test_a_database_that_does_not_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(DemoFailed, match=r"PostgreSQL in .* does not run"):
        await query(venue(tmp_path), "SELECT 1")


def test_the_client_of_the_database_is_found() -> None:
    assert os.access(_psql(), os.X_OK)
