"""The command line in this process, on a database of its own."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from central.cli import run_command
from central.postgres import Embedded

_numbers = itertools.count(1)


class Answer(msgspec.Struct):
    """What one command said."""

    code: int
    out: Any
    err: str


Run = Callable[..., Answer]


def _sql(dsn: str, statement: str) -> None:
    async def execute() -> None:
        connection = await asyncpg.connect(dsn)
        await connection.execute(statement)
        await connection.close()

    asyncio.run(execute())


@pytest.fixture
def command_dsn(server: Embedded) -> Iterator[str]:
    name = f"test_command_{next(_numbers)}"
    _sql(server.dsn("postgres"), f"CREATE DATABASE {name} TEMPLATE template0")
    yield server.dsn(name)
    _sql(server.dsn("postgres"), f"DROP DATABASE {name} WITH (FORCE)")


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
