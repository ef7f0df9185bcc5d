"""init, migrate, redrive."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import asyncpg

from tests.central.commands.conftest import Run


def test_init_makes_keys_that_only_the_owner_reads(bare: Run, tmp_path: Path) -> None:
    answer = bare("init")
    assert answer.code == 0 and answer.out["bundle_version"] == 1
    assert answer.out["issuer"] == "open-air"
    folder = tmp_path / "central" / "keys"
    assert folder.stat().st_mode & 0o077 == 0
    for file in folder.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file


def test_init_twice_is_refused_and_changes_nothing(bare: Run, tmp_path: Path) -> None:
    bare("init")
    before = (tmp_path / "central/keys/bundle.key").read_text()
    answer = bare("init")
    assert answer.code == 1 and "initialised already" in answer.err
    assert (tmp_path / "central/keys/bundle.key").read_text() == before


def test_init_that_was_cut_short_is_finished(bare: Run, tmp_path: Path) -> None:
    bare("init")
    kept = tmp_path / "kept"
    shutil.copytree(tmp_path / "central/keys", kept)
    shutil.rmtree(tmp_path / "central/keys")
    assert bare("product", "list").code == 1
    shutil.copytree(kept, tmp_path / "central/keys")
    assert bare("product", "list").code == 0


def test_a_command_before_init_says_so(bare: Run) -> None:
    answer = bare("product", "list")
    assert answer.code == 1 and "central init" in answer.err


def test_keys_of_another_database_are_noticed(run: Run, bare: Run, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "central/keys")
    assert bare("init").code == 0  # a new tenant beside the old one, nothing mixed
    assert bare("product", "list").out == {"products": []}


def test_migrate_names_what_it_did(bare: Run, command_dsn: str) -> None:
    async def unmigrate() -> None:
        connection = await asyncpg.connect(command_dsn)
        await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        await connection.close()

    asyncio.run(unmigrate())
    assert bare("migrate").out["applied"][0] == "0001_trust"
    assert bare("migrate").out == {"applied": []}


def test_redrive_with_nothing_to_do(run: Run) -> None:
    assert run("redrive").out == {"understood": 0, "still_dead": 0}


def test_an_open_key_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "central/keys/issuer.key").chmod(0o644)
    answer = run("product", "list")
    assert answer.code == 1 and "chmod 600" in answer.err
