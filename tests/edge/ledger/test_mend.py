"""What people do with a damaged folder: repair it, or set it aside and open the gate."""

from __future__ import annotations

from pathlib import Path

import pytest

from crypto.block import Block
from edge.ledger import excuse
from edge.ledger.audit import audit
from edge.ledger.errors import LedgerBusy, LedgerDamaged, LedgerError
from edge.ledger.mend import Missing, offered, repair, set_aside
from edge.ledger.recover import Helpers
from edge.ledger.segments import segments_of
from edge.ledger.storage import DiskStorage
from tests.edge.ledger.faulty_disk import FaultyDisk
from tests.edge.ledger.logs import NOW_S, fetch_from, moment, start, write
from tests.edge.ledger.test_faults import check_all_there
from tests.edge.ledger.test_snapshot import snap


def damaged_folder(folder: Path, *, with_snapshot: bool) -> list[Block]:
    """Three segments; block 23 is broken, and a snapshot may cover the first eleven facts."""
    storage = DiskStorage(folder)
    seen = start(storage)
    blocks = [*seen.blocks, *write(seen, range(10))]
    if with_snapshot:
        snap(storage, seen)  # type: ignore[arg-type]
    blocks += write(seen, range(10, 40))
    name = segments_of(storage)[1]
    storage.write_at(name.file, 4096 * 8 + 100, b"rotten")
    storage.datasync(name.file)
    storage.close()
    return blocks


def test_repair_puts_back_many_blocks_over_several_segments() -> None:
    disk = FaultyDisk()
    seen = start(disk)
    blocks = [*seen.blocks, *write(seen, range(40))]
    for name in segments_of(disk):
        for page in (2, 3, 9):
            disk.flip(name.file, page * 4096 * 8 + 700)
    put_back, found = repair(disk, None, *offered(list(reversed(blocks))))
    assert put_back == 9
    assert (found.blocks, found.facts) == (41, 41)
    check_all_there(start(disk), blocks)


def test_repair_with_too_little_says_what_is_still_broken_and_spoils_nothing() -> None:
    disk = FaultyDisk()
    seen = start(disk)
    blocks = [*seen.blocks, *write(seen, range(10))]
    name = segments_of(disk)[0]
    for page in (3, 6):
        disk.flip(name.file, page * 4096 * 8 + 700)
    with pytest.raises(LedgerDamaged) as caught:
        repair(disk, None, *offered(blocks[:4]))
    assert caught.value.seq == 6
    assert repair(disk, None, *offered(blocks[4:]))[0] == 1
    check_all_there(start(disk), blocks)


def test_repair_of_an_empty_folder_is_one_clear_error(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path)
    with pytest.raises(LedgerError, match="no ledger"):
        repair(storage, None, *offered([]))
    storage.close()


@pytest.mark.parametrize("with_snapshot", [False, True])
def test_set_aside_opens_the_gate_and_says_what_is_missing(
    tmp_path: Path, with_snapshot: bool
) -> None:
    folder = tmp_path / "ledger"
    blocks = damaged_folder(folder, with_snapshot=with_snapshot)
    done = set_aside(folder, None, reason="disk is dying", stamp="20260922T120000Z")
    assert done.missing == [Missing(NOW_S, 23, 41)]
    kept = Path(done.kept_as)
    assert kept.name == "ledger.set-aside-20260922T120000Z"
    assert (kept / segments_of(DiskStorage(kept, owner=False))[1].file).exists()

    storage = DiskStorage(folder)
    note = excuse.load(storage)
    assert note is not None and note.reason == "disk is dying"
    seen = start(storage, when=moment(3))
    assert seen.recovered.begun == "set-aside"
    begun = seen.begun[-1]
    assert (begun.last_epoch, begun.last_seq, begun.last_head) == (NOW_S, 22, blocks[21].hash)
    assert seen.recovered.writer.epoch == NOW_S + 1
    assert seen.numbers == list(range(10 if with_snapshot else 0, 21))
    write(seen, range(100, 103))
    storage.close()

    storage = DiskStorage(folder)
    again = start(storage, helpers=Helpers((), fetch_from(blocks)))
    assert again.recovered.begun is None, "one new epoch is enough"
    held = {(b.epoch, b.first_seq) for b in again.blocks}
    assert {(b.epoch, b.first_seq) for b in blocks[11:]} <= held, "refetched once it can be"
    assert audit(storage).last[0] == NOW_S + 1 or with_snapshot
    storage.close()


def test_set_aside_refetches_at_once_when_somebody_holds_the_blocks(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    blocks = damaged_folder(folder, with_snapshot=False)
    set_aside(folder, None, reason="r", stamp="s")
    storage = DiskStorage(folder)
    seen = start(storage, when=moment(3), helpers=Helpers((), fetch_from(blocks)))
    check_all_there(seen, blocks)
    assert seen.recovered.begun == "set-aside"
    assert seen.begun[-1].last_seq == 41
    storage.close()


def test_set_aside_waits_for_no_running_gateway(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    damaged_folder(folder, with_snapshot=False)
    running = DiskStorage(folder)
    with pytest.raises(LedgerBusy):
        set_aside(folder, None, reason="r", stamp="s")
    running.close()
    assert folder.exists()


def test_an_interrupted_set_aside_can_be_run_again(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    damaged_folder(folder, with_snapshot=False)
    (tmp_path / "ledger.fresh").mkdir()
    (tmp_path / "ledger.fresh" / "left-over").write_bytes(b"x")
    set_aside(folder, None, reason="r", stamp="s")
    assert not (folder / "left-over").exists()
