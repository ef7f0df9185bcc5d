"""The program as it is installed: processes, signals, an embedded server of its own."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from central.database import PASSING
from central.ingest import Accepted, deliver
from central.migrate import migrate
from central.postgres import Embedded
from central.postmaster import read_postmaster, running_server
from central.store import logs
from tests.central.world import NOW_MS, TENANT, Ledger, enrol, packed

ROOT = Path(__file__).resolve().parents[2]


def write_config(folder: Path) -> Path:
    path = folder / "central.toml"
    path.write_text(
        f'tenant = "Open Air"\ndata_dir = "{folder}/central"\n'
        '[listen]\ngateways = "127.0.0.1:0"\nserver_names = ["127.0.0.1"]\nops = "127.0.0.1:0"\n'
    )
    return path


def command(*words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "central", *words], cwd=ROOT, capture_output=True, text=True,
        timeout=100, **more,
    )  # fmt: skip


@pytest.fixture(scope="module")
def initialised() -> Iterator[Path]:
    """A folder in which `init` has run, for tests that begin with a copy of it."""
    folder = Path(tempfile.mkdtemp(prefix="gatehouse-test-"))
    folder.chmod(0o755)
    done = command("init", "--config", str(write_config(folder)))
    assert done.returncode == 0, done.stderr
    assert running_server(folder / "central/postgres/data") is None, "init left its server behind"
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def config(initialised: Path, open_folder: Path) -> Path:
    """The configuration of an initialised centre of its own, whose server does not run."""
    # cp, for as root the server's files belong to another account
    subprocess.run(["cp", "-a", str(initialised / "central"), str(open_folder)], check=True)
    return write_config(open_folder)


@contextmanager
def served(config: Path) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "central", "serve", "--config", str(config)]
        + ["--ready-fd", str(writer)],
        cwd=ROOT, pass_fds=[writer], stdout=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(writer)
    try:
        with os.fdopen(reader) as ready:
            yield process, json.loads(ready.readline())
    finally:
        process.kill()
        process.wait()


def get(port: int, path: str) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
        return json.load(answer)


def test_a_command_works_beside_a_serving_centre_and_the_end_is_orderly(
    config: Path, open_folder: Path
) -> None:
    data = open_folder / "central/postgres/data"
    with served(config) as (process, ports):
        assert get(ports["ops_port"], "/readyz")["ready"] is True
        done = command("product", "add", "Day", "--config", str(config))
        assert done.returncode == 0, done.stderr
        assert running_server(data) is not None, "the command stopped the service's server"
        assert get(ports["ops_port"], "/v1/ops/gateways")["gateways"] == []
        context = ssl.create_default_context(cafile=str(open_folder / "central/keys/authority.pem"))
        with pytest.raises(OSError):  # no certificate, no answer
            urllib.request.urlopen(
                f"https://127.0.0.1:{ports['gateways_port']}/v1/clock", context=context, timeout=20
            )
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert running_server(data) is None


def test_many_commands_at_once_share_one_server(config: Path, open_folder: Path) -> None:
    several = [
        subprocess.Popen(
            [sys.executable, "-m", "central", "product", "add", f"P{n}", "--number", str(n)]
            + ["--config", str(config)],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for n in range(1, 6)
    ]  # fmt: skip
    for one in several:
        _, said = one.communicate(timeout=100)
        assert one.returncode == 0, said
    assert running_server(open_folder / "central/postgres/data") is None


def test_a_killed_service_leaves_no_server_and_starts_again(
    config: Path, open_folder: Path
) -> None:
    with served(config) as (process, _):
        found = read_postmaster(open_folder / "central/postgres/data")
        assert found is not None
        process.kill()
        process.wait()
    with served(config) as (_, ports):
        assert get(ports["ops_port"], "/livez") == {"alive": True}


def test_a_dead_server_is_started_again(config: Path, open_folder: Path) -> None:
    with served(config) as (_, ports):
        found = read_postmaster(open_folder / "central/postgres/data")
        assert found is not None
        os.kill(found.pid, signal.SIGKILL)
        for _ in range(600):
            now = running_server(open_folder / "central/postgres/data")
            try:
                if now is not None and now.pid != found.pid:
                    get(ports["ops_port"], "/v1/ops/gateways")
                    return
            except OSError:
                pass
            signal.sigtimedwait([], 0.1)
        pytest.fail("PostgreSQL did not come back")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([], 2),
        (["nonsense"], 2),
        (["ticket", "issue"], 2),
        (["--help"], 0),
        (["serve", "--help"], 0),
    ],
)
def test_words(words: list[str], code: int) -> None:
    done = command(*words)
    assert done.returncode == code
    assert code == 0 or done.stdout == "" or not words


def test_a_missing_or_faulty_configuration_is_exit_78(tmp_path: Path) -> None:
    done = command("init", "--config", str(tmp_path / "nothing.toml"))
    assert done.returncode == 78 and "does not exist" in done.stderr
    (tmp_path / "central.toml").write_text('tenant = 7\n[listen]\nops = "0.0.0.0:80"\n')
    done = command("serve", "--config", str(tmp_path / "central.toml"))
    assert done.returncode == 78 and len(done.stderr.splitlines()) >= 3


def test_a_database_that_is_not_there_is_exit_69(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    config.write_text(
        config.read_text() + '[database]\ndsn = "postgresql://nobody@127.0.0.1:1/nothing"\n'
    )
    done = command("init", "--config", str(config))
    assert done.returncode == 69 and "cannot connect to database.dsn" in done.stderr


@pytest.mark.asyncio
async def test_killed_in_the_middle_of_commits_nothing_acknowledged_is_lost(
    open_folder: Path,
) -> None:
    server = Embedded(open_folder / "pg", entropy=os.urandom)
    await server.start()
    db = await asyncpg.connect(server.dsn())
    await migrate(db)
    ledger = Ledger().fill(300, each=2)
    await enrol(db, ledger)
    await db.close()
    acknowledged = 0
    try:
        for round_number in range(3):
            found = read_postmaster(server.data)
            assert found is not None
            killer = asyncio.get_running_loop().call_later(
                0.05 + 0.03 * round_number, os.kill, found.pid, signal.SIGKILL
            )
            db = await asyncpg.connect(server.dsn())
            try:
                at = acknowledged
                while at < len(ledger.blocks):
                    body = packed(ledger.blocks[at : at + 3])
                    seq = ledger.read()[at].first_seq if at else 1
                    outcome = await deliver(db, ledger.log(), seq, body, NOW_MS)
                    assert isinstance(outcome, Accepted), outcome
                    at = acknowledged = min(at + 3, len(ledger.blocks))
            except PASSING:
                pass
            finally:
                killer.cancel()
                db.terminate()
            if not server.alive():
                await server.start()
            db = await asyncpg.connect(server.dsn())
            held = await db.fetchval("SELECT count(*) FROM blocks")
            marks = await logs.list_watermarks(db, TENANT)
            through = marks[0].through_seq if marks else 0
            assert held >= acknowledged, f"round {round_number}: an acknowledged block is gone"
            assert await db.fetchval("SELECT count(*) FROM facts") == through
            assert await db.fetchval("SELECT COALESCE(max(last_seq), 0) FROM blocks") == through
            await db.close()
        assert acknowledged > 0
    finally:
        await server.stop()
