"""A PostgreSQL server of our own, for sites that have none: found, initialised, started, stopped.

Layout of the folder `home` (one per installation):

    home/data        PGDATA, owned by the account the server runs as
    home/run         unix socket (a short folder under /tmp when the path would be too long)
    home/password    password of the superuser `gatehouse` (scram), mode 0600
    home/log         what the server writes
    home/lock        held while somebody decides whether to start or stop
    home/users       locked, shared, by everybody who uses the server

Rules, each paid for by somebody: unix socket only, never TCP; the server is a direct child and gets
SIGINT (orderly stop) when its parent dies; a pid found in postmaster.pid counts only when that
process is really a server of this folder and answers; a second process that asks for the same
folder is given the running server instead of an error.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import errno
import fcntl
import hashlib
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import asyncpg

from central.binaries import Account, Binaries, PostgresUnavailable, account_for, choose, reachable
from central.postmaster import read_postmaster, running_server

SUPERUSER = "gatehouse"
DATABASE = "gatehouse"
SOCKET_PATH_BYTES_MAX = 107  # sun_path of Linux, less the closing zero
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 20.0
LINGER_S = 10.0  # how long the owner waits for others who use its server
POLL_S = 0.05
LOG_BYTES_MAX = 10 * 1024 * 1024
PR_SET_PDEATHSIG = 1

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "max_wal_size": "1GB",
    "jit": "off",
    "timezone": "UTC",
    "log_line_prefix": "%m ",
}


class Embedded:
    """The server of one `home` folder; an async context manager.

    `own` is true when this process started it, false when it joined a running one.
    Raises PostgresUnavailable with one sentence that says what to do.
    """

    def __init__(
        self,
        home: Path,
        *,
        entropy: Callable[[int], bytes],
        cache: Path | None = None,
        candidates: list[Binaries] | None = None,
        settings: Mapping[str, str] | None = None,
        linger_s: float = LINGER_S,
    ) -> None:
        self.home = home.absolute()
        self.data = self.home / "data"
        self.own = False
        self._entropy = entropy
        self._cache = cache
        self._candidates = candidates
        self._linger_s = linger_s
        self._users: int | None = None
        self._settings = SETTINGS | dict(settings or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._account: Account | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    def dsn(self, database: str = DATABASE) -> str:
        """Where to connect; contains the password, so never log it."""
        running = read_postmaster(self.data)
        folder = running.socket if running else self._socket_folder()
        try:
            password = (self.home / "password").read_text().strip()
        except OSError as error:
            raise PostgresUnavailable(
                f"cannot read {self.home / 'password'}: {error.strerror}; use the account that "
                "made it, or restore it from the backup"
            ) from error
        return f"postgresql://{SUPERUSER}:{password}@/{database}?host={folder}"

    def alive(self) -> bool:
        """Whether a server of this folder runs, ours or another process's."""
        if self._process is not None and self._process.poll() is not None:
            self._process = None
        return running_server(self.data) is not None

    async def start(self) -> None:
        """Join the running server or start one; returns when it answers. Idempotent."""
        self._account = self._prepare()
        async with held(self.home / "lock"):
            deadline = asyncio.get_running_loop().time() + START_TIMEOUT_S
            while True:
                if running_server(self.data) is not None:
                    if await self._answers():
                        self.own = self._process is not None
                        self._use()
                        return
                elif self._process is None or self._process.poll() is not None:
                    self._spawn(await self._initialised())
                if asyncio.get_running_loop().time() > deadline:
                    raise PostgresUnavailable(
                        f"PostgreSQL in {self.data} does not answer after {START_TIMEOUT_S:.0f} s: "
                        f"{self._last_words()} (whole log: {self.home / 'log'})"
                    )
                # After a crash the old backends may hold the shared memory for a moment, and
                # recovery takes its time: both look like a refused start, so try again.
                await asyncio.sleep(POLL_S if running_server(self.data) else POLL_S * 6)

    async def stop(self) -> None:
        """Stop the server if this process started it (SIGINT: open statements are cancelled).

        Others who joined it may finish first, for `linger_s` at most; a service among them starts
        a server of its own afterwards.
        """
        users, self._users = self._users, None
        process, self._process, self.own = self._process, None, False
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._linger_s
        try:
            while process is not None and process.poll() is None:
                async with held(self.home / "lock"):  # nobody joins while we decide
                    if users is None or _alone(users) or loop.time() >= deadline:
                        await _end(process)
                        return
                await asyncio.sleep(POLL_S)
        finally:
            if users is not None:
                os.close(users)

    def _use(self) -> None:
        """Say that the server is needed, until `stop`; the kernel forgets it if we die."""
        if self._users is None:
            self._users = os.open(self.home / "users", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._users, fcntl.LOCK_SH)

    def _prepare(self) -> Account | None:
        try:
            self.home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PostgresUnavailable(
                f"cannot make the folder {self.home}: {error.strerror}"
            ) from error
        account = account_for(self.data)
        if account is not None:
            blocked = reachable(self.home, account)
            if blocked is not None and blocked == self.home:
                self.home.chmod(self.home.stat().st_mode | 0o011)
                blocked = reachable(self.home, account)
            if blocked is not None:
                raise PostgresUnavailable(
                    f"PostgreSQL must not run as root, and the account {account.name} cannot enter "
                    f"{blocked}: allow it (chmod o+x {blocked}) or choose another folder for data"
                )
        run = self._socket_folder()
        if not run.exists():
            run.mkdir(mode=0o700, parents=True)
            if account is not None:
                os.chown(run, account.uid, account.gid)
        return account

    def _socket_folder(self) -> Path:
        run = self.home / "run"
        if len(os.fsencode(run / ".s.PGSQL.5432")) <= SOCKET_PATH_BYTES_MAX:
            return run
        name = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]
        return Path("/tmp") / f"gatehouse-{os.getuid()}-{name}"

    async def _initialised(self) -> Binaries:
        """The programs that fit the data folder, which is created first when there is none."""
        binaries = choose(self.data, self._account, self._cache, self._candidates)
        if not (self.data / "PG_VERSION").exists():
            await asyncio.to_thread(initialise, self.home, binaries, self._account, self._entropy)
        return binaries

    def _spawn(self, binaries: Binaries) -> None:
        log = self.home / "log"
        if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
            log.replace(self.home / "log.old")
        command = [str(binaries.folder / "postgres"), "-D", str(self.data)]
        command += ["-k", str(self._socket_folder())]
        for name, value in self._settings.items():
            command += ["-c", f"{name}={value}"]
        with log.open("ab") as sink:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                cwd="/",
                env={"LC_ALL": "C", "PATH": os.defpath},
                start_new_session=True,  # Ctrl-C is for us; we stop it after the last commit
                preexec_fn=_die_with_parent(os.getpid()),
                **_as(self._account),
            )

    async def _answers(self) -> bool:
        try:
            connection = await asyncpg.connect(self.dsn("postgres"), timeout=5)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            if isinstance(error, asyncpg.InvalidPasswordError):
                raise PostgresUnavailable(
                    f"{self.home / 'password'} is not the password of the server in {self.data}: "
                    "restore that file from the backup"
                ) from error
            return False
        try:
            known = await connection.fetchval(
                "SELECT 1 FROM pg_database WHERE datname = $1", DATABASE
            )
            if known is None:
                with contextlib.suppress(asyncpg.DuplicateDatabaseError):
                    await connection.execute(f"CREATE DATABASE {DATABASE}")
        finally:
            await connection.close()
        return True

    def _last_words(self) -> str:
        try:
            lines = (self.home / "log").read_text(errors="replace").strip().splitlines()
        except OSError:
            return "no log was written"
        return lines[-1] if lines else "the log is empty"


def _alone(users: int) -> bool:
    """Whether no other process holds the shared lock that `users` has."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        fcntl.flock(users, fcntl.LOCK_SH)  # a failed upgrade may have let go of it
        return False
    return True


async def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    for _ in range(int(STOP_TIMEOUT_S / POLL_S)):
        if process.poll() is not None:
            return
        await asyncio.sleep(POLL_S)
    process.send_signal(signal.SIGQUIT)  # immediate: the next start recovers from the log
    process.wait(STOP_TIMEOUT_S)


@contextlib.asynccontextmanager
async def held(path: Path) -> AsyncIterator[None]:
    """Hold an exclusive flock on `path`; another process that starts the server is waited for."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + 2 * START_TIMEOUT_S
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EACCES) or loop.time() > deadline:
                    raise PostgresUnavailable(
                        f"another process holds {path} and does not finish starting PostgreSQL"
                    ) from error
            await asyncio.sleep(POLL_S)
        yield
    finally:
        os.close(descriptor)


def initialise(
    home: Path, binaries: Binaries, account: Account | None, entropy: Callable[[int], bytes]
) -> None:
    """`initdb` into `home`/data with scram and a fresh password; a torn attempt leaves nothing."""
    password = home / "password"
    secret = entropy(24).hex()
    data, making = home / "data", home / "data.new"
    with _removed(making):
        making.mkdir(mode=0o700)
        handover = making.parent / "run" if (home / "run").exists() else making.parent
        given = handover / ".initial-password"
        given.unlink(missing_ok=True)
        descriptor = os.open(given, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(descriptor, secret.encode() + b"\n")
        os.close(descriptor)
        if account is not None:
            os.chown(making, account.uid, account.gid)
            os.chown(given, account.uid, account.gid)
        command = [str(binaries.folder / "initdb"), "-D", str(making), "-U", SUPERUSER]
        command += ["--auth=scram-sha-256", f"--pwfile={given}", "--encoding=UTF8"]
        command += ["--locale=C.UTF-8", "--no-instructions"]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                cwd="/",
                env={"PATH": os.defpath},
                preexec_fn=_die_with_parent(os.getpid()),
                **_as(account),
            )
        finally:
            given.unlink(missing_ok=True)
        if done.returncode != 0:
            raise PostgresUnavailable(f"initdb failed in {making}: {_cause(done.stderr)}")
        descriptor = os.open(password, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(descriptor, secret.encode() + b"\n")
        os.fsync(descriptor)
        os.close(descriptor)
        making.rename(data)


def _cause(stderr: bytes) -> str:
    """Why `initdb` failed. Its last words are of tidying up, whatever went wrong."""
    said = stderr.decode(errors="replace").strip().splitlines() or ["nothing said"]
    return next((line for line in said if "FATAL" in line or "error:" in line), said[-1])


@contextlib.contextmanager
def _removed(folder: Path) -> Iterator[None]:
    """Clear `folder` before, and after a failure: a half-made one must not look like data."""
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _as(account: Account | None) -> dict[str, Any]:
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def _die_with_parent(parent: int) -> Callable[[], None]:
    """Runs in the child after the change of account, which would clear the wish."""
    libc = ctypes.CDLL(None, use_errno=True)

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask
