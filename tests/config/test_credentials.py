"""Secrets by name, never open to others."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.credentials import (
    FALLBACK_FOLDER,
    SECRET_MAX_BYTES,
    Credential,
    credential_folders,
    read_credential,
)
from config.faults import ConfigInvalid


def keep(folder: Path, secret: bytes, mode: int = 0o600) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "a.key").write_bytes(secret)
    (folder / "a.key").chmod(mode)
    return folder


def test_the_first_folder_that_has_it_wins(tmp_path: Path) -> None:
    first, second = keep(tmp_path / "1", b"one\n"), keep(tmp_path / "2", b"two\r\n")
    assert read_credential(Credential("a.key"), [first, second]) == b"one"
    assert read_credential(Credential("a.key"), [tmp_path, second]) == b"two"


def test_systemd_is_asked_first() -> None:
    folders = credential_folders({"CREDENTIALS_DIRECTORY": "/run/credentials/x"})
    assert folders == (Path("/run/credentials/x"), FALLBACK_FOLDER)
    assert credential_folders({}) == (FALLBACK_FOLDER,)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_a_secret_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(ConfigInvalid, match=r"device_key: .*chmod 0600"):
        read_credential(Credential("a.key"), [keep(tmp_path / "1", b"x", mode)], "device_key")


@pytest.mark.parametrize("secret", [b"", b"\n", b"x" * (SECRET_MAX_BYTES + 1)])
def test_a_secret_of_a_wrong_size_is_refused(tmp_path: Path, secret: bytes) -> None:
    with pytest.raises(ConfigInvalid, match="the credential has"):
        read_credential(Credential("a.key"), [keep(tmp_path / "1", secret)])


def test_a_missing_secret_says_where_it_was_sought(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match=f"no credential b.key .*{tmp_path}"):
        read_credential(Credential("b.key"), [tmp_path])
    (tmp_path / "b.key").mkdir()
    with pytest.raises(ConfigInvalid, match="cannot be read"):
        read_credential(Credential("b.key"), [tmp_path])
