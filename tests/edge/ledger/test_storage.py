"""Real files: what the seam promises, and the lock against a second writer."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from edge.ledger.errors import LedgerBusy, LedgerFull, StorageFailed
from edge.ledger.storage import DiskStorage


def test_a_created_file_is_zero_private_and_listed_by_its_final_name(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path / "ledger")
    storage.create("b", 3 << 20)
    storage.create("a", 10)
    assert storage.list() == ["a", "b"]
    assert storage.read("b", 0, 4 << 20) == bytes(3 << 20)
    assert (tmp_path / "ledger" / "b").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "ledger").stat().st_mode & 0o777 == 0o700
    storage.write_at("b", 4096, b"block")
    storage.datasync("b")
    storage.rename("b", "c")
    assert storage.read("c", 4095, 7) == b"\0block\0"
    storage.write_at("c", 0, b"x")
    storage.remove("a")
    storage.remove("a")
    assert storage.list() == ["c"]
    assert storage.size("c") == 3 << 20
    assert storage.free_bytes() > 0
    storage.close()


def test_a_creation_that_was_interrupted_leaves_nothing(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path)
    (tmp_path / "spare-000001.new").write_bytes(b"half")
    assert storage.list() == []
    storage.close()
    DiskStorage(tmp_path, owner=False).close()
    assert (tmp_path / "spare-000001.new").exists(), "only the owner tidies up"
    DiskStorage(tmp_path).close()
    assert not (tmp_path / "spare-000001.new").exists()


def test_two_processes_cannot_write_to_one_folder(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path)
    program = (
        "import sys; from edge.ledger.storage import DiskStorage\n"
        "from edge.ledger.errors import LedgerBusy\n"
        "try: DiskStorage(sys.argv[1])\n"
        "except LedgerBusy as error: print(error)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    root = Path(__file__).parents[3]
    said = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    assert "another process writes to the ledger" in said
    with pytest.raises(LedgerBusy):
        DiskStorage(tmp_path)
    storage.close()
    DiskStorage(tmp_path).close()


@pytest.mark.parametrize("call", ["pwrite", "fdatasync"])
def test_an_error_of_write_or_sync_is_fatal(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = DiskStorage(tmp_path)
    storage.create("a", 4096)

    def fail(*_: object) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(StorageFailed):
        storage.write_at("a", 0, b"x")
        storage.datasync("a")
    monkeypatch.undo()
    storage.close()


def test_a_short_write_is_fatal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = DiskStorage(tmp_path)
    storage.create("a", 4096)
    monkeypatch.setattr(os, "pwrite", lambda *_: 1)
    with pytest.raises(StorageFailed, match="only 1 of 5"):
        storage.write_at("a", 0, b"block")
    monkeypatch.undo()
    storage.close()


def test_a_full_disk_shows_only_when_preallocating_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = DiskStorage(tmp_path)
    real = os.pwrite

    def fill(fd: int, data: bytes, at: int) -> int:
        if at >= 2 << 20:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(fd, data, at)

    monkeypatch.setattr(os, "pwrite", fill)
    with pytest.raises(LedgerFull):
        storage.create("spare", 4 << 20)
    monkeypatch.undo()
    assert os.listdir(tmp_path) == ["lock"]
    storage.close()


def test_pages_that_cannot_be_read_look_like_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = DiskStorage(tmp_path)
    storage.create("a", 3 * 4096)
    real = os.pread

    def rotten(fd: int, size: int, at: int) -> bytes:
        if at <= 4096 < at + size:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(fd, size, at)

    monkeypatch.setattr(os, "pread", rotten)
    assert storage.read("a", 0, 5 * 4096) == bytes(4096) + b"\xff" * 4096 + bytes(4096)
    monkeypatch.undo()
    storage.close()


def test_a_paced_file_is_as_whole_as_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its pieces others get the disk; the file is the same."""
    rests: list[float] = []
    monkeypatch.setattr("edge.ledger.storage.time.sleep", rests.append)
    storage = DiskStorage(tmp_path)
    storage.pace_s = 0.002
    storage.create("spare", 1_000_000)
    assert storage.read("spare", 0, 1_000_000) == bytes(1_000_000)
    assert rests == [0.002] * 7
    storage.close()
