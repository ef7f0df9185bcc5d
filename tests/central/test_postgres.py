"""The embedded server: found, joined, stopped with its parent, back after a crash."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from central.binaries import PostgresUnavailable, find
from central.postgres import SOCKET_PATH_BYTES_MAX, Embedded, _cause
from central.postmaster import read_postmaster, running_server

ROOT = Path(__file__).resolve().parents[2]
STARTER = """
import asyncio, os, sys
from pathlib import Path
from central.postgres import Embedded, read_postmaster
async def main():
    server = Embedded(Path(sys.argv[1]), entropy=os.urandom)
    await server.start()
    print(read_postmaster(server.data).pid, flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""


def test_what_initdb_failed_of_is_told_not_that_it_tidied_up() -> None:
    full = b"""05:40:54.595 UTC [6737] FATAL:  could not extend file: No space left on device
child process exited with exit code 134
initdb: removing data directory "d"
"""
    assert _cause(full).endswith("No space left on device")
    assert _cause(b"initdb: error: no rights\ninitdb: removing") == "initdb: error: no rights"
    assert _cause(b"who knows\n") == "who knows" and _cause(b"") == "nothing said"


@pytest.fixture(scope="module")
def running() -> Iterator[Embedded]:
    """A server with all its defaults, for tests that only look at it."""
    folder = Path(tempfile.mkdtemp(prefix="gatehouse-test-"))
    folder.chmod(0o755)
    server = Embedded(folder / "pg", entropy=os.urandom)
    asyncio.run(server.start())
    yield server
    asyncio.run(server.stop())
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def stopped() -> Iterator[Path]:
    """The home of a server that has run, for tests that begin with a copy of it."""
    folder = Path(tempfile.mkdtemp(prefix="gatehouse-test-"))
    folder.chmod(0o755)
    server = Embedded(folder / "pg", entropy=os.urandom)
    asyncio.run(server.start())
    asyncio.run(server.stop())
    yield server.home
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def home(stopped: Path, open_folder: Path) -> Path:
    # cp, for as root the server's files belong to another account
    subprocess.run(["cp", "-a", str(stopped), str(open_folder)], check=True)
    return open_folder / "pg"


async def until(true: Callable[[], bool], tries: int = 600) -> bool:
    for _ in range(tries):
        if true():
            return True
        await asyncio.sleep(0.05)
    return False


@pytest.mark.asyncio
async def test_a_second_process_joins_the_running_server(running: Embedded) -> None:
    async with Embedded(running.home, entropy=os.urandom) as second:
        assert running.own and not second.own
        connection = await asyncpg.connect(second.dsn())
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()
    assert running.alive(), "the guest stopped the host's server"


@pytest.mark.asyncio
async def test_the_owner_lets_others_finish_first(home: Path) -> None:
    owner, guest = (Embedded(home, entropy=os.urandom) for _ in range(2))
    await owner.start()
    await guest.start()
    connection = await asyncpg.connect(guest.dsn())
    stopping = asyncio.create_task(owner.stop())
    for _ in range(20):
        await asyncio.sleep(0.02)
        assert await connection.fetchval("SELECT 1") == 1
    assert not stopping.done()
    await connection.close()
    await guest.stop()
    await stopping
    assert running_server(owner.data) is None


@pytest.mark.asyncio
async def test_the_owner_waits_for_a_while_only(home: Path) -> None:
    owner = Embedded(home, entropy=os.urandom, linger_s=0.1)
    guest = Embedded(home, entropy=os.urandom)
    await owner.start()
    await guest.start()
    await owner.stop()
    assert not guest.alive()
    await guest.start()
    assert guest.own
    await guest.stop()


@pytest.mark.asyncio
async def test_two_that_start_at_once_end_with_one_server(open_folder: Path) -> None:
    one, two = (Embedded(open_folder / "pg", entropy=os.urandom, linger_s=0.1) for _ in range(2))
    await asyncio.gather(one.start(), two.start())
    try:
        assert [one.own, two.own].count(True) == 1
    finally:
        await one.stop()
        await two.stop()


@pytest.mark.asyncio
async def test_the_server_is_durable_and_listens_on_no_tcp_port(running: Embedded) -> None:
    connection = await asyncpg.connect(running.dsn("postgres"))
    assert await connection.fetchval("SHOW listen_addresses") == ""
    assert await connection.fetchval("SHOW password_encryption") == "scram-sha-256"
    assert await connection.fetchval("SHOW fsync") == "on"
    assert await connection.fetchval("SHOW synchronous_commit") == "on"
    await connection.close()


@pytest.mark.asyncio
async def test_a_wrong_password_is_refused_and_named(running: Embedded) -> None:
    right = (running.home / "password").read_text()
    (running.home / "password").write_text("wrong\n")
    try:
        with pytest.raises(PostgresUnavailable, match="password"):
            await Embedded(running.home, entropy=os.urandom).start()
    finally:
        (running.home / "password").write_text(right)


@pytest.mark.asyncio
async def test_a_killed_parent_takes_the_server_along(home: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(home)], stdout=subprocess.PIPE, cwd=ROOT
    )
    assert parent.stdout is not None
    pid = int(await asyncio.to_thread(parent.stdout.readline))
    assert running_server(home / "data") is not None
    parent.kill()
    parent.wait()
    assert await until(lambda: not Path(f"/proc/{pid}").exists()), "the server outlived its parent"
    async with Embedded(home, entropy=os.urandom) as again:
        assert again.own


@pytest.mark.asyncio
async def test_a_killed_server_is_started_again_and_lost_nothing(home: Path) -> None:
    async with Embedded(home, entropy=os.urandom) as server:
        connection = await asyncpg.connect(server.dsn())
        await connection.execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)")
        found = read_postmaster(server.data)
        assert found is not None
        os.kill(found.pid, signal.SIGKILL)
        assert await until(lambda: not server.alive())
        connection.terminate()
        await server.start()
        connection = await asyncpg.connect(server.dsn())
        assert await connection.fetchval("SELECT n FROM kept") == 7
        await connection.close()


@pytest.mark.asyncio
async def test_a_strangers_process_number_is_not_a_server(home: Path) -> None:
    data = home / "data"
    async with Embedded(home, entropy=os.urandom):
        pass
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n1\n5432\n/tmp\n\n1 1\nready\n")
    assert running_server(data) is None
    async with Embedded(home, entropy=os.urandom) as server:
        assert server.own


@pytest.mark.asyncio
async def test_a_long_path_gets_a_short_socket(open_folder: Path) -> None:
    home = open_folder / ("long" * 30) / "pg"
    async with Embedded(home, entropy=os.urandom) as server:
        found = read_postmaster(server.data)
        assert found is not None
        assert len(os.fsencode(found.socket / ".s.PGSQL.5432")) <= SOCKET_PATH_BYTES_MAX
        connection = await asyncpg.connect(server.dsn())
        await connection.close()
    found.socket.rmdir()


@pytest.mark.asyncio
@pytest.mark.parametrize("source", ["system", "wheel"])
async def test_every_kind_of_programs_serves(open_folder: Path, source: str) -> None:
    programs = [one for one in find() if one.source == source]
    if not programs:
        pytest.skip(f"no PostgreSQL of the kind {source} here")
    home = open_folder / "pg"
    cache = open_folder / "cache"
    async with Embedded(home, entropy=os.urandom, candidates=programs, cache=cache) as server:
        connection = await asyncpg.connect(server.dsn())
        version = await connection.fetchval("SHOW server_version_num")
        assert int(version) // 10000 == programs[0].major
        ctype = await connection.fetchval(
            "SELECT datctype FROM pg_database WHERE datname = current_database()"
        )
        assert ctype == "C.UTF-8"
        await connection.close()


@pytest.mark.asyncio
@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes accounts")
async def test_root_runs_it_as_somebody_else(running: Embedded) -> None:
    found = read_postmaster(running.data)
    assert found is not None
    assert Path(f"/proc/{found.pid}").stat().st_uid != 0
    assert (running.home / "password").stat().st_mode & 0o077 == 0


@pytest.mark.asyncio
@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes accounts")
async def test_a_closed_folder_above_is_named(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(PostgresUnavailable, match=f"cannot enter {closed}"):
        await Embedded(closed / "pg", entropy=os.urandom).start()
