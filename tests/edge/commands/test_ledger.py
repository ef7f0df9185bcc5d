"""`ledger verify | show | repair | set-aside`, called as the command line calls them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import zstandard

from edge.commands import ledger as command
from edge.commands.errors import ANSWER_IS_NO, BAD_DATA, NO_INPUT, UNAVAILABLE, USAGE, CommandFailed
from edge.ledger.retention import delete
from edge.ledger.segments import segments_of
from edge.ledger.storage import DiskStorage
from edge.transport import UplinkLost
from tests.edge.ledger.logs import NOW_S, start, write

Out = pytest.CaptureFixture[bytes]


def lines(capture: Out) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capture.readouterr().out.splitlines()]


@pytest.fixture
def gateway_folder(tmp_path: Path) -> Path:
    """A gateway's folder with 41 facts in its ledger, and a file with the same blocks."""
    storage = DiskStorage(tmp_path / "gate" / "ledger")
    seen = start(storage)
    blocks = [*seen.blocks, *write(seen, range(40))]
    storage.close()
    run = b"".join(block.raw for block in blocks)
    (tmp_path / "run").write_bytes(run)
    (tmp_path / "run.zst").write_bytes(
        zstandard.compress(run[: len(run) // 2]) + zstandard.compress(run[len(run) // 2 :])
    )
    return tmp_path / "gate"


def rot(folder: Path, page: int = 5) -> None:
    storage = DiskStorage(folder / "ledger")
    name = segments_of(storage)[0].file
    storage.write_at(name, 4096 * page + 100, b"rotten")
    storage.datasync(name)
    storage.close()


def failed(caught: pytest.ExceptionInfo[CommandFailed]) -> tuple[int, str]:
    return caught.value.exit_code, str(caught.value)


def test_verify_counts_what_is_whole(gateway_folder: Path, capfdbinary: Out) -> None:
    for folder in (gateway_folder, gateway_folder / "ledger"):
        assert command.verify(folder) == 0
        (said,) = lines(capfdbinary)
        assert (said["blocks"], said["facts"], said["epoch"], said["seq"]) == (41, 41, NOW_S, 41)
        assert len(said["head"]) == 64


def test_verify_says_from_where_when_the_beginning_was_deleted(
    gateway_folder: Path, capfdbinary: Out
) -> None:
    storage = DiskStorage(gateway_folder / "ledger")
    names = segments_of(storage)
    delete(storage, names[:2])
    storage.close()
    assert command.verify(gateway_folder) == 0
    (said,) = lines(capfdbinary)
    assert said["from"] == {"epoch": NOW_S, "seq": names[2].first_seq}
    assert said["facts"] == 41 - names[2].first_seq + 1 and said["seq"] == 41


def test_verify_names_the_first_broken_block(gateway_folder: Path) -> None:
    rot(gateway_folder)
    with pytest.raises(CommandFailed) as caught:
        command.verify(gateway_folder)
    code, text = failed(caught)
    assert code == ANSWER_IS_NO
    assert f"epoch {NOW_S} seq 5" in text and "repair" in text and "set-aside" in text


def test_a_torn_last_block_is_nothing_to_set_a_ledger_aside_for(gateway_folder: Path) -> None:
    last = sorted((gateway_folder / "ledger").glob("*.segment"))[-1]
    raw = bytearray(last.read_bytes())
    raw[len(raw.rstrip(b"\0")) // 4096 * 4096 + 100] ^= 1
    last.write_bytes(raw)
    with pytest.raises(CommandFailed) as caught:
        command.verify(gateway_folder)
    code, text = failed(caught)
    assert code == ANSWER_IS_NO and "Start the daemon" in text and "set-aside" not in text
    with pytest.raises(CommandFailed, match="Start the daemon"):
        command.set_aside(gateway_folder, reason="the light blinks")
    assert not list(gateway_folder.glob("*set-aside*"))


def test_verify_may_run_beside_the_daemon(gateway_folder: Path, capfdbinary: Out) -> None:
    storage = DiskStorage(gateway_folder / "ledger")
    assert command.verify(gateway_folder) == 0
    storage.close()


def test_show_prints_facts_and_stops_where_told(gateway_folder: Path, capfdbinary: Out) -> None:
    assert command.show(gateway_folder) == 0
    shown = lines(capfdbinary)
    assert [fact["seq"] for fact in shown] == list(range(1, 42))
    assert shown[0]["kind"] == "EpochBegun" and shown[0]["because"] == "first"
    assert command.show(gateway_folder, start="40") == 0
    assert [fact["seq"] for fact in lines(capfdbinary)] == [40, 41]
    assert command.show(gateway_folder, start=f"{NOW_S}:3", limit=2) == 0
    assert [fact["seq"] for fact in lines(capfdbinary)] == [3, 4]
    assert command.show(gateway_folder, kind=("EpochBegun", "Started")) == 0
    assert len(lines(capfdbinary)) == 1
    for wrong in ("x", "1:x", ":", ""):
        with pytest.raises(CommandFailed) as caught:
            command.show(gateway_folder, start=wrong)
        assert failed(caught)[0] == USAGE


@pytest.mark.parametrize("file", ["run", "run.zst"])
def test_repair_puts_back(gateway_folder: Path, capfdbinary: Out, file: str) -> None:
    rot(gateway_folder)
    assert command.repair(gateway_folder, start=gateway_folder.parent / file) == 0
    (said,) = lines(capfdbinary)
    assert (said["put_back"], said["facts"]) == (1, 41)
    assert command.verify(gateway_folder) == 0


def test_set_aside(gateway_folder: Path, capfdbinary: Out) -> None:
    rot(gateway_folder)
    assert command.set_aside(gateway_folder, reason="card is dying") == 0
    (said,) = lines(capfdbinary)
    assert said["missing"] == [{"epoch": NOW_S, "from": 5, "through": 41}]
    assert Path(said["kept_as"]).is_dir()
    assert command.verify(gateway_folder) == 0


def test_a_whole_ledger_is_set_aside_on_explicit_order_alone(
    gateway_folder: Path, capfdbinary: Out
) -> None:
    before = sorted(path.name for path in gateway_folder.iterdir())
    with pytest.raises(CommandFailed) as caught:
        command.set_aside(gateway_folder, reason="the light blinks")
    code, text = failed(caught)
    assert code == ANSWER_IS_NO and "all 41 blocks" in text and "--yes" in text
    assert sorted(path.name for path in gateway_folder.iterdir()) == before
    assert command.set_aside(gateway_folder, reason="the light blinks", yes=True) == 0
    assert lines(capfdbinary)[0]["missing"] == []


def test_wrong_uses_are_one_clear_error(gateway_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(b"GHB1 noise")
    (tmp_path / "empty").mkdir()
    cases = [
        (lambda: command.verify(tmp_path / "nowhere"), NO_INPUT, "there is no folder"),
        (lambda: command.verify(tmp_path / "empty"), BAD_DATA, "holds no ledger"),
        (lambda: command.repair(gateway_folder, start=tmp_path / "gone"), NO_INPUT, "cannot read"),
        (lambda: command.repair(gateway_folder, start=tmp_path / "noise"), BAD_DATA, "no run"),
        (lambda: command.set_aside(gateway_folder, reason=" "), USAGE, "--reason"),
        (lambda: command.show(gateway_folder, limit=0), USAGE, "--limit"),
        (lambda: command.show(gateway_folder, kind=("Admited",)), USAGE, "did you mean Admitted?"),
    ]
    for call, code, text in cases:
        with pytest.raises(CommandFailed) as caught:
            call()
        assert failed(caught)[0] == code and text in failed(caught)[1]
    running = DiskStorage(gateway_folder / "ledger")
    with pytest.raises(CommandFailed) as caught:
        command.repair(gateway_folder, start=tmp_path / "run")
    assert failed(caught)[0] == UNAVAILABLE and "stop it first" in failed(caught)[1]
    running.close()


def test_repair_asks_the_centre(gateway_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--centre` hands the centre's blocks to the same repair; a silent centre is said."""
    asked: list[object] = []

    def silent(identity: object) -> object:
        asked.append(identity)
        raise UplinkLost("connection refused")

    monkeypatch.setattr("edge.rescue.from_centre", silent)
    monkeypatch.setattr("edge.identity.load_identity", lambda folder: folder)
    with pytest.raises(CommandFailed, match="the centre cannot be asked: connection refused"):
        command.repair(gateway_folder, centre=True)
    assert asked
    with pytest.raises(CommandFailed, match="either --from FILE or --centre"):
        command.repair(gateway_folder)
