"""The seam between the ledger and a disk: a flat folder of named files.

Tests and simulation put a disk with faults behind it. Every error of write or sync comes out as
`StorageFailed`; only `create`, which preallocates, may report a full disk, as `LedgerFull`.
"""

import contextlib
import errno
import fcntl
import os
import threading
import time
from pathlib import Path
from typing import Final, Protocol

from edge.ledger.errors import LedgerBusy, LedgerFull, StorageFailed

ZEROS: Final = bytes(1 << 20)
#: While zero-filling: how much may wait in the page cache, so that the blocks of the live segment
#: never queue behind a whole new segment.
_SYNC_EVERY_BYTES: Final = 8 << 20
_PACED_BYTES: Final = 128 << 10
_NEW: Final = ".new"
_PAGE_BYTES: Final = 4096


class Storage(Protocol):
    """Files of one ledger folder. Names hold no slash. All sizes and places are bytes."""

    def list(self) -> list[str]:
        """Names of all complete files, sorted."""

    def size(self, name: str) -> int:
        """Length of a file."""

    def create(self, name: str, size: int) -> None:
        """A file of `size` zeros, durable with its name. Replaces one of the same name.

        Raises `LedgerFull` when there is no space; then nothing of it remains.
        """

    def read(self, name: str, at: int, size: int) -> bytes:
        """Up to `size` bytes from `at`; fewer only at the end of the file.

        Pages that the disk cannot read any more come as 0xFF, which no block and no empty place
        looks like.
        """

    def write_at(self, name: str, at: int, data: bytes) -> None:
        """Write inside a file that is already that long; durable only after `datasync`."""

    def datasync(self, name: str) -> None:
        """Return when all that was written to `name` is on stable storage."""

    def rename(self, old: str, new: str) -> None:
        """Give a file its final name, durably."""

    def remove(self, name: str) -> None:
        """Delete a file, durably. Missing is fine."""

    def free_bytes(self) -> int:
        """Space left for this user."""


def _read_what_is_left(fd: int, at: int, size: int) -> bytes:
    pages = []
    for page in range(at, at + size, _PAGE_BYTES):
        want = min(_PAGE_BYTES, at + size - page)
        try:
            found = os.pread(fd, want, page)
        except OSError:
            found = b"\xff" * want
        pages.append(found)
        if len(found) < want:
            break
    return b"".join(pages)


class DiskStorage:
    """Real files in one folder, mode 0600.

    `owner` makes the folder and holds its lock until `close`. Without it the folder must exist:
    for tools that read, and for the process that writes a snapshot beside a running gateway.
    """

    def __init__(self, folder: str | Path, *, owner: bool = True) -> None:
        self._folder = str(folder)
        #: Seconds of rest after each piece of a new file, so that blocks need not queue behind it.
        self.pace_s = 0.0
        self._fds: dict[str, int] = {}
        self._guard = threading.Lock()
        self._lock_fd = -1
        if owner:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
        self._dir_fd = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        if owner:
            try:
                self._lock()
            except BaseException:
                self.close()
                raise
            for name in os.listdir(self._folder):
                if name.endswith(_NEW):  # a creation that a crash interrupted
                    os.unlink(os.path.join(self._folder, name))

    def _lock(self) -> None:
        path = os.path.join(self._folder, "lock")
        self._lock_fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LedgerBusy(
                f"another process writes to the ledger in {self._folder};"
                " stop it first, two writers would fork the log"
            ) from None

    def close(self) -> None:
        """Give up the lock and all files."""
        with self._guard:
            fds = [*self._fds.values(), self._dir_fd, self._lock_fd]
            self._fds.clear()
            self._dir_fd = self._lock_fd = -1
        for fd in fds:
            if fd >= 0:
                os.close(fd)

    def list(self) -> list[str]:
        names = (n for n in os.listdir(self._folder) if n != "lock" and not n.endswith(_NEW))
        return sorted(names)

    def size(self, name: str) -> int:
        return os.stat(os.path.join(self._folder, name)).st_size

    def create(self, name: str, size: int) -> None:
        path = os.path.join(self._folder, name)
        try:
            self._fill(path + _NEW, size)
            self._forget(name)
            os.rename(path + _NEW, path)
            os.fsync(self._dir_fd)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.unlink(path + _NEW)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise LedgerFull(f"no space for {size} more bytes in {self._folder}") from None
            raise StorageFailed(f"cannot create {name}: {error}") from error

    def _fill(self, path: str, size: int) -> None:
        pace_s = self.pace_s
        sync_every = _PACED_BYTES if pace_s else _SYNC_EVERY_BYTES
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            at = unsynced = 0
            while at < size:
                done = os.pwrite(fd, ZEROS[: min(size - at, sync_every)], at)
                at += done
                unsynced += done
                if unsynced >= sync_every:
                    os.fdatasync(fd)
                    unsynced = 0
                    if pace_s:
                        time.sleep(pace_s)
            os.fsync(fd)
        finally:
            os.close(fd)

    def read(self, name: str, at: int, size: int) -> bytes:
        # Own descriptor each time: uplink and siblings read from threads of their own while the
        # writer renames and retention deletes.
        try:
            fd = os.open(os.path.join(self._folder, name), os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise StorageFailed(f"cannot open {name}: {error}") from error
        try:
            return os.pread(fd, size, at)
        except OSError:
            return _read_what_is_left(fd, at, size)
        finally:
            os.close(fd)

    def write_at(self, name: str, at: int, data: bytes) -> None:
        try:
            done = os.pwrite(self._fd(name), data, at)
        except OSError as error:
            raise StorageFailed(f"cannot write {name} at byte {at}: {error}") from error
        if done != len(data):
            raise StorageFailed(f"only {done} of {len(data)} bytes went to {name} at byte {at}")

    def datasync(self, name: str) -> None:
        try:
            os.fdatasync(self._fd(name))
        except OSError as error:
            raise StorageFailed(f"cannot flush {name}: {error}") from error

    def rename(self, old: str, new: str) -> None:
        try:
            os.rename(os.path.join(self._folder, old), os.path.join(self._folder, new))
            os.fsync(self._dir_fd)
        except OSError as error:
            raise StorageFailed(f"cannot rename {old} to {new}: {error}") from error
        with self._guard:
            fd, stale = self._fds.pop(old, None), self._fds.pop(new, None)
            if fd is not None:
                self._fds[new] = fd
        if stale is not None:
            os.close(stale)

    def remove(self, name: str) -> None:
        try:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(self._folder, name))
            os.fsync(self._dir_fd)
        except OSError as error:
            raise StorageFailed(f"cannot remove {name}: {error}") from error
        self._forget(name)

    def free_bytes(self) -> int:
        found = os.statvfs(self._folder)
        return found.f_bavail * found.f_frsize

    def _fd(self, name: str) -> int:
        fd = self._fds.get(name)
        if fd is not None:
            return fd
        with self._guard:
            fd = self._fds.get(name)
            if fd is None:
                path = os.path.join(self._folder, name)
                try:
                    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
                except OSError as error:
                    raise StorageFailed(f"cannot open {name}: {error}") from error
                self._fds[name] = fd
        return fd

    def _forget(self, name: str) -> None:
        with self._guard:
            fd = self._fds.pop(name, None)
        if fd is not None:
            os.close(fd)
