"""One command's surroundings: opened, closed, and every way they can fail said in one line."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import asyncpg
import pytest

from central import keys as keyring
from central.commands.errors import CommandFailed
from central.commands.session import Border, Session, session, show, write_out
from central.database import Database
from central.store import sales
from crypto import bundle as format_of
from tests.central.commands.conftest import Run
from tests.central.world import NOW_MS

BORDER = Border(lambda: NOW_MS, os.urandom)


def failing(config_file: Path, error: BaseException | None = None) -> CommandFailed:
    """How a session that meets `error` ends."""

    async def work() -> None:
        async with session(config_file, BORDER):
            if error is not None:
                raise error

    with pytest.raises(CommandFailed) as caught:
        asyncio.run(work())
    return caught.value


def test_a_session_works_as_the_role_and_leaves_nothing_open(
    run: Run, config_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[Database] = []
    close = Database.close

    async def closes(self: Database) -> None:
        closed.append(self)
        await close(self)

    monkeypatch.setattr(Database, "close", closes)

    def too_long(*_: object) -> bytes:
        raise ValueError("too long")

    async def work() -> tuple[str, int, int]:
        async with session(config_file, BORDER) as s:
            assert isinstance(s, Session) and s.tenant == s.keys.tenant
            role = await s.connection.fetchval("SELECT current_user")
            before = await s.publish()
            await sales.add_product(s.connection, s.tenant, sales.ProductRow(9, "X"), NOW_MS)
            with monkeypatch.context() as broken, pytest.raises(CommandFailed) as told:
                broken.setattr(format_of, "sign", too_long)
                await s.publish()
            assert "cannot be published: too long; what was said is kept" in str(told.value)
            return role, before, await s.publish()

    role, before, after = asyncio.run(work())
    assert (role, after) == ("gatehouse_app", before + 1)
    assert len(closed) == 1


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (ConnectionResetError("gone"), 69, "the database went away: gone"),
        (asyncpg.TooManyConnectionsError("full"), 69, "the database went away"),
        (CommandFailed("no", 65), 65, "no"),
        (TimeoutError(), 69, "the database did not answer in time: see what keeps it busy"),
    ],
)
def test_what_goes_wrong_inside_has_its_code(
    run: Run, config_file: Path, error: Exception, code: int, said: str
) -> None:
    told = failing(config_file, error)
    assert told.exit_code == code and said in str(told)


def test_our_own_mistakes_are_not_dressed_up(run: Run, config_file: Path) -> None:
    async def work() -> None:
        async with session(config_file, BORDER):
            raise KeyError("ours")

    with pytest.raises(KeyError):
        asyncio.run(work())


def test_a_tenant_that_the_database_does_not_know(run: Run, config_file: Path) -> None:
    folder = config_file.parent / "central"
    (folder / "keys").rename(folder / "elsewhere")
    seeds = [bytes([n]) * 32 for n in range(4)]
    keyring.create(folder, "Other", b"another-tenant--", seeds, NOW_MS // 1000)
    told = failing(config_file)
    assert told.exit_code == 1 and "central init" in str(told)


def test_a_missing_migration_is_named(bare: Run, config_file: Path, command_dsn: str) -> None:
    bare("init")

    async def forget() -> None:
        connection = await asyncpg.connect(command_dsn)
        await connection.execute("DELETE FROM migrations WHERE number = 4")
        await connection.close()

    asyncio.run(forget())
    told = failing(config_file)
    assert told.exit_code == 69 and "0004" in str(told) and "central migrate" in str(told)


def test_a_file_is_written_whole_with_its_mode(tmp_path: Path) -> None:
    out = tmp_path / "file"
    out.write_bytes(b"old and longer than the new one")
    out.with_name("file.part").write_bytes(b"left behind")
    write_out(out, b"new", "it", 0o600)
    assert out.read_bytes() == b"new" and out.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["file"]
    with pytest.raises(CommandFailed, match="cannot write it to") as caught:
        write_out(tmp_path / "no" / "file", b"", "it")
    assert caught.value.exit_code == 73


def test_an_answer_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    show({"name": "Bühne\n1"})
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and json.loads(said) == {"name": "Bühne\n1"}
