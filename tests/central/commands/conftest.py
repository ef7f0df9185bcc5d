"""The command line in this process, on a database of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from central import keys as keyring
from central.cli import run_command
from central.ingest import deliver
from central.store import trust
from crypto.entry import KnownFact
from tests.central.clean import Databases
from tests.central.world import NOW_MS, Ledger, packed


class Answer(msgspec.Struct):
    """What one command said."""

    code: int
    out: Any
    err: str


Run = Callable[..., Answer]
Bring = Callable[[str, Sequence[KnownFact]], None]
EXAMPLE = Path(__file__).parents[3] / "config" / "prices.example.toml"


@pytest.fixture
def command_dsn(databases: Databases) -> Iterator[str]:
    """A database for commands, which bring a loop of their own each."""
    name = asyncio.run(databases.take())
    yield databases.server.dsn(name)
    asyncio.run(databases.give_back(name))


@pytest.fixture
def config_file(command_dsn: str, tmp_path: Path) -> Path:
    path = tmp_path / "central.toml"
    path.write_text(
        f'tenant = "Open Air"\ndata_dir = "{tmp_path}/central"\n'
        f'[database]\ndsn = "{command_dsn}"\n'
        '[listen]\ngateways = "127.0.0.1:0"\nserver_names = ["127.0.0.1"]\nops = "127.0.0.1:0"\n'
    )
    return path


@pytest.fixture
def bare(config_file: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run words against a centre that is not initialised."""

    def run(*words: str) -> Answer:
        capsys.readouterr()
        code = run_command([*words, "--config", str(config_file)])
        said = capsys.readouterr()
        return Answer(code, json.loads(said.out) if said.out.strip() else None, said.err)

    return run


@pytest.fixture
def run(bare: Run) -> Run:
    """Run words against an initialised centre with product 1 Day and performance 1 Saturday."""
    for words in (["init"], ["product", "add", "Day"], ["performance", "add", "Saturday"]):
        answer = bare(*words)
        assert answer.code == 0, answer.err
    return bare


@pytest.fixture
def priced(run: Run) -> Run:
    """With the example's prices."""
    answer = run("cashless", "set", str(EXAMPLE))
    assert answer.code == 0, answer.err
    return run


@pytest.fixture
def bring(run: Run, command_dsn: str, tmp_path: Path) -> Bring:
    """Enrol one gateway with a name and deliver facts of it to the centre of `run`."""
    tenant = keyring.load(tmp_path / "central").tenant

    async def deliver_all(name: str, ledger: Ledger) -> None:
        db = await asyncpg.connect(command_dsn)
        row = trust.Gateway(ledger.gateway, 1, name, ledger.device.public, b"der", None)
        await trust.add_gateway(db, tenant, row, NOW_MS)
        await deliver(db, ledger.log(), 1, packed(ledger.blocks), NOW_MS)
        await db.close()

    def brought(name: str, facts: Sequence[KnownFact]) -> None:
        ledger = Ledger(tenant=tenant)
        ledger.begin()
        ledger.add(facts)
        asyncio.run(deliver_all(name, ledger))

    return brought
